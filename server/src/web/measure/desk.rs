//! Measures as their pages see them. No view names anybody, and none holds a document's text: what
//! was kept is told by its digest.

use entremise_core::deadline::{Deadline, Words, Zone};
use entremise_core::id::{Digest, PartyId, PersonId};
use entremise_core::procedure::measure::{Awaits, Declined, Sentence, Terms, Told};
use entremise_core::regime::rules::{MeasureKind, Pronouncer, Spared};
use entremise_core::step::Refusal;
use entremise_wire::register::Person;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Act, ActKind};
use crate::web::desk::{DeskTrouble, LedgerLine, NotDone, OnCase};

/// The house as an officer follows measures. Called from blocking threads.
pub trait MeasureDesk: Send + Sync + 'static {
    /// Open measures, those first that are due first.
    fn open(&self, now: Timestamp) -> Result<OpenMeasures, DeskTrouble>;

    /// One measure by its own number; none where there is none.
    fn measure(&self, reference: &str, now: Timestamp) -> Result<Option<MeasureView>, DeskTrouble>;

    /// The measures that came of a file.
    fn of_file(&self, reference: &str) -> Result<OfFile, DeskTrouble>;

    /// What a judgment on this file can pronounce, by the laws of the days on which it can have
    /// been given; none where no outcome is awaited.
    fn pronounceable(
        &self,
        reference: &str,
        now: Timestamp,
    ) -> Result<Option<Pronounceable>, DeskTrouble>;

    /// What was chosen, as the law of the day of the judgment has it.
    fn sentences(
        &self,
        reference: &str,
        judged_on: Date,
        chosen: &[Chosen],
    ) -> Result<Result<Vec<Sentence>, NotLawful>, DeskTrouble>;

    /// Keeps the document of an act and enters it. What the law refuses keeps no document; the
    /// refusal is in the ledger.
    fn enter(&self, order: &ActOrder, now: Timestamp) -> Result<ActOutcome, DeskTrouble>;

    /// Puts the person of a judgment on the register of those who may not subscribe, until the end
    /// of the measure. The name is turned into its tag and goes no further.
    fn enlist(&self, order: &EnlistOrder, now: Timestamp) -> Result<EnlistOutcome, DeskTrouble>;
}

/// The open measures, in one zone.
#[derive(Clone, Debug)]
pub struct OpenMeasures {
    pub zone: Zone,
    pub rows: Vec<MeasureRow>,
    /// There are more than these.
    pub more: bool,
}

/// One open measure in the list.
#[derive(Clone, Debug)]
pub struct MeasureRow {
    pub link: MeasureLink,
    /// The number of the file that was judged.
    pub file: String,
    pub provider: PartyId,
    /// Somebody asked for something, or is late.
    pub waits_for_a_person: bool,
    /// What somebody was alarmed about and was not seen to yet.
    pub told: Vec<Told>,
    /// The person asked for a postponement, and nobody answered.
    pub request: bool,
    /// What comes next, and until when.
    pub next: Option<(Awaits, Deadline)>,
}

/// The measures of a file's judgment.
#[derive(Clone, Debug, Default)]
pub struct OfFile {
    /// The oldest first.
    pub links: Vec<MeasureLink>,
    /// Some were pronounced whose cases are being opened.
    pub opening: bool,
}

/// A measure as another page names it.
#[derive(Clone, Debug)]
pub struct MeasureLink {
    /// Its own number.
    pub reference: String,
    pub title: Words,
    /// The state's wire name.
    pub state: &'static str,
}

/// One measure, whole.
#[derive(Clone, Debug)]
pub struct MeasureView {
    pub zone: Zone,
    pub reference: String,
    /// How many events the case has taken: the token against forms that grew stale.
    pub version: u64,
    /// The number of the file that was judged.
    pub file: String,
    pub regime_id: String,
    pub title: Words,
    /// What was pronounced.
    pub sentence: Sentence,
    /// SHA-256 of the judgment.
    pub decision: Digest,
    /// The text that lets it be pronounced, as the law of that day cites it.
    pub cite: Option<String>,
    /// What is to be carried out now; none once it is over.
    pub terms: Option<Terms>,
    pub spares: Vec<Spared>,
    pub provider: PartyId,
    /// The state's wire name.
    pub state: &'static str,
    pub closed: bool,
    pub held_until: Option<Timestamp>,
    /// Why the provider does not carry it out, while it does not.
    pub declined: Option<Declined>,
    pub told: Vec<Told>,
    pub request: Option<Timestamp>,
    pub register: OnRegister,
    pub dates: Dates,
    /// What it waits for, the soonest first.
    pub awaited: Vec<(Awaits, Deadline)>,
    pub phases: Vec<Phase>,
    /// What can be entered now, and what the law does not let be entered yet.
    pub acts: Vec<(ActKind, Option<Refusal>)>,
    pub timeline: Vec<LedgerLine>,
    /// Who entered the judgment, or one on appeal: they do not order what it pronounced.
    pub entered_by: Vec<PersonId>,
}

/// How a suspended person stands on the register of those who may not subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRegister {
    /// No register is kept, or nothing is, or is to be, in force.
    Nothing,
    /// They are to be put on it, until the measure ends.
    Owed { until: Timestamp },
    /// They are on it; `entered` is until when, which a variation leaves behind.
    Until { until: Timestamp, entered: Timestamp },
}

impl MeasureView {
    /// The last whole day of what ends at an instant: that of the instant before.
    pub fn last_day(&self, until: Timestamp) -> Date {
        let last = until.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(until);
        self.zone.day_of(last)
    }
}

/// The days that count in the life of a measure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dates {
    pub judged: Option<Date>,
    /// The last day on which it can be appealed.
    pub appeal_until: Option<Date>,
    pub enforceable: Option<Date>,
    pub notified: Option<Date>,
    /// First and last day of what was ordered.
    pub first: Option<Date>,
    pub last: Option<Date>,
    /// Since when it was first in force.
    pub started: Option<Date>,
    /// Days for which it was in force before it was put off.
    pub served_days: u32,
}

/// A stretch of a measure's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The state's wire name.
    pub state: &'static str,
    pub from: Timestamp,
    pub until: Timestamp,
    pub when: PhaseWhen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseWhen {
    Past,
    /// It stands there now; `until` is when that ends by what is known today.
    Now,
    /// It comes if nothing changes.
    Planned,
}

impl PhaseWhen {
    /// The name in the catalogue and in the style.
    pub fn name(self) -> &'static str {
        match self {
            Self::Past => "past",
            Self::Now => "now",
            Self::Planned => "planned",
        }
    }
}

/// What a judgment on a file can pronounce.
#[derive(Clone, Debug)]
pub struct Pronounceable {
    /// A judgment comes after the file left, and not in the future. Both days count.
    pub earliest: Date,
    pub latest: Date,
    pub measures: Vec<PronounceableMeasure>,
}

/// One measure that the law of some of these days knows.
#[derive(Clone, Debug)]
pub struct PronounceableMeasure {
    /// The regime's measure, by its id.
    pub id: String,
    pub title: Words,
    pub kind: MeasureKind,
    pub by: Pronouncer,
    /// Unit: days.
    pub days_max: Option<u32>,
    /// Unit: euros.
    pub euros_max: Option<u32>,
    pub spares: Vec<Spared>,
    /// The text that lets it be pronounced.
    pub cite: Option<String>,
}

/// What an officer says a judgment pronounced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The regime's measure, by its id.
    pub id: String,
    pub amount: Amount,
}

/// How much of a measure, as a judgment says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    Days(u32),
    /// Counted from the day of the judgment, as the law counts what it allows at most.
    Months(i32),
    Euros(u32),
    /// An injunction has none.
    None,
}

/// Which measure the law of the day does not let be pronounced so, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotLawful {
    pub id: String,
    pub why: Refusal,
}

/// An act on a measure, as the officer saw it.
pub struct ActOrder {
    pub of: OnCase,
    pub act: Act,
}

pub enum ActOutcome {
    Entered,
    Refused(Refusal),
    Not(NotDone),
}

/// Who is put on the register, as the judgment names them. No `Debug`: it is somebody.
pub struct EnlistOrder {
    pub of: OnCase,
    pub person: Person,
}

pub enum EnlistOutcome {
    Entered,
    /// Nothing is in force, or the house keeps no register.
    NotNow,
    Not(NotDone),
}

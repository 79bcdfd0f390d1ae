//! What the portal asks of the house, and the views it answers with. No view names anybody: whoever
//! holds number and code may be somebody else than the person, so a page shows what the message
//! itself showed, and what happens next.

use entremise_core::deadline::{Words, Zone};
use entremise_core::event::Event;
use entremise_core::id::{CaseId, Digest};
use entremise_core::procedure::ladder::{ChallengeGround, ChallengeVerdict, Closure, Hearing};
use entremise_core::procedure::measure::{CourtName, Terms};
use entremise_core::regime::rules::{ChannelKind, Pronouncer, Spared};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::web::desk::{DeskTrouble, ReceiptGiven};

/// The house as the person concerned meets it. Called from blocking threads.
pub trait PortalDesk: Send + Sync + 'static {
    /// What a file number with its code opens. Takes the same time for every wrong pair.
    fn open(&self, number: &str, code: &str) -> Result<Opened, DeskTrouble>;

    /// The file as the person may see it; none where it is erased.
    fn file(&self, case: CaseId, now: Timestamp) -> Result<Option<FileView>, DeskTrouble>;

    /// The works of the facts that were told, where the law lets them be named. The look stands in
    /// the ledger before.
    fn works(&self, case: CaseId, now: Timestamp) -> Result<Vec<WorksOfFact>, DeskTrouble>;

    /// Hearings that can still be chosen, the soonest first.
    fn slots(&self, now: Timestamp) -> Result<Vec<Timestamp>, DeskTrouble>;

    /// Keeps what the person sends, and enters it. The same again is the same.
    fn send(&self, case: CaseId, act: &Act, now: Timestamp) -> Result<SendOutcome, DeskTrouble>;

    /// The receipt of a line of this file that the person's own act made, or that answers one.
    fn receipt(&self, case: CaseId, entry: u64) -> Result<ReceiptGiven, DeskTrouble>;

    /// The reasons of an answer; none where there is no such answer. The look stands in the ledger
    /// before.
    fn answer(
        &self,
        case: CaseId,
        entry: u64,
        now: Timestamp,
    ) -> Result<Option<Reasons>, DeskTrouble>;
}

/// The reasons of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reasons {
    Text(String),
    /// They are a document, of which no page shows anything: it is asked for.
    Document,
}

/// What number and code open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    File(CaseId),
    /// Number and code are ours, and the file is erased.
    Erased,
    NotKnown,
}

/// A file as the person may see it.
#[derive(Clone, Debug)]
pub struct FileView {
    pub zone: Zone,
    pub number: String,
    /// The messages that left, the oldest first.
    pub told: Vec<Told>,
    pub stands: Stands,
    pub dates: Vec<Dated>,
    /// Works can be asked for.
    pub works: bool,
    pub can: Can,
    pub sent: Vec<SentAct>,
    pub answers: Vec<Answered>,
    pub hearing: Option<Hearing>,
    /// What a judgment pronounced, the oldest first.
    pub measures: Vec<MeasureTold>,
}

/// A measure as the person may see it.
#[derive(Clone, Debug)]
pub struct MeasureTold {
    pub case: CaseId,
    /// What the regime calls it.
    pub title: Words,
    pub by: Pronouncer,
    pub court: Option<CourtName>,
    /// The day of the judgment.
    pub judged: Date,
    /// What is to be carried out: as pronounced, or as changed since.
    pub terms: Terms,
    /// The state's wire name.
    pub stands: &'static str,
    pub closed: bool,
    /// What works still.
    pub spares: Vec<Spared>,
    /// First and last day, where they are fixed.
    pub window: Option<(Date, Date)>,
    pub dates: Vec<Dated>,
    pub can_postpone: bool,
    pub can_appeal: bool,
}

/// A message that left, and the fact it told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The stage's name in the regime.
    pub stage: String,
    pub fact_at: Option<Timestamp>,
    /// Facts beside that one.
    pub further: u32,
    /// By each channel, on the day on which it left, where that is known.
    pub left: Vec<(ChannelKind, Option<Date>)>,
}

/// Where the file stands, as the person needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// A message is on its way.
    Sending,
    Warned,
    /// Somebody looks at it; what comes of it will be written to the person.
    Examined,
    MayAnswer,
    HearingAwaited,
    Deliberated,
    Transmitted,
    Closed(Closure),
}

impl Stands {
    /// The name in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Warned => "warned",
            Self::Examined => "examined",
            Self::MayAnswer => "may_answer",
            Self::HearingAwaited => "hearing_awaited",
            Self::Deliberated => "deliberated",
            Self::Transmitted => "transmitted",
            Self::Closed(closure) => match closure {
                Closure::ChallengeUpheld => "challenge_upheld",
                Closure::ChallengeUnanswered => "challenge_unanswered",
                Closure::Judged => "judged",
                _ => "closed",
            },
        }
    }
}

/// A day that counts for the person, and why it is that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// The name in the catalogue: `repeat`, `answer`, `hearing`, `challenge`, `end`, `measure_…`.
    pub what: &'static str,
    /// The last day, whole; or the instant of a hearing.
    pub on: When,
    pub why: Option<Words>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Day(Date),
    Instant(Timestamp),
}

/// What the law of the day lets the person do now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Can {
    pub observations: bool,
    pub challenge: bool,
    pub situation: bool,
    pub hearing: bool,
    /// A hearing can be chosen among the slots that are offered.
    pub slot: bool,
}

impl Can {
    pub fn anything(&self) -> bool {
        self.observations || self.challenge || self.situation || self.hearing
    }
}

/// Something that the person sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentAct {
    /// Its line of the ledger.
    pub entry: u64,
    /// `observations`, `challenge`, `situation`, `hearing`, `postponement`, `appeal`.
    pub kind: &'static str,
    pub at: Timestamp,
    /// SHA-256 of the document.
    pub document: Option<Digest>,
    /// Until when an answer is due, and why then.
    pub answer_by: Option<Dated>,
}

impl SentAct {
    /// The act of an event, if it is one of the person's.
    pub fn of(event: &Event) -> Option<(&'static str, Timestamp, Option<&Digest>)> {
        Some(match event {
            Event::ObservationsReceived { document, received_at } => {
                ("observations", *received_at, Some(document))
            }
            Event::ChallengeReceived { document, received_at, .. } => {
                ("challenge", *received_at, Some(document))
            }
            Event::SituationStated { document, received_at } => {
                ("situation", *received_at, Some(document))
            }
            Event::HearingRequested { received_at } => ("hearing", *received_at, None),
            Event::PostponementRequested { document, received_at } => {
                ("postponement", *received_at, Some(document))
            }
            Event::AppealFiled { document, received_at } => {
                ("appeal", *received_at, Some(document))
            }
            _ => return None,
        })
    }
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Challenge(ChallengeVerdict),
    /// A postponement that was asked for is refused.
    NotPostponed,
    /// A measure is put off; the day is the last.
    Postponed {
        until: Date,
    },
}

/// An answer to a challenge, or to what was asked about a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    pub entry: u64,
    pub at: Timestamp,
    pub verdict: Verdict,
}

/// A fact with the works it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorksOfFact {
    pub fact_at: Timestamp,
    /// Titles, or file names where a work has none.
    pub titles: Vec<String>,
}

/// What the person sends. No `Debug`: it may name anybody.
pub enum Act {
    Observations {
        papers: Papers,
    },
    Challenge {
        grounds: Vec<ChallengeGround>,
        papers: Papers,
    },
    Situation {
        papers: Papers,
    },
    Hearing {
        slot: Option<Timestamp>,
    },
    /// That a measure be put off.
    Postponement {
        measure: CaseId,
        papers: Papers,
    },
    /// That the judgment was appealed.
    Appeal {
        measure: CaseId,
        papers: Papers,
    },
}

/// What was written, and a document that was added. One of the two is there.
#[derive(Default)]
pub struct Papers {
    pub text: Option<String>,
    pub document: Option<Document>,
}

/// A document as it came.
pub struct Document {
    /// `pdf`, `png`, `jpg`, `txt`: by its bytes, never by its name.
    pub ending: &'static str,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// Entered, in this line of the ledger.
    Entered { entry: u64 },
    /// The law says no, by the refusal's name.
    Refused(&'static str),
    /// The file holds as many documents as it may.
    TooMany,
    /// Somebody else was faster.
    SlotTaken,
    /// The file is erased.
    NoSuchFile,
}

//! What the pages ask of the house, and the views it answers with.
//!
//! Pages know this trait and nothing behind it: no store, no regime, no ledger. Views carry the
//! types of `core`, never ready sentences, so that each language words them in its own way. No view
//! holds identity: a page of this part cannot show what it was never given.

pub use entremise_core::asked::Asked;
use entremise_core::deadline::{Deadline, Words, Zone};
use entremise_core::effect::Alarm;
use entremise_core::event::{DeliveryStatus, Event, Ground, Verdict};
use entremise_core::id::PersonId;
use entremise_core::procedure::DueKind;
use entremise_core::regime::rules::{ChannelKind, Gate, Rules, Span};
use jiff::Timestamp;
use jiff::civil::Date;

use super::defence::desk::DefenceView;
pub use super::delay::Delay;

/// The house as the pages see it. Called from blocking threads; `now` comes from whoever serves.
pub trait Desk: Send + Sync + 'static {
    /// Open work in order of deadline, one page of it.
    fn today(&self, query: &WorkQuery, now: Timestamp) -> Result<TodayView, DeskTrouble>;

    /// One case by its file number or its own number; `None` when there is none.
    fn case(&self, reference: &str, now: Timestamp) -> Result<Option<CaseView>, DeskTrouble>;

    /// Enters a person's decision, if the case still stands where that person saw it.
    fn decide(&self, order: &DecisionOrder, now: Timestamp) -> Result<DecideOutcome, DeskTrouble>;

    /// Takes an alarm off the board: a person has seen to it. Yields whether it was still there.
    fn settle_alarm(&self, alarm: &str, by: &PersonId, now: Timestamp)
    -> Result<bool, DeskTrouble>;

    /// The ladder of the law of the day, for the page that explains it to everybody.
    fn ladder(&self, now: Timestamp) -> Result<Vec<PublicRung>, DeskTrouble>;

    /// Whether a message with this number and code left this house.
    ///
    /// Whoever implements this compares the code in constant time, and does the same work for a
    /// number that does not exist as for a code that does not fit.
    fn check(&self, number: &str, code: &str, now: Timestamp) -> Result<Checked, DeskTrouble>;

    /// The receipt of an entry that proves a message of ours, for whoever holds number and code.
    /// Checks them as `check` does.
    fn message_receipt(
        &self,
        number: &str,
        code: &str,
        entry: u64,
    ) -> Result<ReceiptGiven, DeskTrouble>;

    /// The receipt of one line of a case's history, as everybody may have it.
    fn line_receipt(&self, reference: &str, entry: u64) -> Result<ReceiptGiven, DeskTrouble>;
}

/// The house cannot answer now. What went wrong is in its log; a page only says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the house cannot answer now")]
pub struct DeskTrouble;

/// On which case, as the officer saw it, and who acts.
#[derive(Clone)]
pub struct OnCase {
    pub reference: String,
    /// The version of the case the officer looked at.
    pub version: u64,
    pub by: PersonId,
}

/// Why nothing was done, and nothing entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDone {
    NoSuchCase,
    /// The case has moved since the officer looked at it.
    Stale,
}

/// Which page of the open work is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct WorkQuery {
    pub asked: Option<Asked>,
    /// The place after which to go on, as the page before gave it. Opaque to pages.
    pub after: Option<String>,
    pub rows_max: usize,
}

/// Today's work.
#[derive(Clone, Debug)]
pub struct TodayView {
    pub zone: Zone,
    pub rows: Vec<WorkRow>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
    /// All open cases by what they wait for, whether they lie on this desk or not.
    pub open: Vec<(Asked, u64)>,
    /// How many deadlines of this desk end on each of the coming days; `late` lie behind us.
    pub late: u64,
    pub load: Vec<DayLoad>,
    /// How late the late ones are: how many of each.
    pub delays: Vec<(Delay, u64)>,
    /// Whether every case of the desk was counted for the load, rather than the first ones.
    pub load_whole: bool,
    pub alarms: Vec<AlarmView>,
    /// How many more alarms there are than those shown.
    pub alarms_more: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayLoad {
    pub day: Date,
    pub cases: u64,
}

/// One open case in the list.
#[derive(Clone, Debug)]
pub struct WorkRow {
    /// The file number where there is one, else the case's own number.
    pub reference: String,
    pub asked: Asked,
    /// The rung the case is on or moving to, by its name in the regime.
    pub stage: Option<String>,
    /// The person is heard on that rung before anything follows from it.
    pub finding: bool,
    pub deadline: Option<Deadline>,
    pub opened_at: Timestamp,
}

/// What a worker could not do, or somebody is late with.
#[derive(Clone, Debug)]
pub struct AlarmView {
    /// Its number on the board.
    pub id: String,
    pub raised_at: Timestamp,
    pub reference: Option<String>,
    pub what: AlarmKind,
}

#[derive(Clone, Debug)]
pub enum AlarmKind {
    /// The rules raised it.
    Rules(Alarm),
    /// A worker gave an effect up: its queue, and the trouble's name.
    GivenUp { effect: String, trouble: String },
    /// Any other, by its name in the log.
    Other(String),
}

/// One case, whole.
#[derive(Clone, Debug)]
pub struct CaseView {
    pub zone: Zone,
    pub reference: String,
    /// How many events the case has taken: the token against forms that grew stale.
    pub version: u64,
    pub regime: Words,
    /// The regime's number.
    pub regime_id: String,
    pub procedure: Procedure,
    /// The state's wire name.
    pub state: String,
    pub closed: bool,
    pub asked: Asked,
    pub opened_at: Timestamp,
    pub rungs: Vec<Rung>,
    pub facts: Vec<FactView>,
    pub messages: Vec<MessageView>,
    pub next: Vec<Next>,
    pub timeline: Vec<LedgerLine>,
    /// The step a person is asked to decide, by its name in the regime.
    pub decides: Option<String>,
    /// That decision may be to send; otherwise it can only end the case.
    pub sends: bool,
    /// The step to decide is one on which the person is heard: only a member decides it.
    pub finding: bool,
    /// Who decided that such a step be taken, or asked a reviewer for it.
    pub proposed_by: Vec<PersonId>,
    /// The step is barred, and an outside reviewer's authorisation would open it.
    pub opens_by_review: bool,
    /// The person's side, once a finding was sent to them.
    pub defence: Option<DefenceView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Procedure {
    Identification,
    Ladder,
    Measure,
}

/// One rung as it stands for this case.
#[derive(Clone, Debug)]
pub struct Rung {
    /// The stage's name in the regime.
    pub stage: String,
    pub standing: Standing,
    pub channels: Vec<ChannelKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Done,
    Here,
    Ahead,
    /// Closed by the law of the day.
    Barred,
}

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Here => "here",
            Self::Ahead => "ahead",
            Self::Barred => "barred",
        }
    }
}

/// A proven fact behind the case. Dates only: works and addresses lie in other compartments.
#[derive(Clone, Debug)]
pub struct FactView {
    pub notice: String,
    pub fact_at: Timestamp,
    pub received_at: Timestamp,
    /// It brought the step, rather than being counted with it.
    pub leading: bool,
}

/// A message and the last thing its carrier said.
#[derive(Clone, Debug)]
pub struct MessageView {
    pub stage: String,
    pub channel: ChannelKind,
    pub attempt: u32,
    /// `None` until the carrier said anything.
    pub status: Option<DeliveryStatus>,
    pub at: Option<Timestamp>,
}

/// One thing that may happen from here, and until or from when.
#[derive(Clone, Debug)]
pub struct Next {
    pub what: NextKind,
    pub deadline: Option<Deadline>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextKind {
    /// A person decides.
    Decision,
    /// The provider answers the question.
    Answer,
    /// The provider says how the subscriber is reached.
    Disclosure,
    /// The carrier's proof starts the clock.
    Proof,
    /// A new fact in this time is a repeat.
    Repeat,
    /// The state's own deadline.
    Due(DueKind),
    /// The law bars the next step.
    Barred,
    /// An outside reviewer rules on the request.
    Review,
    /// The person's time to answer runs.
    Defence,
    /// A hearing that the person asked for is awaited.
    Hearing,
    /// A member deliberates.
    Deliberation,
    /// The prosecutor has the file.
    Court,
    /// Nothing more: the case is closed.
    Closed,
}

impl NextKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Answer => "answer",
            Self::Disclosure => "disclosure",
            Self::Proof => "proof",
            Self::Repeat => "repeat",
            Self::Due(DueKind::Alarm) => "alarm",
            Self::Due(DueKind::Next) => "next",
            Self::Due(DueKind::End) => "end",
            Self::Barred => "barred",
            Self::Review => "review",
            Self::Defence => "defence",
            Self::Hearing => "hearing",
            Self::Deliberation => "deliberation",
            Self::Court => "court",
            Self::Closed => "closed",
        }
    }
}

/// One line of the ledger about the case, with what proves it.
#[derive(Clone, Debug)]
pub struct LedgerLine {
    /// Its place in the ledger.
    pub seq: u64,
    pub at: Timestamp,
    pub happened: Happened,
    pub by: String,
    /// Hexadecimal SHA-256, as published.
    pub commitment: String,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a page holds few of them, and not for long")]
pub enum Happened {
    Event(Event),
    /// The law said no: the refusal's name.
    Refusal(String),
    /// An effect was about to be carried out.
    Intent(String),
    /// What became of an effect.
    Outcome {
        effect: String,
        outcome: String,
    },
    /// Compartments were opened together.
    Linking(String),
    /// A person was shown what lies in a compartment.
    Look(String),
    Other(String),
}

/// A person's decision, as the form brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionOrder {
    pub reference: String,
    /// The version of the case the person looked at.
    pub version: u64,
    pub verdict: Verdict,
    pub ground: Ground,
    pub by: PersonId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecideOutcome {
    Entered,
    /// The case has moved since the person looked at it: nothing was entered.
    Stale,
    /// The law says no, by the refusal's name; the refusal is in the ledger.
    Refused(String),
    NoSuchCase,
}

/// A rung as the law of the day has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicRung {
    /// The stage's name in the regime.
    pub stage: String,
    /// How long after the warning before a new fact leads here; none for the first rung.
    pub within: Option<Span>,
    pub gate: Option<Gate>,
}

impl PublicRung {
    /// The rungs of the rules of a day.
    pub fn of(rules: &Rules) -> Vec<Self> {
        let window = |after: &Option<String>| {
            let before = rules.stages.iter().find(|rung| Some(&rung.id) == after.as_ref());
            before.map(|rung| rung.clock.repeat_within)
        };
        let rung = |rung: &entremise_core::regime::rules::Stage| Self {
            stage: rung.id.clone(),
            within: window(&rung.after),
            gate: rung.gate,
        };
        rules.stages.iter().map(rung).collect()
    }
}

/// The answer to "is this message genuine?". One shape for a wrong number and a wrong code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    Genuine(Genuine),
    NotKnown,
}

/// What may be said to whoever holds the number and the code: no name, no address, no title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genuine {
    /// The stage's name in the regime; empty where the file is already erased.
    pub stage: String,
    pub messages: Vec<Sent>,
    /// What can be proven of each message that left, of earlier stages too.
    pub proofs: Vec<Proof>,
}

/// An entry of the ledger that proves a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The stage's name in the regime.
    pub stage: String,
    pub sent: Sent,
    pub entry: u64,
}

/// A receipt (C2SP tlog-proof), or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptGiven {
    Text(String),
    /// Entered, and published in some seconds.
    NotYet,
    /// No such entry for whoever asks; one answer for a wrong number, code and entry.
    NotKnown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub channel: ChannelKind,
    pub day: Date,
}

//! The rules as in force on one day: what `Regime::on(day)` yields and the procedures read.
//!
//! Every figure here came from a dated, cited value of the regime file. The procedures know
//! stages, windows and proofs; they know no article and no number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identification::{IdentityField, Purpose};
use crate::notice::Class;

pub use super::measure::{Execution, Measure, MeasureKind, MilderLaw, Pronouncer, Spared};

/// What is in force on one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// Whether the regime is lived by or tried. A file that does not say is lived by.
    pub mode: Mode,
    pub intake: Intake,
    pub provider: Provider,
    /// How long the post may take before a person is told; None where nothing goes by letter.
    pub post: Option<Post>,
    /// How an outside reviewer authorises a linking; None where the law knows no such review.
    pub review: Option<Review>,
    /// How a person challenges a message; None where the law knows observations only.
    pub challenge: Option<Challenges>,
    /// The ladder, lowest rung first.
    pub stages: Vec<Stage>,
    /// What persons decide once the ladder is used up.
    pub deliberations: Vec<Deliberation>,
    /// What may be pronounced at the end, and by whom.
    pub measures: Vec<Measure>,
    /// How their execution is followed; None where the law knows no measure.
    pub execution: Option<Execution>,
    pub retention: Vec<Retention>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Live,
    /// A trial: notices come in and persons decide, and nobody is linked or written to.
    Pilot,
}

/// What a notice must be, to be accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Intake {
    pub classes: Vec<Class>,
    /// How old the fact may be on receipt, by kind of sender. Unit: calendar months.
    pub facts_at_most_months: BTreeMap<SenderKind, i32>,
    /// Notices one sender may bring in one day of the regime's time zone.
    pub notices_per_day_max: u32,
    pub must_carry: Vec<Field>,
    /// The largest clock error a notice may declare. Unit: milliseconds.
    pub clock_error_ms_max: Option<u32>,
    /// How far in the future an observation may lie (clocks differ). Unit: seconds.
    pub future_tolerance_secs: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderKind {
    RightsHolderBody,
    Prosecutor,
    BailiffReport,
    Agency,
}

impl SenderKind {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::RightsHolderBody => "rights_holder_body",
            Self::Prosecutor => "prosecutor",
            Self::BailiffReport => "bailiff_report",
            Self::Agency => "agency",
        }
    }
}

/// What a regime may demand of each notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    ObservedAt,
    SourceIp,
    SourcePort,
    Transport,
    Protocol,
    Work,
    Provider,
    SwornAgent,
    Standing,
    Clock,
    Mandate,
}

/// What a provider owes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provider {
    pub answers_within: Span,
    /// From hand-over of the message to its sending.
    pub relays_within: Span,
    pub batch_addresses_max: u32,
    /// The fine for one breach of the two duties above. Unit: euros.
    pub breach_fine_euros: Option<u32>,
}

/// When somebody looks after a letter. Unlike the provider's times these bind nobody.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Post {
    /// From sending to the post's word that it has a simple letter.
    pub taken_over_within: Option<Span>,
    /// From sending to the post's word that a registered letter was shown to the addressee.
    pub presented_within: Option<Span>,
}

/// How a message is challenged: until when, how soon somebody must answer, and what follows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Challenges {
    /// From the start of the message's clock. None: as long as the file lives.
    pub received_within: Option<Span>,
    /// From the arrival of the challenge to its answer.
    pub answered_within: Span,
    pub unanswered: Unanswered,
    pub meanwhile: Meanwhile,
}

/// What follows when nobody answers a challenge in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// A person is told, and must answer still.
    Alarm,
    /// The message falls, and its case with it.
    Annulled,
}

/// What a challenge stops while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meanwhile {
    /// Nothing by itself.
    GoesOn,
    /// Nobody goes a step further against the person; what is on its way arrives.
    StandsStill,
}

/// The prior review of a linking (C-470/21): how long it may take and what it may see.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Review {
    /// From the request. A request that is not answered in time lapses.
    pub answers_within: Span,
    /// From the ruling. A grant that is not used in time opens nothing.
    pub grant_valid_for: Span,
    /// What is put before the reviewer, and nothing else.
    pub shows: Vec<Shown>,
}

/// One thing a reviewer may see. Never an identity: it is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// When the facts were observed.
    FactsDates,
    /// The titles of the works.
    Works,
    /// Who referred the facts.
    Sender,
    /// The messages sent before, and the proof that started each clock.
    EarlierSteps,
    /// Why the member asks.
    Ground,
}

impl Shown {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FactsDates => "facts_dates",
            Self::Works => "works",
            Self::Sender => "sender",
            Self::EarlierSteps => "earlier_steps",
            Self::Ground => "ground",
        }
    }
}

/// A length of time as laws count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// To the same minute; summer time does not stretch it.
    Hours(i32),
    /// Calendar days; the last one whole.
    Days(i32),
    /// Days on which the authority works; the last one whole.
    WorkingDays(i32),
    /// Calendar months: 31 August and six months ends on 28 (29) February.
    Months(i32),
}

/// One rung.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// `first`, `second`, `third_finding` …
    pub id: String,
    /// The stage whose open window a repeat must fall in; `None` for the first rung.
    pub after: Option<String>,
    /// A person decides whether this step is taken; None where the law leaves no choice.
    pub decides: Option<Decider>,
    /// How long the person has before an alarm is raised.
    pub decide_within: Option<Span>,
    pub gate: Option<Gate>,
    pub linking: Linking,
    /// How the message travels. All of them are sent, but for a `fallback`.
    pub channels: Vec<Channel>,
    pub clock: StageClock,
    /// The folder's template for the message (`letters/<letter>.typ`, `.txt`).
    pub letter: String,
    /// What the law demands that the message says.
    pub must_say: Vec<Statement>,
    /// The person's right to be heard on this stage, where the law gives one.
    pub hears: Option<Hears>,
}

/// One thing a message must say (CPI L331-20, R331-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// The file number: without it no observation is examined (R331-11).
    CaseNumber,
    /// Date and time of the facts.
    FactsDate,
    /// The content of the works concerned (since 2022).
    WorksNamed,
    /// The works are given on express request only (2009–2021).
    WorksOnRequest,
    /// The duty of L336-3: to watch over one's access.
    DutyReminder,
    Injunction,
    Sanctions,
    LegalOffers,
    SecurityMeans,
    HarmToCreation,
    ContactPostal,
    ContactElectronic,
    ContactTelephone,
    /// The facts may be prosecuted.
    MayBeProsecuted,
    ObservationsWindow,
    HearingWithCounsel,
    /// Family charges, income, guardianship are asked for.
    PersonalSituationAsked,
}

/// How a person is heard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hears {
    /// From the presentation of the letter.
    pub observations_within: Span,
    pub hearing: bool,
    pub counsel: bool,
    /// From the request for a hearing to its convocation; later an alarm is raised.
    pub convene_within: Option<Span>,
    /// From the day of the hearing to its record; later an alarm is raised.
    pub record_within: Option<Span>,
}

/// A choice that only a person makes, after a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deliberation {
    pub id: String,
    pub after_stage: String,
    pub decides: Decider,
    /// How long the person has before an alarm is raised.
    pub decide_within: Option<Span>,
    pub outcomes: Vec<DeliberationOutcome>,
    /// From the transmission to the news of what became of it; later an alarm is raised.
    pub outcome_within: Option<Span>,
}

/// What may be decided once the person was heard, or let the time to answer pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliberationOutcome {
    /// The case ends here.
    Close,
    /// The file goes to the prosecutor.
    Transmit,
}

impl DeliberationOutcome {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Transmit => "transmit",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The authority's designated member (CPI L331-20).
    Member,
}

/// What the law demands before a stage may be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// A prior authorisation by a court or an independent body (C-470/21).
    ReviewerAuthorisation,
    /// Nothing opens it: the law of the day has no lawful way to this stage.
    Barred,
}

/// Bringing handle, identity and content together for one purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Linking {
    pub means: Means,
    pub purpose: Purpose,
    /// Which linking of one handle this stage's is.
    pub sequence: u32,
    pub fields: Vec<IdentityField>,
    /// Whether the message names the works (2009–2021: only on request; since 2022: yes).
    pub names_works: bool,
}

/// How a message comes to somebody whom the authority knows by a handle alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// The provider says how the subscriber is reached; the authority sends.
    Disclosure,
    /// The provider sends the authority's message itself; no identity leaves it.
    Relay,
}

/// How a message travels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    pub kind: ChannelKind,
    /// Used only when no other channel reached the person.
    pub fallback: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// E-mail relayed by the provider under the authority's stamp.
    Email,
    /// Simple letter.
    Letter,
    /// Letter against signature: the date of presentation is proven.
    RegisteredLetter,
}

/// From which proven event a repeat counts, and how long.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageClock {
    pub starts_at: Proof,
    /// A new fact within this span after the start is a repeat.
    pub repeat_within: Span,
    /// What each way a letter can come back means for the clock.
    pub returned: BTreeMap<ReturnReason, Consequence>,
}

/// The events that can start a clock. Each comes from outside, with its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The provider's relay, or the post, took the message.
    HandedOver,
    /// The letter was presented to the addressee.
    Presented,
}

/// How a registered letter can end without a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    Refused,
    Unclaimed,
    UnknownAddress,
    Deceased,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// The presentation stands: the clock runs from it.
    CountsAsPresented,
    /// Nobody was reached: no clock starts, the case ends without a warning.
    NotNotified,
    /// Sent once more; a second loss counts as not notified.
    SendAgain,
    /// The case ends.
    Close,
}

/// How long data may be kept, and from which event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retention {
    /// Which data: `referral`, `file`, `identity`, `collector` …
    pub data: String,
    /// The last stage reached, by its id; `none` before the first warning.
    pub after_stage: String,
    pub keep: Span,
    pub starts_at: String,
}

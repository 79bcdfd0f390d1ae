//! All that a case can ask of the world, as data. Effects are in the imperative; they are stored
//! with the change that asked for them and carried out later, by workers that take no hint.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authorisation::Grant;
use crate::event::{Fact, Line};
use crate::id::{Digest, NoticeId, PartyId, PersonId};
use crate::identification::{IdentityField, Purpose};
use crate::procedure::ladder::{ChallengeAnswer, Deliberated};
use crate::procedure::measure::{Declined, Demand, Excess, Pronounced, Terms};
use crate::regime::rules::{ChannelKind, Pronouncer};

/// One thing to be done, once. Its row's `EffectId` is the idempotency key wherever it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Ask the provider who held the address of this notice.
    AskProvider { notice: NoticeId, provider: PartyId },
    /// Enter the identified fact into the case of its handle, opening one if there is none.
    EstablishFact { line: Line, fact: Fact },
    /// Ask the provider for the means to reach the subscriber: one counted linking.
    RequestDisclosure {
        line: Line,
        stage: usize,
        purpose: Purpose,
        fields: Vec<IdentityField>,
        /// Which linking of this handle this is, from 1.
        sequence: u32,
    },
    /// Ask for what only an outside reviewer may allow. It cannot be written down without the
    /// grant, and says nothing else: what is asked for is what was granted.
    RequestAuthorisedDisclosure { line: Line, stage: usize, grant: Box<Grant> },
    /// Have the provider send the message of a stage itself: one counted linking, after which the
    /// authority knows no more than before.
    RelayMessage {
        line: Line,
        stage: usize,
        stage_id: String,
        purpose: Purpose,
        sequence: u32,
        letter: String,
        names_works: bool,
        notice: NoticeId,
        further_facts: u32,
    },
    /// Send the message of a stage.
    SendMessage {
        stage: usize,
        stage_id: String,
        channel: ChannelKind,
        letter: String,
        names_works: bool,
        /// The fact that brought the step.
        notice: NoticeId,
        /// How many other facts were established since the step before.
        further_facts: u32,
        /// 1 for the first dispatch, 2 after a loss.
        attempt: u32,
    },
    /// Tell the person when they will be heard, by a way that the finding took.
    SendConvocation { stage: usize, channel: ChannelKind, slot: Timestamp },
    /// Tell the person what became of their challenge, by a way that the challenged message took.
    SendAnswer {
        /// The rung whose message was challenged.
        stage: usize,
        channel: ChannelKind,
        /// When the challenge came: by that the person knows it again.
        challenged_at: Timestamp,
        /// None where nobody answered in time, and the regime lets the message fall.
        answer: Option<ChallengeAnswer>,
    },
    /// Hand the complete file to the prosecutor, as a member decided.
    TransmitFile { stage: usize, decision: Deliberated },
    /// During a pilot, in place of what would have left the house: carry it out as far as it can be
    /// without anybody being asked who somebody is, and without anybody being written to.
    KeepInHouse { instead_of: Box<Effect> },
    /// Open the case of a measure that a court pronounced.
    OpenMeasure { measure: Box<Pronounced>, by: PersonId },
    /// Have the provider carry a measure out, change it or lift it: one version of its order. The
    /// order's number is the case's.
    OrderMeasure {
        line: Line,
        version: u32,
        demand: Demand,
        decided_by: Pronouncer,
        decision: Digest,
    },
    /// Send the letter that notifies a person of a measure.
    NotifyMeasure {
        measure: Box<Pronounced>,
        terms: Terms,
        letter: String,
        channel: ChannelKind,
        /// 1 for the first dispatch, 2 after a loss.
        attempt: u32,
    },
    /// The time of keeping is over: destroy the record keys of this case's personal data.
    ErasePersonalData,
    /// Tell the people who watch. Carries no personal datum.
    RaiseAlarm { alarm: Alarm },
}

impl Effect {
    /// What is to be carried out, and whether only inside the house, as in a pilot.
    pub fn in_earnest(&self) -> (&Self, bool) {
        match self {
            Self::KeepInHouse { instead_of } => (instead_of, true),
            other => (other, false),
        }
    }

    /// The wire name; also the name of the outbox queue.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AskProvider { .. } => "ask_provider",
            Self::EstablishFact { .. } => "establish_fact",
            Self::RequestDisclosure { .. } => "request_disclosure",
            Self::RequestAuthorisedDisclosure { .. } => "request_authorised_disclosure",
            Self::RelayMessage { .. } => "relay_message",
            Self::SendMessage { .. } => "send_message",
            Self::SendConvocation { .. } => "send_convocation",
            Self::SendAnswer { .. } => "send_answer",
            Self::TransmitFile { .. } => "transmit_file",
            Self::KeepInHouse { .. } => "keep_in_house",
            Self::OpenMeasure { .. } => "open_measure",
            Self::OrderMeasure { .. } => "order_measure",
            Self::NotifyMeasure { .. } => "notify_measure",
            Self::ErasePersonalData => "erase_personal_data",
            Self::RaiseAlarm { .. } => "raise_alarm",
        }
    }
}

/// What a person must look at. Every wait in the house ends in an event or in one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "alarm", rename_all = "snake_case")]
pub enum Alarm {
    /// The provider let its time to answer pass (CPI R331-10: a breach).
    ProviderSilent { provider: PartyId },
    /// A proposed step waits for a decision past its time.
    DecisionLate { stage: usize },
    /// The provider let its time to say how the subscriber is reached pass.
    DisclosureLate { stage: usize },
    /// The provider discloses nothing for this step, and says why in its own words.
    DisclosureRefused { stage: usize },
    /// The reviewer let the time to answer pass: the request lapsed, nothing was linked.
    ReviewLapsed { stage: usize },
    /// A message was not taken by its carrier in time.
    MessageLate { stage: usize },
    /// The post did not take a simple letter over, or did not show a registered one, in time.
    LetterLate { stage: usize },
    /// A receiver refuses this authority's mail: the campaign suffers, the person is not reached.
    MailBlocked { stage: usize },
    /// The message cannot reach the person and the rules of the day know no other way.
    Unreachable { stage: usize },
    /// A letter said to be presented came back as not deliverable: the clock it started is void.
    PresentationContradicted { stage: usize },
    /// Nobody answered a person's challenge in time.
    ChallengeUnanswered { stage: usize },
    /// The answer to a challenge did not arrive by a way that the challenged message took, or there
    /// is none: the person reads it on their page alone.
    AnswerNotDelivered { stage: usize },
    /// A hearing was asked for, and nobody convened it in time.
    HearingNotConvened { stage: usize },
    /// A convocation reached nobody: the person does not know when they are heard.
    ConvocationNotPresented { stage: usize },
    /// A hearing's day is past, and there is no record of it.
    HearingUnrecorded { stage: usize },
    /// A file lies before the member past its time.
    DeliberationLate { stage: usize },
    /// Nobody said what became of a file that was sent to the prosecutor.
    OutcomeUnknown { stage: usize },
    /// The time to appeal is over, and nobody said whether the judgment is enforceable.
    EnforceabilityUnknown,
    /// An appeal was filed long ago, and nobody said what became of it.
    AppealUndecided,
    /// The letter of a measure reached nobody, or nobody knows: it must be served otherwise.
    MeasureNotNotified,
    /// The provider did not confirm that it will carry a measure out, or that it began.
    MeasureUnconfirmed,
    /// The provider does not carry a measure out, or stopped before its time.
    MeasureDeclined { reason: Declined },
    /// By the provider's word it does more than was pronounced.
    MeasureBeyondScope { excess: Excess },
    /// It ends soon, and the provider did not say that it ends by itself.
    MeasureEndNotAssured,
    /// Its end is behind it, and nothing proves that it was lifted.
    MeasureNotLifted,
    /// The day until which it was put off is over: a person says how it goes on.
    PostponementOver,
    /// A person asked for a postponement, and nobody answered in time.
    PostponementUndecided,
    /// The time to comply with an injunction is over, and nobody said whether it was.
    InjunctionUnanswered,
}

impl Alarm {
    pub fn name(&self) -> &'static str {
        match self {
            Self::ProviderSilent { .. } => "provider_silent",
            Self::DecisionLate { .. } => "decision_late",
            Self::DisclosureLate { .. } => "disclosure_late",
            Self::DisclosureRefused { .. } => "disclosure_refused",
            Self::ReviewLapsed { .. } => "review_lapsed",
            Self::MessageLate { .. } => "message_late",
            Self::LetterLate { .. } => "letter_late",
            Self::MailBlocked { .. } => "mail_blocked",
            Self::Unreachable { .. } => "unreachable",
            Self::PresentationContradicted { .. } => "presentation_contradicted",
            Self::ChallengeUnanswered { .. } => "challenge_unanswered",
            Self::AnswerNotDelivered { .. } => "answer_not_delivered",
            Self::HearingNotConvened { .. } => "hearing_not_convened",
            Self::ConvocationNotPresented { .. } => "convocation_not_presented",
            Self::HearingUnrecorded { .. } => "hearing_unrecorded",
            Self::DeliberationLate { .. } => "deliberation_late",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::EnforceabilityUnknown => "enforceability_unknown",
            Self::AppealUndecided => "appeal_undecided",
            Self::MeasureNotNotified => "measure_not_notified",
            Self::MeasureUnconfirmed => "measure_unconfirmed",
            Self::MeasureDeclined { .. } => "measure_declined",
            Self::MeasureBeyondScope { .. } => "measure_beyond_scope",
            Self::MeasureEndNotAssured => "measure_end_not_assured",
            Self::MeasureNotLifted => "measure_not_lifted",
            Self::PostponementOver => "postponement_over",
            Self::PostponementUndecided => "postponement_undecided",
            Self::InjunctionUnanswered => "injunction_unanswered",
        }
    }
}

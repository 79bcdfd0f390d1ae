//! All that can happen to a case. Events are in the past tense: they come from outside, are proven
//! or they would not be here, and nothing else moves a case.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authorisation::{Denial, Grant};
use crate::id::{AuthorisationId, CaseId, Digest, Handle, NoticeId, PartyId, PersonId, QuestionId};
use crate::identification::{IdentityField, Outcome};
use crate::procedure::ladder::{ChallengeAnswer, ChallengeGround, CourtOutcome, Deliberated};
use crate::procedure::measure::{AppealOutcome, LiftGround, ProviderReport, Sentence, Terms};
use crate::regime::rules::{ChannelKind, ReturnReason};

/// One thing that happened. The wire form is what replay reads, so a variant never changes meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A notice passed screening. Opens an identification.
    NoticeAccepted {
        notice: NoticeId,
        sender: PartyId,
        provider: PartyId,
        fact_at: Timestamp,
    },
    /// The question left for the provider.
    QuestionAsked {
        question: QuestionId,
    },
    /// The provider answered.
    Answered {
        question: QuestionId,
        outcome: Outcome,
    },
    /// The sender took the notice back.
    NoticeRetracted {
        notice: NoticeId,
    },

    /// An identification named this handle: one more fact stands against it.
    FactEstablished {
        fact: Fact,
    },
    /// A person decided on the step that the rules propose.
    Decided(Decision),
    /// A member asks an outside reviewer for leave to go on: the decision to take the step, which
    /// opens nothing by itself.
    AuthorisationRequested {
        request: AuthorisationId,
        decision: Decision,
        /// Who is asked. Never the requester.
        reviewer: PersonId,
        /// SHA-256 of the dossier as it was put before the reviewer.
        evidence: Digest,
    },
    /// The reviewer passed the request on to a substitute.
    AuthorisationHandedOver {
        request: AuthorisationId,
        from: PersonId,
        to: PersonId,
    },
    /// The reviewer allowed this one linking.
    AuthorisationGranted {
        grant: Grant,
    },
    /// The reviewer did not.
    AuthorisationRefused {
        denial: Denial,
    },
    /// The means to reach the subscriber are in the identity compartment.
    Disclosed {
        question: QuestionId,
        fields: Vec<IdentityField>,
    },
    /// The provider will not or cannot say how the subscriber is reached.
    DisclosureFailed {
        question: QuestionId,
        reason: DisclosureFailure,
    },
    /// News of a message on its way.
    Delivery(DeliveryReport),

    /// The person concerned wrote: observations on what they are said to have done.
    ObservationsReceived {
        document: Digest,
        received_at: Timestamp,
    },
    /// The person stated family charges, income, guardianship (CPI R331-12).
    SituationStated {
        document: Digest,
        received_at: Timestamp,
    },
    /// The person says that the message is wrong, and why.
    ChallengeReceived {
        grounds: Vec<ChallengeGround>,
        document: Digest,
        received_at: Timestamp,
    },
    /// A person of the authority answered that, with reasons.
    ChallengeAnswered(ChallengeAnswer),
    /// News of the message that tells the person of that answer.
    AnswerReported(AnswerReport),
    /// The person asks to be heard.
    HearingRequested {
        received_at: Timestamp,
    },
    /// The person was told when they will be heard; a later slot replaces an earlier one.
    HearingConvened {
        by: PersonId,
        slot: Timestamp,
    },
    /// News of a convocation on its way.
    ConvocationReported(ConvocationReport),
    /// The person was heard. The record is signed by the person, and by counsel who came.
    HearingHeld {
        by: PersonId,
        record: Digest,
        counsel: bool,
        /// Whether the person was given a copy of the record, as the law has it.
        copied: bool,
        held_at: Timestamp,
    },
    /// The person was convened and did not come.
    HearingMissed {
        by: PersonId,
    },
    /// A member decided what follows from the finding.
    Deliberated(Deliberated),
    /// A prosecutor or a court said what became of a file that was sent.
    OutcomeReported {
        by: PersonId,
        outcome: CourtOutcome,
        judgment: Digest,
        /// What a conviction pronounced: each becomes a case of its own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        measures: Vec<Sentence>,
    },

    /// A measure of a judgment is followed from here on.
    MeasurePronounced {
        by: PersonId,
    },
    /// The registry's word that the judgment can be appealed no more.
    EnforceabilityConfirmed {
        by: PersonId,
        certificate: Digest,
        at: Timestamp,
    },
    /// The person appealed. An appeal in time suspends.
    AppealFiled {
        document: Digest,
        received_at: Timestamp,
    },
    /// The court of appeal gave its judgment.
    AppealDecided {
        by: PersonId,
        outcome: AppealOutcome,
        judgment: Digest,
        decided_at: Timestamp,
    },
    /// The person was notified otherwise than by the letter, with proof.
    NotificationServed {
        by: PersonId,
        document: Digest,
        at: Timestamp,
    },
    /// The person asks that it be put off.
    PostponementRequested {
        document: Digest,
        received_at: Timestamp,
    },
    PostponementRefused {
        by: PersonId,
        reasons: Digest,
    },
    /// A court put it off until a day.
    MeasurePostponed {
        by: PersonId,
        order: Digest,
        until: Timestamp,
    },
    /// What was put off, or what the provider did not carry out, is ordered anew.
    ExecutionResumed {
        by: PersonId,
        order: Digest,
    },
    /// A court changed what is to be carried out.
    MeasureVaried {
        by: PersonId,
        decision: Digest,
        terms: Terms,
    },
    /// It ends before its time.
    LiftingOrdered {
        by: PersonId,
        decision: Digest,
        ground: LiftGround,
    },
    /// The provider said where an order stands.
    MeasureReported(ProviderReport),
    /// A person has the proof that it was lifted at the provider.
    LiftingProven {
        by: PersonId,
        document: Digest,
        at: Timestamp,
    },
    /// The fine was paid, or the injunction complied with.
    MeasureFulfilled {
        by: PersonId,
        document: Digest,
        at: Timestamp,
    },

    /// A court ordered that the file be kept until a day, whatever the rules of keeping say.
    HoldPlaced {
        by: PersonId,
        order: Digest,
        until: Timestamp,
    },
    /// The court's order is spent.
    HoldLifted {
        by: PersonId,
    },

    /// The pilot that the case belongs to is over: two persons put the house to real work.
    PilotEnded,

    /// The clock worker found the case's own deadline behind it.
    DeadlinePassed,
}

impl Event {
    /// The wire name, for tables, ledger entries and counts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoticeAccepted { .. } => "notice_accepted",
            Self::QuestionAsked { .. } => "question_asked",
            Self::Answered { .. } => "answered",
            Self::NoticeRetracted { .. } => "notice_retracted",
            Self::FactEstablished { .. } => "fact_established",
            Self::Decided(_) => "decided",
            Self::AuthorisationRequested { .. } => "authorisation_requested",
            Self::AuthorisationHandedOver { .. } => "authorisation_handed_over",
            Self::AuthorisationGranted { .. } => "authorisation_granted",
            Self::AuthorisationRefused { .. } => "authorisation_refused",
            Self::Disclosed { .. } => "disclosed",
            Self::DisclosureFailed { .. } => "disclosure_failed",
            Self::Delivery(_) => "delivery",
            Self::ObservationsReceived { .. } => "observations_received",
            Self::SituationStated { .. } => "situation_stated",
            Self::ChallengeReceived { .. } => "challenge_received",
            Self::ChallengeAnswered(_) => "challenge_answered",
            Self::AnswerReported(_) => "answer_reported",
            Self::HearingRequested { .. } => "hearing_requested",
            Self::HearingConvened { .. } => "hearing_convened",
            Self::ConvocationReported(_) => "convocation_reported",
            Self::HearingHeld { .. } => "hearing_held",
            Self::HearingMissed { .. } => "hearing_missed",
            Self::Deliberated(_) => "deliberated",
            Self::OutcomeReported { .. } => "outcome_reported",
            Self::MeasurePronounced { .. } => "measure_pronounced",
            Self::EnforceabilityConfirmed { .. } => "enforceability_confirmed",
            Self::AppealFiled { .. } => "appeal_filed",
            Self::AppealDecided { .. } => "appeal_decided",
            Self::NotificationServed { .. } => "notification_served",
            Self::PostponementRequested { .. } => "postponement_requested",
            Self::PostponementRefused { .. } => "postponement_refused",
            Self::MeasurePostponed { .. } => "measure_postponed",
            Self::ExecutionResumed { .. } => "execution_resumed",
            Self::MeasureVaried { .. } => "measure_varied",
            Self::LiftingOrdered { .. } => "lifting_ordered",
            Self::MeasureReported(_) => "measure_reported",
            Self::LiftingProven { .. } => "lifting_proven",
            Self::MeasureFulfilled { .. } => "measure_fulfilled",
            Self::HoldPlaced { .. } => "hold_placed",
            Self::HoldLifted { .. } => "hold_lifted",
            Self::PilotEnded => "pilot_ended",
            Self::DeadlinePassed => "deadline_passed",
        }
    }
}

/// A proven notice that an identification tied to one handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub notice: NoticeId,
    pub identification: CaseId,
    /// When it was observed. The law counts from this instant, not from its arrival here.
    pub fact_at: Timestamp,
    pub received_at: Timestamp,
}

/// A person's choice about a proposed step. There is no variant without a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub by: PersonId,
    pub verdict: Verdict,
    pub ground: Ground,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Let the message of this stage go out.
    Send,
    /// End the case here.
    Close,
}

/// Why, from a closed list: a free text would sooner or later name somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    FactsEstablished,
    /// The notice does not carry what it should prove.
    EvidenceWeak,
    /// "Peut": the member need not.
    Discretion,
    /// The same facts were already answered.
    AlreadyAnswered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisclosureFailure {
    /// The provider no longer knows the handle.
    HandleUnknown,
    /// By the provider's own count this linking needs a reviewer's grant.
    AuthorisationMissing,
    Refused,
}

/// What became of a message, as its carrier says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// The rung whose message it is, by its place on the ladder.
    pub stage: usize,
    pub channel: ChannelKind,
    pub status: DeliveryStatus,
    /// When it happened out there, by the carrier's proof; not when we heard of it.
    pub at: Timestamp,
}

/// What became of the letter that says when a person will be heard, as its carrier says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvocationReport {
    /// The hearing it is about: a later convocation has another.
    pub slot: Timestamp,
    pub channel: ChannelKind,
    pub status: DeliveryStatus,
    /// When it happened out there, by the carrier's proof.
    pub at: Timestamp,
}

/// What became of the message that answers a challenge, as its carrier says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerReport {
    /// The rung whose message was challenged.
    pub stage: usize,
    /// The challenge it answers: a later one came at another instant.
    pub challenged_at: Timestamp,
    pub channel: ChannelKind,
    pub status: DeliveryStatus,
    /// When it happened out there, by the carrier's proof.
    pub at: Timestamp,
}

/// Acheminement. Each is a fact with its proof; none is derived from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// The provider's relay or the post took it.
    HandedOver,
    /// The relay passed it on (a mail exchanger beyond the relay has it).
    Relayed,
    /// It lies in the mailbox, or was signed for.
    Delivered,
    Delayed,
    /// Nobody can be reached there.
    Bounced,
    /// The receiver refuses us, not the address: says nothing about the person.
    Blocked,
    /// A letter was shown to the addressee: the date counts, signed or not.
    Presented,
    /// A letter came back or will not arrive.
    Returned(ReturnReason),
    /// The carrier can't say.
    Unknown,
}

impl DeliveryStatus {
    /// Whether the person had the message before them, and could take note of it: whoever does not
    /// fetch or refuses a registered letter was told all the same.
    pub fn is_presented(self) -> bool {
        matches!(
            self,
            Self::Presented
                | Self::Delivered
                | Self::Returned(ReturnReason::Refused | ReturnReason::Unclaimed)
        )
    }

    /// Whether the message reaches nobody any more.
    pub fn is_undeliverable(self) -> bool {
        matches!(self, Self::Bounced | Self::Returned(_)) && !self.is_presented()
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::HandedOver => "handed_over",
            Self::Relayed => "relayed",
            Self::Delivered => "delivered",
            Self::Delayed => "delayed",
            Self::Bounced => "bounced",
            Self::Blocked => "blocked",
            Self::Presented => "presented",
            Self::Returned(ReturnReason::Refused) => "returned_refused",
            Self::Returned(ReturnReason::Unclaimed) => "returned_unclaimed",
            Self::Returned(ReturnReason::UnknownAddress) => "returned_unknown_address",
            Self::Returned(ReturnReason::Deceased) => "returned_deceased",
            Self::Returned(ReturnReason::Lost) => "lost",
            Self::Unknown => "unknown",
        }
    }
}

/// The handle of one subscriber at one provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    pub provider: PartyId,
    pub handle: Handle,
}

//! Where a line stands on the ladder, as it is written down.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Challenge, Defence, Deliberated, Heard};
use crate::event::{DeliveryStatus, Fact};
use crate::id::{AuthorisationId, Digest, PersonId};
use crate::procedure::Kept;
use crate::regime::rules::{ChannelKind, Gate, Proof};

/// Where a line stands on the ladder. A state carries what only that state needs, so a line that
/// was never warned has no warning date to misread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// No fact yet.
    Open,
    /// The rules propose this stage; a person must say yes or no.
    Proposed { stage: usize, facts: Facts, since: Timestamp, alarmed: bool },
    /// The provider was asked how the subscriber is reached.
    Asking {
        stage: usize,
        facts: Facts,
        channels: Vec<ChannelKind>,
        since: Timestamp,
        alarmed: bool,
    },
    /// The messages of the stage are on their way; the event that starts its clock has not come.
    Sending {
        stage: usize,
        facts: Facts,
        messages: BTreeMap<ChannelKind, Message>,
        /// What the person answered before the proof of presentation came back.
        #[serde(default, skip_serializing_if = "Defence::is_empty")]
        defence: Defence,
        since: Timestamp,
    },
    /// The clock of the stage runs from a proven event.
    Warned {
        stage: usize,
        /// The fact warned of; `further` counts those that are no repeat (older than the warning).
        facts: Facts,
        started: Started,
        messages: BTreeMap<ChannelKind, Message>,
    },
    /// The next stage is one that the law of the day closes, or opens only to somebody else's
    /// signature. Nothing was linked and nothing was asked.
    Barred { stage: usize, facts: Facts, gate: Gate, since: Timestamp },
    /// A member asked an outside reviewer for leave to link. Nothing was linked and nothing asked.
    UnderReview {
        stage: usize,
        facts: Facts,
        request: AuthorisationId,
        requested_by: PersonId,
        /// Before whom the request lies.
        reviewer: PersonId,
        evidence: Digest,
        since: Timestamp,
    },
    /// The finding was presented: the person's time to answer runs, or a hearing is awaited.
    Contradictory { heard: Box<Heard>, alarmed: bool },
    /// The person was heard, or let the time pass: a member deliberates.
    Deliberating { heard: Box<Heard>, since: Timestamp, alarmed: bool },
    /// The file went to the prosecutor. What becomes of it is told to us, or asked for.
    Transmitted { heard: Box<Heard>, decision: Box<Deliberated>, at: Timestamp, alarmed: bool },
    Closed {
        closure: Closure,
        at: Timestamp,
        /// What is still kept; None once its erasure was asked for.
        #[serde(default)]
        kept: Option<Kept>,
    },
    /// As `under`, but a court ordered that the file be kept: no time of keeping ends it.
    Held {
        under: Box<State>,
        /// SHA-256 of the order.
        order: Digest,
        /// The order is spent from then on.
        until: Timestamp,
    },
    /// As `under`, but the person says that the message is wrong, and nobody answered that yet.
    Challenged { under: Box<State>, challenge: Challenge, alarmed: bool },
}

impl State {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Proposed { .. } => "proposed",
            Self::Asking { .. } => "asking",
            Self::Sending { .. } => "sending",
            Self::Warned { .. } => "warned",
            Self::Barred { .. } => "barred",
            Self::UnderReview { .. } => "under_review",
            Self::Contradictory { .. } => "contradictory",
            Self::Deliberating { .. } => "deliberating",
            Self::Transmitted { .. } => "transmitted",
            Self::Closed { closure, .. } => closure.name(),
            Self::Held { under, .. } | Self::Challenged { under, .. } => under.name(),
        }
    }

    /// The state without the court's hold and the open challenge over it.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Held { under, .. } | Self::Challenged { under, .. } => under.bare(),
            other => other,
        }
    }

    /// Whether somebody was told that a carrier of this step's messages took longer than it may.
    pub fn has_late_message(&self) -> bool {
        matches!(self, Self::Sending { messages, .. }
            if messages.values().any(|message| message.late))
    }

    /// The challenge that waits for an answer, and whether somebody was told that it is late.
    pub fn challenge(&self) -> Option<(&Challenge, bool)> {
        match self {
            Self::Held { under, .. } => under.challenge(),
            Self::Challenged { challenge, alarmed, .. } => Some((challenge, *alarmed)),
            _ => None,
        }
    }

    /// The last clock that ran against the person.
    pub fn started(&self) -> Option<Started> {
        match self.bare() {
            Self::Warned { started, .. } => Some(*started),
            Self::Contradictory { heard, .. }
            | Self::Deliberating { heard, .. }
            | Self::Transmitted { heard, .. } => Some(heard.started),
            Self::Proposed { facts, .. }
            | Self::Asking { facts, .. }
            | Self::Sending { facts, .. }
            | Self::Barred { facts, .. }
            | Self::UnderReview { facts, .. } => facts.before,
            _ => None,
        }
    }

    /// Until when a court has the file kept, if one has.
    pub fn held_until(&self) -> Option<Timestamp> {
        match self {
            Self::Held { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// The rung the case is on or moving to.
    pub fn stage(&self) -> Option<usize> {
        match self {
            Self::Open | Self::Closed { .. } => None,
            Self::Proposed { stage, .. }
            | Self::Asking { stage, .. }
            | Self::Sending { stage, .. }
            | Self::Warned { stage, .. }
            | Self::Barred { stage, .. }
            | Self::UnderReview { stage, .. } => Some(*stage),
            Self::Contradictory { heard, .. }
            | Self::Deliberating { heard, .. }
            | Self::Transmitted { heard, .. } => Some(heard.stage),
            Self::Held { under, .. } | Self::Challenged { under, .. } => under.stage(),
        }
    }
}

/// The facts behind one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The fact that brought the step; the message describes this one.
    pub leading: Fact,
    /// Others established while the step was being taken. They count as one step, not several:
    /// nobody had been warned in between.
    pub further: u32,
    /// The clock of the rung below, on whose strength this is a repeat.
    pub before: Option<Started>,
    /// By which ways the message of the rung below came to the person, until the next one leaves:
    /// an answer to a challenge takes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told_by: Vec<ChannelKind>,
    /// The channels of this step that reached nobody: whoever asks for the next way of reaching the
    /// person, by itself or with a reviewer's grant, does not ask for these again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_vain: Vec<ChannelKind>,
}

impl Facts {
    /// One fact, which begins the ladder.
    pub(super) fn first(leading: Fact) -> Self {
        let (told_by, in_vain) = (Vec::new(), Vec::new());
        Self { leading, further: 0, before: None, told_by, in_vain }
    }
}

/// A message of a stage and the last thing heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// None until its carrier said anything.
    pub status: Option<DeliveryStatus>,
    pub attempt: u32,
    /// Its carrier took longer than it may, and a person was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

impl Message {
    /// On its way, for the first time or again.
    pub fn sent(attempt: u32) -> Self {
        Self { status: None, attempt, late: false }
    }
}

/// What started a clock: the proof, and the instant it proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    pub by: Proof,
    pub at: Timestamp,
}

/// How a case on the ladder ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closure {
    /// The time the file may be kept is over without a repeat.
    Lapsed,
    /// No warning left within the time the law gives.
    OutOfTime,
    /// The member closed it.
    Dismissed,
    /// No channel of the rules reaches the person.
    Unreachable,
    /// The letter never was presented: nobody was notified.
    NotNotified,
    /// The subscriber has died.
    Deceased,
    /// The step was due and the regime is only tried, or a pilot ended: nobody was linked or
    /// written to.
    Trial,
    /// A prosecutor or a court said what became of the file.
    Judged,
    /// The person challenged the message, and was right.
    ChallengeUpheld,
    /// Nobody answered the person's challenge in time, and the regime lets the message fall.
    ChallengeUnanswered,
}

impl Closure {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lapsed => "lapsed",
            Self::OutOfTime => "out_of_time",
            Self::Dismissed => "dismissed",
            Self::Unreachable => "unreachable",
            Self::NotNotified => "not_notified",
            Self::Deceased => "deceased",
            Self::Trial => "trial",
            Self::Judged => "judged",
            Self::ChallengeUpheld => "challenge_upheld",
            Self::ChallengeUnanswered => "challenge_unanswered",
        }
    }
}

//! What can pass with a challenge: it comes, a person upholds or rejects it, and what a regime may
//! hold back in the meantime is tried.
//!
//! Whatever else comes then goes through to the state below, word for word as without a challenge
//! (`core/tests/matrix.txt`): playing that again under each challenge would tell no other story.

use jiff::Timestamp;

use super::hearing::{deliberated, digest};
use super::{decision, member};
use crate::event::{AnswerReport, DeliveryStatus, Event, Verdict};
use crate::procedure::ladder::{
    ChallengeAnswer, ChallengeGround, ChallengeVerdict, Closure, State,
};
use crate::regime::rules::{ChannelKind, DeliberationOutcome, ReturnReason};

/// A challenge where a step against the person may follow next.
pub(super) fn received(state: &State, at: Timestamp) -> Option<Event> {
    let next = matches!(state, State::Warned { .. } | State::Deliberating { .. })
        || matches!(state, State::Proposed { facts, .. } if facts.before.is_some());
    let (grounds, document) = (vec![ChallengeGround::NotMe], digest());
    next.then_some(Event::ChallengeReceived { grounds, document, received_at: at })
}

/// The answer to a challenge that closed its case comes back: nothing opens or ends by that.
pub(super) fn news(state: &State, at: Timestamp) -> Option<Event> {
    let State::Closed { closure, at: closed_at, .. } = state else { return None };
    let answered = matches!(closure, Closure::ChallengeUpheld | Closure::ChallengeUnanswered);
    answered.then_some(Event::AnswerReported(AnswerReport {
        stage: 0,
        challenged_at: *closed_at,
        channel: ChannelKind::RegisteredLetter,
        status: DeliveryStatus::Returned(ReturnReason::UnknownAddress),
        at,
    }))
}

pub(super) fn while_open(mut facts: Vec<Event>, at: Timestamp) -> Vec<Event> {
    let answer = |verdict| ChallengeAnswer { by: member(), verdict, reasons: digest() };
    facts.extend([
        Event::ChallengeReceived {
            grounds: vec![ChallengeGround::Own],
            document: digest(),
            received_at: at,
        },
        Event::ChallengeAnswered(answer(ChallengeVerdict::Upheld)),
        Event::ChallengeAnswered(answer(ChallengeVerdict::Rejected)),
        Event::Decided(decision(Verdict::Send)),
        deliberated(DeliberationOutcome::Transmit),
    ]);
    facts
}

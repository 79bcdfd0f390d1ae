//! What can pass with a challenge: it comes, a person upholds or rejects it, and what a regime may
//! hold back in the meantime is tried.
//!
//! Whatever else comes then goes through to the state below, word for word as without a challenge
//! (`core/tests/matrix.txt`): playing that again under each challenge would tell no other story.

use jiff::Timestamp;

use super::hearing::{deliberated, digest};
use super::{decision, member};
use crate::event::{Event, Verdict};
use crate::procedure::ladder::{ChallengeAnswer, ChallengeGround, ChallengeVerdict, State};
use crate::regime::rules::DeliberationOutcome;

/// A challenge where a step against the person may follow next.
pub(super) fn received(state: &State, at: Timestamp) -> Option<Event> {
    let next = matches!(state, State::Warned { .. } | State::Deliberating { .. })
        || matches!(state, State::Proposed { facts, .. } if facts.before.is_some());
    let (grounds, document) = (vec![ChallengeGround::NotMe], digest());
    next.then_some(Event::ChallengeReceived { grounds, document, received_at: at })
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

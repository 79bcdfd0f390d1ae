//! The answer to a challenge goes to the person by itself, by the ways that the challenged message
//! took: what was said against them reached them there, and so does what becomes of it.
//!
//! Knows no reasons: a message names their digest, and whoever words it opens them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Challenge, ChallengeAnswer, Message, State};
use crate::effect::{Alarm, Effect};
use crate::event::{AnswerReport, DeliveryStatus};
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, Means};
use crate::step::{Refusal, Step};

/// A message that the person holds: of which rung it is, and by which ways it may have come. No
/// way where a provider relayed it: nobody of the house knows whom it reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    pub stage: usize,
    pub channels: Vec<ChannelKind>,
}

/// The last message of ours that somebody in this state may hold.
pub(super) fn reached(state: &State, regime: &Regime) -> Result<Reached, Refusal> {
    match state.bare() {
        State::Warned { stage, messages, started, .. } => {
            arrived(*stage, messages, started.at, regime)
        }
        State::Sending { stage, messages, since, .. } => arrived(*stage, messages, *since, regime),
        State::Contradictory { heard, .. } | State::Deliberating { heard, .. } => {
            arrived(heard.stage, &heard.messages, heard.started.at, regime)
        }
        State::Proposed { stage, facts, .. }
        | State::Asking { stage, facts, .. }
        | State::Barred { stage, facts, .. }
        | State::UnderReview { stage, facts, .. } => {
            Ok(Reached { stage: stage.saturating_sub(1), channels: facts.told_by.clone() })
        }
        _ => Ok(Reached::default()),
    }
}

/// Those of the messages that did not come back, under the rules of the day on which they left.
fn arrived(
    stage: usize,
    messages: &BTreeMap<ChannelKind, Message>,
    at: Timestamp,
    regime: &Regime,
) -> Result<Reached, Refusal> {
    if super::rung(stage, at, regime)?.linking.means == Means::Relay {
        return Ok(Reached { stage, channels: Vec::new() });
    }
    let came = |message: &Message| !message.status.is_some_and(DeliveryStatus::is_undeliverable);
    let channels = messages.iter().filter(|(_, message)| came(message));
    Ok(Reached { stage, channels: channels.map(|(channel, _)| *channel).collect() })
}

/// What leaves once a challenge is answered, or falls by the regime's own word; where there is no
/// way to the person, somebody of the house is told.
pub(super) fn sent(challenge: &Challenge, answer: Option<&ChallengeAnswer>) -> Vec<Effect> {
    let Reached { stage, channels } = &challenge.reached;
    let (stage, challenged_at) = (*stage, challenge.received_at);
    if channels.is_empty() {
        return vec![Effect::RaiseAlarm { alarm: Alarm::AnswerNotDelivered { stage } }];
    }
    let by = |channel: &ChannelKind| {
        let (channel, answer) = (*channel, answer.cloned());
        Effect::SendAnswer { stage, channel, challenged_at, answer }
    };
    channels.iter().map(by).collect()
}

/// What the carrier says of such a message. It moves no case, also none that is closed; what came
/// back is told to a person.
pub(super) fn heard(state: &State, report: &AnswerReport) -> Step<State> {
    let stage = report.stage;
    let alarm = match report.status {
        DeliveryStatus::Blocked => Some(Alarm::MailBlocked { stage }),
        status if status.is_undeliverable() => Some(Alarm::AnswerNotDelivered { stage }),
        _ => None,
    };
    let effects = alarm.into_iter().map(|alarm| Effect::RaiseAlarm { alarm }).collect();
    Step { state: state.clone(), effects }
}

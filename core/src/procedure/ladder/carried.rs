//! How long the carriers of a stage's messages may take before a person is told: the provider's
//! relay until it has the mail, the post until it took a letter over or showed it to the addressee.
//!
//! The provider's time is its duty by the law; the post's is this house's own watch. Each message
//! is told of once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Message, State};
use crate::deadline::Deadline;
use crate::effect::Alarm;
use crate::event::DeliveryStatus;
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, Rules, Span};
use crate::step::Refusal;

/// What is waited for of one message.
struct Awaited {
    within: Span,
    started_by: &'static str,
    path: &'static str,
}

/// The first instant at which a message that nobody was told of is late.
pub(super) fn due(
    messages: &BTreeMap<ChannelKind, Message>,
    since: Timestamp,
    regime: &Regime,
) -> Result<Option<Deadline>, Refusal> {
    let rules = regime.rules_at(since)?;
    let ends = messages
        .iter()
        .filter(|(_, message)| !message.late)
        .filter_map(|(channel, message)| awaited(*channel, message, rules))
        .map(|awaited| deadline(&awaited, since, regime));
    Ok(ends.min_by_key(|deadline| deadline.ends_at))
}

/// Marks what is late by now, and says of it what somebody must know.
pub(super) fn raise(
    state: &mut State,
    now: Timestamp,
    regime: &Regime,
) -> Result<Vec<Alarm>, Refusal> {
    let State::Sending { stage, messages, since, .. } = state else {
        return Ok(Vec::new());
    };
    let rules = regime.rules_at(*since)?;
    let mut alarms = Vec::new();
    for (channel, message) in messages.iter_mut().filter(|(_, message)| !message.late) {
        let Some(awaited) = awaited(*channel, message, rules) else { continue };
        if deadline(&awaited, *since, regime).ends_at <= now {
            message.late = true;
            alarms.push(match channel {
                ChannelKind::Email => Alarm::MessageLate { stage: *stage },
                ChannelKind::Letter | ChannelKind::RegisteredLetter => {
                    Alarm::LetterLate { stage: *stage }
                }
            });
        }
    }
    Ok(alarms)
}

fn deadline(awaited: &Awaited, since: Timestamp, regime: &Regime) -> Deadline {
    regime.deadline(since, awaited.within, awaited.started_by, awaited.path)
}

/// None where the carrier did its part, or no time is set for it.
fn awaited(channel: ChannelKind, message: &Message, rules: &Rules) -> Option<Awaited> {
    use DeliveryStatus::{Delayed, Unknown};
    let is_taken_over = !matches!(message.status, None | Some(Delayed | Unknown));
    let post = rules.post.as_ref();
    match channel {
        // A server that refuses us was told of when it did.
        ChannelKind::Email if is_taken_over => None,
        ChannelKind::Email => Some(Awaited {
            within: rules.provider.relays_within,
            started_by: "sent",
            path: "provider.relays_within",
        }),
        // Nobody proves when a simple letter lay in the box: only that the post took it.
        ChannelKind::Letter if is_taken_over => None,
        ChannelKind::Letter => Some(Awaited {
            within: post?.taken_over_within?,
            started_by: "sent",
            path: "post.taken_over_within",
        }),
        ChannelKind::RegisteredLetter
            if message.status.is_some_and(|status| {
                status.is_presented() || matches!(status, DeliveryStatus::Returned(_))
            }) =>
        {
            None
        }
        ChannelKind::RegisteredLetter => Some(Awaited {
            within: post?.presented_within?,
            started_by: "sent",
            path: "post.presented_within",
        }),
    }
}

//! What can pass once a finding was presented: what the person says and asks, what the authority
//! does about it, what a member decides, and what a court says.

use jiff::{SignedDuration, Timestamp};

use super::{DAY, after, member};
use crate::event::{ConvocationReport, DeliveryStatus, Event};
use crate::id::Digest;
use crate::procedure::ladder::{CourtOutcome, Deliberated, Hearing, State};
use crate::regime::rules::{ChannelKind, DeliberationOutcome};

pub(super) fn events(state: &State, at: Timestamp) -> Vec<Event> {
    let mut events = vec![
        Event::ObservationsReceived { document: digest(), received_at: at },
        Event::HearingRequested { received_at: at },
        deliberated(DeliberationOutcome::Transmit),
    ];
    match state {
        State::Contradictory { heard, .. } => events.extend(hearing(&heard.defence.hearing, at)),
        State::Deliberating { .. } => events.push(deliberated(DeliberationOutcome::Close)),
        State::Transmitted { .. } => events.push(Event::OutcomeReported {
            by: member(),
            outcome: CourtOutcome::Convicted,
            judgment: digest(),
            measures: Vec::new(),
        }),
        _ => {}
    }
    events
}

/// A hearing is moved once at most: once more changes nothing but its day.
fn hearing(hearing: &Hearing, at: Timestamp) -> Vec<Event> {
    let (record, counsel, copied) = (digest(), true, true);
    let held = Event::HearingHeld { by: member(), record, counsel, copied, held_at: at };
    let mut events = vec![held, Event::HearingMissed { by: member() }];
    if let Hearing::Convened { slot, .. } = hearing {
        events.extend([DeliveryStatus::Presented, DeliveryStatus::Bounced].map(|status| {
            // One instant before the slot stands for all.
            let (slot, channel, at) = (*slot, ChannelKind::RegisteredLetter, before(*slot));
            Event::ConvocationReported(ConvocationReport { slot, channel, status, at })
        }));
    }
    if matches!(hearing, Hearing::Asked { .. }) {
        events.push(Event::HearingConvened { by: member(), slot: after(at, DAY) });
    }
    events
}

fn before(slot: Timestamp) -> Timestamp {
    slot.saturating_sub(SignedDuration::from_hours(12)).unwrap_or(slot)
}

pub(super) fn deliberated(outcome: DeliberationOutcome) -> Event {
    Event::Deliberated(Deliberated { by: member(), outcome, reasons: digest(), examined: digest() })
}

pub(super) fn digest() -> Digest {
    "f".repeat(64).parse().expect("64 digits")
}

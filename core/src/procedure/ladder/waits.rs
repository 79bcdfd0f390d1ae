//! What each state of the ladder waits for, until when, and what happens if it does not come.

use jiff::Timestamp;

use super::{Closure, Facts, Started, State, closed};
use crate::deadline::Deadline;
use crate::effect::{Alarm, Effect};
use crate::procedure::{Due, DueKind};
use crate::regime::Regime;
use crate::regime::rules::Proof;
use crate::step::{Refusal, Step};

/// The window in which a new fact is a repeat.
pub(super) fn window(stage: usize, started: Started, regime: &Regime) -> Result<Deadline, Refusal> {
    let rung = super::rung(stage, started.at, regime)?;
    let name = format!("stage.{}.clock.repeat_within", rung.id);
    Ok(regime.deadline(started.at, rung.clock.repeat_within, proof_name(started.by), &name))
}

/// The window of a warned state, for whoever shows the case.
pub fn repeat_window(state: &State, regime: &Regime) -> Result<Option<Deadline>, Refusal> {
    match state {
        State::Warned { stage, started, .. } => window(*stage, *started, regime).map(Some),
        _ => Ok(None),
    }
}

/// Every waiting state has an end, so no case can be stuck; most have an alarm before it.
pub(crate) fn due(state: &State, regime: &Regime) -> Result<Option<Due>, Refusal> {
    match state {
        State::Open | State::Closed { .. } => Ok(None),
        State::Proposed { stage, facts, since, alarmed } => {
            let rules = regime.rules_at(*since)?;
            let rung = rules.stages.get(*stage);
            let span = rung.and_then(|rung| rung.decide_within);
            let path =
                rung.map_or(String::new(), |rung| format!("stage.{}.decide_within", rung.id));
            let alarm = span.filter(|_| !alarmed).map(|span| Due {
                what: DueKind::Alarm,
                deadline: regime.deadline(*since, span, "proposed", &path),
            });
            Ok(Due::earlier(alarm, Some(end_without_message(*stage, facts, regime)?)))
        }
        State::Asking { stage, facts, since, alarmed, .. } => {
            let span = regime.rules_at(*since)?.provider.answers_within;
            let alarm = (!alarmed).then(|| Due {
                what: DueKind::Alarm,
                deadline: regime.deadline(*since, span, "asked", "provider.answers_within"),
            });
            Ok(Due::earlier(alarm, Some(end_without_message(*stage, facts, regime)?)))
        }
        State::Sending { stage, facts, since, alarmed, .. } => {
            let span = regime.rules_at(*since)?.provider.relays_within;
            let alarm = (!alarmed).then(|| Due {
                what: DueKind::Alarm,
                deadline: regime.deadline(*since, span, "sent", "provider.relays_within"),
            });
            Ok(Due::earlier(alarm, Some(end_without_message(*stage, facts, regime)?)))
        }
        State::Warned { stage, started, .. } => end_of_file(*stage, *started, regime).map(Some),
        State::Barred { stage, facts, .. } => end_without_message(*stage, facts, regime).map(Some),
    }
}

/// How long a file lives whose next message has not left: before the first warning as long as the
/// referral may be kept; later, as long as the file of the rung below.
fn end_without_message(stage: usize, facts: &Facts, regime: &Regime) -> Result<Due, Refusal> {
    match (facts.before, stage.checked_sub(1)) {
        (Some(started), Some(below)) => end_of_file(below, started, regime),
        _ => regime.end_of_keeping("referral", "none", facts.leading.received_at, "received"),
    }
}

fn end_of_file(stage: usize, started: Started, regime: &Regime) -> Result<Due, Refusal> {
    let rung = super::rung(stage, started.at, regime)?;
    regime.end_of_keeping("file", &rung.id, started.at, proof_name(started.by))
}

/// The state's own deadline is behind it: tell a person once, later end the case.
pub(super) fn overdue(
    state: &State,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    let due = due(state, regime)?.ok_or(Refusal::NothingDue)?;
    if now < due.at() {
        return Err(Refusal::NotYetDue { ends_at: due.at() });
    }
    match due.what {
        DueKind::End => Ok(Step::quiet(closed(end_of(state), now))),
        DueKind::Alarm => {
            let mut state = state.clone();
            let alarm = raise(&mut state);
            Ok(Step {
                state,
                effects: alarm.map(|alarm| Effect::RaiseAlarm { alarm }).into_iter().collect(),
            })
        }
    }
}

fn end_of(state: &State) -> Closure {
    match state {
        State::Warned { .. } | State::Barred { .. } => Closure::Lapsed,
        _ => Closure::OutOfTime,
    }
}

/// Marks the alarm as raised, so that it is raised once.
fn raise(state: &mut State) -> Option<Alarm> {
    match state {
        State::Proposed { stage, alarmed, .. } => {
            *alarmed = true;
            Some(Alarm::DecisionLate { stage: *stage })
        }
        State::Asking { stage, alarmed, .. } => {
            *alarmed = true;
            Some(Alarm::DisclosureLate { stage: *stage })
        }
        State::Sending { stage, alarmed, .. } => {
            *alarmed = true;
            Some(Alarm::MessageLate { stage: *stage })
        }
        _ => None,
    }
}

fn proof_name(proof: Proof) -> &'static str {
    match proof {
        Proof::HandedOver => "handed_over",
        Proof::Presented => "presented",
    }
}

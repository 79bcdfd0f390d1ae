//! What each state of the ladder waits for, until when, and what happens if it does not come.

use jiff::Timestamp;

use super::{Closure, Facts, Started, State, carried, challenge, closed, deliberation, review};
use crate::deadline::Deadline;
use crate::effect::{Alarm, Effect};
use crate::procedure::{Due, DueKind, Kept};
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
        State::Open | State::Closed { kept: None, .. } => Ok(None),
        State::Closed { kept: Some(kept), .. } => regime.end_of_keeping(kept).map(Some),
        State::Held { under, until, .. } => {
            Ok(due(under, regime)?.map(|due| due.under_hold(*until, regime.zone())))
        }
        State::Challenged { under, challenge, alarmed } => {
            let ours = challenge::due(challenge, *alarmed, regime)?;
            Ok(Due::earlier(ours, due(under, regime)?))
        }
        State::UnderReview { stage, facts, since, .. } => {
            let lapse = review::lapses(*since, regime)?;
            Ok(Due::earlier(Some(lapse), Some(end_without_message(*stage, facts, regime)?)))
        }
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
        State::Sending { stage, facts, messages, since, .. } => {
            let late = carried::due(messages, *since, regime)?;
            let alarm = late.map(|deadline| Due { what: DueKind::Alarm, deadline });
            Ok(Due::earlier(alarm, Some(end_without_message(*stage, facts, regime)?)))
        }
        State::Warned { stage, started, .. } => end_of_file(*stage, *started, regime).map(Some),
        State::Barred { stage, facts, .. } => end_without_message(*stage, facts, regime).map(Some),
        State::Contradictory { heard, alarmed } => {
            let next = deliberation::due_while_heard(heard, *alarmed, regime)?;
            Ok(Due::earlier(next, Some(end_of_file(heard.stage, heard.started, regime)?)))
        }
        State::Deliberating { heard, since, alarmed } => {
            let alarm = deliberation::due_while_deliberating(heard, *since, regime)?;
            let alarm = alarm.filter(|_| !alarmed);
            Ok(Due::earlier(alarm, Some(end_of_file(heard.stage, heard.started, regime)?)))
        }
        State::Transmitted { heard, at, alarmed, .. } => {
            let alarm = deliberation::due_while_transmitted(heard, *at, regime)?;
            let end = regime.end_of_keeping(&deliberation::transmitted(*at))?;
            Ok(Due::earlier(alarm.filter(|_| !alarmed), Some(end)))
        }
    }
}

fn end_without_message(stage: usize, facts: &Facts, regime: &Regime) -> Result<Due, Refusal> {
    regime.end_of_keeping(&without_message(stage, facts, regime)?)
}

fn end_of_file(stage: usize, started: Started, regime: &Regime) -> Result<Due, Refusal> {
    regime.end_of_keeping(&file(stage, started, regime)?)
}

/// What keeps the personal data of a case in this state; None where it has none.
pub(super) fn kept(state: &State, regime: &Regime) -> Result<Option<Kept>, Refusal> {
    match state {
        State::Open => Ok(None),
        State::Closed { kept, .. } => Ok(kept.clone()),
        State::Held { under, .. } | State::Challenged { under, .. } => kept(under, regime),
        State::Warned { stage, started, .. } => file(*stage, *started, regime).map(Some),
        State::Contradictory { heard, .. } | State::Deliberating { heard, .. } => {
            file(heard.stage, heard.started, regime).map(Some)
        }
        State::Transmitted { at, .. } => Ok(Some(deliberation::transmitted(*at))),
        State::Proposed { stage, facts, .. }
        | State::Asking { stage, facts, .. }
        | State::Sending { stage, facts, .. }
        | State::Barred { stage, facts, .. }
        | State::UnderReview { stage, facts, .. } => {
            without_message(*stage, facts, regime).map(Some)
        }
    }
}

/// How long a file lives whose next message has not left: before the first warning as long as the
/// referral may be kept; later, as long as the file of the rung below.
fn without_message(stage: usize, facts: &Facts, regime: &Regime) -> Result<Kept, Refusal> {
    match (facts.before, stage.checked_sub(1)) {
        (Some(started), Some(below)) => file(below, started, regime),
        _ => Ok(Kept::referral(facts.leading.received_at)),
    }
}

fn file(stage: usize, started: Started, regime: &Regime) -> Result<Kept, Refusal> {
    let rung = super::rung(stage, started.at, regime)?;
    Ok(Kept {
        data: "file".to_owned(),
        after_stage: rung.id.clone(),
        from: started.at,
        started_by: proof_name(started.by).to_owned(),
    })
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
        DueKind::End => Ok(Step::quiet(ended(state, now))),
        DueKind::Next => Ok(Step::quiet(gone_on(state, now))),
        DueKind::Alarm => {
            let mut state = state.clone();
            let mut alarms = carried::raise(&mut state, now, regime)?;
            alarms.extend(raise(&mut state));
            let effects = alarms.into_iter().map(|alarm| Effect::RaiseAlarm { alarm }).collect();
            Ok(Step { state, effects })
        }
    }
}

/// The person's time is over: the file lies before the member.
fn gone_on(state: &State, now: Timestamp) -> State {
    match state {
        State::Contradictory { heard, .. } => {
            State::Deliberating { heard: heard.clone(), since: now, alarmed: false }
        }
        other => other.clone(),
    }
}

fn ended(state: &State, now: Timestamp) -> State {
    match state {
        State::Closed { closure, at, .. } => closed(*closure, *at),
        State::Warned { .. }
        | State::Barred { .. }
        | State::UnderReview { .. }
        | State::Contradictory { .. }
        | State::Deliberating { .. }
        | State::Transmitted { .. } => closed(Closure::Lapsed, now),
        _ => closed(Closure::OutOfTime, now),
    }
}

/// Marks the alarm as raised, so that it is raised once. A review that was not answered lapses:
/// the stage is barred as it was before anybody asked.
fn raise(state: &mut State) -> Option<Alarm> {
    match state {
        State::UnderReview { stage, facts, since, .. } => {
            let (stage, since) = (*stage, *since);
            *state = review::barred(stage, facts.clone(), since);
            Some(Alarm::ReviewLapsed { stage })
        }
        State::Proposed { stage, alarmed, .. } => {
            *alarmed = true;
            Some(Alarm::DecisionLate { stage: *stage })
        }
        State::Asking { stage, alarmed, .. } => {
            *alarmed = true;
            Some(Alarm::DisclosureLate { stage: *stage })
        }
        State::Contradictory { heard, alarmed } => {
            *alarmed = true;
            Some(deliberation::late(heard))
        }
        State::Deliberating { heard, alarmed, .. } => {
            *alarmed = true;
            Some(Alarm::DeliberationLate { stage: heard.stage })
        }
        State::Transmitted { heard, alarmed, .. } => {
            *alarmed = true;
            Some(Alarm::OutcomeUnknown { stage: heard.stage })
        }
        _ => None,
    }
}

pub(super) fn proof_name(proof: Proof) -> &'static str {
    match proof {
        Proof::HandedOver => "handed_over",
        Proof::Presented => "presented",
    }
}

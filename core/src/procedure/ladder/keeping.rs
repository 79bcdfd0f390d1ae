//! What is kept of a case after its end, until when, and the court's hold that stops that clock.

use jiff::Timestamp;

use super::{Closure, State, deliberation, take, waits};
use crate::case::Case;
use crate::effect::Effect;
use crate::event::Event;
use crate::id::Digest;
use crate::procedure::{Due, DueKind, Kept};
use crate::regime::Regime;
use crate::step::{Refusal, Step};

/// A case that ends keeps what the state before let it keep; once that time is over, its personal
/// data are erased, and this asks for it exactly once.
pub(super) fn kept_after(
    before: &State,
    mut step: Step<State>,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    let State::Closed { closure, at, kept } = &mut step.state else { return Ok(step) };
    let still = left_by(before, *closure, *at, regime)?;
    let is_over = match &still {
        Some(row) => regime.end_of_keeping(row)?.at() <= now,
        None => true,
    };
    if is_over {
        step.effects.push(Effect::ErasePersonalData);
    } else {
        *kept = still;
    }
    Ok(step)
}

/// What a case that ends is kept by: as in the state before, but for a file whose outcome is known.
fn left_by(
    before: &State,
    closure: Closure,
    at: Timestamp,
    regime: &Regime,
) -> Result<Option<Kept>, Refusal> {
    match (closure, before) {
        (_, State::Closed { .. }) => waits::kept(before, regime),
        (Closure::Judged, _) => Ok(Some(deliberation::judged(at))),
        _ => waits::kept(before, regime),
    }
}

/// Puts a court's order over a case that has anything to keep.
pub(super) fn hold(
    state: &State,
    order: &Digest,
    until: Timestamp,
) -> Result<Step<State>, Refusal> {
    match state {
        State::Open | State::Closed { kept: None, .. } => {
            Err(Refusal::OutOfTurn { state: state.name(), event: "hold_placed" })
        }
        _ => Ok(Step::quiet(held(state.clone(), order, until))),
    }
}

fn held(state: State, order: &Digest, until: Timestamp) -> State {
    State::Held { under: Box::new(state), order: order.clone(), until }
}

/// A case that a court holds goes on as any other, but for its end.
pub(super) fn under_hold(
    case: &Case,
    (under, order, until): (&State, &Digest, Timestamp),
    event: &Event,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    match event {
        Event::HoldPlaced { order, until, .. } => {
            Ok(Step::quiet(held(under.clone(), order, *until)))
        }
        Event::HoldLifted { .. } => Ok(Step::quiet(under.clone())),
        Event::DeadlinePassed => {
            let due = waits::due(under, regime)?.ok_or(Refusal::NothingDue)?;
            if due.what == DueKind::End {
                return end_under_hold(case, under, until, due, now, regime);
            }
            let step = take(case, under, event, now, regime)?;
            Ok(Step { state: held(step.state, order, until), effects: step.effects })
        }
        _ => {
            let mut step = take(case, under, event, now, regime)?;
            if let State::Closed { closure, at, kept } = &mut step.state {
                *kept = left_by(under, *closure, *at, regime)?;
            }
            Ok(Step { state: held(step.state, order, until), effects: step.effects })
        }
    }
}

/// The end comes when both the rules and the order let it.
fn end_under_hold(
    case: &Case,
    under: &State,
    until: Timestamp,
    due: Due,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    if now < due.at() {
        return Err(Refusal::NotYetDue { ends_at: due.at() });
    }
    if now < until {
        return Err(Refusal::OnHold { until });
    }
    let step = take(case, under, &Event::DeadlinePassed, now, regime)?;
    kept_after(under, step, now, regime)
}

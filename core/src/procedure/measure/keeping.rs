//! What is kept of a measure after its end: the identity goes as the law says (CPI L331-22), and a
//! court's hold stops that clock and no other: no hold lengthens a measure.

use jiff::Timestamp;

use super::{State, Turn, take, waits};
use crate::effect::Effect;
use crate::event::Event;
use crate::id::Digest;
use crate::procedure::{DueKind, Kept};
use crate::step::{Refusal, Step};

/// A case that ends keeps the identity as long as the rules let it, and asks for its erasure once.
pub(super) fn kept_after(
    before: &State,
    mut step: Step<State>,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let State::Closed { at, kept, .. } = &mut step.state else { return Ok(step) };
    let still = left_by(before, *at, turn);
    if turn.regime.end_of_keeping(&still)?.at() <= turn.now {
        step.effects.push(Effect::ErasePersonalData);
    } else {
        *kept = Some(still);
    }
    Ok(step)
}

/// The row of the retention table: counted from the day the measure ended.
fn left_by(before: &State, at: Timestamp, turn: Turn<'_>) -> Kept {
    match before {
        State::Closed { kept: Some(kept), .. } => kept.clone(),
        _ => Kept {
            data: "identity".to_owned(),
            after_stage: turn.pronounced.sentence.measure.clone(),
            from: at,
            started_by: "measure_ended".to_owned(),
        },
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

/// A case that a court holds goes on as any other, but for its erasure.
pub(super) fn under_hold(
    (under, order, until): (&State, &Digest, Timestamp),
    event: &Event,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    match event {
        Event::HoldPlaced { order, until, .. } => {
            return Ok(Step::quiet(held(under.clone(), order, *until)));
        }
        Event::HoldLifted { .. } => return Ok(Step::quiet(under.clone())),
        Event::DeadlinePassed => {
            let due = waits::due(turn.pronounced, under, turn.regime)?;
            let due = due.ok_or(Refusal::NothingDue)?;
            if due.what == DueKind::End {
                if turn.now < due.at() {
                    return Err(Refusal::NotYetDue { ends_at: due.at() });
                }
                if turn.now < until {
                    return Err(Refusal::OnHold { until });
                }
                return kept_after(under, take(under, event, turn)?, turn);
            }
        }
        _ => {}
    }
    let mut step = take(under, event, turn)?;
    if let State::Closed { at, kept, .. } = &mut step.state {
        *kept = Some(left_by(under, *at, turn));
    }
    Ok(Step { state: held(step.state, order, until), effects: step.effects })
}

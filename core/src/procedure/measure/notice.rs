//! The letter by which the person is notified before anything is carried out, and what became of
//! it.

use jiff::Timestamp;

use super::{Closure, Life, State, Told, Turn, court, end, out_of_turn};
use crate::effect::{Alarm, Effect};
use crate::event::{DeliveryReport, DeliveryStatus, Event};
use crate::regime::rules::Consequence;
use crate::step::{Refusal, Step};

/// Sends the letter of the measure: the first time, or once more after a loss.
pub(super) fn send(life: Life, attempt: u32, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let rule = turn.rule()?;
    let Some(letter) = &rule.letter else { return court::go_on(&life, turn) };
    let effect = Effect::NotifyMeasure {
        measure: turn.pronounced.clone().into(),
        terms: life.terms,
        letter: letter.clone(),
        channel: turn.execution()?.notify_by,
        attempt,
    };
    let state = State::Notifying { life: Box::new(life), attempt, since: turn.now };
    Ok(Step { state, effects: vec![effect] })
}

pub(super) fn step(state: &State, event: &Event, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    match (state, event) {
        (State::Notifying { life, .. }, Event::NotificationServed { at, .. }) => {
            notified(life, *at, turn)
        }
        (State::Notifying { .. }, Event::Delivery(report)) => heard(state, report, turn),
        // Later news of a letter that did its work.
        (_, Event::Delivery(_)) => Ok(Step::quiet(state.clone())),
        _ => out_of_turn(state, event),
    }
}

fn heard(state: &State, report: &DeliveryReport, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let State::Notifying { life, attempt, .. } = state else {
        return Ok(Step::quiet(state.clone()));
    };
    match report.status {
        DeliveryStatus::Presented | DeliveryStatus::Delivered => notified(life, report.at, turn),
        DeliveryStatus::Returned(reason) => {
            match turn.execution()?.returned.get(&reason).unwrap_or(&Consequence::NotNotified) {
                Consequence::CountsAsPresented => notified(life, report.at, turn),
                Consequence::SendAgain if *attempt == 1 => {
                    send(life.as_ref().clone(), attempt + 1, turn)
                }
                Consequence::Close => Ok(end(life, Closure::Deceased, turn)),
                Consequence::SendAgain | Consequence::NotNotified => Ok(failed(state)),
            }
        }
        DeliveryStatus::Bounced => Ok(failed(state)),
        _ => Ok(Step::quiet(state.clone())),
    }
}

/// The person knows: only now is anything asked of a provider.
fn notified(life: &Life, at: Timestamp, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    court::go_on(&Life { notified_at: Some(at.min(turn.now)), ..life.clone() }, turn)
}

/// The post reached nobody: a person must have it served in another way.
fn failed(state: &State) -> Step<State> {
    let mut state = state.clone();
    if let Some(life) = state.life_mut() {
        life.told.insert(Told::NotificationLate);
    }
    Step { state, effects: vec![Effect::RaiseAlarm { alarm: Alarm::MeasureNotNotified }] }
}

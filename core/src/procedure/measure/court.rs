//! What courts and persons decide about a measure: when it may be carried out, an appeal, a
//! postponement, a variation, an end before its time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Closure, Life, State, Terms, Turn, afresh, closed, end, notice, out_of_turn, provider,
};
use super::{appeal_end, law};
use crate::event::Event;
use crate::procedure::ladder::Received;
use crate::regime::rules::MeasureKind;
use crate::step::{Refusal, Step};

/// What a court of appeal made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "appeal", rename_all = "snake_case")]
pub enum AppealOutcome {
    Upheld,
    Varied { terms: Terms },
    Quashed,
}

/// Why a measure ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiftGround {
    /// A court ends it.
    Court,
    Pardon,
    Amnesty,
    /// It was not this person, or not this line.
    Mistake,
    Deceased,
}

impl LiftGround {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Court => "court",
            Self::Pardon => "pardon",
            Self::Amnesty => "amnesty",
            Self::Mistake => "mistake",
            Self::Deceased => "deceased",
        }
    }
}

pub(super) fn step(state: &State, event: &Event, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    match (state, event) {
        (State::Pronounced { life }, Event::EnforceabilityConfirmed { at, .. }) => {
            enforceable(life, *at, turn)
        }
        (_, Event::AppealFiled { received_at, .. }) => appealed(state, *received_at, event, turn),
        (State::Appealed { life, .. }, Event::AppealDecided { outcome, decided_at, .. }) => {
            appeal_decided(life, *outcome, *decided_at, turn)
        }
        (State::Lifting { .. }, Event::PostponementRequested { .. }) => out_of_turn(state, event),
        (_, Event::PostponementRequested { document, received_at }) => {
            let mut state = state.clone();
            if let Some(life) = state.life_mut() {
                life.told.remove(&super::Told::PostponementUndecided);
                life.request = Some(Received { document: document.clone(), at: *received_at });
            }
            Ok(Step::quiet(state))
        }
        (_, Event::PostponementRefused { .. }) => refused(state),
        (
            State::Notifying { life, .. }
            | State::Postponed { life, .. }
            | State::Ordered { life, .. }
            | State::InForce { life, .. },
            Event::MeasurePostponed { until, .. },
        ) => postponed(life, *until, turn),
        (
            State::Postponed { life, .. } | State::Ordered { life, declined: Some(_), .. },
            Event::ExecutionResumed { .. },
        ) => go_on(&Life { request: None, ..life.as_ref().clone() }, turn),
        (_, Event::MeasureVaried { terms, .. }) => varied(state, *terms, event, turn),
        (State::Lifting { .. }, Event::LiftingOrdered { .. }) => out_of_turn(state, event),
        (_, Event::LiftingOrdered { ground, .. }) => {
            let why = match ground {
                LiftGround::Deceased => Closure::Deceased,
                _ => Closure::Lifted,
            };
            match state.life() {
                Some(life) => Ok(end(life, why, turn)),
                None => out_of_turn(state, event),
            }
        }
        (State::InForce { life, .. }, Event::MeasureFulfilled { at, .. })
            if life.terms.kind() != MeasureKind::Suspension =>
        {
            Ok(Step::quiet(closed(Closure::Fulfilled, (*at).min(turn.now), Some(life))))
        }
        _ => out_of_turn(state, event),
    }
}

/// The registry's word. Nothing is enforceable while it may still be appealed.
fn enforceable(life: &Life, at: Timestamp, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    if let Some(end) = appeal_end(life, turn.pronounced, turn.regime)?
        && at < end.ends_at
    {
        return Err(Refusal::StillAppealable { until: end.ends_at });
    }
    if turn.now < at {
        return Err(Refusal::NotYetDue { ends_at: at });
    }
    go_on(&Life { enforceable_at: Some(at), ..life.clone() }, turn)
}

/// The next thing to be done with a measure that may be carried out: the person is told first.
/// A law that became milder meanwhile comes before anything.
pub(super) fn go_on(life: &Life, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let Some(life) = law::softened(life, turn) else {
        return Ok(end(&afresh(life), Closure::MilderLaw, turn));
    };
    let life = afresh(&life);
    if life.notified_at.is_none() && turn.rule()?.letter.is_some() {
        return notice::send(life, 1, turn);
    }
    match life.terms.kind() {
        MeasureKind::Suspension => provider::order(life, turn),
        _ => Ok(Step::quiet(State::InForce { life: Box::new(life), since: turn.now })),
    }
}

/// An appeal in time suspends, also where the registry overlooked it and the measure is under way:
/// it is lifted at once. One that is late is for the court of appeal, and suspends nothing.
fn appealed(
    state: &State,
    received_at: Timestamp,
    event: &Event,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let Some(life) = state.life().filter(|_| !matches!(state, State::Appealed { .. })) else {
        return out_of_turn(state, event);
    };
    let end = appeal_end(life, turn.pronounced, turn.regime)?;
    let ended_at = end.map_or(life.judged_at, |end| end.ends_at);
    match state {
        State::Pronounced { .. } if received_at < ended_at => {
            Ok(Step::quiet(State::Appealed { life: Box::new(afresh(life)), at: received_at }))
        }
        State::Notifying { .. }
        | State::Postponed { .. }
        | State::Ordered { .. }
        | State::InForce { .. }
            if received_at < ended_at =>
        {
            let mut life = Life { enforceable_at: None, ..afresh(life) };
            life.served_days = provider::served_days(&life, turn);
            let effects = match life.window {
                Some(_) => vec![provider::lift(&mut life, turn)],
                None => Vec::new(),
            };
            let state = State::Appealed { life: Box::new(life), at: received_at };
            Ok(Step { state, effects })
        }
        _ => Err(Refusal::TooLate { ended_at }),
    }
}

fn appeal_decided(
    life: &Life,
    outcome: AppealOutcome,
    decided_at: Timestamp,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    if turn.now < decided_at {
        return Err(Refusal::NotYetDue { ends_at: decided_at });
    }
    let terms = match outcome {
        AppealOutcome::Quashed => return Ok(end(life, Closure::Quashed, turn)),
        AppealOutcome::Upheld => life.terms,
        AppealOutcome::Varied { terms } => {
            turn.pronounced.sentence.within(terms, turn.regime)?;
            terms
        }
    };
    let life = Life { terms, judged_at: decided_at, ..afresh(life) };
    Ok(Step::quiet(State::Pronounced { life: Box::new(life) }))
}

fn refused(state: &State) -> Result<Step<State>, Refusal> {
    let mut state = state.clone();
    let request = state.life_mut().and_then(|life| {
        life.told.remove(&super::Told::PostponementUndecided);
        life.request.take()
    });
    match request {
        Some(_) => Ok(Step::quiet(state)),
        None => Err(Refusal::NothingRequested),
    }
}

/// Put off. What is in force is lifted at once; what was served counts, a day begun as a whole one.
fn postponed(life: &Life, until: Timestamp, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    if until <= turn.now {
        return Err(Refusal::NotToCome { until });
    }
    let mut life = Life { request: None, ..afresh(life) };
    life.served_days = provider::served_days(&life, turn);
    let effects = match life.window {
        Some(_) => vec![provider::lift(&mut life, turn)],
        None => Vec::new(),
    };
    let state = State::Postponed { life: Box::new(life), until, since: turn.now };
    Ok(Step { state, effects })
}

/// A court changes what is to be carried out, within what the law of the judgment allows.
fn varied(
    state: &State,
    terms: Terms,
    event: &Event,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let Some(life) = state.life().filter(|_| !matches!(state, State::Lifting { .. })) else {
        return out_of_turn(state, event);
    };
    turn.pronounced.sentence.within(terms, turn.regime)?;
    let life = Life { terms, ..life.clone() };
    match life.window.filter(|_| life.at_provider) {
        Some(_) => provider::vary(state, life, turn),
        None => {
            let mut state = state.clone();
            if let Some(known) = state.life_mut() {
                *known = life;
            }
            Ok(Step::quiet(state))
        }
    }
}

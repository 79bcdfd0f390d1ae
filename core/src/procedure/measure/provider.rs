//! What the provider is ordered, and what it says of it. A word of the provider's can end or soften
//! a measure and raise an alarm; it never makes one longer.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Closure, Life, State, Told, Turn, afresh, closed, end, out_of_turn};
use crate::effect::{Alarm, Effect};
use crate::event::Event;
use crate::id::Digest;
use crate::regime::rules::Spared;
use crate::step::{Refusal, Step};

/// From an instant to another, the second not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// What one version of an order asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Demand {
    Carry { window: Window, spares: BTreeSet<Spared> },
    Lift,
}

/// The provider's word about one version of an order, with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderReport {
    /// The highest version that the provider knows.
    pub version: u32,
    pub reported: Reported,
    /// SHA-256 of what it sent, which is kept with the file.
    pub proof: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reported", rename_all = "snake_case")]
pub enum Reported {
    /// It has the order.
    Taken,
    /// Its persons approved it.
    Approved {
        at: Timestamp,
    },
    Declined {
        reason: Declined,
    },
    /// In force since `at`; `until` where it ends there by itself.
    Implemented {
        at: Timestamp,
        until: Option<Timestamp>,
        spared: BTreeSet<Spared>,
    },
    /// It should be over there and is not yet.
    NotLifted,
    /// Over. `started` is absent where it was never in force.
    Ended {
        started: Option<Timestamp>,
        at: Timestamp,
        how: HowEnded,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowEnded {
    Expired,
    Lifted,
    /// The provider pulled its plug.
    Stopped,
    NeverBegun,
}

/// Why a provider does not carry an order out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Declined {
    HandleUnknown,
    /// Its own alarm holds the line back: its records may name the wrong one.
    LineInDoubt,
    LineCeased,
    /// Somebody depends on it: an alarm, medical equipment.
    LineOfNecessity,
    SparingImpossible,
    DecisionDoubtful,
    /// The order itself, as the provider sees it: its window, its version, its length.
    OrderUnfit,
    /// The provider stopped carrying measures out.
    Stopped,
}

/// What a measure does beyond its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excess {
    WithoutOrder,
    BeganEarly,
    EndsLate,
    NotSpared,
}

/// Orders it for the last day on which the provider must have begun, so that everybody knows the
/// first and the last day beforehand, and a provider that is late makes it shorter.
pub(super) fn order(mut life: Life, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let rule = turn.rule()?;
    let Some(within) = rule.implement_within else {
        return Err(Refusal::NoSuchMeasure { measure: rule.id.clone() });
    };
    let rest = life.terms.days().saturating_sub(life.served_days);
    if rest == 0 {
        return Ok(end(&life, Closure::Served, turn));
    }
    let path = format!("measure.{}.implement_within", rule.id);
    let last_day = turn.regime.deadline(turn.now, within, "notified", &path).last_day;
    let starts_at = turn.regime.zone().start_of(last_day).max(turn.now);
    let effect = carry(&mut life, starts_at, rest, turn)?;
    let state = State::Ordered { life: Box::new(life), since: turn.now, declined: None };
    Ok(Step { state, effects: vec![effect] })
}

/// The next version of the order, from an instant on for so many days.
fn carry(
    life: &mut Life,
    starts_at: Timestamp,
    days: u32,
    turn: Turn<'_>,
) -> Result<Effect, Refusal> {
    let ends_at = days_after(starts_at, days, turn);
    let window = Window { starts_at, ends_at };
    life.version += 1;
    life.told.remove(&Told::LiftUnproven);
    life.carried_by = life.version;
    life.window = Some(window);
    life.at_provider = true;
    life.end_assured = false;
    let spares = turn.rule()?.spares.iter().copied().collect();
    Ok(ordered(life.version, Demand::Carry { window, spares }, turn))
}

/// The next version of the order: never begin, or end now.
pub(super) fn lift(life: &mut Life, turn: Turn<'_>) -> Effect {
    life.version += 1;
    life.window = None;
    life.running_since = None;
    ordered(life.version, Demand::Lift, turn)
}

fn ordered(version: u32, demand: Demand, turn: Turn<'_>) -> Effect {
    Effect::OrderMeasure {
        line: turn.pronounced.line.clone(),
        version,
        demand,
        decided_by: turn.pronounced.sentence.by,
        decision: turn.pronounced.decision.clone(),
    }
}

/// Midnight after so many days, the day of the start among them.
fn days_after(starts_at: Timestamp, days: u32, turn: Turn<'_>) -> Timestamp {
    let zone = turn.regime.zone();
    let first = zone.day_of(starts_at);
    let last = first.checked_add(jiff::Span::new().days(days)).unwrap_or(jiff::civil::Date::MAX);
    zone.start_of(last)
}

/// Days served until now: a day that was begun counts whole.
pub(super) fn served_days(life: &Life, turn: Turn<'_>) -> u32 {
    let Some(since) = life.running_since else { return life.served_days };
    let zone = turn.regime.zone();
    let days = zone.day_of(turn.now).since(zone.day_of(since)).map_or(0, |span| span.get_days());
    life.served_days + u32::try_from(days + 1).unwrap_or(0)
}

/// Another length of what was ordered: the start stays, the end moves.
pub(super) fn vary(state: &State, mut life: Life, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let Some(window) = life.window else { return Ok(Step::quiet(state.clone())) };
    let rest = life.terms.days().saturating_sub(life.served_days);
    if days_after(window.starts_at, rest, turn) <= turn.now {
        return Ok(end(&life, Closure::Served, turn));
    }
    let effect = carry(&mut life, window.starts_at, rest, turn)?;
    let life = Box::new(life);
    let state = match state {
        State::InForce { since, .. } => State::InForce { life, since: *since },
        _ => State::Ordered { life, since: turn.now, declined: None },
    };
    Ok(Step { state, effects: vec![effect] })
}

/// What the provider says. Of an older version only its end counts, and that only where a later one
/// cannot take it up again: what was lifted, stopped or never begun, and ordered anew, is not over.
pub(super) fn heard(
    state: &State,
    report: &ProviderReport,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let Some(life) = state.life().filter(|life| report.version <= life.version) else {
        return out_of_turn(state, &Event::MeasureReported(report.clone()));
    };
    if let Reported::Ended { started, at, how } = report.reported {
        if report.version < life.carried_by && how != HowEnded::Expired {
            return Ok(Step::quiet(state.clone()));
        }
        return Ok(over(state, life, (started, at, how), turn));
    }
    if report.version < life.version {
        return Ok(Step::quiet(state.clone()));
    }
    match &report.reported {
        Reported::Approved { .. } => {
            let mut state = state.clone();
            if let Some(life) = state.life_mut() {
                life.confirmed = true;
            }
            Ok(Step::quiet(state))
        }
        Reported::Declined { reason } => Ok(declined(state, life, *reason)),
        Reported::Implemented { at, until, spared } => {
            implemented(state, life, (*at, *until, spared), turn)
        }
        Reported::NotLifted => Ok(not_lifted(state)),
        Reported::Taken | Reported::Ended { .. } => Ok(Step::quiet(state.clone())),
    }
}

fn implemented(
    state: &State,
    life: &Life,
    (at, until, spared): (Timestamp, Option<Timestamp>, &BTreeSet<Spared>),
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let Some(window) = life.window else {
        let excess = Excess::WithoutOrder;
        return Ok(alarmed(state.clone(), Alarm::MeasureBeyondScope { excess }));
    };
    let mut life = match state {
        State::Ordered { .. } => afresh(life),
        _ => life.clone(),
    };
    (life.confirmed, life.at_provider) = (true, true);
    life.started_at.get_or_insert(at);
    life.running_since.get_or_insert(at);
    life.end_assured = until.is_some_and(|until| until <= window.ends_at);
    let spares = turn.rule()?.spares.iter().all(|spared_one| spared.contains(spared_one));
    let excess = match until {
        _ if at < window.starts_at => Some(Excess::BeganEarly),
        Some(until) if until > window.ends_at => Some(Excess::EndsLate),
        _ if !spares => Some(Excess::NotSpared),
        _ => None,
    };
    let state = State::InForce { life: Box::new(life), since: at };
    Ok(match excess {
        Some(excess) => alarmed(state, Alarm::MeasureBeyondScope { excess }),
        None => Step::quiet(state),
    })
}

/// One failing lift is one alarm, whatever versions of the order it passes through and however
/// often the provider says so: until it is proven to be over, or ordered anew.
fn not_lifted(state: &State) -> Step<State> {
    let mut state = state.clone();
    let is_new = state.life_mut().is_none_or(|life| life.told.insert(Told::LiftUnproven));
    if is_new { alarmed(state, Alarm::MeasureNotLifted) } else { Step::quiet(state) }
}

fn declined(state: &State, life: &Life, reason: Declined) -> Step<State> {
    let alarm = Alarm::MeasureDeclined { reason };
    let state = match state {
        State::Ordered { since, .. } => {
            State::Ordered { life: Box::new(life.clone()), since: *since, declined: Some(reason) }
        }
        other => other.clone(),
    };
    alarmed(state, alarm)
}

/// It is over at the provider: as it should be, or before its time, and then a person decides.
fn over(
    state: &State,
    life: &Life,
    (started, at, how): (Option<Timestamp>, Timestamp, HowEnded),
    turn: Turn<'_>,
) -> Step<State> {
    let mut life = life.clone();
    life.served_days = served_days(&life, turn);
    life.started_at = life.started_at.or(started);
    (life.at_provider, life.running_since) = (false, None);
    life.told.remove(&Told::LiftUnproven);
    let in_time = life.window.is_some_and(|window| window.ends_at <= at);
    match state {
        State::Lifting { why, .. } => {
            let never = *why == Closure::Served && life.started_at.is_none();
            let why = if never { Closure::NeverExecuted } else { *why };
            Step::quiet(closed(why, turn.now, Some(&life)))
        }
        State::Ordered { .. } | State::InForce { .. } if in_time => {
            let why = match life.started_at {
                Some(_) => Closure::Served,
                None => Closure::NeverExecuted,
            };
            Step::quiet(closed(why, turn.now, Some(&life)))
        }
        State::Ordered { since, .. } | State::InForce { since, .. } => {
            let reason = match how {
                HowEnded::Stopped => Declined::Stopped,
                _ => Declined::OrderUnfit,
            };
            let (life, since) = (Box::new(life), *since);
            let state = State::Ordered { life, since, declined: Some(reason) };
            alarmed(state, Alarm::MeasureDeclined { reason })
        }
        other => {
            let mut state = other.clone();
            if let Some(known) = state.life_mut() {
                *known = life;
            }
            Step::quiet(state)
        }
    }
}

fn alarmed(state: State, alarm: Alarm) -> Step<State> {
    Step { state, effects: vec![Effect::RaiseAlarm { alarm }] }
}

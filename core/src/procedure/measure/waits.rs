//! What a measure waits for in each state, until when, and what happens if it does not come. Time
//! alone ends a measure, shortens it, or tells a person; it never begins one.

use jiff::{SignedDuration, Timestamp};

use super::{Closure, Life, Pronounced, State, Told, Turn, closed, end, execution, law, provider};
use crate::case::{Case, Subject};
use crate::deadline::{Deadline, Lang, Words, date_words};
use crate::effect::{Alarm, Effect};
use crate::procedure::{Due, DueKind};
use crate::regime::Regime;
use crate::regime::rules::{MeasureKind, Span};
use crate::step::{Refusal, Step};

/// Until when the judgment may be appealed; None where the law knows no appeal.
pub fn appeal_end(
    life: &Life,
    pronounced: &Pronounced,
    regime: &Regime,
) -> Result<Option<Deadline>, Refusal> {
    let rule = pronounced.sentence.rule(regime)?;
    let path = format!("measure.{}.appeal_within", rule.id);
    let end = |span| regime.deadline(life.judged_at, span, "pronounced", &path);
    Ok(rule.appeal_within.map(end))
}

/// When a law that is known today next softens a measure that is not over yet.
pub fn milder_law(case: &Case, regime: &Regime) -> Option<Timestamp> {
    let (Subject::Measure(pronounced), crate::case::State::Measure(state)) =
        (&case.subject, &case.state)
    else {
        return None;
    };
    law::next(state.life()?, pronounced, regime)
}

/// One thing that a measure waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Awaited {
    pub what: Awaits,
    pub deadline: Deadline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// Past the deadline somebody is told, and the measure stays where it is.
    Somebody(Told),
    /// Past the deadline it goes on by itself.
    Time(Next),
}

impl Awaits {
    /// The name in catalogues.
    pub fn name(self) -> &'static str {
        match self {
            Self::Somebody(told) => told.name(),
            Self::Time(next) => next.name(),
        }
    }
}

/// All that an open measure waits for, the soonest first.
pub fn awaited(case: &Case, regime: &Regime) -> Result<Vec<Awaited>, Refusal> {
    let (Subject::Measure(pronounced), crate::case::State::Measure(state)) =
        (&case.subject, &case.state)
    else {
        return Err(Refusal::WrongSubject);
    };
    let state = state.bare();
    let told = alarms(pronounced, state, regime)?
        .into_iter()
        .map(|(told, deadline)| Awaited { what: Awaits::Somebody(told), deadline });
    let next = nexts(pronounced, state, regime)?
        .into_iter()
        .map(|(next, deadline)| Awaited { what: Awaits::Time(next), deadline });
    let mut awaited: Vec<Awaited> = told.chain(next).collect();
    awaited.sort_by_key(|awaited| awaited.deadline.ends_at);
    Ok(awaited)
}

/// Every state that waits has something due; nothing waits in silence.
pub(crate) fn due(
    pronounced: &Pronounced,
    state: &State,
    regime: &Regime,
) -> Result<Option<Due>, Refusal> {
    match state {
        State::Open | State::Closed { kept: None, .. } => Ok(None),
        State::Closed { kept: Some(kept), .. } => regime.end_of_keeping(kept).map(Some),
        State::Held { under, until, .. } => {
            let bare = due(pronounced, under, regime)?;
            Ok(bare.map(|due| due.under_hold(*until, regime.zone())))
        }
        _ => {
            let alarm = alarms(pronounced, state, regime)?
                .into_iter()
                .map(|(_, deadline)| Due { what: DueKind::Alarm, deadline })
                .min_by_key(Due::at);
            let next = nexts(pronounced, state, regime)?
                .into_iter()
                .map(|(_, deadline)| Due { what: DueKind::Next, deadline })
                .min_by_key(Due::at);
            Ok(Due::earlier(alarm, next))
        }
    }
}

/// What time does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The law becomes milder.
    Softens,
    /// Nothing was begun in the time that the law gives.
    Prescribed,
    /// The last day is over.
    TimeOver,
    /// Nobody proves that it was lifted.
    GivenUp,
}

impl Next {
    fn name(self) -> &'static str {
        match self {
            Self::Softens => "softens",
            Self::Prescribed => "prescribed",
            Self::TimeOver => "time_over",
            Self::GivenUp => "given_up",
        }
    }
}

fn nexts(
    pronounced: &Pronounced,
    state: &State,
    regime: &Regime,
) -> Result<Vec<(Next, Deadline)>, Refusal> {
    let Some(life) = state.life() else { return Ok(Vec::new()) };
    if let State::Lifting { since, .. } = state {
        let within = execution(*since, regime)?.lift_given_up_after;
        let path = "execution.lift_given_up_after";
        let given_up = regime.deadline(*since, within, "measure_ended", path);
        return Ok(vec![(Next::GivenUp, given_up)]);
    }
    let mut nexts = Vec::new();
    if let Some(change) = law::next(life, pronounced, regime) {
        nexts.push((Next::Softens, changed(change, regime)));
    }
    match life.window {
        Some(window) => nexts.push((Next::TimeOver, last_day(window.ends_at, regime))),
        None => {
            let rule = pronounced.sentence.rule(regime)?;
            let from = life.enforceable_at.unwrap_or(life.judged_at);
            let path = format!("measure.{}.prescribed_after", rule.id);
            let end = |span| regime.deadline(from, span, "enforceable", &path);
            nexts.extend(rule.prescribed_after.map(|span| (Next::Prescribed, end(span))));
        }
    }
    Ok(nexts)
}

/// What somebody must be told about in this state and was not yet, each with its time.
fn alarms(
    pronounced: &Pronounced,
    state: &State,
    regime: &Regime,
) -> Result<Vec<(Told, Deadline)>, Refusal> {
    let Some(life) = state.life() else { return Ok(Vec::new()) };
    let after = |told, from, span, started_by, name: &str| {
        (told, regime.deadline(from, span, started_by, &format!("execution.{name}")))
    };
    let rules = |at| execution(at, regime);
    let mut alarms = Vec::new();
    match state {
        State::Pronounced { .. } => {
            let end = appeal_end(life, pronounced, regime)?;
            // Counted from the last day on which it could be appealed, not from the day after it.
            let from = end.map_or(life.judged_at, |end| inside(end.ends_at));
            let (span, name) =
                (rules(life.judged_at)?.enforceable_known_within, "enforceable_known_within");
            alarms.push(after(Told::EnforceabilityUnknown, from, span, "appeal_ended", name));
        }
        State::Appealed { at, .. } => {
            let (span, name) = (rules(*at)?.appeal_decided_within, "appeal_decided_within");
            alarms.push(after(Told::AppealUndecided, *at, span, "appealed", name));
            // Cut off since the appeal was filed: wrong from that day on.
            if life.at_provider {
                let (span, name) = (rules(*at)?.lift_proven_within, "lift_proven_within");
                alarms.push(after(Told::LiftUnproven, *at, span, "appealed", name));
            }
        }
        State::Notifying { since, .. } => {
            let (span, name) = (rules(*since)?.notified_within, "notified_within");
            alarms.push(after(Told::NotificationLate, *since, span, "sent", name));
        }
        State::Postponed { until, since, .. } => {
            if life.at_provider {
                let (span, name) = (rules(*since)?.lift_proven_within, "lift_proven_within");
                alarms.push(after(Told::LiftUnproven, *since, span, "postponed", name));
            }
            alarms.push((Told::PostponementOver, last_day(*until, regime)));
        }
        State::Ordered { since, declined, .. } => {
            alarms.extend(ordered(pronounced, life, *since, regime)?);
            alarms.retain(|_| declined.is_none());
        }
        State::InForce { since, .. } => alarms.extend(in_force(pronounced, life, *since, regime)?),
        State::Lifting { since, .. } => {
            let (span, name) = (rules(*since)?.lift_proven_within, "lift_proven_within");
            alarms.push(after(Told::LiftUnproven, *since, span, "measure_ended", name));
        }
        State::Open | State::Closed { .. } | State::Held { .. } => {}
    }
    if let Some(request) = &life.request {
        let span = rules(request.at)?.postponement_decided_within;
        let (told, name) = (Told::PostponementUndecided, "postponement_decided_within");
        alarms.push(after(told, request.at, span, "requested", name));
    }
    alarms.retain(|(told, _)| !life.told.contains(told));
    Ok(alarms)
}

/// Nobody said that the order will be carried out; or its first day is over, and it was not begun.
fn ordered(
    pronounced: &Pronounced,
    life: &Life,
    since: Timestamp,
    regime: &Regime,
) -> Result<Option<(Told, Deadline)>, Refusal> {
    if !life.confirmed {
        let span = execution(since, regime)?.confirmed_within;
        let deadline = regime.deadline(since, span, "ordered", "execution.confirmed_within");
        return Ok(Some((Told::Unconfirmed, deadline)));
    }
    let rule = pronounced.sentence.rule(regime)?;
    let path = format!("measure.{}.implement_within", rule.id);
    let deadline = |span| regime.deadline(since, span, "notified", &path);
    Ok(rule.implement_within.map(|span| (Told::NotBegun, deadline(span))))
}

/// A suspension of which the provider did not say that it ends by itself is looked after before its
/// end; an injunction has its time.
fn in_force(
    pronounced: &Pronounced,
    life: &Life,
    since: Timestamp,
    regime: &Regime,
) -> Result<Option<(Told, Deadline)>, Refusal> {
    let rule = pronounced.sentence.rule(regime)?;
    match (life.terms.kind(), life.window) {
        (MeasureKind::Suspension, Some(window)) if !life.end_assured => {
            let watched = execution(since, regime)?.end_watched_before;
            let at = before(window.ends_at, watched, regime);
            Ok(Some((Told::EndNotAssured, last_day(at, regime))))
        }
        (MeasureKind::Injunction, _) => {
            let from = life.notified_at.unwrap_or(since);
            let path = format!("measure.{}.comply_within", rule.id);
            let deadline = |span| regime.deadline(from, span, "notified", &path);
            Ok(rule.comply_within.map(|span| (Told::InjunctionUnanswered, deadline(span))))
        }
        _ => Ok(None),
    }
}

/// So long before an instant. Whatever is not counted in hours is counted in whole days.
fn before(instant: Timestamp, span: Span, regime: &Regime) -> Timestamp {
    let zone = regime.zone();
    match span {
        Span::Hours(hours) => {
            let length = SignedDuration::from_hours(i64::from(hours));
            instant.checked_sub(length).unwrap_or(Timestamp::MIN)
        }
        Span::Days(days) | Span::WorkingDays(days) | Span::Months(days) => {
            let day = zone.day_of(instant).checked_sub(jiff::Span::new().days(days));
            day.map_or(Timestamp::MIN, |day| zone.start_of(day))
        }
    }
}

/// An instant that was fixed beforehand, as a deadline: the day before it is the last.
fn last_day(ends_at: Timestamp, regime: &Regime) -> Deadline {
    let last_day = regime.zone().day_of(inside(ends_at));
    let explanation = Words {
        fr: format!("Jusqu’au {} inclus.", date_words(last_day, Lang::Fr)),
        en: format!("Until the end of {}.", date_words(last_day, Lang::En)),
    };
    Deadline { ends_at, last_day, explanation }
}

/// The last instant that is in time.
fn inside(ends_at: Timestamp) -> Timestamp {
    ends_at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(ends_at)
}

/// The day on which the law becomes milder.
fn changed(at: Timestamp, regime: &Regime) -> Deadline {
    let day = regime.zone().day_of(at);
    let explanation = Words {
        fr: format!("Loi plus douce, en vigueur le {}.", date_words(day, Lang::Fr)),
        en: format!("A milder law is in force on {}.", date_words(day, Lang::En)),
    };
    Deadline { explanation, ..last_day(at, regime) }
}

/// The state's own deadline is behind it.
pub(super) fn overdue(state: &State, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let Turn { pronounced, now, regime, .. } = turn;
    let due = due(pronounced, state, regime)?.ok_or(Refusal::NothingDue)?;
    if now < due.at() {
        return Err(Refusal::NotYetDue { ends_at: due.at() });
    }
    if let State::Closed { closure, at, started, .. } = state {
        let (closure, at, started) = (*closure, *at, *started);
        return Ok(Step::quiet(State::Closed { closure, at, started, kept: None }));
    }
    if due.what == DueKind::Alarm {
        return raised(state, turn);
    }
    let passed = nexts(pronounced, state, regime)?;
    let is_passed = |next| passed.iter().any(|(what, when)| *what == next && when.ends_at <= now);
    let Some(life) = state.life() else { return Err(Refusal::NothingDue) };
    if is_passed(Next::Softens) {
        return softened(state, life, turn);
    }
    Ok(match state {
        State::Lifting { .. } => Step::quiet(closed(Closure::LiftUnproven, now, Some(life))),
        _ if is_passed(Next::TimeOver) => end(life, over(life), turn),
        _ => end(life, Closure::Prescribed, turn),
    })
}

/// How a measure ends whose last day is over.
fn over(life: &Life) -> Closure {
    match (life.at_provider, life.started_at) {
        (true, _) => Closure::Served,
        (false, Some(_)) => Closure::EndedEarly,
        (false, None) => Closure::NeverExecuted,
    }
}

fn softened(state: &State, life: &Life, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let Some(softer) = law::softened(life, turn) else {
        return Ok(end(life, Closure::MilderLaw, turn));
    };
    if softer.window.is_some() {
        return provider::vary(state, softer, turn);
    }
    let mut state = state.clone();
    if let Some(life) = state.life_mut() {
        *life = softer;
    }
    Ok(Step::quiet(state))
}

/// Tells a person, once.
fn raised(state: &State, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let all = alarms(turn.pronounced, state, turn.regime)?;
    let first = all.into_iter().min_by_key(|(_, deadline)| deadline.ends_at);
    let (told, _) = first.ok_or(Refusal::NothingDue)?;
    let mut state = state.clone();
    if let Some(life) = state.life_mut() {
        life.told.insert(told);
    }
    let alarm = match told {
        Told::EnforceabilityUnknown => Alarm::EnforceabilityUnknown,
        Told::AppealUndecided => Alarm::AppealUndecided,
        Told::NotificationLate => Alarm::MeasureNotNotified,
        Told::Unconfirmed | Told::NotBegun => Alarm::MeasureUnconfirmed,
        Told::EndNotAssured => Alarm::MeasureEndNotAssured,
        Told::LiftUnproven => Alarm::MeasureNotLifted,
        Told::PostponementOver => Alarm::PostponementOver,
        Told::PostponementUndecided => Alarm::PostponementUndecided,
        Told::InjunctionUnanswered => Alarm::InjunctionUnanswered,
    };
    Ok(Step { state, effects: vec![Effect::RaiseAlarm { alarm }] })
}

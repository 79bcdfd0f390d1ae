//! Measures as the person concerned may see them: what was decided, what works still, from when to
//! when, what comes next. Opens nothing, and tells nothing that only the house needs to know.

use entremise_core::case::{State as CaseState, Subject};
use entremise_core::deadline::Deadline;
use entremise_core::event::Event;
use entremise_core::id::Digest;
use entremise_core::procedure::measure::{
    Awaits, Life, Next, Pronounced, State, Told, appeal_end, awaited,
};
use entremise_core::regime::Regime;
use entremise_core::step::step;
use entremise_store::CaseFile;
use jiff::{SignedDuration, Timestamp};

use super::desk::{Answered, Dated, MeasureTold, SentAct, Verdict, When};
use crate::web::measure::over_store::title;

/// The measures of a file's judgment, in the order of their cases.
pub(super) fn of(measures: &[CaseFile], regime: &Regime, now: Timestamp) -> Vec<MeasureTold> {
    measures.iter().filter_map(|file| told(file, regime, now)).collect()
}

fn told(file: &CaseFile, regime: &Regime, now: Timestamp) -> Option<MeasureTold> {
    let (Subject::Measure(pronounced), CaseState::Measure(state)) =
        (&file.case.subject, &file.case.state)
    else {
        return None;
    };
    let sentence = &pronounced.sentence;
    let day = |at: Timestamp| regime.zone().day_of(at);
    let rules = regime.at(sentence.pronounced_at).ok()?;
    let rule = rules.measures.iter().find(|rule| rule.id == sentence.measure);
    let window = state.life().and_then(|life| life.window);
    Some(MeasureTold {
        case: file.case.id,
        title: title(regime, &sentence.measure),
        by: sentence.by,
        court: sentence.court.clone(),
        judged: day(sentence.pronounced_at),
        terms: state.life().map_or(sentence.terms, |life| life.terms),
        stands: state.name(),
        closed: file.case.state.is_closed(),
        spares: rule.map(|rule| rule.spares.clone()).unwrap_or_default(),
        // The window's end is the midnight after its last day.
        window: window.map(|window| (day(window.starts_at), day(before(window.ends_at)))),
        dates: dates(file, pronounced, state, regime),
        can_postpone: can_postpone(file, state, regime, now),
        can_appeal: takes(
            file,
            &Event::AppealFiled { document: no_document(), received_at: now },
            regime,
            now,
        ),
    })
}

fn before(instant: Timestamp) -> Timestamp {
    instant.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(instant)
}

fn no_document() -> Digest {
    "0".repeat(64).parse().expect("64 digits are a digest")
}

fn takes(file: &CaseFile, event: &Event, regime: &Regime, now: Timestamp) -> bool {
    step(&file.case, event, now, regime).is_ok()
}

/// One request at a time; and what an appeal suspends needs no postponement.
fn can_postpone(file: &CaseFile, state: &State, regime: &Regime, now: Timestamp) -> bool {
    let event = Event::PostponementRequested { document: no_document(), received_at: now };
    let asked = state.life().is_some_and(|life| life.request.is_some());
    !asked && !matches!(state.bare(), State::Appealed { .. }) && takes(file, &event, regime, now)
}

/// The days that count for the person, the soonest first.
fn dates(file: &CaseFile, pronounced: &Pronounced, state: &State, regime: &Regime) -> Vec<Dated> {
    let Some(life) = state.life() else { return Vec::new() };
    let mut dates: Vec<(Timestamp, Dated)> = Vec::new();
    let mut add = |what, deadline: Deadline| {
        let dated =
            Dated { what, on: When::Day(deadline.last_day), why: Some(deadline.explanation) };
        dates.push((deadline.ends_at, dated));
    };
    if let Some(end) = may_be_appealed(life, pronounced, state, regime) {
        add("measure_appeal", end);
    }
    for one in awaited(&file.case, regime).unwrap_or_default() {
        let what = match one.what {
            Awaits::Time(Next::TimeOver) => "measure_over",
            Awaits::Time(Next::Softens) => "measure_softens",
            Awaits::Time(Next::Prescribed) => "measure_prescribed",
            Awaits::Somebody(Told::PostponementOver) => "measure_postponed",
            Awaits::Somebody(Told::PostponementUndecided) => "measure_answer",
            Awaits::Somebody(Told::InjunctionUnanswered) => "measure_comply",
            // What others owe is no day of the person's.
            _ => continue,
        };
        add(what, one.deadline);
    }
    dates.sort_by_key(|(at, _)| *at);
    dates.into_iter().map(|(_, dated)| dated).collect()
}

fn may_be_appealed(
    life: &Life,
    pronounced: &Pronounced,
    state: &State,
    regime: &Regime,
) -> Option<Deadline> {
    matches!(state.bare(), State::Pronounced { .. })
        .then(|| appeal_end(life, pronounced, regime).ok().flatten())
        .flatten()
}

/// What the person sent about a measure.
pub(super) fn sent(file: &CaseFile, regime: &Regime) -> Vec<SentAct> {
    let CaseState::Measure(state) = &file.case.state else { return Vec::new() };
    let request = state.life().and_then(|life| life.request.as_ref());
    let due = || {
        let waits = awaited(&file.case, regime).ok()?;
        let due = |what| matches!(what, Awaits::Somebody(Told::PostponementUndecided));
        let due = waits.into_iter().find(|one| due(one.what))?.deadline;
        let on = When::Day(due.last_day);
        Some(Dated { what: "measure_answer", on, why: Some(due.explanation) })
    };
    let lines = file.history.iter().filter(|line| line.kind.starts_with("event."));
    let acts = lines.filter_map(|line| {
        let (kind, at, document) = SentAct::of(line.event.as_ref()?)?;
        let open = kind == "postponement" && request.map(|one| &one.document) == document;
        let answer_by = open.then(due).flatten();
        Some(SentAct { entry: line.seq, kind, at, document: document.cloned(), answer_by })
    });
    acts.collect()
}

/// What was answered to what the person asked about a measure.
pub(super) fn answers(file: &CaseFile, regime: &Regime) -> Vec<Answered> {
    let lines = file.history.iter().filter(|line| line.kind.starts_with("event."));
    let answered = lines.filter_map(|line| {
        let verdict = match line.event.as_ref()? {
            Event::PostponementRefused { .. } => Verdict::NotPostponed,
            Event::MeasurePostponed { until, .. } => {
                Verdict::Postponed { until: regime.zone().day_of(before(*until)) }
            }
            _ => return None,
        };
        Some(Answered { entry: line.seq, at: line.at, verdict })
    });
    answered.collect()
}

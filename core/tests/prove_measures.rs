//! What the proof says of measures, each property seen broken once by a procedure that was spoilt
//! on purpose: one that overlooks an appeal, that orders a day too long, that closes and leaves the
//! line cut off, that takes up by the calendar what a court put off.

use entremise_core::case::{Case, State};
use entremise_core::deadline::Lang;
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::procedure::measure::{self, Demand, HowEnded, Reported};
use entremise_core::prove::{Bound, Engine, Property, Stepping, Story, prove};
use entremise_core::regime::{Regime, embedded};
use entremise_core::step::{Refusal, Step, due, step};
use jiff::{Timestamp, ToSpan};

/// The shortest story of a measure by which a spoilt procedure breaks a property. No other
/// procedure is played.
fn spoilt(spoil: &Stepping<'_>, property: Property) -> Story {
    let only_measures = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        if !matches!(case.state, State::Measure(_)) || matches!(event, Event::HoldPlaced { .. }) {
            return Err(Refusal::OutOfTurn { state: case.state.name(), event: event.name() });
        }
        spoil(case, event, now, regime)
    };
    let engine = Engine { step: &only_measures, due: &due };
    let regime = embedded("xx-specimen").unwrap();
    let proof = prove(&regime, &engine, Bound { depth: 8, states: 6_000 }, &mut |_| {});
    let verdict = proof.verdicts.iter().find(|verdict| verdict.property == property).unwrap();
    let story = verdict.broken.clone();
    story.unwrap_or_else(|| panic!("{} holds: {:?}", property.name(), proof.reached))
}

/// What somebody did; that time passed in between is left out.
fn acts(story: &Story) -> Vec<&'static str> {
    let events = story.events.iter().map(|told| told.event);
    events.filter(|event| *event != "deadline_passed").collect()
}

#[test]
fn an_appeal_that_is_overlooked_is_a_measure_without_a_judgment() {
    let deaf = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| match event {
        Event::AppealFiled { .. } => Ok(Step { state: case.state.clone(), effects: Vec::new() }),
        _ => step(case, event, now, regime),
    };
    let story = spoilt(&deaf, Property::NoMeasureWithoutJudgment);
    let expected = ["measure_pronounced", "appeal_filed", "enforceability_confirmed"];
    assert_eq!(acts(&story), expected, "{}", story.text(Lang::En));
}

#[test]
fn an_order_that_is_a_day_longer_than_was_pronounced_is_something_after_the_end() {
    let generous = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let mut taken = step(case, event, now, regime)?;
        for effect in &mut taken.effects {
            if let Effect::OrderMeasure { demand: Demand::Carry { window, .. }, .. } = effect {
                window.ends_at += 24.hours();
            }
        }
        Ok(taken)
    };
    let story = spoilt(&generous, Property::NothingAfterTheEnd);
    assert_eq!(acts(&story), ["measure_pronounced", "enforceability_confirmed"]);
}

#[test]
fn a_case_that_closes_and_leaves_the_line_cut_off_is_a_measure_not_lifted() {
    let hasty = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let mut taken = step(case, event, now, regime)?;
        if let State::Measure(measure::State::Lifting { why, life, .. }) = &taken.state {
            let (closure, started) = (*why, life.started_at);
            let state = measure::State::Closed { closure, at: now, started, kept: None };
            taken.state = State::Measure(state);
            taken.effects = vec![Effect::ErasePersonalData];
        }
        Ok(taken)
    };
    let story = spoilt(&hasty, Property::EveryMeasureLifted);
    assert_eq!(acts(&story)[..2], ["measure_pronounced", "enforceability_confirmed"]);
    assert!(story.because.en.contains("lift"), "{}", story.text(Lang::En));
}

#[test]
fn an_end_of_an_earlier_order_does_not_prove_that_the_later_one_is_over() {
    // Takes whatever is said of an earlier order as said of the newest.
    let gullible = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let mut event = event.clone();
        if let (Event::MeasureReported(report), State::Measure(state)) = (&mut event, &case.state)
            && let (Reported::Ended { .. }, Some(life)) = (&report.reported, state.life())
        {
            report.version = life.version;
        }
        step(case, &event, now, regime)
    };
    let story = spoilt(&gullible, Property::EveryMeasureLifted);
    assert!(acts(&story).contains(&"measure_reported"), "{}", story.text(Lang::En));
}

#[test]
fn whoever_takes_an_acceptance_for_a_lifting_is_found() {
    let hopeful = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let mut event = event.clone();
        if let (Event::MeasureReported(report), "lifting") = (&mut event, case.state.name())
            && matches!(report.reported, Reported::Taken | Reported::Approved { .. })
        {
            let how = HowEnded::Lifted;
            report.reported = Reported::Ended { started: Some(now), at: now, how };
        }
        step(case, &event, now, regime)
    };
    let story = spoilt(&hopeful, Property::EveryMeasureLifted);
    assert_eq!(acts(&story).last(), Some(&"measure_reported"), "{}", story.text(Lang::En));
}

#[test]
fn a_calendar_that_takes_up_what_a_court_put_off_is_time_that_hardens() {
    let punctual = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let State::Measure(measure::State::Postponed { until, .. }) = &case.state else {
            return step(case, event, now, regime);
        };
        if *event != Event::DeadlinePassed || now < *until {
            return step(case, event, now, regime);
        }
        let (by, order) = ("calendar".parse().unwrap(), "f".repeat(64).parse().unwrap());
        step(case, &Event::ExecutionResumed { by, order }, now, regime)
    };
    let story = spoilt(&punctual, Property::TimeNeverHardens);
    let last = story.events.last().map(|told| told.event);
    assert_eq!(last, Some("deadline_passed"), "{}", story.text(Lang::En));
    assert!(acts(&story).contains(&"measure_postponed"), "{}", story.text(Lang::En));
}

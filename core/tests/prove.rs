//! Every regime that ships is proven, and each property is seen broken once: by a regime file where
//! one can break it, else by a procedure that was spoilt on purpose.

use entremise_core::case::{Case, State};
use entremise_core::deadline::Lang;
use entremise_core::effect::Effect;
use entremise_core::event::{Decision, DeliveryStatus, Event, Ground, Verdict};
use entremise_core::procedure::Due;
use entremise_core::procedure::ladder::{self, Deliberated};
use entremise_core::prove::{Bound, Engine, Proof, Property, Stepping, Story, prove};
use entremise_core::regime::rules::DeliberationOutcome;
use entremise_core::regime::{Regime, embedded};
use entremise_core::step::{Refusal, Step, due, step};
use jiff::{SignedDuration, Timestamp};

fn proven(regime: &Regime, engine: &Engine<'_>, bound: Bound) -> Proof {
    prove(regime, engine, bound, &mut |_| {})
}

fn specimen() -> Regime {
    embedded("xx-specimen").unwrap()
}

/// A regime with one passage replaced, as often as it stands there. It must still pass its check.
fn changed(id: &str, passage: &str, with: &str) -> Regime {
    let text = embedded::text(id).unwrap();
    assert!(text.contains(passage), "{passage:?} is not in {id}");
    Regime::parse("changed.toml", &text.replace(passage, with), &embedded::calendars().unwrap())
        .unwrap()
}

/// The specimen law, tried before it is lived by.
fn tried() -> Regime {
    let trial = "{ value = \"pilot\", from = 2025-01-01, until = 2026-03-31, cite = \"s 0\", \
                 sure = \"H\" }";
    let law = "{ value = \"live\", from = 2026-04-01, cite = \"s 0\", sure = \"H\" }";
    let mode = format!("mode = [{trial}, {law}]");
    changed("xx-specimen", "[in_force]", &format!("{mode}\n\n[in_force]"))
}

fn broken(proof: &Proof, property: Property) -> &Story {
    let verdict = proof.verdicts.iter().find(|verdict| verdict.property == property).unwrap();
    verdict.broken.as_ref().unwrap_or_else(|| panic!("{} holds", property.name()))
}

/// The story by which a spoilt procedure breaks a property under a regime.
fn spoilt(regime: &Regime, step: &Stepping<'_>, property: Property) -> Story {
    let engine = Engine { step, due: &due };
    let proof = proven(regime, &engine, Bound { depth: 9, states: 3_000 });
    broken(&proof, property).clone()
}

fn events(story: &Story) -> Vec<&'static str> {
    story.events.iter().map(|told| told.event).collect()
}

#[test]
fn every_regime_that_ships_holds_every_property_in_every_story() {
    for id in embedded::ids() {
        let proof = proven(&embedded(id).unwrap(), &Engine::real(), Bound::default());
        for verdict in &proof.verdicts {
            let story = verdict.broken.as_ref().map(|story| story.text(Lang::En));
            assert_eq!(story, None, "{id}: {}", verdict.property.name());
        }
        assert!(proof.whole, "{id}: {:?}", proof.reached);
    }
}

#[test]
fn a_bound_that_is_reached_is_told() {
    let proof = proven(&specimen(), &Engine::real(), Bound { depth: 3, states: 10_000 });
    assert!(proof.holds() && !proof.whole);
    assert_eq!(proof.reached.depth, 3);
    let proof = proven(&specimen(), &Engine::real(), Bound { depth: 30, states: 50 });
    assert!(proof.holds() && !proof.whole);
    assert_eq!(proof.reached.states, 50);
}

#[test]
fn a_finding_without_a_gate_is_a_linking_without_a_grant() {
    // The file passes its check: it is the second linking that is a finding.
    let regime = changed(
        "xx-specimen",
        "purpose     = [{ value = \"warn\", from = 2025-01-01, cite = \"Example Act, s 9\"",
        "purpose     = [{ value = \"finding\", from = 2025-01-01, cite = \"Example Act, s 9\"",
    );
    let proof = proven(&regime, &Engine::real(), Bound { depth: 6, states: 5_000 });
    let story = broken(&proof, Property::NoThirdLinkingWithoutGrant);
    // The shortest way there is by the first stage as it has been since 2028, which is relayed.
    assert_eq!(events(story), ["fact_established", "delivery", "fact_established", "decided"]);
    let text = story.text(Lang::Fr);
    assert!(
        text.starts_with("  le 1er janvier 2028 à 0\u{a0}h\u{a0}00, un fait est constaté"),
        "{text}"
    );
    assert!(text.contains("la mise en relation n° 2 est demandée sans autorisation"), "{text}");
}

#[test]
fn a_grant_that_nobody_asked_for_is_no_grant() {
    // Whatever the reviewer says, this procedure takes it for a grant of what was asked for.
    let regime = embedded("fr-graduated-response").unwrap();
    let credulous = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let Event::AuthorisationGranted { grant } = event else {
            return step(case, event, now, regime);
        };
        let State::Ladder(ladder::State::UnderReview { stage, facts, .. }) = &case.state else {
            return step(case, event, now, regime);
        };
        let entremise_core::case::Subject::Line(line) = &case.subject else { unreachable!() };
        Ok(Step {
            state: State::Ladder(ladder::State::Asking {
                stage: *stage,
                facts: facts.clone(),
                channels: Vec::new(),
                since: now,
                alarmed: false,
            }),
            effects: vec![Effect::RequestAuthorisedDisclosure {
                line: line.clone(),
                stage: *stage,
                grant: Box::new(grant.clone()),
            }],
        })
    };
    // The way to a review is long: what is tried on it is kept short.
    let quick = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| match event {
        Event::HoldPlaced { .. } | Event::DeadlinePassed => Err(refused(case, event)),
        _ => credulous(case, event, now, regime),
    };
    let engine = Engine { step: &quick, due: &|_, _| Ok(None) };
    let proof = proven(&regime, &engine, Bound { depth: 12, states: 20_000 });
    let story = broken(&proof, Property::NoThirdLinkingWithoutGrant);
    assert!(story.because.en.contains("nobody gave"), "{}", story.text(Lang::En));
}

fn refused(case: &Case, event: &Event) -> Refusal {
    Refusal::OutOfTurn { state: case.state.name(), event: event.name() }
}

/// Decides each proposal by itself, as those did who took the member's signature for a formality.
fn automatic(
    case: &Case,
    event: &Event,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    let taken = step(case, event, now, regime)?;
    if !matches!(taken.state, State::Ladder(ladder::State::Proposed { .. })) {
        return Ok(taken);
    }
    let case = Case { state: taken.state, ..case.clone() };
    let by = "machine".parse().unwrap();
    let verdict = Verdict::Send;
    let decided = Event::Decided(Decision { by, verdict, ground: Ground::FactsEstablished });
    step(&case, &decided, now, regime)
}

#[test]
fn a_step_that_a_machine_decides_is_a_sanction_without_a_person() {
    let story = spoilt(&specimen(), &automatic, Property::NoSanctionWithoutPerson);
    assert_eq!(events(&story), ["fact_established", "delivery", "fact_established"]);
    assert!(story.because.fr.contains("sans qu’une personne l’ait décidé"), "{:?}", story.because);
}

#[test]
fn a_stage_that_starts_without_its_proof_is_a_stage_skipped() {
    let trusting = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let mut event = event.clone();
        if let Event::Delivery(report) = &mut event
            && report.status == DeliveryStatus::Relayed
        {
            report.status = DeliveryStatus::HandedOver;
        }
        step(case, &event, now, regime)
    };
    let story = spoilt(&specimen(), &trusting, Property::NoStageSkipped);
    assert!(story.because.en.contains("nothing proves"), "{}", story.text(Lang::En));
    assert!(story.text(Lang::Fr).contains("est relayé"), "{}", story.text(Lang::Fr));
}

/// A procedure that sends the file of a finding as soon as this happens to it.
fn sending_at(on: &str, decision: &Deliberated, property: Property) -> Story {
    let regime = embedded("fr-graduated-response").unwrap();
    let hasty = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        // The way there is long: what is tried on it is kept short.
        if matches!(event, Event::HoldPlaced { .. } | Event::AuthorisationRequested { .. }) {
            return Err(refused(case, event));
        }
        let State::Ladder(ladder::State::Contradictory { heard, .. }) = &case.state else {
            return step(case, event, now, regime);
        };
        if event.name() != on {
            return step(case, event, now, regime);
        }
        let decision = match event {
            Event::Deliberated(decision) => decision.clone(),
            _ => decision.clone(),
        };
        let effect = Effect::TransmitFile { stage: heard.stage, decision: decision.clone() };
        let (heard, decision) = (heard.clone(), Box::new(decision));
        let state = ladder::State::Transmitted { heard, decision, at: now, alarmed: false };
        Ok(Step { state: State::Ladder(state), effects: vec![effect] })
    };
    let engine = Engine { step: &hasty, due: &|_, _| Ok(None) };
    let proof = proven(&regime, &engine, Bound { depth: 13, states: 60_000 });
    broken(&proof, property).clone()
}

fn decision() -> Deliberated {
    let digest = || "f".repeat(64).parse().unwrap();
    let by = "machine".parse().unwrap();
    let outcome = DeliberationOutcome::Transmit;
    Deliberated { by, outcome, reasons: digest(), examined: digest() }
}

#[test]
fn a_file_that_leaves_before_the_person_could_answer_is_a_stage_skipped() {
    let story = sending_at("deliberated", &decision(), Property::NoStageSkipped);
    assert!(story.because.fr.contains("avant que la personne ait pu répondre"), "{story:?}");
    assert_eq!(events(&story).last(), Some(&"deliberated"));
}

#[test]
fn a_file_that_leaves_and_nobody_deliberated_is_a_sanction_without_a_person() {
    let story = sending_at("observations_received", &decision(), Property::NoSanctionWithoutPerson);
    assert!(story.because.en.contains("no person decided it"), "{story:?}");
}

#[test]
fn a_fact_after_the_window_that_counts_is_a_stage_skipped() {
    let strict = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let mut event = event.clone();
        if let (
            Event::FactEstablished { fact },
            State::Ladder(ladder::State::Warned { started, .. }),
        ) = (&mut event, &case.state)
        {
            fact.fact_at = started.at + SignedDuration::from_secs(1);
        }
        step(case, &event, now, regime)
    };
    let story = spoilt(&specimen(), &strict, Property::NoStageSkipped);
    assert!(story.because.en.contains("outside the window"), "{}", story.text(Lang::En));
}

#[test]
fn a_file_that_the_law_does_not_know_by_name_has_no_end() {
    // The data are all let go of, so the file passes its check; but no row is the file's.
    let regime = changed("xx-specimen", "data        = \"file\"", "data        = \"dossier\"");
    let proof = proven(&regime, &Engine::real(), Bound { depth: 5, states: 5_000 });
    let story = broken(&proof, Property::EveryClockEnds);
    assert_eq!(events(story), ["fact_established", "delivery"]);
    assert!(story.because.fr.contains("no_retention"), "{:?}", story.because);
}

#[test]
fn a_case_that_waits_for_nothing_has_no_end() {
    let forgetful = |case: &Case, regime: &Regime| -> Result<Option<Due>, Refusal> {
        match &case.state {
            State::Ladder(ladder::State::Proposed { .. }) => Ok(None),
            _ => due(case, regime),
        }
    };
    let engine = Engine { step: &step, due: &forgetful };
    let proof = proven(&specimen(), &engine, Bound { depth: 5, states: 5_000 });
    let story = broken(&proof, Property::EveryClockEnds);
    assert!(story.because.en.contains("nothing is due"), "{}", story.text(Lang::En));
}

#[test]
fn an_alarm_that_is_raised_for_ever_has_no_end() {
    let loud = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let taken = step(case, event, now, regime)?;
        let raised = taken.effects.iter().any(|effect| matches!(effect, Effect::RaiseAlarm { .. }));
        let state = if raised { case.state.clone() } else { taken.state };
        Ok(Step { state, effects: taken.effects })
    };
    let story = spoilt(&specimen(), &loud, Property::EveryClockEnds);
    assert!(story.because.en.contains("without end"), "{}", story.text(Lang::En));
}

#[test]
fn a_case_that_closes_and_keeps_its_data_is_told() {
    let keeping = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let mut taken = step(case, event, now, regime)?;
        taken.effects.retain(|effect| !matches!(effect, Effect::ErasePersonalData));
        Ok(taken)
    };
    let story = spoilt(&specimen(), &keeping, Property::EveryDatumDies);
    assert!(story.because.en.contains("nothing will erase"), "{}", story.text(Lang::En));
}

#[test]
fn a_hold_that_outlives_its_order_keeps_data_for_ever() {
    // This procedure loses what is kept when the order is lifted from a closed case.
    let losing = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let mut taken = step(case, event, now, regime)?;
        if let (Event::HoldLifted { .. }, State::Ladder(ladder::State::Closed { kept, .. })) =
            (event, &mut taken.state)
        {
            *kept = None;
        }
        Ok(taken)
    };
    let story = spoilt(&specimen(), &losing, Property::EveryDatumDies);
    assert_eq!(events(&story).last(), Some(&"hold_lifted"), "{}", story.text(Lang::En));
}

#[test]
fn a_regime_that_is_tried_sends_nothing_and_erases_all_the_same() {
    let proof = proven(&tried(), &Engine::real(), Bound::default());
    assert!(proof.holds(), "{:#?}", proof.verdicts);
    assert!(proof.whole, "{:?}", proof.reached);
}

#[test]
fn what_leaves_during_a_trial_is_told() {
    // The procedure goes by the same law as if it were in force.
    let live = specimen();
    let hasty =
        move |case: &Case, event: &Event, now: Timestamp, _: &Regime| step(case, event, now, &live);
    let story = spoilt(&tried(), &hasty, Property::NothingSentInPilot);
    assert_eq!(events(&story), ["fact_established"]);
    assert!(story.because.fr.contains("pendant l’essai"), "{:?}", story.because);
}

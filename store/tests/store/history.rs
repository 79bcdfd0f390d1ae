//! What happened to lines is read back from the ledger as it happened, part by part.

use entremise_core::event::Event;
use entremise_core::ledger::Actor;
use entremise_core::replay::replay;
use entremise_core::simulate::{LineHistory, Policy, play};
use entremise_store::{CaseRef, WhyErased};
use jiff::SignedDuration;

use crate::support::*;

#[test]
fn a_line_s_history_is_read_back_as_it_happened_and_plays_the_same() {
    on_both(|mut world| {
        let case = world.identified(1);
        world.later(3_600);
        let span = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let lines = world.store.line_histories(&authority(), &regime(), span, None).unwrap();
        assert_eq!((lines.len(), lines[0].cases.len()), (1, 1));
        let (opened, events) = lines[0].cases[0].clone();
        assert_eq!((opened.id, &lines[0].line), (case, &line()));
        let (replayed, _) = replay(opened, &events, &specimen());
        let stored = world.store.case_file(&authority(), &case).unwrap().unwrap().case;
        assert_eq!(replayed.state, stored.state);
        let cases = lines[0].cases.clone();
        let history = LineHistory::read(line(), cases, &specimen());
        let until = world.now + SignedDuration::from_secs(1);
        let counts = play(&history, &specimen(), &Policy::default(), until);
        assert_eq!((counts.get("fact"), counts.get("disclosure")), (1, 1), "{counts:?}");
    });
}

#[test]
fn the_parts_by_first_sign_are_the_whole_and_another_time_or_authority_is_empty() {
    on_both(|mut world| {
        world.identified(1);
        let span = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let of = |sign| world.store.line_histories(&authority(), &regime(), span, Some(sign));
        assert_eq!((of('h').unwrap().len(), of('H').unwrap().len()), (1, 0));
        assert_eq!(world.store.ladder_cases(&authority(), &regime(), span).unwrap(), (1, 0));
        let before = (at("2025-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
        assert_eq!(world.store.ladder_cases(&authority(), &regime(), before).unwrap(), (0, 0));
        let other = "autre".parse().unwrap();
        assert!(world.store.line_histories(&other, &regime(), span, None).unwrap().is_empty());
    });
}

#[test]
fn an_erased_case_is_counted_and_not_played() {
    on_both(|mut world| {
        let case = world.identified(1);
        let span = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let by_id = CaseRef::Id(authority(), case);
        for _ in 0..4 {
            let now = world.later(40 * 86_400);
            let _ = world.store.apply(&by_id, &Event::DeadlinePassed, &Actor::House, now);
        }
        let why = WhyErased::TimeIsOver;
        world.store.erase(&authority(), case, why, &Actor::House, world.now).unwrap();
        let counted = world.store.ladder_cases(&authority(), &regime(), span).unwrap();
        let lines = world.store.line_histories(&authority(), &regime(), span, None).unwrap();
        assert_eq!((counted, lines.len()), ((1, 1), 0));
    });
}

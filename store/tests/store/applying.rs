//! The one door: what it lets through, what it refuses, and that both are in the ledger.

use entremise_core::case::{Case, Subject};
use entremise_core::event::Event;
use entremise_core::id::{CaseId, QuestionId};
use entremise_core::ledger::Actor;
use entremise_core::replay::{Entered, replay};
use entremise_core::step::Refusal;
use entremise_store::{ApplyError, CaseRef, Trouble};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::support::*;

fn established(number: u128) -> Event {
    Event::FactEstablished { fact: fact(number) }
}

#[test]
fn the_first_fact_of_a_line_opens_its_case_and_gives_it_a_file_number() {
    on_both(|world| {
        let store = &world.store;
        let applied = store.apply(&by_line(), &established(1), &Actor::House, world.now).unwrap();
        assert_eq!(applied.case.state.name(), "asking");
        let file = store.case_file(&authority(), &applied.case.id).unwrap().unwrap();
        assert_eq!(file.file_number.as_deref(), Some("2026-000001-4"));
        let found = store.find_file(&authority(), " 2026 000001 4").unwrap();
        assert_eq!(found, Some(applied.case.id));
        assert_eq!(store.find_file(&authority(), "2026-000001-8").unwrap(), None);
    });
}

#[test]
fn a_second_fact_goes_to_the_open_case_of_the_line() {
    on_both(|world| {
        let store = &world.store;
        let first = store.apply(&by_line(), &established(1), &Actor::House, world.now).unwrap();
        let second = store.apply(&by_line(), &established(2), &Actor::House, world.now).unwrap();
        assert_eq!(first.case.id, second.case.id);
        let file = store.case_file(&authority(), &first.case.id).unwrap().unwrap();
        assert_eq!(file.identifications, [fact(1).identification, fact(2).identification]);
    });
}

#[test]
fn two_threads_establish_facts_of_one_line_in_one_case() {
    on_both(|world| {
        std::thread::scope(|threads| {
            for thread in 0..4u128 {
                let store = world.store.clone();
                threads.spawn(move || {
                    for number in 0..5 {
                        let event = established(100 * thread + number);
                        store.apply(&by_line(), &event, &Actor::House, world.now).unwrap();
                    }
                });
            }
        });
        assert_eq!(world.store.counts(&authority()).unwrap().cases["ladder.asking"], 1);
        assert_eq!(world.store.ledger_size(&authority()).unwrap(), 21);
    });
}

#[test]
fn a_refused_event_changes_nothing_and_is_in_the_ledger() {
    on_both(|mut world| {
        let (_, case) = world.one_notice(1);
        let by_id = CaseRef::Id(authority(), case);
        let before = world.store.case_file(&authority(), &case).unwrap().unwrap();
        let event =
            Event::Answered { question: QuestionId(Uuid::from_u128(5)), outcome: identified() };
        let refused = world.store.apply(&by_id, &event, &provider_acts(), world.now);
        assert!(matches!(refused, Err(ApplyError::Refused(Refusal::OutOfTurn { .. }))));
        let after = world.store.case_file(&authority(), &case).unwrap().unwrap();
        assert_eq!(after.case, before.case);
        assert_eq!(after.effects, before.effects);
        let entry = after.history.last().unwrap();
        assert_eq!(entry.kind, "refusal.out_of_turn");
        assert_eq!(entry.actor, "party:exemple-net");
        assert_eq!(entry.event.as_ref(), Some(&event));
    });
}

#[test]
fn a_case_that_is_not_there_or_is_anothers_is_not_moved() {
    on_both(|mut world| {
        let (notice, case) = world.one_notice(1);
        let event = Event::NoticeRetracted { notice };
        let unknown = CaseRef::Id(authority(), CaseId(Uuid::from_u128(1)));
        let foreign = CaseRef::Id("other".parse().unwrap(), case);
        for case in [unknown, foreign] {
            let answer = world.store.apply(&case, &event, &Actor::House, world.now);
            assert!(matches!(answer, Err(ApplyError::NoSuchCase)));
        }
    });
}

#[test]
fn a_deadline_that_has_passed_is_due_and_one_that_has_not_is_not() {
    on_both(|mut world| {
        let (_, case) = world.one_notice(1);
        let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
        let ends_at = file.due.unwrap().at();
        let before = ends_at - SignedDuration::from_secs(1);
        assert_eq!(world.store.due(before, 10).unwrap(), []);
        assert_eq!(world.store.due(ends_at, 10).unwrap(), [(authority(), case)]);
        let by_id = CaseRef::Id(authority(), case);
        let ended =
            world.store.apply(&by_id, &Event::DeadlinePassed, &Actor::House, ends_at).unwrap();
        assert_eq!(ended.case.state.name(), "unanswered");
        assert_eq!(world.store.due(ends_at, 10).unwrap(), []);
    });
}

#[test]
fn a_new_holiday_moves_open_deadlines_when_the_store_is_opened_again() {
    on_both(|mut world| {
        world.now = at("2026-07-06T12:00:00Z");
        let (_, case) = world.one_notice(1);
        let claim = world.claim_one("ask_provider");
        let asked = Event::QuestionAsked { question: QuestionId(claim.id.0) };
        let by_id = CaseRef::Id(authority(), case);
        world.store.apply(&by_id, &asked, &Actor::House, world.now).unwrap();
        let due = |world: &crate::support::World| {
            let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
            file.due.unwrap().at()
        };
        let before = due(&world);
        let regime = specimen();
        let words = regime.title().clone();
        let day = regime.zone().day_of(before - SignedDuration::from_secs(60));
        let calendar = regime.calendar().clone().with_holiday(day, words, "one more holiday");
        world.reopen_under(vec![regime.with_calendar(calendar)]);
        let after = due(&world);
        assert!(after > before);
        assert_eq!(world.store.due(before, 10).unwrap(), []);
        assert_eq!(world.store.due(after, 10).unwrap(), [(authority(), case)]);
    });
}

#[test]
fn a_clock_a_little_behind_stands_still_and_one_far_behind_is_a_fault() {
    on_both(|world| {
        let store = &world.store;
        let first = store.apply(&by_line(), &established(1), &Actor::House, world.now).unwrap();
        let behind = world.now - SignedDuration::from_secs(59);
        store.apply(&by_line(), &established(2), &Actor::House, behind).unwrap();
        let file = store.case_file(&authority(), &first.case.id).unwrap().unwrap();
        assert_eq!(file.history.last().unwrap().at, world.now);
        let far = world.now - SignedDuration::from_secs(61);
        let refused = store.apply(&by_line(), &established(3), &Actor::House, far);
        assert!(matches!(refused, Err(ApplyError::Trouble(Trouble::Never { .. }))));
    });
}

#[test]
fn a_cut_before_the_commit_leaves_the_case_as_it_was() {
    on_both(|mut world| {
        let store = &world.store;
        let first = store.apply(&by_line(), &established(1), &Actor::House, world.now).unwrap();
        let before = store.case_file(&authority(), &first.case.id).unwrap();
        store.fail_at("apply.commit");
        assert!(store.apply(&by_line(), &established(2), &Actor::House, world.now).is_err());
        world.reopen();
        assert_eq!(world.store.case_file(&authority(), &first.case.id).unwrap(), before);
    });
}

#[test]
fn many_events_are_answered_in_their_order_and_one_refusal_holds_up_none() {
    on_both(|mut world| {
        let (notice, case) = world.one_notice(1);
        let by_id = CaseRef::Id(authority(), case);
        let other =
            CaseRef::Line { authority: "other".parse().unwrap(), regime: regime(), line: line() };
        let events = [
            (by_line(), established(1), Actor::House),
            (by_id.clone(), Event::DeadlinePassed, Actor::House),
            (other, established(2), Actor::House),
            (CaseRef::Id(authority(), CaseId(Uuid::nil())), established(2), Actor::House),
            (by_id, Event::NoticeRetracted { notice }, Actor::House),
            (by_line(), established(3), Actor::House),
        ];
        let answers = world.store.apply_many(&events, world.now).unwrap();
        assert!(matches!(answers[1], Err(ApplyError::Refused(_))));
        assert!(matches!(answers[3], Err(ApplyError::NoSuchCase)));
        let ids: Vec<Option<CaseId>> = answers
            .iter()
            .map(|answer| answer.as_ref().ok().map(|applied| applied.case.id))
            .collect();
        assert_eq!(ids[0], ids[5]);
        assert_ne!(ids[0], ids[2]);
        assert_eq!(ids[4], Some(case));
    });
}

#[test]
fn the_ledger_alone_yields_the_case_again() {
    on_both(|mut world| {
        let case = world.identified(1);
        world.store.apply(&by_line(), &established(2), &Actor::House, world.now).unwrap();
        for case in [case, identification_of(&world, case)] {
            assert_replays(&world, case);
        }
    });
}

fn identification_of(world: &crate::support::World, case: CaseId) -> CaseId {
    let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
    file.identifications[0]
}

/// Replay equals state: from the subject on the opening line and the events alone.
#[test]
fn events_that_come_at_the_same_time_each_happen_once_and_one_refused_stops_no_other() {
    on_both(|mut world| {
        let cases: Vec<CaseId> = (0..12).map(|number| world.one_notice(number).1).collect();
        let before = world.store.ledger_size(&authority()).unwrap();
        let asked = |case: CaseId| {
            let question = QuestionId(case.0);
            let case = CaseRef::Id(authority(), case);
            world.store.apply(&case, &Event::QuestionAsked { question }, &Actor::House, world.now)
        };
        let never_opened = CaseId(uuid::Uuid::from_u128(5));
        std::thread::scope(|threads| {
            let calls: Vec<_> =
                cases.iter().map(|case| threads.spawn(|| asked(*case).unwrap().seq)).collect();
            let nowhere = threads.spawn(|| asked(never_opened));
            assert!(matches!(nowhere.join().unwrap(), Err(ApplyError::NoSuchCase)));
            let mut places: Vec<u64> = calls.into_iter().map(|call| call.join().unwrap()).collect();
            places.sort_unstable();
            assert_eq!(places, (before..before + 12).collect::<Vec<u64>>());
        });
        cases.iter().for_each(|case| assert_replays(&world, *case));
    });
}

pub fn assert_replays(world: &crate::support::World, id: CaseId) {
    let file = world.store.case_file(&authority(), &id).unwrap().unwrap();
    let told: Vec<Entered> = file
        .history
        .iter()
        .filter_map(|entry| Some(Entered { at: entry.at, event: entry.event.clone()? }))
        .collect();
    let opening = file.history.iter().find(|entry| entry.kind.starts_with("event.")).unwrap();
    let opens = opening.body.as_ref().unwrap()["opens"].clone();
    let subject: Subject = serde_json::from_value(opens).unwrap();
    let open = Case::open(id, authority(), regime(), subject, opening.at);
    let (replayed, steps) = replay(open, &told, &specimen());
    assert_eq!(replayed, file.case);
    let effects: usize =
        steps.iter().filter_map(|step| step.result.as_ref().ok()).map(Vec::len).sum();
    assert_eq!(effects, file.effects.len());
}

//! The desk, the counts and the lookups.

use entremise_core::asked::Asked;
use entremise_core::case::State;
use entremise_core::event::Event;
use entremise_core::id::QuestionId;
use entremise_core::ledger::Actor;
use entremise_core::procedure::identification;
use entremise_core::regime::Regime;
use entremise_store::{CaseRef, WorkOrder};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::*;

/// So many questions that a provider left unanswered past their time.
fn silent(world: &mut World, count: u32) {
    world.bring((0..count).map(notice).collect());
    for claim in world.claim("ask_provider", count as usize) {
        let case = CaseRef::Id(authority(), claim.case);
        let event = Event::QuestionAsked { question: QuestionId(claim.id.0) };
        world.store.settle(&claim, "asked", Some((case, event)), &Actor::House, world.now).unwrap();
    }
    let now = world.later(48 * 3600);
    for (authority, case) in world.store.due(now, 100).unwrap() {
        let case = CaseRef::Id(authority, case);
        world.store.apply(&case, &Event::DeadlinePassed, &Actor::House, now).unwrap();
    }
}

#[test]
fn a_late_case_is_on_the_desk_and_its_alarm_on_the_board() {
    on_both(|mut world| {
        silent(&mut world, 1);
        let order = WorkOrder { limit: 10, after: None };
        let desk = world.store.work(&authority(), order).unwrap();
        assert_eq!(desk.len(), 1);
        assert!(desk[0].late);
        let alarms = world.store.alarms(&authority()).unwrap();
        assert_eq!(alarms[0].name, "provider_silent");
        assert_eq!(alarms[0].case, desk[0].case.id);
        let board = world.store.alarm_board(&authority(), 1).unwrap();
        assert_eq!(board.total, alarms.len() as u64);
        assert_eq!(board.newest, [alarms.last().unwrap().clone()], "the newest, and no more");
        assert_eq!(world.claim("raise_alarm", 10).len(), 1);
    });
}

#[test]
fn what_waits_for_nobody_is_not_on_the_desk() {
    on_both(|mut world| {
        world.bring((0..3).map(notice).collect());
        let order = WorkOrder { limit: 10, after: None };
        assert!(world.store.work(&authority(), order).unwrap().is_empty());
    });
}

#[test]
fn the_desk_turns_page_by_page_and_shows_each_case_once() {
    on_both(|mut world| {
        silent(&mut world, 7);
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = world.store.work(&authority(), WorkOrder { limit: 3, after }).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            seen.extend(page.iter().map(|row| row.case.id));
        }
        assert_eq!(seen.len(), 7);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 7);
    });
}

/// The specimen regime, its first notice decided by a person.
fn decided() -> Regime {
    let text = entremise_core::regime::embedded::text("xx-specimen").unwrap();
    let changed =
        text.replacen("decides  = [{ value = \"none\"", "decides = [{ value = \"member\"", 1);
    assert_ne!(text, changed);
    let calendars = entremise_core::regime::embedded::calendars().unwrap();
    Regime::parse("decided.toml", &changed, &calendars).unwrap()
}

/// Two questions late, and one warning that waits for a decision.
fn desk_of_two_kinds(world: &mut World) {
    silent(world, 2);
    let event = Event::FactEstablished { fact: fact(1) };
    world.store.apply(&by_line(), &event, &Actor::House, world.now).unwrap();
}

fn asked(world: &World, asked: Asked, limit: usize) -> Vec<Asked> {
    let order = WorkOrder { limit, after: None };
    let rows = world.store.work_asking(&authority(), asked, order).unwrap();
    rows.iter().map(|row| Asked::of(&row.case.state)).collect()
}

#[test]
fn a_list_of_one_kind_shows_that_kind_alone_and_is_left_when_the_case_moves() {
    on_both_under(decided(), |mut world| {
        desk_of_two_kinds(&mut world);
        assert_eq!(asked(&world, Asked::Provider, 9), [Asked::Provider; 2]);
        assert_eq!(asked(&world, Asked::Provider, 1), [Asked::Provider]);
        assert_eq!(asked(&world, Asked::Decide, 9), [Asked::Decide]);
        assert!(asked(&world, Asked::Answer, 9).is_empty());
        let first = world.store.work(&authority(), WorkOrder { limit: 1, after: None }).unwrap();
        let order = WorkOrder { limit: 9, after: Some(first[0].place) };
        let rest = world.store.work_asking(&authority(), Asked::Provider, order).unwrap();
        assert_eq!(rest.len(), 1, "a list goes on behind the row that was seen last");
        let State::Identification(identification::State::Asked { question, .. }) =
            rest[0].case.state
        else {
            panic!("a provider is late with an answer");
        };
        let answered = Event::Answered { question, outcome: identified() };
        let case = CaseRef::Id(authority(), rest[0].case.id);
        world.store.apply(&case, &answered, &provider_acts(), world.now).unwrap();
        assert_eq!(asked(&world, Asked::Provider, 9), [Asked::Provider]);
    });
}

#[test]
fn the_deadlines_of_the_desk_are_those_of_its_cases() {
    on_both_under(decided(), |mut world| {
        desk_of_two_kinds(&mut world);
        let rows = world.store.work(&authority(), WorkOrder { limit: 9, after: None }).unwrap();
        let of_cases: Vec<_> = rows.iter().map(|row| row.due_at).collect();
        assert_eq!(world.store.desk_deadlines(&authority(), 9).unwrap(), of_cases);
        assert_eq!(world.store.desk_deadlines(&authority(), 1).unwrap(), of_cases[..1]);
    });
}

#[test]
fn what_lay_on_the_desk_before_there_were_lists_of_one_kind_is_on_its_list() {
    let folder = TempDir::new().unwrap();
    let places = entremise_store::Places::in_folder(folder.path());
    let mut world = World::open(folder, places, vec![decided()]);
    desk_of_two_kinds(&mut world);
    let cases = Connection::open(world.places.cases.strip_prefix("sqlite:").unwrap()).unwrap();
    cases.execute_batch("UPDATE cases SET asked = NULL").unwrap();
    assert!(asked(&world, Asked::Decide, 9).is_empty());
    cases.execute_batch("DELETE FROM migration WHERE name = '0014_backfill'").unwrap();
    world.reopen();
    assert_eq!(asked(&world, Asked::Provider, 9), [Asked::Provider; 2]);
    assert_eq!(asked(&world, Asked::Decide, 9), [Asked::Decide]);
}

#[test]
fn counts_follow_every_change() {
    on_both(|mut world| {
        silent(&mut world, 2);
        world.bring(vec![notice(0), notice(50)]);
        let counts = world.store.counts(&authority()).unwrap();
        assert_eq!(counts.notices["accepted"], 3);
        assert_eq!(counts.notices["duplicate"], 1);
        assert_eq!(counts.cases["identification.asked"], 2);
        assert_eq!(counts.cases["identification.waiting"], 1);
        assert_eq!(counts.outbox["ask_provider.ready"], 1);
        assert_eq!(counts.outbox["raise_alarm.ready"], 2);
        assert_eq!(counts.effects["ask_provider.asked"], 2);
        assert_eq!(counts.alarms, 2);
        assert!(!counts.cases.contains_key("identification.open"));
    });
}

#[test]
fn a_question_leads_to_its_case() {
    on_both(|mut world| {
        let (notice, case) = world.one_notice(1);
        let question = QuestionId(notice.0);
        assert_eq!(world.store.find_question(&authority(), question).unwrap(), None);
        let event = Event::QuestionAsked { question };
        let by_id = CaseRef::Id(authority(), case);
        world.store.apply(&by_id, &event, &Actor::House, world.now).unwrap();
        assert_eq!(world.store.find_question(&authority(), question).unwrap(), Some(case));
        let other = "other".parse().unwrap();
        assert_eq!(world.store.find_question(&other, question).unwrap(), None);
    });
}

#[test]
fn a_settled_alarm_ends_the_effect_that_raised_it() {
    on_both(|mut world| {
        silent(&mut world, 1);
        let alarm = world.store.alarms(&authority()).unwrap().remove(0);
        assert!(world.store.settle_alarm(&authority(), alarm.id, &officer(), world.now).unwrap());
        assert!(!world.store.settle_alarm(&authority(), alarm.id, &officer(), world.now).unwrap());
        assert!(world.claim("raise_alarm", 10).is_empty());
        assert!(
            !world.store.counts(&authority()).unwrap().outbox.contains_key("raise_alarm.ready")
        );
    });
}

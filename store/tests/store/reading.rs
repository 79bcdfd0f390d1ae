//! The desk, the counts and the lookups.

use entremise_core::event::Event;
use entremise_core::id::QuestionId;
use entremise_core::ledger::Actor;
use entremise_store::{CaseRef, WorkOrder};

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

//! The desk over a real store: what officers see and decide is what the cases and the ledger say.

use std::sync::Arc;

use entremise_core::event::{Event, Fact, Ground, Line, Verdict};
use entremise_core::id::{AuthorityId, CaseId, NoticeId};
use entremise_core::ledger::Actor;
use entremise_core::regime::embedded;
use entremise_server::web::desk::{
    Asked, CaseView, Checked, DecideOutcome, DecisionOrder, Desk, Happened, NextKind, Standing,
    WorkQuery,
};
use entremise_server::web::store_desk::StoreDesk;
use entremise_store::{CaseRef, Keys, Places, Store, SystemEntropy};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

const CODE: &str = "K7M4-PQ2X-9TZA";

struct World {
    desk: StoreDesk,
    store: Store,
    _folder: TempDir,
}

fn now() -> Timestamp {
    "2026-11-23T08:30:00Z".parse().unwrap()
}

fn authority() -> AuthorityId {
    "autorite-specimen".parse().unwrap()
}

/// A store with this many lines, each with one proven fact that waits for a decision.
fn world(lines: u8) -> World {
    let folder = TempDir::new().unwrap();
    let entropy = Arc::new(SystemEntropy::default());
    let keys = Keys::load_or_make(folder.path(), entropy.as_ref()).unwrap();
    let regime = embedded("fr-graduated-response").unwrap();
    let places = Places::in_folder(folder.path());
    let begin = now() - SignedDuration::from_hours(48);
    let store = Store::open(&places, keys, vec![regime], entropy, begin).unwrap();
    for number in 0..lines {
        let at = begin + SignedDuration::from_secs(i64::from(number));
        let fact = Fact {
            notice: NoticeId(Uuid::from_u128(u128::from(number) + 1)),
            identification: CaseId(Uuid::from_u128(u128::from(number) + 1_000)),
            fact_at: begin - SignedDuration::from_hours(240),
            received_at: begin - SignedDuration::from_hours(200),
        };
        let case = CaseRef::Line {
            authority: authority(),
            regime: "fr-graduated-response".parse().unwrap(),
            line: line(number),
        };
        store.apply(&case, &Event::FactEstablished { fact }, &Actor::House, at).unwrap();
    }
    let desk = StoreDesk::over(store.clone(), authority(), |_, code| code == CODE);
    World { desk, store, _folder: folder }
}

fn line(number: u8) -> Line {
    let handle = format!("{number:043}").parse().unwrap();
    Line { provider: "isp-riviere".parse().unwrap(), handle }
}

fn rows_of(world: &World, asked: Option<Asked>, rows_max: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let query = WorkQuery { asked, after, rows_max };
        let view = world.desk.today(&query, now()).unwrap();
        pages.push(view.rows.into_iter().map(|row| row.reference).collect());
        after = view.next;
        if after.is_none() {
            return pages;
        }
    }
}

fn order(case: &CaseView, verdict: Verdict, ground: Ground) -> DecisionOrder {
    DecisionOrder {
        reference: case.reference.clone(),
        version: case.version,
        verdict,
        ground,
        by: "officer-7".parse().unwrap(),
    }
}

fn the_case(world: &World) -> CaseView {
    let reference = rows_of(world, None, 50)[0][0].clone();
    world.desk.case(&reference, now()).unwrap().unwrap()
}

#[test]
fn every_case_that_waits_for_a_person_is_listed_once_however_the_pages_fall() {
    let world = world(7);
    for rows_max in [1, 2, 3, 6, 7, 8] {
        let pages = rows_of(&world, None, rows_max);
        assert!(pages.iter().all(|page| page.len() <= rows_max));
        let mut all: Vec<_> = pages.concat();
        assert_eq!(all.len(), 7, "{rows_max} a page");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 7);
    }
    assert_eq!(rows_of(&world, Some(Asked::Decide), 3).concat().len(), 7);
    assert!(rows_of(&world, Some(Asked::Provider), 3).concat().is_empty());
}

#[test]
fn an_empty_desk_says_so_and_keeps_its_calendar() {
    let view = world(0).desk.today(&WorkQuery::default(), now()).unwrap();
    assert!(view.rows.is_empty() && view.next.is_none());
    assert_eq!(view.zone.name(), "Europe/Paris");
}

#[test]
fn the_day_shows_what_is_asked_when_and_why_then() {
    let world = world(2);
    let query = WorkQuery { rows_max: 10, ..WorkQuery::default() };
    let view = world.desk.today(&query, now()).unwrap();
    assert_eq!((view.rows[0].asked, view.rows[0].stage.as_deref()), (Asked::Decide, Some("first")));
    let deadline = view.rows[0].deadline.as_ref().unwrap();
    assert!(deadline.explanation.fr.contains("à compter de"), "{}", deadline.explanation.fr);
    assert!(view.open.contains(&(Asked::Decide, 2)));
    assert_eq!(view.load.len(), 7);
    assert!(view.load_whole);
}

#[test]
fn a_case_shows_its_rungs_its_facts_and_a_proof_for_each_line() {
    let world = world(1);
    let case = the_case(&world);
    assert_eq!(case.decides.as_deref(), Some("first"));
    let standing: Vec<_> = case.rungs.iter().map(|rung| rung.standing).collect();
    assert_eq!(standing, [Standing::Here, Standing::Ahead, Standing::Barred]);
    assert_eq!(case.facts.len(), 1);
    assert!(case.facts[0].leading);
    assert_eq!(case.next[0].what, NextKind::Decision);
    assert!(matches!(case.next[1].what, NextKind::Due(_)) && case.next[1].deadline.is_some());
    assert!(!case.timeline.is_empty());
    for line in &case.timeline {
        let leaf = &world.store.ledger_leaves(&authority(), line.seq, 1).unwrap()[0];
        let leaf = String::from_utf8(leaf.clone()).unwrap();
        assert!(line.commitment.len() == 64 && leaf.contains(&line.commitment));
    }
}

#[test]
fn a_case_is_found_by_its_file_number_however_it_is_typed_and_a_strange_one_is_not() {
    let world = world(1);
    let reference = the_case(&world).reference;
    for typed in [reference.replace('-', " "), reference.replace('-', "")] {
        assert_eq!(world.desk.case(&typed, now()).unwrap().unwrap().reference, reference);
    }
    for strange in ["", "2026-999999-9", "x", "00000000-0000-0000-0000-000000000000"] {
        assert!(world.desk.case(strange, now()).unwrap().is_none(), "{strange}");
    }
}

#[test]
fn a_decision_is_entered_once_and_a_second_person_is_told_that_the_case_moved() {
    let world = world(1);
    let case = the_case(&world);
    let first = order(&case, Verdict::Close, Ground::EvidenceWeak);
    assert_eq!(world.desk.decide(&first, now()).unwrap(), DecideOutcome::Entered);
    let second = order(&case, Verdict::Send, Ground::FactsEstablished);
    assert_eq!(world.desk.decide(&second, now()).unwrap(), DecideOutcome::Stale);
    let after = world.desk.case(&case.reference, now()).unwrap().unwrap();
    assert!(after.closed && after.decides.is_none());
    let entered = after.timeline.last().unwrap();
    assert!(matches!(&entered.happened, Happened::Event(Event::Decided(_))));
    assert_eq!(entered.by, "person:officer-7");
    assert!(rows_of(&world, None, 5).concat().is_empty(), "it lies on nobody's desk any more");
}

#[test]
fn what_the_law_refuses_is_told_and_stands_in_the_ledger() {
    let world = world(1);
    let case = the_case(&world);
    let send = order(&case, Verdict::Send, Ground::FactsEstablished);
    assert_eq!(world.desk.decide(&send, now()).unwrap(), DecideOutcome::Entered);
    let moved = world.desk.case(&case.reference, now()).unwrap().unwrap();
    let again = order(&moved, Verdict::Send, Ground::FactsEstablished);
    let told = world.desk.decide(&again, now()).unwrap();
    assert_eq!(told, DecideOutcome::Refused("out_of_turn".to_owned()));
    let after = world.desk.case(&case.reference, now()).unwrap().unwrap();
    assert!(after.timeline.iter().any(|line| matches!(line.happened, Happened::Refusal(_))));
}

#[test]
fn a_message_is_known_by_number_and_code_together_only() {
    let world = world(1);
    let number = the_case(&world).reference;
    let check = |number: &str, code: &str| world.desk.check(number, code, now()).unwrap();
    assert!(matches!(check(&number, CODE), Checked::Genuine(_)));
    assert_eq!(check(&number, "AAAA-AAAA-AAAA"), Checked::NotKnown);
    assert_eq!(check("not a number", "AAAA-AAAA-AAAA"), Checked::NotKnown);
}

#[test]
fn one_authority_never_sees_the_cases_of_another() {
    let world = world(1);
    let reference = the_case(&world).reference;
    let other = "autorite-voisine".parse().unwrap();
    let desk = StoreDesk::over(world.store.clone(), other, |_, _| false);
    assert!(desk.case(&reference, now()).unwrap().is_none());
    assert!(desk.today(&WorkQuery::default(), now()).unwrap().rows.is_empty());
}

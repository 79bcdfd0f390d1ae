//! Kill -9 at any moment: nothing that was answered is lost, nothing is there twice.
//!
//! The child is this very test binary. It says each accepted notice aloud after the store has
//! answered; the parent kills it in the middle of its work and looks at what is on the disk.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use entremise_core::event::Event;
use entremise_core::id::{NoticeId, QuestionId};
use entremise_core::ledger::{Actor, Leaf};
use entremise_store::{CaseRef, ItemVerdict, KeyPlaces, Places, Store};

use crate::applying::assert_replays;
use crate::support::*;

const PLACES: &str = "ENTREMISE_KILL_PLACES";
const ROUND: &str = "ENTREMISE_KILL_ROUND";
/// Notices in each batch of the child.
const BATCH: u32 = 20;

/// The work of the child; a test without any, when it is not the child.
#[test]
fn the_child_that_is_killed() {
    let (Ok(places), Ok(round)) = (std::env::var(PLACES), std::env::var(ROUND)) else { return };
    let round: u32 = round.parse().unwrap();
    let places = places_of(&places);
    let now = at("2026-03-02T10:00:00Z");
    let entropy = Seeded::new(u64::from(round) * 31 + 5);
    let store = Store::open(&places, keys(), vec![specimen()], entropy, now).unwrap();
    for number in 0.. {
        // The first batch is the one that the round before may not have had an answer to.
        let first = (round + number) * BATCH;
        let id = uuid::Uuid::from_u128(u128::from(first) + 1);
        let notices = (first..first + BATCH).map(notice).collect();
        let report = store.intake(batch(id, notices, now)).unwrap();
        let mut out = std::io::stdout().lock();
        for result in report.results {
            if let ItemVerdict::Accepted { notice } | ItemVerdict::DuplicateOf { notice } =
                result.verdict
            {
                writeln!(out, "accepted {notice}").unwrap();
            }
        }
        for claim in store.claim(&["ask_provider"], "child", 0, 5, now).unwrap() {
            let question = QuestionId(claim.id.0);
            let case = CaseRef::Id(authority(), claim.case);
            store.intend(&claim, now).unwrap();
            let asked = Some((case.clone(), Event::QuestionAsked { question }));
            store.settle(&claim, "asked", asked, &Actor::House, now).unwrap();
            let answered = Event::Answered { question, outcome: identified() };
            store.apply(&case, &answered, &provider_acts(), now).unwrap();
            writeln!(out, "asked {}", claim.id).unwrap();
        }
        out.flush().unwrap();
    }
}

pub fn written(places: &Places) -> String {
    let Places { cases, evidence, traffic, identity, keys } = places;
    let all = [cases, evidence, traffic, identity, &keys.evidence, &keys.traffic, &keys.identity];
    all.map(String::as_str).join("\n")
}

pub fn places_of(text: &str) -> Places {
    let places: Vec<String> = text.lines().map(str::to_owned).collect();
    let [cases, evidence, traffic, identity, keys @ ..] = <[String; 7]>::try_from(places).unwrap();
    let [of_evidence, of_traffic, of_identity] = keys;
    let keys = KeyPlaces { evidence: of_evidence, traffic: of_traffic, identity: of_identity };
    Places { cases, evidence, traffic, identity, keys }
}

#[test]
fn nothing_answered_is_lost_and_nothing_is_twice_when_the_process_is_killed() {
    on_both(assert_that_a_kill_loses_nothing);
}

fn assert_that_a_kill_loses_nothing(world: World) {
    let World { folder, places, store, .. } = world;
    // The child has the places to itself.
    drop(store);
    let mut said = HashSet::new();
    let mut asked = HashSet::new();
    for round in 0..6u32 {
        // A different amount of work before each kill; the kill itself falls where it falls.
        let lines = 30 + round as usize * 17;
        for line in killed_after(&places, round, lines) {
            match line.split_once(' ') {
                Some(("accepted", id)) => said.insert(id.to_owned()),
                Some(("asked", id)) => asked.insert(id.to_owned()),
                _ => false,
            };
        }
    }
    let world = World::open(folder, places, vec![specimen()]);
    let store = &world.store;
    assert!(said.len() > 100);
    for id in &said {
        let notice: NoticeId = id.parse().unwrap();
        let row = store.notice(&authority(), notice).unwrap().expect("an answered notice is kept");
        let file = store.case_file(&authority(), &row.case).unwrap().unwrap();
        assert_eq!(file.effects.len(), if file.case.state.is_closed() { 2 } else { 1 });
        assert_replays(&world, row.case);
        for effect in file.effects.iter().filter(|effect| effect.state == "done") {
            let outcomes =
                file.history.iter().filter(|entry| entry.kind == "outcome.asked").count();
            assert_eq!(outcomes, 1, "{}", effect.id);
        }
    }
    let leaves = store.ledger_leaves(&authority(), 0, 1_000_000).unwrap();
    assert_eq!(leaves.len() as u64, store.ledger_size(&authority()).unwrap());
    for (seq, leaf) in leaves.iter().enumerate() {
        assert_eq!(serde_json::from_slice::<Leaf>(leaf).unwrap().seq, seq as u64);
    }
    let accepted = store.counts(&authority()).unwrap().notices["accepted"];
    let events = leaves.iter().filter(|leaf| {
        serde_json::from_slice::<Leaf>(leaf).unwrap().kind == "event.notice_accepted"
    });
    assert_eq!(accepted, events.count() as u64);
    assert!(accepted >= said.len() as u64);
    let claims = store.claim(&["ask_provider"], "after", 60, 10_000, world.now).unwrap();
    let material = store.question_material(&claims, world.now).unwrap();
    assert_eq!(material.len(), claims.len(), "every notice has its traffic record");
    assert!(claims.iter().all(|claim| !asked.contains(&claim.id.to_string())));
}

/// Lets the child work until it has said so many lines, kills it, and yields all it said.
fn killed_after(places: &Places, round: u32, lines: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::the_child_that_is_killed", "--nocapture"])
        .env(PLACES, written(places))
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut heard: Vec<String> = said.by_ref().take(lines).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    // What was in the pipe was said after the store had answered.
    heard.extend(said.map_while(Result::ok));
    // A last line may have been cut off in the middle.
    heard.retain(|line| line.split_once(' ').is_some_and(|(_, id)| id.len() == 36));
    heard
}

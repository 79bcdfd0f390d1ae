//! A compartment's key is replaced while the house runs, and a cut at any moment loses nothing.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use entremise_core::identification::Purpose;
use entremise_core::ledger::Actor;
use entremise_store::Store;
use tempfile::TempDir;

use crate::kill::{places_of, written};
use crate::support::*;

/// The same places, with keys in files.
fn with_files(world: World) -> (World, TempDir) {
    let keys = TempDir::new().unwrap();
    let World { folder, places, now, store, .. } = world;
    drop(store);
    // The registers were begun with other keys: new ones, in new places.
    let places = if places.cases.starts_with("sqlite:") {
        let inner = folder.path().join("of-files");
        std::fs::create_dir(&inner).unwrap();
        entremise_store::Places::in_folder(&inner)
    } else {
        let cluster = entremise_parts::postgres::shared().unwrap();
        made_by(|| cluster.database().unwrap())
    };
    let store = with_key_files(&places, keys.path(), 11, now);
    (World::over(store, folder, places, now), keys)
}

fn all_open(world: &World, store: &Store, notices: u32) {
    let claims = store.claim(&["ask_provider"], "tester", 0, 10_000, world.now).unwrap();
    assert_eq!(claims.len(), notices as usize);
    let material = store.question_material(&claims, world.now).unwrap();
    assert_eq!(material.len(), claims.len());
}

fn state_of(store: &Store, compartment: &str) -> Vec<(u32, &'static str)> {
    let states = store.key_states().unwrap().into_iter();
    let states = states.filter(|state| state.compartment == compartment);
    states.map(|state| (state.version, state.state)).collect()
}

#[test]
fn a_rotation_rewraps_all_keys_destroys_the_old_one_and_is_in_the_ledger() {
    on_both(|world| {
        let (mut world, keys) = with_files(world);
        world.bring((1..=50).map(notice).collect());
        let rotation = world.store.rotate_keys("traffic", &officer(), world.now).unwrap();
        assert_eq!((rotation.version, rotation.rewrapped), (2, 50));
        assert!(rotation.by_hand.is_empty());
        assert_eq!(state_of(&world.store, "traffic"), [(1, "destroyed"), (2, "current")]);
        assert!(!keys.path().join("traffic.key").exists());
        assert!(keys.path().join("traffic.2.key").exists());
        all_open(&world, &world.store, 50);
        world.bring((51..=60).map(notice).collect());
        drop(std::mem::replace(
            &mut world.store,
            with_key_files(&world.places, keys.path(), 12, world.now),
        ));
        all_open(&world, &world.store, 60);
        let size = world.store.ledger_size(&authority()).unwrap();
        let leaves = world.store.ledger_leaves(&authority(), 0, size as usize).unwrap();
        let rotated = leaves.iter().filter(|leaf| {
            let leaf: entremise_core::ledger::Leaf = serde_json::from_slice(leaf).unwrap();
            leaf.kind == "house.key_rotated" && leaf.actor == "person:agent-1"
        });
        assert_eq!(rotated.count(), 1);
        assert!(world.store.rotate_keys("cases", &officer(), world.now).is_err());
    });
}

#[test]
fn a_house_that_runs_goes_on_through_a_rotation_in_another_process() {
    on_both(|world| {
        let (mut world, keys) = with_files(world);
        world.bring((1..=5).map(notice).collect());
        let other = with_key_files(&world.places, keys.path(), 13, world.now);
        other.rotate_keys("evidence", &officer(), world.now).unwrap();
        other.rotate_keys("traffic", &officer(), world.now).unwrap();
        // The first store has never heard of it.
        world.bring((6..=9).map(notice).collect());
        all_open(&world, &world.store, 9);
        all_open(&world, &other, 9);
    });
}

#[test]
fn what_a_provider_sealed_before_a_rotation_is_still_read_after_it() {
    on_both(|world| {
        let (mut world, _keys) = with_files(world);
        let claim = crate::linking::ready_to_write_after(&mut world, |world| {
            world.store.rotate_keys("identity", &officer(), world.now).unwrap();
        });
        let material =
            world.store.message_material(&claim, Purpose::Warn, &Actor::House, world.now);
        assert!(material.is_ok());
    });
}

#[test]
fn a_rotation_that_was_cut_off_is_ended_by_the_same_command() {
    on_both(|world| {
        let (mut world, keys) = with_files(world);
        world.bring((1..=20).map(notice).collect());
        for step in ["rotate.announced", "rotate.page", "rotate.destroyed"] {
            world.store.fail_at(step);
            assert!(world.store.rotate_keys("traffic", &officer(), world.now).is_err(), "{step}");
            world.store = with_key_files(&world.places, keys.path(), 14, world.now);
            all_open(&world, &world.store, 20);
        }
        // The last cut came after the end was noted: the next rotation clears what was left.
        assert_eq!(state_of(&world.store, "traffic"), [(1, "destroyed"), (2, "current")]);
        assert!(keys.path().join("traffic.key").exists());
        let rotation = world.store.rotate_keys("traffic", &officer(), world.now).unwrap();
        assert_eq!(rotation.version, 3);
        for gone in ["traffic.key", "traffic.2.key"] {
            assert!(!keys.path().join(gone).exists());
        }
        all_open(&world, &world.store, 20);
    });
}

const PLACES: &str = "ENTREMISE_ROTATE_PLACES";
const KEYS: &str = "ENTREMISE_ROTATE_KEYS";

/// The work of the child: rotations without end, beside intake. A test without any when it is not
/// the child.
#[test]
fn the_child_that_rotates_and_is_killed() {
    let (Ok(places), Ok(keys)) = (std::env::var(PLACES), std::env::var(KEYS)) else { return };
    let now = at("2026-03-02T10:00:00Z");
    let store = with_key_files(&places_of(&places), keys.as_ref(), 77, now);
    for round in 0.. {
        store.rotate_keys(["evidence", "traffic"][round % 2], &officer(), now).unwrap();
        println!("rotated {round}");
        std::io::stdout().flush().unwrap();
    }
}

#[test]
fn a_kill_in_the_middle_of_a_rotation_loses_nothing() {
    on_both(|world| {
        let (mut world, keys) = with_files(world);
        world.bring((1..=300).map(notice).collect());
        for round in 0..6u32 {
            killed_after(&world, keys.path(), 1 + round as usize % 3);
            // Intake goes on under whatever version the kill has left.
            world.store =
                with_key_files(&world.places, keys.path(), 20 + 2 * u64::from(round), world.now);
            world.bring((1_000 + round * 10..1_010 + round * 10).map(notice).collect());
            all_open(&world, &world.store, 300 + (round + 1) * 10);
        }
        for compartment in ["evidence", "traffic"] {
            world.store.rotate_keys(compartment, &officer(), world.now).unwrap();
            let live = state_of(&world.store, compartment);
            assert_eq!(live.iter().filter(|(_, state)| *state != "destroyed").count(), 1);
        }
        all_open(&world, &world.store, 360);
    });
}

fn killed_after(world: &World, keys: &std::path::Path, lines: usize) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "rotating::the_child_that_rotates_and_is_killed", "--nocapture"])
        .env(PLACES, written(&world.places))
        .env(KEYS, keys)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let heard = said.map_while(Result::ok).filter(|line| line.starts_with("rotated"));
    assert_eq!(heard.take(lines).count(), lines);
    child.kill().unwrap();
    child.wait().unwrap();
}

//! A full disk, a lock that somebody else holds, a database that stops: the answer is
//! `Trouble::Again`, nothing that was answered is lost, and the same call made again does its work
//! once.

use std::process::Command;

use entremise_parts::postgres::Cluster;
use entremise_store::{BatchReport, IncomingBatch, IntakeError, ItemVerdict, Places, Trouble};
use postgres::{Client, NoTls};
use tempfile::TempDir;
use uuid::Uuid;

use crate::applying::assert_replays;
use crate::support::*;

/// Notices in each batch.
const BATCH: u32 = 20;

/// The batch of a number: the same whenever it is made.
fn numbered(number: u32, raw_bytes: usize, world: &World) -> IncomingBatch {
    let notices = (number * BATCH..(number + 1) * BATCH).map(notice).collect();
    let id = Uuid::from_u128(u128::from(number) + 1);
    IncomingBatch { raw: vec![b'x'; raw_bytes], ..batch(id, notices, world.now) }
}

fn may_pass(answer: Result<BatchReport, IntakeError>) -> bool {
    matches!(answer, Err(IntakeError::Trouble(Trouble::Again { .. })))
}

/// Exactly these batches are there, each notice once, with everything that belongs to it.
fn assert_batches(world: &World, batches: u32) {
    let store = &world.store;
    let counts = store.counts(&authority()).unwrap();
    assert_eq!(counts.notices["accepted"], u64::from(batches * BATCH));
    assert_eq!(counts.notices.get("duplicate"), None);
    let leaves = store.ledger_leaves(&authority(), 0, 1_000_000).unwrap();
    // One line for each notice, and one for the text of the regime.
    assert_eq!(leaves.len() as u32, batches * BATCH + 1);
    let claims = store.claim(&["ask_provider"], "after", 60, 1_000_000, world.now).unwrap();
    assert_eq!(claims.len() as u32, batches * BATCH);
    let material = store.question_material(&claims, world.now).unwrap();
    assert_eq!(material.len(), claims.len(), "every notice has its traffic record");
    assert_replays(world, claims[0].case);
    assert_replays(world, claims[claims.len() - 1].case);
}

const FULL: &str = "ENTREMISE_FULL_DISK";
const RAW: &str = "ENTREMISE_FULL_DISK_RAW_BYTES";

/// The work of the child, whose files cannot grow; a test without any, when it is not the child.
#[test]
fn the_child_whose_disk_is_full() {
    let (Ok(folder), Ok(raw)) = (std::env::var(FULL), std::env::var(RAW)) else { return };
    let raw: usize = raw.parse().unwrap();
    let places = Places::in_folder(folder.as_ref());
    let inner = TempDir::new_in(&folder).unwrap();
    let mut world = World::open(inner, places, vec![specimen()]);
    let mut taken = 0;
    loop {
        let answer = world.store.intake(numbered(taken, raw, &world));
        match answer {
            Ok(_) => taken += 1,
            full => break assert!(may_pass(full)),
        }
        assert!(taken < 1_000, "the limit on the size of files does not hold");
    }
    assert!(taken > 0, "there was room at first");
    assert!(may_pass(world.store.intake(numbered(taken, raw, &world))), "there is still no room");
    for number in 0..taken {
        let id = numbered(number, raw, &world).id;
        assert!(world.store.batch_report(&authority(), &sender(), &id).unwrap().is_some());
    }
    let process = std::process::id().to_string();
    let room = Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited"]).status();
    assert!(room.unwrap().success());
    let report = world.store.intake(numbered(taken, raw, &world)).unwrap();
    let is_accepted = |verdict: &ItemVerdict| matches!(verdict, ItemVerdict::Accepted { .. });
    assert!(report.results.iter().all(|result| is_accepted(&result.verdict)));
    assert_eq!(world.store.intake(numbered(taken, raw, &world)).unwrap(), report);
    world.reopen();
    assert_batches(&world, taken + 1);
    println!("the disk was full after {taken} batches");
}

/// Runs the child with no file allowed to grow beyond a few MiB.
fn with_a_full_disk(raw_bytes: usize) {
    let folder = TempDir::new().unwrap();
    // A limit that is met is an error of `write` only where the signal that announces it is ignored.
    let script = "trap '' XFSZ; ulimit -S -f 4096; exec \"$@\"";
    let child = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "outages::the_child_whose_disk_is_full", "--nocapture"])
        .env(FULL, folder.path())
        .env(RAW, raw_bytes.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let why = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(said.contains("the disk was full after"), "{said}\n{why}");
}

#[test]
fn a_disk_that_is_full_for_the_cases_loses_and_doubles_nothing() {
    with_a_full_disk(100);
}

#[test]
fn a_disk_that_is_full_for_the_evidence_loses_and_doubles_nothing() {
    with_a_full_disk(300_000);
}

/// Another program holds the one write lock of a SQLite file for longer than the store waits.
fn with_a_locked_file(file: impl Fn(&Places) -> String) {
    let folder = TempDir::new().unwrap();
    let places = Places::in_folder(folder.path());
    let mut world = World::open(folder, places, vec![specimen()]);
    world.store.intake(numbered(0, 10, &world)).unwrap();
    let place = file(&world.places);
    let other = rusqlite::Connection::open(place.strip_prefix("sqlite:").unwrap()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(may_pass(world.store.intake(numbered(1, 10, &world))));
    let read = world.store.counts(&authority()).unwrap();
    assert_eq!(read.notices["accepted"], u64::from(BATCH), "readers do not wait for the lock");
    other.execute_batch("ROLLBACK").unwrap();
    world.store.intake(numbered(1, 10, &world)).unwrap();
    world.reopen();
    assert_batches(&world, 2);
}

#[test]
fn cases_locked_by_another_program_are_tried_again() {
    with_a_locked_file(|places| places.cases.clone());
}

#[test]
fn evidence_locked_by_another_program_is_tried_again() {
    with_a_locked_file(|places| places.evidence.clone());
}

/// A cluster of the test's own, and a store on it.
fn on_a_cluster_of_its_own(option: &str, rule: impl FnOnce(World, Cluster)) {
    let Some(cluster) = Cluster::start().unwrap() else {
        return entremise_parts::absent("PostgreSQL");
    };
    let places = made_by(|| cluster.database().unwrap() + option);
    rule(World::open(TempDir::new().unwrap(), places, vec![specimen()]), cluster);
}

#[test]
fn a_ledger_locked_by_another_session_is_tried_again() {
    on_a_cluster_of_its_own("?options=-c%20lock_timeout%3D100ms", |world, _cluster| {
        world.store.intake(numbered(0, 10, &world)).unwrap();
        let mut other = Client::connect(&world.places.cases, NoTls).unwrap();
        other.batch_execute("BEGIN; UPDATE ledger_head SET size = size").unwrap();
        assert!(may_pass(world.store.intake(numbered(1, 10, &world))));
        other.batch_execute("ROLLBACK").unwrap();
        world.store.intake(numbered(1, 10, &world)).unwrap();
        assert_batches(&world, 2);
    });
}

#[test]
fn a_server_that_was_stopped_between_two_calls_is_found_again() {
    on_a_cluster_of_its_own("", |world, mut cluster| {
        world.store.intake(numbered(0, 10, &world)).unwrap();
        cluster.stop();
        assert!(may_pass(world.store.intake(numbered(1, 10, &world))));
        assert!(world.store.counts(&authority()).unwrap_err().may_pass());
        cluster.start_again().unwrap();
        world.store.intake(numbered(1, 10, &world)).unwrap();
        cluster.stop();
        cluster.start_again().unwrap();
        // Nobody noticed: the connections that lay idle are made anew without a word.
        world.store.intake(numbered(2, 10, &world)).unwrap();
        assert_batches(&world, 3);
    });
}

#[test]
fn a_server_that_crashes_in_the_middle_of_a_call_loses_and_doubles_nothing() {
    on_a_cluster_of_its_own("", |world, mut cluster| {
        world.store.intake(numbered(0, 10, &world)).unwrap();
        let mut other = Client::connect(&world.places.cases, NoTls).unwrap();
        other.batch_execute("BEGIN; UPDATE ledger_head SET size = size").unwrap();
        std::thread::scope(|threads| {
            let call = threads.spawn(|| world.store.intake(numbered(1, 10, &world)));
            let mut watch = Client::connect(&world.places.cases, NoTls).unwrap();
            let waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
            while watch.query(waiting, &[]).unwrap().is_empty() {
                std::thread::yield_now();
            }
            cluster.crash();
            assert!(may_pass(call.join().unwrap()));
        });
        cluster.start_again().unwrap();
        world.store.intake(numbered(1, 10, &world)).unwrap();
        assert_batches(&world, 2);
    });
}

#[test]
fn a_server_that_crashes_at_any_moment_loses_and_doubles_nothing() {
    const BATCHES: u32 = 40;
    on_a_cluster_of_its_own("", |world, mut cluster| {
        let taken = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for number in 0..BATCHES {
                    while may_pass(world.store.intake(numbered(number, 10, &world))) {
                        std::thread::yield_now();
                    }
                    taken.store(number + 1, std::sync::atomic::Ordering::Release);
                }
            });
            // The crash falls where it falls in the work on the next batches.
            for after in [5, 15, 25] {
                while taken.load(std::sync::atomic::Ordering::Acquire) < after {
                    std::thread::yield_now();
                }
                cluster.crash();
                cluster.start_again().unwrap();
            }
        });
        assert_batches(&world, BATCHES);
    });
}

/// A small disk of its own, in memory. Taken away when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// None where this process may not mount one.
    fn new() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let options = ["-t", "tmpfs", "-o", "size=16m,mode=0777", "tmpfs"];
        let mount = Command::new("mount").args(options).arg(folder.path()).output();
        mount.is_ok_and(|mount| mount.status.success()).then(|| Self(folder))
    }

    fn enlarge(&self) {
        let more = ["-o", "remount,size=128m"];
        assert!(Command::new("mount").args(more).arg(self.0.path()).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0.path()).status().unwrap();
    }
}

#[test]
fn a_disk_that_is_full_under_postgresql_loses_and_doubles_nothing() {
    const RAW_BYTES: usize = 500_000;
    let Some(disk) = SmallDisk::new() else {
        return println!("skipped: this process may not mount a small disk");
    };
    let Some(cluster) = Cluster::start().unwrap() else {
        return entremise_parts::absent("PostgreSQL");
    };
    let places = made_by(|| cluster.database().unwrap());
    let mut operator = Client::connect(&places.cases, NoTls).unwrap();
    let folder = disk.0.path().join("space").display().to_string();
    let name = places.evidence.rsplit('/').next().unwrap();
    // The server makes the folder, so that it is the server's own.
    for statement in [
        format!("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; mkdir -m 700 {folder}'"),
        format!("CREATE TABLESPACE small LOCATION '{folder}'"),
        format!("ALTER DATABASE {name} SET TABLESPACE small"),
    ] {
        operator.batch_execute(&statement).unwrap();
    }
    drop(operator);
    let world = World::open(TempDir::new().unwrap(), places, vec![specimen()]);
    let mut taken = 0;
    loop {
        match world.store.intake(numbered(taken, RAW_BYTES, &world)) {
            Ok(_) => taken += 1,
            full => break assert!(may_pass(full)),
        }
        assert!(taken < 1_000, "the disk is small");
    }
    assert!(taken > 0, "there was room at first");
    disk.enlarge();
    world.store.intake(numbered(taken, RAW_BYTES, &world)).unwrap();
    assert_batches(&world, taken + 1);
}

//! Logs that grow, are rotated and grow old: what is followed is never lost, what may be kept no
//! longer is.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::told::*;
use entremise_connector::identify::Followed;
use entremise_connector::index::Index;
use entremise_connector::index::accounts::AccountSeal;
use entremise_connector::index::manifest::Manifest;
use entremise_connector::load::{FileReport, Loader};
use entremise_connector::read::Format::RadiusDetail;
use entremise_connector::read::ReadOptions;

/// A closed session of one hour on 1 March 2026.
fn session(account: &str, last: u8) -> String {
    let line = format!("Framed-IP-Address = 192.0.2.{last}");
    radius("Start", account, account, "2026-03-01T10:00:00Z", &[&line])
        + &radius("Stop", account, account, "2026-03-01T11:00:00Z", &[&line])
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn follow(loader: &mut Loader, path: &Path) -> FileReport {
    loader.follow(path, RadiusDetail, &ReadOptions::default()).unwrap()
}

fn who(provider: &Provider, last: u8) -> String {
    provider.who(&question(&format!("192.0.2.{last}"), "2026-03-01T10:30:00Z"))
}

#[test]
fn what_was_appended_before_a_rotation_is_read_after_it() {
    let provider = Provider::new();
    let path = provider.directory.path().join("detail");
    append(&path, &session("alice", 10));
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    assert_eq!(follow(&mut loader, &path).records, 2);
    // Between two looks: more is written, the file is moved away, the server opens a new one.
    append(&path, &session("bob", 11));
    fs::rename(&path, path.with_extension("1")).unwrap();
    // In the instant without a file nothing is lost and nothing is read twice.
    assert!(loader.follow(&path, RadiusDetail, &ReadOptions::default()).is_err());
    append(&path, &session("carol", 12));
    assert_eq!(follow(&mut loader, &path).records, 4);
    assert_eq!(follow(&mut loader, &path).records, 0);
    append(&path, &session("dora", 13));
    assert_eq!(follow(&mut loader, &path).records, 2);
    loader.commit().unwrap();
    for (last, account) in [(10, "alice"), (11, "bob"), (12, "carol"), (13, "dora")] {
        assert_eq!(who(&provider, last), account);
    }
}

#[test]
fn a_record_that_is_half_written_waits_for_its_other_half() {
    let provider = Provider::new();
    let path = provider.directory.path().join("detail");
    let text = session("alice", 10);
    // Cut inside the second record: its status is there, its address is not.
    let cut = text.find("Acct-Status-Type = Stop").unwrap() + 23;
    append(&path, &text[..cut]);
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    assert_eq!(follow(&mut loader, &path).records, 1);
    assert_eq!(follow(&mut loader, &path).error_count(), 0);
    append(&path, &text[cut..]);
    assert_eq!(follow(&mut loader, &path).records, 1);
    loader.commit().unwrap();
    provider.read_to_the_end_of_the_year();
    assert_eq!(who(&provider, 10), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:30:00Z")), "not_found");
}

#[test]
fn a_file_that_is_emptied_in_place_is_read_from_its_beginning() {
    let provider = Provider::new();
    let path = provider.directory.path().join("detail");
    append(&path, &(session("alice", 10) + &session("bob", 11)));
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    follow(&mut loader, &path);
    // `copytruncate` of logrotate: the same file, shorter than what was read of it.
    fs::write(&path, session("carol", 12)).unwrap();
    assert_eq!(follow(&mut loader, &path).records, 2);
    loader.commit().unwrap();
    assert_eq!([10, 11, 12].map(|last| who(&provider, last)), ["alice", "bob", "carol"]);
}

#[test]
fn a_follower_that_was_stopped_goes_on_where_it_was_even_after_a_rotation() {
    let provider = Provider::new();
    let path = provider.directory.path().join("detail");
    append(&path, &session("alice", 10));
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    follow(&mut loader, &path);
    loader.commit().unwrap();
    drop(loader);
    append(&path, &session("bob", 11));
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    assert_eq!(follow(&mut loader, &path).records, 2);
    loader.commit().unwrap();
    assert_eq!([10, 11].map(|last| who(&provider, last)), ["alice", "bob"]);
}

/// What a line writes: Start, then interims each ten minutes of which the last is given.
fn line(account: &str, last: u8, from: &str, minutes: std::ops::RangeInclusive<i64>) -> String {
    let address = format!("Framed-IP-Address = 192.0.2.{last}");
    let begun = at(from);
    let mut text = String::new();
    for minute in minutes.step_by(10) {
        let status = if minute == 0 { "Start" } else { "Interim-Update" };
        let when = (begun + jiff::SignedDuration::from_mins(minute)).to_string();
        text += &radius(status, account, account, &when, &[&address]);
    }
    text
}

/// Alice holds the address from 9:00; Bob holds it from 10:00 on. What a server wrote in time, and
/// what came half an hour late.
fn a_change_at_ten() -> (String, String) {
    let stop = radius(
        "Stop",
        "alice",
        "alice",
        "2026-03-01T10:00:00Z",
        &["Framed-IP-Address = 192.0.2.10"],
    );
    let in_time = line("alice", 10, "2026-03-01T09:00:00Z", 0..=50)
        + &line("carol", 20, "2026-03-01T09:05:00Z", 0..=50);
    let late = stop + &line("bob", 10, "2026-03-01T10:00:00Z", 0..=30);
    (in_time, late)
}

#[test]
fn what_arrives_late_never_leaves_the_old_holder_named_in_the_meantime() {
    let provider = Provider::new();
    let path = provider.directory.path().join("detail");
    let (in_time, late) = a_change_at_ten();
    append(&path, &in_time);
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    follow(&mut loader, &path);
    loader.commit().unwrap();
    let asked = question("192.0.2.10", "2026-03-01T10:05:00Z");
    // 10:10. The newest record of anybody is Carol's of 9:55.
    let answer = provider.ask(&asked);
    assert_eq!(answer.outcome.name(), "log_gap");
    assert_eq!(answer.why, "The records reach only until 2026-03-01T09:55:00Z; ask again.");
    // What lies before it is answered.
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T09:54:00Z")), "alice");
    // 10:35. The late ones came at 10:30.
    append(&path, &late);
    follow(&mut loader, &path);
    loader.commit().unwrap();
    assert_eq!(provider.who(&asked), "bob");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T09:58:00Z")), "alice");
}

#[test]
fn a_rotated_file_that_was_not_read_yet_names_nobody_either() {
    let mut provider = Provider::standing_still();
    let (in_time, late) = a_change_at_ten();
    // The file of before ten is loaded at once, the one of after ten with the night's rotation.
    provider.load(RadiusDetail, &in_time);
    let asked = question("192.0.2.10", "2026-03-01T10:05:00Z");
    assert_eq!(provider.who(&asked), "log_gap");
    provider.load(RadiusDetail, &late);
    assert_eq!(provider.who(&asked), "bob");
}

#[test]
fn each_source_reaches_for_itself_and_the_one_furthest_behind_counts() {
    let mut provider = Provider::new();
    let path = |name: &str| provider.directory.path().join(name);
    let (north, south, never) = (path("north"), path("south"), path("never"));
    let followed = |file: &Path, lateness| Followed {
        format: RadiusDetail,
        files: vec![file.to_string_lossy().into_owned()],
        lateness,
    };
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    append(&north, &line("alice", 10, "2026-03-01T09:00:00Z", 0..=180));
    append(&south, &line("bob", 20, "2026-03-01T09:00:00Z", 0..=60));
    follow(&mut loader, &north);
    follow(&mut loader, &south);
    loader.commit().unwrap();
    let (early, late) = ("2026-03-01T09:30:00Z", "2026-03-01T11:00:00Z");
    provider.network.sources = vec![followed(&north, 0)];
    assert_eq!(provider.who(&question("192.0.2.10", late)), "alice");
    // The south's records of after ten are still on their way: who knows what they say of it.
    provider.network.sources.push(followed(&south, 0));
    assert_eq!(provider.who(&question("192.0.2.10", late)), "log_gap");
    assert_eq!(provider.who(&question("192.0.2.10", early)), "alice");
    // What may be written half an hour late is waited for that long: to the second, 9:30 ± 1 s.
    provider.network.sources[1].lateness = 30 * 60_000 - 2_000;
    assert_eq!(provider.who(&question("192.0.2.10", early)), "alice");
    provider.network.sources[1].lateness = 30 * 60_000 - 1_000;
    assert_eq!(provider.who(&question("192.0.2.10", early)), "log_gap");
    // Of a source that is configured and was never read nothing is known.
    provider.network.sources[1] = followed(&never, 0);
    assert_eq!(provider.who(&question("192.0.2.10", early)), "log_gap");
    assert_eq!(provider.who(&question("192.0.2.99", early)), "log_gap");
}

#[test]
fn a_server_whose_clock_is_ahead_does_not_make_the_records_reach_into_the_future() {
    let provider = Provider::new();
    let path = provider.directory.path().join("detail");
    append(&path, &line("alice", 10, "2026-03-01T09:00:00Z", 0..=60));
    append(&path, &line("bob", 20, "2031-03-01T09:00:00Z", 0..=0));
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    loader.read_at(at("2026-03-01T10:01:00Z").as_millisecond());
    follow(&mut loader, &path);
    loader.commit().unwrap();
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T09:58:00Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:05:00Z")), "log_gap");
}

/// One session an hour before `when`, in an index of its own load.
fn load_at(provider: &mut Provider, account: &str, last: u8, start: &str, stop: &str) {
    let line = format!("Framed-IP-Address = 192.0.2.{last}");
    let text = radius("Start", account, account, start, &[&line])
        + &radius("Stop", account, account, stop, &[&line]);
    provider.load(RadiusDetail, &text);
}

fn segment_files(provider: &Provider) -> usize {
    let is_segment = |path: &Path| path.extension().is_some_and(|extension| extension == "seg");
    fs::read_dir(provider.index_path())
        .unwrap()
        .filter(|entry| is_segment(&entry.as_ref().unwrap().path()))
        .count()
}

#[test]
fn a_segment_wholly_past_retention_leaves_the_disk() {
    let mut provider = Provider::new();
    load_at(&mut provider, "alice", 10, "2025-03-01T10:00:00Z", "2025-03-01T11:00:00Z");
    load_at(&mut provider, "bob", 11, "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z");
    let before = segment_files(&provider);
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    // To the millisecond: what ends at the instant may still be kept.
    loader.keep_from(at("2025-03-01T11:00:00Z").as_millisecond());
    assert!(!loader.has_outlived());
    loader.keep_from(at("2025-03-01T11:00:00.001Z").as_millisecond());
    assert!(loader.has_outlived());
    loader.commit().unwrap();
    assert!(!loader.has_outlived());
    assert_eq!(segment_files(&provider), before - 1);
    let asked = |ip, when| provider.who(&question(ip, when));
    assert_eq!(asked("192.0.2.10", "2025-03-01T10:30:00Z"), "not_found");
    assert_eq!(asked("192.0.2.11", "2026-03-01T10:30:00Z"), "bob");
}

#[test]
fn a_merge_drops_what_is_past_retention_and_nothing_else() {
    let mut provider = Provider::new();
    // Each load is a segment; one of them is old and young at once, so it cannot go whole.
    let mixed = session("alice", 10)
        + &radius("Start", "eve", "e", "2025-03-01T10:00:00Z", &["Framed-IP-Address = 192.0.2.20"])
        + &radius("Stop", "eve", "e", "2025-03-01T11:00:00Z", &["Framed-IP-Address = 192.0.2.20"]);
    provider.load(RadiusDetail, &mixed);
    for last in 11..16 {
        provider.load(RadiusDetail, &session(&format!("subscriber-{last}"), last));
    }
    let path = provider.directory.path().join("last");
    fs::write(&path, session("subscriber-16", 16)).unwrap();
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    loader.keep_from(at("2025-12-01T00:00:00Z").as_millisecond());
    loader.load(&path, RadiusDetail, &ReadOptions::default(), &mut |_| {}).unwrap();
    loader.commit().unwrap();
    // The merged one and the open ends.
    assert_eq!(segment_files(&provider), 2);
    let index = Index::open(&provider.index_path(), &provider.keys).unwrap();
    assert_eq!(index.record_count(), 7);
    assert_eq!(provider.who(&question("192.0.2.20", "2025-03-01T10:30:00Z")), "not_found");
    assert_eq!(who(&provider, 10), "alice");
    assert_eq!(who(&provider, 16), "subscriber-16");
}

/// Whether a name's keyed form stands in any file of the index: what a look-up would find.
fn is_on_disk(provider: &Provider, account: &str) -> bool {
    let keyed = AccountSeal::new(&provider.keys.index).keyed(account.as_bytes());
    fs::read_dir(provider.index_path())
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(keyed.len()).any(|window| window == keyed))
}

#[test]
fn a_sealed_name_of_which_no_span_is_left_leaves_the_disk() {
    let mut provider = Provider::new();
    load_at(&mut provider, "alice", 10, "2025-03-01T10:00:00Z", "2025-03-01T11:00:00Z");
    let bob = line("bob", 11, "2026-03-01T10:00:00Z", 0..=10);
    let eve = "2025-03-01T10:00:00Z";
    // Eve's lost session is in the state alone, and taken over by Bob's.
    let text = radius("Start", "eve", "e", eve, &["Framed-IP-Address = 192.0.2.11"]) + &bob;
    provider.load(RadiusDetail, &text);
    for account in ["alice", "bob", "eve"] {
        assert!(is_on_disk(&provider, account), "{account}");
    }
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    loader.keep_from(at("2025-12-01T00:00:00Z").as_millisecond());
    loader.commit().unwrap();
    assert!(!is_on_disk(&provider, "alice"));
    assert!(is_on_disk(&provider, "bob"));
    // Up to Bob's Start the address may have been Eve's.
    assert!(is_on_disk(&provider, "eve"));
    loader.keep_from(at("2026-03-01T10:00:01Z").as_millisecond());
    loader.commit().unwrap();
    assert!(!is_on_disk(&provider, "eve"));
    // The one who comes back is known again, and nobody's number has moved.
    let path = provider.directory.path().join("again");
    append(&path, &session("alice", 10));
    follow(&mut loader, &path);
    loader.commit().unwrap();
    provider.read_to_the_end_of_the_year();
    assert_eq!(who(&provider, 10), "alice");
    assert_eq!(provider.who(&question("192.0.2.11", "2026-03-01T10:05:00Z")), "bob");
}

#[test]
fn a_commit_of_nothing_writes_nothing() {
    let mut provider = Provider::new();
    load_at(&mut provider, "alice", 10, "2025-03-01T10:00:00Z", "2025-03-01T11:00:00Z");
    load_at(&mut provider, "bob", 11, "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z");
    let manifest = || Manifest::read(&provider.index_path()).unwrap().unwrap();
    let before = manifest();
    let mut loader = Loader::open(&provider.index_path(), &provider.keys).unwrap();
    loader.commit().unwrap();
    assert_eq!(manifest(), before);
    // Where only a segment leaves, the open ends stay the files they are.
    loader.keep_from(at("2025-12-01T00:00:00Z").as_millisecond());
    loader.commit().unwrap();
    let after = manifest();
    assert_eq!((&after.open, after.generation), (&before.open, before.generation + 1));
}

//! Logs that grow, are rotated and grow old: what is followed is never lost, what may be kept no
//! longer is.

mod told;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use entremise_connector::index::Index;
use entremise_connector::load::{FileReport, Loader};
use entremise_connector::read::Format::RadiusDetail;
use entremise_connector::read::ReadOptions;
use told::*;

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

//! Every way in which the holder of the ledger's own key could cheat, tried and named.
//!
//! The cheat owns the key, the store and the web server: each forgery here is signed anew and sound
//! in itself. What gives it away is what others kept: a checkpoint, a copy, a witness's memory, a
//! time stamp.

use crate::tsa;
use std::path::Path;

use crate::support::*;
use entremise_audit::{Folder, Harm, Options, Place, Report, Witnesses, verify};
use entremise_core::ledger::Kind;
use entremise_ledger::witness::{KnownLog, NotCosigned, Witness, add_cosignatures, ask};
use jiff::{SignedDuration, Timestamp};

/// An honest ledger of 300 entries, and the checkpoint and copy that somebody kept of it.
struct Honest {
    folder: tempfile::TempDir,
    checkpoint: String,
}

fn honest() -> Honest {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = publish_in_steps(&[300], folder.path()).checkpoint;
    Honest { folder, checkpoint }
}

/// Publishes a forged book under the true key, from nothing.
fn forge(book: &mut Book) -> tempfile::TempDir {
    for (seq, leaf) in book.leaves.iter_mut().enumerate() {
        leaf.seq = seq as u64;
    }
    let folder = tempfile::tempdir().unwrap();
    publish_book(book, folder.path());
    assert!(verified(folder.path()).is_sound(), "the forgery is sound in itself");
    folder
}

fn held_against(copy: &Honest, forged: &Path) -> Report {
    let options = Options {
        keys: vec![key().public().clone()],
        since: Some(copy.checkpoint.clone().into_bytes()),
        against: Some(Place::folder(copy.folder.path())),
        ..Options::default()
    };
    verify(&Place::folder(forged), options).unwrap()
}

/// What the report says of a harm, in words.
fn words(report: &Report, harm: Harm) -> String {
    let findings = &report.ledgers[0].findings;
    let found = findings.iter().find(|finding| finding.harm == harm);
    found.unwrap_or_else(|| panic!("{harm:?} is not in {report}")).words.clone()
}

#[track_caller]
fn says(report: &Report, harm: Harm, expected: &[&str]) {
    assert!(!report.is_sound());
    let words = words(report, harm);
    for part in expected {
        assert!(words.contains(part), "{part:?} is not in {words:?}");
    }
}

#[test]
fn an_honest_ledger_that_grew_is_sound_against_all_that_was_kept() {
    let kept = honest();
    let grown = tempfile::tempdir().unwrap();
    publish_in_steps(&[300, 900], grown.path());
    let report = held_against(&kept, grown.path());
    assert!(report.is_sound(), "{report}");
    assert!(report.to_string().contains("entries are those of the older copy"), "{report}");
}

#[test]
fn a_split_view_is_proven_by_two_checkpoints_of_one_size() {
    let kept = honest();
    let mut book = Book::of(300);
    book.leaves[299] = leaf(299, 7777, Kind::Event("other"));
    let report = held_against(&kept, forge(&mut book).path());
    let expected = ["two ledgers under one key", "showed different people different books"];
    says(&report, Harm::SplitView, &expected);
}

#[test]
fn a_split_view_is_refused_by_a_witness_and_found_missing_by_a_verifier() {
    let state = tempfile::tempdir().unwrap();
    let log = KnownLog { origin: ORIGIN.to_owned(), keys: vec![key().public().clone()] };
    let witness = Witness::open(witness_key("temoin.example/w1", 1), vec![log], state.path());
    let witness = witness.unwrap();
    let show = |folder: &Path| {
        let send = |body: String| {
            let answer = witness.add_checkpoint(body.as_bytes(), start()).unwrap().to_http();
            Ok((answer.0, answer.2))
        };
        let asked = ask(&Folder(folder.to_owned()), witness.key(), 0, &send)?;
        add_cosignatures(folder, &[asked]).unwrap();
        Ok::<(), NotCosigned>(())
    };
    let mut forged = Book::of(300);
    forged.leaves[299] = leaf(299, 7777, Kind::Event("other"));
    let (one, other) = (honest(), forge(&mut forged));
    show(one.folder.path()).unwrap();
    let refusal = show(other.path()).unwrap_err().to_string();
    assert!(refusal.contains("refuses to cosign two histories"), "{refusal}");
    assert_eq!(std::fs::read_dir(state.path().join("evidence")).unwrap().count(), 1);

    let with_witness = |folder: &Path| {
        let witnesses = Witnesses { keys: vec![witness.key().clone()], quorum: 1 };
        let keys = vec![key().public().clone()];
        let options = Options { keys, witnesses, ..Options::default() };
        verify(&Place::folder(folder), options).unwrap()
    };
    assert!(with_witness(one.folder.path()).is_sound());
    let expected = ["missing: temoin.example/w1", "Nothing shows that others are shown the same"];
    says(&with_witness(other.path()), Harm::NotCosigned, &expected);
}

#[test]
fn a_rollback_is_named_with_both_sizes_and_refused_by_a_witness() {
    let kept = honest();
    let report = held_against(&kept, forge(&mut Book::of(290)).path());
    let expected = ["rolled back", "signed with 300 entries", "now has 290"];
    says(&report, Harm::RolledBack, &expected);

    let behind = forge(&mut Book::of(290));
    let ahead = |_: String| Ok((409, "300\n".to_owned()));
    let place = Folder(behind.path().to_owned());
    let refusal = ask(&place, witness_key("w", 1).public(), 0, &ahead).unwrap_err().to_string();
    assert!(refusal.contains("saw 300 entries and the ledger has 290"), "{refusal}");
}

#[test]
fn a_rewritten_entry_is_named_with_what_it_was_and_what_it_is() {
    let kept = honest();
    let mut book = Book::of(320);
    book.leaves[42].kind = "refusal.not_authorised".to_owned();
    let report = held_against(&kept, forge(&mut book).path());
    says(&report, Harm::Rewritten, &["history was rewritten", "first 300 entries"]);
    let finding = report.ledgers[0].findings.iter().find(|finding| finding.entry == Some(42));
    let words = &finding.unwrap().words;
    assert!(
        words.contains("was event.notice_accepted") && words.contains("now refusal."),
        "{words}"
    );
}

#[test]
fn a_dropped_entry_is_named_although_the_numbers_close_up_again() {
    let kept = honest();
    let mut book = Book::of(320);
    book.leaves.remove(41);
    let report = held_against(&kept, forge(&mut book).path());
    assert!(report.ledgers[0].findings.iter().any(|finding| finding.harm == Harm::Rewritten));
    says(&report, Harm::Dropped, &["an entry was dropped", "was entry 41; it is gone"]);
}

#[test]
fn an_entry_slipped_into_the_past_is_named() {
    let kept = honest();
    let mut book = Book::of(320);
    let mut late = leaf(41, 5555, Kind::Event("authorisation_granted"));
    late.at = book.leaves[41].at;
    book.leaves.insert(41, late);
    let report = held_against(&kept, forge(&mut book).path());
    says(&report, Harm::Inserted, &["slipped in", "authorisation_granted", "now entry 42"]);
}

#[test]
fn entries_in_another_order_are_named_with_both_places() {
    let kept = honest();
    let mut book = Book::of(320);
    // The question is entered as if it had come before the notice; dates are moved along.
    let (first, second) = (book.leaves[42].at, book.leaves[45].at);
    book.leaves.swap(42, 45);
    (book.leaves[42].at, book.leaves[45].at) = (first, second);
    let report = held_against(&kept, forge(&mut book).path());
    says(&report, Harm::Rewritten, &["history was rewritten"]);

    let mut book = Book::of(320);
    for seq in 42..46 {
        book.leaves[seq].at = book.leaves[42].at;
    }
    let kept = forge(&mut book);
    let checkpoint = std::fs::read_to_string(kept.path().join("checkpoint")).unwrap();
    book.leaves.swap(42, 45);
    let report = held_against(&Honest { folder: kept, checkpoint }, forge(&mut book).path());
    says(&report, Harm::Reordered, &["entries were reordered", "was entry 42 and is now entry 45"]);
}

#[test]
fn a_changed_date_is_named_with_both_dates() {
    let kept = honest();
    let mut book = Book::of(320);
    book.leaves[60].at = book.leaves[59].at;
    let report = held_against(&kept, forge(&mut book).path());
    let expected = ["date was changed", "dated 2026-01-10T09:01:00Z", "2026-01-10T09:00:59Z"];
    says(&report, Harm::DateChanged, &expected);
}

#[test]
fn an_entry_dated_back_is_given_away_by_the_time_stamp_of_the_day_before() {
    let Some(authority) = tsa::Authority::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    // The test's authority stamps with the clock of today; the ledger's days lie around it.
    let now = authority.now();
    let dated = |seq: u64, at: Timestamp| {
        let mut leaf = leaf(seq, 1, Kind::Event("notice_accepted"));
        leaf.at = at;
        leaf
    };
    let days = |days: i64| now - SignedDuration::from_hours(24 * days);
    let mut book = Book { leaves: (0..10).map(|seq| dated(seq, days(3))).collect() };
    publish_book(&mut book, folder.path());
    authority.stamp(folder.path(), now);
    let check = || {
        let options = Options {
            keys: vec![key().public().clone()],
            timestamp_roots: vec![authority.root()],
            ..Options::default()
        };
        verify(&Place::folder(folder.path()), options).unwrap()
    };
    book.leaves.push(dated(10, now + SignedDuration::from_secs(60)));
    publish_book(&mut book, folder.path());
    assert!(check().is_sound(), "{}", check());

    // The same entry, entered now and dated two days ago. Without the stamp it would pass.
    let forged = tempfile::tempdir().unwrap();
    copy_folder(folder.path(), forged.path());
    std::fs::remove_dir_all(folder.path().join("tile")).unwrap();
    std::fs::remove_file(folder.path().join("checkpoint")).unwrap();
    book.leaves[10] = dated(10, days(2));
    publish_book(&mut book, folder.path());
    assert!(verified(folder.path()).is_sound());
    let expected = ["dated back", "Horodatage SPECIMEN", "had 10 entries, this one not among them"];
    says(&check(), Harm::DatedBack, &expected);
}

#[test]
fn an_entry_dated_back_or_ahead_is_given_away_by_a_witness_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Book::of(10);
    publish_book(&mut book, folder.path());
    let witness = witness_key("temoin.example/w1", 1);
    cosign_blindly(folder.path(), &witness, start() + SignedDuration::from_hours(24));
    let kept = std::fs::read(folder.path().join("checkpoint")).unwrap();
    let check = |folder: &Path| {
        let options = Options {
            keys: vec![key().public().clone()],
            since: Some(kept.clone()),
            witnesses: Witnesses { keys: vec![witness.public().clone()], quorum: 0 },
            ..Options::default()
        };
        verify(&Place::folder(folder), options).unwrap()
    };
    let mut late = leaf(10, 3, Kind::Event("notice_accepted"));
    late.at = start() + SignedDuration::from_hours(25);
    book.leaves.push(late);
    publish_book(&mut book, folder.path());
    assert!(check(folder.path()).is_sound(), "{}", check(folder.path()));
    book.leaves[10].at = start() + SignedDuration::from_hours(2);
    let report = check(forge(&mut book).path());
    says(&report, Harm::DatedBack, &["dated back", "the witness temoin.example/w1 saw"]);

    let ahead = tempfile::tempdir().unwrap();
    let mut book = Book::of(10);
    // The last instant there is: no sum with it may overflow.
    book.leaves[9].at = Timestamp::MAX;
    publish_book(&mut book, ahead.path());
    cosign_blindly(ahead.path(), &witness, start() + SignedDuration::from_hours(1));
    let witnesses = Witnesses { keys: vec![witness.public().clone()], quorum: 1 };
    let keys = vec![key().public().clone()];
    let options = Options { keys, witnesses, ..Options::default() };
    let report = verify(&Place::folder(ahead.path()), options).unwrap();
    says(&report, Harm::DatedAhead, &["dated ahead"]);
}

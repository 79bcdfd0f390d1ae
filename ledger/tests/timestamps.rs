//! RFC 3161 with openssl as the authority: what holds, and each thing that may not.

use std::process::Command;

use crate::support::*;
use crate::tsa::Authority;
use entremise_audit::receipt::ReceiptHarm;
use entremise_audit::timestamp::{StampHarm, check, request};
use entremise_audit::{Folder, Harm, Options, Place, Report, Witnesses, verify};
use entremise_ledger::receipt::make;
use entremise_ledger::timestamp::due;
use jiff::SignedDuration;

const MESSAGE: &[u8] = b"a checkpoint";
const NONCE: [u8; 8] = [0xff, 2, 3, 4, 5, 6, 7, 8];

#[test]
fn openssl_reads_our_request_as_we_meant_it() {
    let Some(authority) = Authority::start() else { return };
    std::fs::write(authority.path("ours.tsq"), request(MESSAGE, NONCE)).unwrap();
    let output = Command::new("openssl")
        .args(["ts", "-query", "-text", "-in"])
        .arg(authority.path("ours.tsq"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for line in ["Version: 1", "Hash Algorithm: sha256", "Certificate required: yes"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains("Nonce: 0x7F02030405060708"), "{text}");
}

#[test]
fn a_stamp_says_when_and_by_whom_with_every_sort_of_key() {
    let p256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let p384 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];
    for key in [["rsa:3072"].as_slice(), &p256, &p384] {
        let Some(authority) = Authority::with(key, "stamps") else { return };
        let answer = authority.reply(&request(MESSAGE, NONCE));
        let stamp = check(&answer, MESSAGE, Some(NONCE), &[authority.root()]).unwrap();
        assert_eq!(stamp.by, "Horodatage SPECIMEN");
        let apart = authority.now().duration_since(stamp.at).abs();
        assert!(apart < SignedDuration::from_mins(5), "{apart}");
    }
}

#[test]
fn each_thing_that_may_not_be_is_named() {
    let Some(authority) = Authority::start() else { return };
    let answer = authority.reply(&request(MESSAGE, NONCE));
    let roots = [authority.root()];
    let with = |message: &[u8], nonce, roots: &[Vec<u8>]| {
        check(&answer, message, Some(nonce), roots).unwrap_err()
    };
    assert!(matches!(with(b"another checkpoint", NONCE, &roots), StampHarm::OtherBytes));
    assert!(matches!(with(MESSAGE, [1; 8], &roots), StampHarm::OtherRequest));
    assert!(matches!(with(MESSAGE, NONCE, &[]), StampHarm::Untrusted(_)));
    let stranger = Authority::start().unwrap();
    assert!(matches!(with(MESSAGE, NONCE, &[stranger.root()]), StampHarm::Untrusted(_)));

    let refused = authority.reply(b"\x30\x03\x02\x01\x01");
    assert!(matches!(check(&refused, MESSAGE, None, &roots), Err(StampHarm::Refused(2))));
    for junk in [b"".as_slice(), b"0", b"\x30\x80", b"junk that is no DER at all"] {
        assert!(matches!(check(junk, MESSAGE, None, &roots), Err(StampHarm::Form(_))));
    }
}

#[test]
fn a_certificate_for_more_than_time_stamps_is_refused() {
    let Some(authority) = Authority::with(&["rsa:2048"], "mails") else { return };
    // openssl itself refuses to stamp with it: the certificate is put in after the fact.
    let Some(good) = Authority::start() else { return };
    let root = authority.root();
    let answer = good.reply(&request(MESSAGE, NONCE));
    assert!(matches!(check(&answer, MESSAGE, None, &[root]), Err(StampHarm::Untrusted(_))));
}

#[test]
fn a_changed_byte_anywhere_in_a_stamp_is_found_and_never_panics() {
    let Some(authority) = Authority::with(&["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "stamps")
    else {
        return;
    };
    let answer = authority.reply(&request(MESSAGE, NONCE));
    let roots = [authority.root()];
    let good = check(&answer, MESSAGE, Some(NONCE), &roots).unwrap();
    for place in 0..answer.len() {
        let mut changed = answer.clone();
        changed[place] ^= 1;
        // The envelope around the signature is not signed; the statement is.
        if let Ok(stamp) = check(&changed, MESSAGE, Some(NONCE), &roots) {
            assert_eq!(stamp, good, "byte {place}");
        }
    }
    let cut = |end: usize| check(&answer[..end], MESSAGE, None, &roots).is_err();
    assert!((0..answer.len()).all(cut));
}

/// A ledger of ten entries that was stamped.
fn stamped(authority: &Authority) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[10], folder.path());
    authority.stamp(folder.path(), authority.now());
    folder
}

/// The same ledger, grown after the stamp.
fn grown(authority: &Authority, size: u64) -> Book {
    let mut book = Book::of(size);
    let now = authority.now();
    for leaf in &mut book.leaves[10..] {
        leaf.at = now + SignedDuration::from_secs(i64::try_from(leaf.seq).unwrap());
    }
    book
}

fn verified_with(folder: &std::path::Path, root: Vec<u8>) -> Report {
    let keys = vec![key().public().clone()];
    let options = Options { keys, timestamp_roots: vec![root], ..Options::default() };
    verify(&Place::folder(folder), options).unwrap()
}

#[test]
fn a_checkpoint_is_stamped_once_a_day_and_only_when_it_is_new() {
    let Some(authority) = Authority::start() else { return };
    let folder = stamped(&authority);
    let tomorrow = authority.now() + SignedDuration::from_hours(24);
    assert!(due(folder.path(), tomorrow).unwrap().is_none(), "nothing new");
    publish_in_steps(&[10, 20], folder.path());
    assert!(due(folder.path(), authority.now()).unwrap().is_none(), "today has one");
    assert!(due(folder.path(), tomorrow).unwrap().is_some());
}

#[test]
fn the_stamps_beside_a_ledger_are_verified_and_a_broken_one_is_named() {
    let Some(authority) = Authority::start() else { return };
    let folder = stamped(&authority);
    publish_book(&mut grown(&authority, 20), folder.path());
    let report = verified_with(folder.path(), authority.root());
    assert!(report.is_sound(), "{report}");
    assert!(report.to_string().contains("time stamps hold"), "{report}");
    let without = verified(folder.path());
    assert!(without.is_sound() && without.to_string().contains("not checked"), "{without}");

    let harm = |report: &Report| report.ledgers[0].findings[0].harm;
    flip_bit(&folder.path().join("timestamps/10.checkpoint"), 60, 1);
    assert_eq!(harm(&verified_with(folder.path(), authority.root())), Harm::BadTimestamp);
    flip_bit(&folder.path().join("timestamps/10.checkpoint"), 60, 1);
    std::fs::write(folder.path().join("timestamps/10.tsr"), b"nothing").unwrap();
    assert_eq!(harm(&verified_with(folder.path(), authority.root())), Harm::BadTimestamp);
    std::fs::remove_file(folder.path().join("timestamps/10.tsr")).unwrap();
    assert_eq!(harm(&verified_with(folder.path(), authority.root())), Harm::Missing);
}

#[test]
fn history_before_a_stamp_cannot_be_rewritten_although_nobody_kept_a_checkpoint() {
    let Some(authority) = Authority::start() else { return };
    let folder = stamped(&authority);
    std::fs::remove_dir_all(folder.path().join("tile")).unwrap();
    std::fs::remove_file(folder.path().join("checkpoint")).unwrap();
    let mut book = grown(&authority, 20);
    book.leaves[3] = leaf(3, 99, entremise_core::ledger::Kind::House("resumed"));
    publish_book(&mut book, folder.path());
    assert!(verified(folder.path()).is_sound(), "the forgery is sound in itself");
    let report = verified_with(folder.path(), authority.root());
    let finding = &report.ledgers[0].findings[0];
    assert_eq!(finding.harm, Harm::Rewritten);
    assert!(finding.words.contains("Horodatage SPECIMEN stamped on"), "{}", finding.words);
}

#[test]
fn a_receipt_of_a_stamped_entry_says_before_when_it_was_entered() {
    let Some(authority) = Authority::start() else { return };
    let folder = stamped(&authority);
    publish_book(&mut grown(&authority, 300), folder.path());
    let place = Folder(folder.path().to_owned());
    let receipt = make(&place, 9).unwrap();
    let keys = [key().public().clone()];
    let none = Witnesses::default();
    let proven = receipt.check(&keys, &none, &[authority.root()]).unwrap();
    assert_eq!((proven.size, proven.stamped.is_some()), (10, true));
    assert!(proven.to_string().contains("when Horodatage SPECIMEN saw it there"), "{proven}");
    let stranger = Authority::start().unwrap();
    let harm = receipt.check(&keys, &none, &[stranger.root()]).unwrap_err();
    assert!(matches!(harm, ReceiptHarm::Timestamp { .. }), "{harm}");
    // The others are newer than the stamp.
    assert!(make(&place, 10).unwrap().extra.timestamp.is_none());
}

//! What a receipt proves offline, and what is no receipt.

use crate::support::*;
use entremise_audit::receipt::{Receipt, ReceiptHarm};
use entremise_audit::{Folder, Proven, Witnesses};
use entremise_core::ledger::{Actor, Entry, Kind, Leaf, Subject};
use entremise_ledger::publish;
use entremise_ledger::receipt::{NoReceipt, entries_about, make};

fn checked(receipt: &Receipt) -> Result<Proven, ReceiptHarm> {
    receipt.check(&[key().public().clone()], &Witnesses::default(), &[])
}

#[test]
fn every_entry_has_a_receipt_that_holds_at_every_size() {
    for size in [1u64, 2, 255, 256, 257, 700] {
        let folder = tempfile::tempdir().unwrap();
        publish_in_steps(&[size], folder.path());
        let place = Folder(folder.path().to_owned());
        for entry in (0..size).step_by(if size > 300 { 61 } else { 17 }) {
            let text = make(&place, entry).unwrap().to_string();
            let receipt = Receipt::parse(&text).unwrap();
            assert_eq!(receipt.to_string(), text);
            let proven = checked(&receipt).unwrap();
            assert_eq!((proven.entry, proven.size), (entry, size));
        }
        let beyond = make(&place, size);
        assert!(matches!(beyond, Err(NoReceipt::NotYet { entry, .. }) if entry == size));
    }
}

#[test]
fn a_receipt_is_the_text_that_the_specification_shows() {
    let folder = tempfile::tempdir().unwrap();
    let published = publish_in_steps(&[5], folder.path());
    let text = make(&Folder(folder.path().to_owned()), 2).unwrap().to_string();
    let (head, checkpoint) = text.split_once("\n\n").unwrap();
    assert_eq!(checkpoint, published.checkpoint);
    let lines: Vec<&str> = head.split('\n').collect();
    assert_eq!(lines[0], "c2sp.org/tlog-proof@v1");
    assert!(lines[1].starts_with("extra "));
    assert_eq!(lines[2], "index 2");
    // Entry 3, the two before, the one after: RFC 6962 §2.1.1.
    assert_eq!(lines.len(), 3 + 3);
}

#[test]
fn a_receipt_says_in_a_sentence_what_it_proves_and_what_only_the_ledger_says() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[30], folder.path());
    let place = Folder(folder.path().to_owned());
    let words = checked(&make(&place, 3).unwrap()).unwrap().to_string();
    assert!(words.contains("was entered as entry 3 of the ledger autorite.example"), "{words}");
    assert!(words.contains("only the ledger itself says"), "{words}");

    let witness = witness_key("temoin.example/w1", 1);
    cosign_blindly(folder.path(), &witness, "2026-01-10T09:05:00Z".parse().unwrap());
    let witnesses = Witnesses { keys: vec![witness.public().clone()], quorum: 1 };
    let receipt = make(&place, 3).unwrap();
    let proven = receipt.check(&[key().public().clone()], &witnesses, &[]).unwrap();
    let words = proven.to_string();
    assert!(words.contains("before 2026-01-10T09:05:00Z, when temoin.example/w1 saw"), "{words}");
    let strangers = vec![witness_key("autre.example/w2", 2).public().clone()];
    let witnesses = Witnesses { keys: strangers, quorum: 1 };
    let harm = receipt.check(&[key().public().clone()], &witnesses, &[]).unwrap_err();
    assert!(matches!(harm, ReceiptHarm::NotCosigned { .. }), "{harm}");
}

#[test]
fn a_changed_byte_anywhere_in_a_receipt_is_found() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[300], folder.path());
    let place = Folder(folder.path().to_owned());
    let receipt = make(&place, 260).unwrap().opened(&[7; 16], &260u64.to_be_bytes());
    let text = receipt.to_string();
    assert!(checked(&receipt).is_ok());
    for place in (0..text.len()).step_by(3) {
        let mut bytes = text.clone().into_bytes();
        bytes[place] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let proven = Receipt::parse(&changed).and_then(|receipt| checked(&receipt));
        assert!(proven.is_err(), "byte {place}: {:?}", &changed[place..(place + 1)]);
    }
}

#[test]
fn the_opened_body_must_be_the_one_that_was_entered() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[10], folder.path());
    let receipt = make(&Folder(folder.path().to_owned()), 4).unwrap();
    let right = receipt.clone().opened(&[7; 16], &4u64.to_be_bytes());
    assert!(checked(&right).unwrap().body.is_some());
    for (salt, body) in [([8; 16], 4u64), ([7; 16], 5)] {
        let wrong = receipt.clone().opened(&salt, &body.to_be_bytes());
        assert!(matches!(checked(&wrong), Err(ReceiptHarm::OtherBody)));
    }
    assert!(!format!("{right:?}").contains("AAAAAAAAAAQ"), "Debug shows no body");
}

#[test]
fn a_receipt_for_one_entry_is_none_for_another() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[10], folder.path());
    let place = Folder(folder.path().to_owned());
    let (mut one, other) = (make(&place, 4).unwrap(), make(&place, 5).unwrap());
    one.extra.leaf = other.extra.leaf;
    assert!(matches!(checked(&one), Err(ReceiptHarm::NotInTree { size: 10 })));
    let mut moved = make(&place, 4).unwrap();
    moved.entry = 5;
    assert!(checked(&moved).is_err());
}

#[test]
fn a_receipt_under_a_key_that_is_not_trusted_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    publish(&mut Book::of(9), folder.path(), &other_key(), start()).unwrap();
    let receipt = make(&Folder(folder.path().to_owned()), 4).unwrap();
    assert!(matches!(checked(&receipt), Err(ReceiptHarm::Checkpoint(_))));
    let nobody = receipt.check(&[], &Witnesses::default(), &[]);
    assert!(matches!(nobody, Err(ReceiptHarm::NoKey)));
}

#[test]
fn no_receipt_is_made_from_damaged_tiles() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[300], folder.path());
    flip_bit(&folder.path().join("tile/entries/000"), 40 * 300, 0);
    let place = Folder(folder.path().to_owned());
    let refused = (0..256).filter(|entry| make(&place, *entry).is_err()).count();
    assert_eq!(refused, 1, "only the damaged entry has none");
    flip_bit(&folder.path().join("tile/0/000"), 40, 0);
    assert!(matches!(make(&place, 0), Err(NoReceipt::Damaged { .. })));
}

#[test]
fn the_entries_about_a_notice_are_found_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Book::of(300);
    let notice = Subject::Notice(entremise_core::id::NoticeId(uuid::Uuid::from_u128(77)));
    for (seq, kind) in [(40, Kind::Intake("accepted")), (290, Kind::Outcome("asked"))] {
        let entry = Entry {
            at: book.leaves[usize::try_from(seq).unwrap()].at,
            regime: "fr-graduated-response".parse().unwrap(),
            regime_digest: "5a".repeat(32),
            subject: notice,
            kind,
            actor: Actor::House,
            body: b"{}".to_vec(),
        };
        let leaf = Leaf::new(seq, &"autorite".parse().unwrap(), &entry, &[7; 16]);
        book.leaves[usize::try_from(seq).unwrap()] = leaf;
    }
    publish_book(&mut book, folder.path());
    let place = Folder(folder.path().to_owned());
    let found = entries_about(&place, &notice.to_string()).unwrap();
    let found: Vec<(u64, &str)> =
        found.iter().map(|listed| (listed.entry, listed.kind.as_str())).collect();
    assert_eq!(found, [(40, "intake.accepted"), (290, "outcome.asked")]);
    assert!(entries_about(&place, "notice:other").unwrap().is_empty());
}

#[test]
fn an_old_receipt_still_holds_when_the_ledger_has_grown() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[100], folder.path());
    let receipt = make(&Folder(folder.path().to_owned()), 99).unwrap();
    publish_in_steps(&[100, 900], folder.path());
    assert!(checked(&receipt).is_ok());
    let newer = make(&Folder(folder.path().to_owned()), 99).unwrap();
    assert_ne!(newer.checkpoint, receipt.checkpoint);
}

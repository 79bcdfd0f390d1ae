//! The entry as core writes it and as the auditor's package reads it: two packages, one form.

use entremise_audit::leaf::{LeafView, commitment, is_digest};
use entremise_core::ledger::{Actor, Entry, Kind, Leaf, Subject};

fn leaf() -> Leaf {
    let entry = Entry {
        at: "2026-01-10T09:00:00.5Z".parse().unwrap(),
        regime: "fr-graduated-response".parse().unwrap(),
        regime_digest: "ab".repeat(32),
        subject: Subject::House,
        kind: Kind::Event("notice_accepted"),
        actor: Actor::House,
        body: b"anything".to_vec(),
    };
    Leaf::new(7, &"autorite".parse().unwrap(), &entry, &[3; 16])
}

#[test]
fn a_leaf_that_core_wrote_is_read_with_every_member() {
    let leaf = leaf();
    let bytes = leaf.to_bytes();
    let view = LeafView::read(&bytes).unwrap();
    assert_eq!((view.seq, view.at), (leaf.seq, leaf.at));
    assert_eq!((view.authority, view.regime), (leaf.authority.as_str(), leaf.regime.as_str()));
    assert_eq!((view.rules, view.subject), (leaf.rules.as_str(), leaf.subject.as_str()));
    assert_eq!((view.kind, view.actor), (leaf.kind.as_str(), leaf.actor.as_str()));
    assert_eq!(view.commitment, leaf.commitment);
    assert!(is_digest(view.commitment) && is_digest(view.rules));
}

#[test]
fn another_spelling_of_the_same_leaf_is_refused() {
    let good = String::from_utf8(leaf().to_bytes()).unwrap();
    for (from, to) in [
        ("{\"v\":1", "{ \"v\":1"),
        ("\"v\":1", "\"v\":2"),
        ("\"seq\":7", "\"seq\":07"),
        ("\"seq\":7,", ""),
        ("house", "hous\\u0065"),
        ("}", "} "),
        ("}", ",\"more\":1}"),
        ("2026-01-10T", "2026-13-10T"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(LeafView::read(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_commitment_is_the_same_in_both_packages() {
    let salt = [9; 16];
    for body in [b"".as_slice(), b"{}", b"what happened"] {
        let theirs = entremise_core::ledger::commitment(&salt, body);
        assert_eq!(commitment(&salt, body), entremise_core::ledger::hexadecimal(&theirs));
    }
    assert_ne!(commitment(&salt, b"a"), commitment(&[8; 16], b"a"));
}

//! One line after the other: no gap, no step back in time, and each leaf commits to its body.

use entremise_core::event::Event;
use entremise_core::ledger::{Actor, Leaf, commitment, hexadecimal};

use crate::support::*;

#[test]
fn lines_have_no_gap_and_each_leaf_commits_to_its_body() {
    on_both(|mut world| {
        world.identified(1);
        world.bring(vec![notice(1), notice(2)]);
        let size = world.store.ledger_size(&authority()).unwrap();
        let leaves = world.store.ledger_leaves(&authority(), 0, 1000).unwrap();
        assert_eq!(leaves.len() as u64, size);
        let mut last = None;
        for (seq, bytes) in leaves.iter().enumerate() {
            let leaf: Leaf = serde_json::from_slice(bytes).unwrap();
            assert_eq!(leaf.seq, seq as u64);
            assert_eq!(&leaf.to_bytes(), bytes);
            assert!(last <= Some(leaf.at));
            last = Some(leaf.at);
            let (salt, body) = world.store.ledger_opening(&authority(), leaf.seq).unwrap().unwrap();
            assert_eq!(hexadecimal(&commitment(&salt, &body)), leaf.commitment);
        }
    });
}

#[test]
fn the_text_of_the_law_is_in_the_ledger_once_before_its_first_use() {
    on_both(|mut world| {
        world.one_notice(1);
        world.reopen();
        world.one_notice(2);
        let leaves = world.store.ledger_leaves(&authority(), 0, 1000).unwrap();
        let kinds: Vec<String> = leaves
            .iter()
            .map(|bytes| serde_json::from_slice::<Leaf>(bytes).unwrap().kind)
            .collect();
        assert_eq!(
            kinds,
            ["house.regime_entered", "event.notice_accepted", "event.notice_accepted"]
        );
        let (_, body) = world.store.ledger_opening(&authority(), 0).unwrap().unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), specimen().text());
    });
}

#[test]
fn each_authority_has_a_ledger_of_its_own() {
    on_both(|world| {
        let other = entremise_store::CaseRef::Line {
            authority: "other".parse().unwrap(),
            regime: regime(),
            line: line(),
        };
        let event = Event::FactEstablished { fact: fact(1) };
        world.store.apply(&other, &event, &Actor::House, world.now).unwrap();
        assert_eq!(world.store.ledger_size(&authority()).unwrap(), 0);
        assert_eq!(world.store.ledger_size(other.authority()).unwrap(), 2);
    });
}

#[test]
fn leaves_are_handed_out_from_any_place_on() {
    on_both(|mut world| {
        world.bring((1..=5).map(notice).collect());
        let all = world.store.ledger_leaves(&authority(), 0, 100).unwrap();
        assert_eq!(world.store.ledger_leaves(&authority(), 2, 2).unwrap(), all[2..4]);
        assert!(world.store.ledger_leaves(&authority(), 6, 2).unwrap().is_empty());
    });
}

#[test]
fn a_checkpoint_is_kept_as_it_was_first_noted() {
    on_both(|world| {
        let store = &world.store;
        store.note_checkpoint(&authority(), 3, "first", world.now).unwrap();
        store.note_checkpoint(&authority(), 3, "second", world.now).unwrap();
        let last = store.last_checkpoint(&authority()).unwrap().unwrap();
        assert_eq!((last.size, last.note.as_str()), (3, "first"));
    });
}

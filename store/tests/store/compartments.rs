//! What lies in the four places: apart, sealed, and of no use without its own key.

use std::sync::Arc;

use entremise_core::identification::Purpose;
use entremise_core::ledger::Actor;
use entremise_store::{Keys, Places, Store, SystemEntropy};
use tempfile::TempDir;

use crate::support::*;

/// Words that stand in the notices, the batch and the disclosure of these tests.
const CLEAR: &[&str] = &[
    "Titre-Clair",
    "Pseudo-Clair",
    "Mandat-Clair",
    "Numero-Clair",
    "198.0.0.1",
    "nom-clair",
    "a signature",
    "192.0.2.77",
    "Exemple Net",
    "bittorrent",
    "btih",
    "motif-clair",
];

#[test]
fn no_file_holds_a_clear_value() {
    let folder = TempDir::new().unwrap();
    let places = Places::in_folder(folder.path());
    let mut world = World::open(folder, places, vec![specimen()]);
    let claim = crate::linking::ready_to_write(&mut world);
    world.store.message_material(&claim, Purpose::Warn, &Actor::House, world.now).ok().unwrap();
    world.bring(vec![notice(1), notice(2)]);
    world
        .store
        .quarantine(entremise_store::Quarantined {
            authority: authority(),
            regime: regime(),
            sender: None,
            channel: "mail".to_owned(),
            raw: b"motif-clair".to_vec(),
            reasons: Vec::new(),
            received_at: world.now,
        })
        .unwrap();
    let mut looked_at = 0;
    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        looked_at += usize::from(!bytes.is_empty());
        for word in CLEAR {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} is in {}", path.display());
        }
    }
    assert!(looked_at >= 4);
    // The look finds what is there: the provider's short name is no secret.
    let cases = std::fs::read(world.folder.path().join("cases.db-wal")).unwrap();
    assert!(cases.windows(11).any(|window| window == b"exemple-net"));
}

#[test]
fn what_was_set_aside_comes_back_as_it_came() {
    on_both(|world| {
        let given = entremise_store::Quarantined {
            authority: authority(),
            regime: regime(),
            sender: Some(sender()),
            channel: "mail".to_owned(),
            raw: b"bytes".to_vec(),
            reasons: vec![entremise_core::rejection::Rejection::new(
                entremise_core::rejection::Code::Malformed,
                "part 2",
                "the part does not end",
            )],
            received_at: world.now,
        };
        let id = world.store.quarantine(given.clone()).unwrap();
        let rows = world.store.quarantined(&authority()).unwrap();
        assert_eq!((rows.len(), rows[0].id, rows[0].size_bytes), (1, id, 5));
        let person = "agent-1".parse().unwrap();
        let take = || world.store.take_quarantined(id, &person, "Example Act, s 3", world.now);
        assert!(take().unwrap() == Some(given));
        let reads = world.store.reads_by_agent(&authority(), world.now, at("2027-01-01T00:00:00Z"));
        assert_eq!(reads.unwrap()[&(person.clone(), "quarantine".to_owned())], 1);
        world.store.release_quarantined(id, world.now).unwrap();
        world.store.release_quarantined(id, world.now).unwrap();
        assert!(world.store.quarantined(&authority()).unwrap().is_empty());
        assert!(take().unwrap().is_none());
    });
}

#[test]
fn another_key_is_refused_before_anything_is_sealed_with_it() {
    on_both(|mut world| {
        crate::linking::ready_to_write(&mut world);
        let others = Keys::given([1; 32], [[2; 32], [3; 32], [5; 32]]);
        let entropy = Arc::new(SystemEntropy::default());
        let store = Store::open(&world.places, others, vec![specimen()], entropy, world.now);
        assert!(!store.err().unwrap().may_pass());
    });
}

#[test]
fn a_place_that_belongs_to_another_compartment_is_refused() {
    on_both(|world| {
        let swapped = Places {
            evidence: world.places.traffic.clone(),
            traffic: world.places.evidence.clone(),
            ..world.places.clone()
        };
        let entropy = Arc::new(SystemEntropy::default());
        let opened = Store::open(&swapped, keys(), vec![specimen()], entropy, world.now);
        assert!(opened.is_err());
    });
}

#[test]
fn keys_are_made_once_and_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("keys");
    let entropy = SystemEntropy::default();
    let first = Keys::load_or_make(&keys, &entropy).unwrap();
    let again = Keys::load_or_make(&keys, &entropy).unwrap();
    let seal_to = |keys: Keys| {
        let places = Places::in_folder(folder.path());
        let entropy = Seeded::new(3);
        let now = at("2026-03-02T10:00:00Z");
        Store::open(&places, keys, vec![specimen()], entropy, now).unwrap().seal_to()
    };
    assert_eq!(seal_to(first), seal_to(again));
    let [evidence, traffic] =
        ["evidence.key", "traffic.key"].map(|key| std::fs::read(keys.join(key)));
    assert_ne!(evidence.unwrap(), traffic.unwrap());
    for file in std::fs::read_dir(&keys).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_key_file_of_another_length_is_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("cases.key"), b"short").unwrap();
    assert!(Keys::load_or_make(folder.path(), &SystemEntropy::default()).is_err());
}

#[test]
fn a_damaged_file_is_a_fault_that_trying_again_does_not_mend() {
    let folder = TempDir::new().unwrap();
    let places = Places::in_folder(folder.path());
    std::fs::write(folder.path().join("cases.db"), [7; 8192]).unwrap();
    let entropy = Arc::new(SystemEntropy::default());
    let opened =
        Store::open(&places, keys(), vec![specimen()], entropy, at("2026-03-02T10:00:00Z"));
    assert!(!opened.err().unwrap().may_pass());
}

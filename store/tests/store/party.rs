//! Parties are registered, changed and stopped, and each of these is in the ledger.

use entremise_core::regime::rules::SenderKind;
use entremise_store::{Party, Role};

use crate::support::*;

fn party(name: &str) -> Party {
    Party {
        authority: authority(),
        id: sender(),
        role: Role::Sender { kind: SenderKind::RightsHolderBody },
        name: name.to_owned(),
        stopped: None,
        settings: serde_json::json!({ "token_digest": "00" }),
    }
}

#[test]
fn a_registered_party_is_found_as_it_was_registered() {
    on_both(|world| {
        world.store.register(&party("Ayants droit"), &officer(), world.now).unwrap();
        let found = world.store.party(&authority(), &sender()).unwrap();
        assert_eq!(found, Some(party("Ayants droit")));
        assert_eq!(world.store.parties(&authority()).unwrap(), [party("Ayants droit")]);
        assert_eq!(world.store.party(&"other".parse().unwrap(), &sender()).unwrap(), None);
    });
}

#[test]
fn registering_again_changes_what_is_registered_but_frees_nobody() {
    on_both(|world| {
        let store = &world.store;
        store.register(&party("Ancien nom"), &officer(), world.now).unwrap();
        store.stop(&authority(), &sender(), "abus", &officer(), world.now).unwrap();
        store.register(&party("Nouveau nom"), &officer(), world.now).unwrap();
        let found = store.party(&authority(), &sender()).unwrap().unwrap();
        assert_eq!(found.name, "Nouveau nom");
        assert_eq!(found.stopped.unwrap().why, "abus");
        assert_eq!(store.ledger_size(&authority()).unwrap(), 3);
    });
}

#[test]
fn nobody_stops_a_party_that_is_not_registered() {
    on_both(|world| {
        let stopped = world.store.stop(&authority(), &sender(), "abus", &officer(), world.now);
        assert!(stopped.is_err());
        assert_eq!(world.store.ledger_size(&authority()).unwrap(), 0);
    });
}

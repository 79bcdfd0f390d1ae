//! The register of suspended persons: entered, struck, ended, asked about; and what an old backup,
//! a crash or a replay makes of it.

use entremise_core::event::Event;
use entremise_core::id::{CaseId, PartyId, QuestionId};
use entremise_core::ledger::Actor;
use entremise_store::{CaseRef, Enlisted, NotAnswered, Party, RegisterCall, Role, Trouble};
use entremise_wire::register::{Person, RegisterKey, Tag};
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::*;

fn case(number: u128) -> CaseId {
    CaseId(Uuid::from_u128(number))
}

fn tag(given_name: &str) -> Tag {
    let person = Person {
        family_name: "Nom-Clair".to_owned(),
        given_name: given_name.to_owned(),
        born_on: "1980-01-31".parse().unwrap(),
        born_in: "75056".to_owned(),
    };
    RegisterKey::from_seed(&[7; 32]).unwrap().tag(&person).unwrap()
}

fn enlist(world: &World, number: u128, given_name: &str, ends_at: &str) -> Result<(), Trouble> {
    let (authority, regime) = (authority(), regime());
    let entry = Enlisted {
        authority: &authority,
        regime: &regime,
        case: case(number),
        tag: tag(given_name),
        ends_at: at(ends_at),
    };
    world.store.enlist_suspended(entry, &officer(), world.now)
}

fn is_on(world: &World, given_name: &str, now: Timestamp) -> bool {
    world.store.suspended_tags(&authority(), now).unwrap().contains(&tag(given_name))
}

fn ask(world: &World, question: u128, most_per_day: u32) -> Result<u64, NotAnswered> {
    let (authority, provider) = (authority(), provider());
    let call = RegisterCall {
        authority: &authority,
        provider: &provider,
        question: QuestionId(Uuid::from_u128(question)),
        day: world.now.to_zoned(jiff::tz::TimeZone::UTC).date(),
        most_per_day,
    };
    world.store.count_question(&call, world.now)
}

const END: &str = "2026-04-02T00:00:00Z";

#[test]
fn whoever_is_enlisted_is_on_it_until_the_measure_ends_and_not_an_instant_longer() {
    on_both(|world| {
        enlist(&world, 1, "Camille", END).unwrap();
        assert!(is_on(&world, "Camille", world.now) && !is_on(&world, "Claude", world.now));
        assert!(is_on(&world, "Camille", at("2026-04-01T23:59:59Z")));
        // Whether or not anybody has struck it by then.
        assert!(!is_on(&world, "Camille", at(END)));
        let others = world.store.suspended_tags(&"autre".parse().unwrap(), world.now).unwrap();
        assert!(others.is_empty(), "another authority's");
    });
}

#[test]
fn a_measure_that_ended_is_struck_by_itself_and_its_tag_cannot_be_opened_again() {
    on_both(|mut world| {
        enlist(&world, 1, "Camille", END).unwrap();
        enlist(&world, 2, "Claude", "2026-05-01T00:00:00Z").unwrap();
        assert_eq!(world.store.strike_ended(world.now).unwrap(), 0);
        world.now = at(END);
        assert_eq!(world.store.strike_ended(world.now).unwrap(), 1);
        assert_eq!(world.store.strike_ended(world.now).unwrap(), 0);
        let rows = world.store.suspended(&authority()).unwrap();
        assert_eq!(rows.iter().map(|row| row.case).collect::<Vec<_>>(), [case(2)]);
        assert!(is_on(&world, "Claude", world.now));
    });
}

#[test]
fn a_measure_that_is_lifted_early_is_a_no_at_once_and_one_that_is_varied_has_its_new_end() {
    on_both(|world| {
        enlist(&world, 1, "Camille", END).unwrap();
        let strike =
            |why| world.store.strike_suspended(&authority(), case(1), why, &officer(), world.now);
        assert!(strike("lifted").unwrap() && !strike("lifted").unwrap());
        assert!(!is_on(&world, "Camille", world.now));
        enlist(&world, 2, "Claude", END).unwrap();
        enlist(&world, 2, "Claude", "2026-03-20T00:00:00Z").unwrap();
        assert_eq!(world.store.suspended(&authority()).unwrap().len(), 1);
        assert!(is_on(&world, "Claude", at("2026-03-19T00:00:00Z")));
        assert!(!is_on(&world, "Claude", at("2026-03-21T00:00:00Z")));
    });
}

#[test]
fn when_the_case_of_a_measure_is_closed_its_person_is_off_without_anybody_striking() {
    on_both(|mut world| {
        let of = world.identified(1);
        enlist(&world, of.0.as_u128(), "Camille", "2027-01-01T00:00:00Z").unwrap();
        assert!(is_on(&world, "Camille", world.now));
        let by_id = CaseRef::Id(authority(), of);
        for _ in 0..3 {
            let now = world.later(40 * 86_400);
            let _ = world.store.apply(&by_id, &Event::DeadlinePassed, &Actor::House, now);
        }
        assert!(world.store.case_file(&authority(), &of).unwrap().unwrap().case.state.is_closed());
        assert!(!is_on(&world, "Camille", world.now));
        assert_eq!(world.store.strike_ended(world.now).unwrap(), 1);
    });
}

#[test]
fn an_old_backup_of_the_data_answers_no_for_whoever_was_struck_since() {
    let world = {
        let folder = tempfile::TempDir::new().unwrap();
        let places = entremise_store::Places::in_folder(folder.path());
        World::open(folder, places, vec![specimen()])
    };
    enlist(&world, 1, "Camille", END).unwrap();
    let (places, folder, now) = (world.places.clone(), world.folder.path().to_owned(), world.now);
    // What is copied while the house stands still: the data, never the records' keys.
    let World { store, folder: kept, .. } = world;
    drop(store);
    let backup = tempfile::TempDir::new().unwrap();
    let data = |name: &str| !name.contains("-keys");
    copy(&folder, backup.path(), data);
    let open = || {
        entremise_store::Store::open(&places, keys(), vec![specimen()], Seeded::new(99), now)
            .unwrap()
    };
    let store = open();
    store.strike_suspended(&authority(), case(1), "lifted", &officer(), now).unwrap();
    drop(store);
    copy(backup.path(), &folder, data);
    let store = open();
    assert_eq!(store.suspended(&authority()).unwrap().len(), 1, "the backup knows no better");
    assert!(store.suspended_tags(&authority(), now).unwrap().is_empty());
    drop(kept);
}

fn copy(from: &std::path::Path, to: &std::path::Path, wanted: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_file() && wanted(&name) {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

#[test]
fn a_question_is_good_once_and_a_day_has_its_end() {
    on_both(|mut world| {
        assert_eq!(ask(&world, 1, 3).unwrap(), 1);
        assert!(matches!(ask(&world, 1, 3), Err(NotAnswered::AskedBefore)));
        assert_eq!((ask(&world, 2, 3).unwrap(), ask(&world, 3, 3).unwrap()), (2, 3));
        // Whoever enumerates comes to the end of the day.
        for guess in 4..20 {
            assert!(matches!(ask(&world, guess, 3), Err(NotAnswered::DayIsFull { most: 3 })));
        }
        world.later(24 * 3_600);
        assert!(matches!(ask(&world, 1, 3), Err(NotAnswered::AskedBefore)), "the next day, too");
        assert_eq!(ask(&world, 30, 3).unwrap(), 1);
    });
}

#[test]
fn a_stopped_provider_is_answered_nothing() {
    on_both(|world| {
        let party = Party {
            authority: authority(),
            id: provider(),
            role: Role::Provider,
            name: "Exemple Net".to_owned(),
            stopped: None,
            settings: serde_json::Value::Null,
        };
        world.store.register(&party, &officer(), world.now).unwrap();
        ask(&world, 1, 3).unwrap();
        world.store.stop(&authority(), &provider(), "essai", &officer(), world.now).unwrap();
        assert!(matches!(ask(&world, 2, 3), Err(NotAnswered::Stopped)));
    });
}

#[test]
fn the_ledger_has_every_question_and_every_refusal_and_says_of_nobody_whom_it_was_about() {
    on_both(|world| {
        enlist(&world, 1, "Camille", END).unwrap();
        ask(&world, 1, 1).unwrap();
        let _ = ask(&world, 2, 1);
        let today = world.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let figures = world.store.figures(&authority(), today, today).unwrap();
        let by: PartyId = provider();
        for what in ["house.register_asked", "house.register_refused"] {
            let counted = figures.iter().find(|figure| figure.what == what).unwrap();
            assert_eq!((counted.n, &counted.actor), (1, &format!("party:{by}")), "{what}");
        }
        let size = world.store.ledger_size(&authority()).unwrap();
        for seq in 0..size {
            let (_, body) = world.store.ledger_opening(&authority(), seq).unwrap().unwrap();
            let body = String::from_utf8(body).unwrap();
            assert!(!body.contains("Nom-Clair") && !body.contains("Camille"), "{body}");
        }
    });
}

#[test]
fn a_cut_between_the_line_and_the_key_is_made_good() {
    on_both(|world| {
        enlist(&world, 1, "Camille", END).unwrap();
        world.store.fail_at("suspended.struck");
        let strike =
            world.store.strike_suspended(&authority(), case(1), "lifted", &officer(), world.now);
        assert!(strike.is_err());
        assert!(!is_on(&world, "Camille", world.now), "struck is struck");
        assert_eq!(world.store.strike_ended(world.now).unwrap(), 1);
        assert_eq!(world.store.strike_ended(world.now).unwrap(), 0);
    });
}

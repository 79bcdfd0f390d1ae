//! A pilot: two persons begin and end it, nothing of it has a way out, and nothing of it counts
//! for what comes after.

use entremise_core::case::{Case, State};
use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event, Fact};
use entremise_core::id::{AuthorityId, PersonId, QuestionId};
use entremise_core::ledger::Actor;
use entremise_core::pilot::{Act, Agreed, Standing, Statement, Word};
use entremise_core::regime::rules::ChannelKind;
use entremise_store::{CaseRef, PilotError, Store};
use jiff::Timestamp;

use crate::support::*;

fn pilot() -> AuthorityId {
    authority().pilot().unwrap()
}

/// An act that two persons signed, as far as these tests go.
fn agreed(number: u32, act: Act, now: Timestamp) -> Agreed {
    let expires_at = now + jiff::SignedDuration::from_hours(1);
    let statement = Statement { authority: authority(), number, act, expires_at };
    let word = |by: &str| Word { by: by.parse().unwrap(), signature: String::new() };
    let words = vec![word("directrice"), word("membre-1")];
    Agreed::verified(statement, words, now, |_, _, _| true).unwrap()
}

const TENTH: Act = Act::Begin { one_in: 10 };

fn enter(store: &Store, number: u32, act: Act, now: Timestamp) {
    store.enter_pilot_act(&agreed(number, act, now), now).unwrap();
}

fn of_line(authority: AuthorityId) -> CaseRef {
    CaseRef::Line { authority, regime: regime(), line: line() }
}

fn fact_at(number: u128, at: &str) -> Event {
    Event::FactEstablished { fact: Fact { fact_at: at.parse().unwrap(), ..fact(number) } }
}

fn stage(case: &Case) -> Option<usize> {
    match &case.state {
        State::Ladder(state) => state.stage(),
        _ => None,
    }
}

/// Lets the pilot's first step happen as its worker does: nothing asked, nothing sent.
fn warned_in_pilot(world: &mut World) -> Case {
    let store = world.store.clone();
    let opened = store.apply(
        &of_line(pilot()),
        &fact_at(1, "2026-03-01T09:00:00Z"),
        &Actor::House,
        world.now,
    );
    let case = CaseRef::Id(pilot(), opened.unwrap().case.id);
    let claim = world.claim_one("keep_in_house");
    let Effect::KeepInHouse { instead_of } = &claim.effect else { panic!("{:?}", claim.effect) };
    let Effect::RequestDisclosure { fields, .. } = &**instead_of else { panic!("{instead_of:?}") };
    let question = QuestionId(claim.id.0);
    let event = Event::Disclosed { question, fields: fields.clone() };
    let event = Some((case.clone(), event));
    store.settle(&claim, "not_asked", event, &Actor::House, world.now).unwrap();
    let claim = world.claim_one("keep_in_house");
    let at = world.later(60);
    let news = DeliveryReport {
        stage: 0,
        channel: ChannelKind::Email,
        status: DeliveryStatus::HandedOver,
        at,
    };
    let event = Some((case.clone(), Event::Delivery(news)));
    store.settle(&claim, "kept_email", event, &Actor::House, at).unwrap();
    let CaseRef::Id(_, id) = case else { unreachable!() };
    store.case_file(&pilot(), &id).unwrap().unwrap().case
}

#[test]
fn an_act_of_two_persons_begins_a_pilot_and_another_ends_it_and_both_ledgers_say_so() {
    on_both(|mut world| {
        let store = world.store.clone();
        assert_eq!(store.pilot_standing(&authority()).unwrap(), Standing::Live);
        enter(&store, 1, TENTH, world.now);
        let Standing::Pilot { draw } = store.pilot_standing(&authority()).unwrap() else {
            panic!("no pilot is run");
        };
        assert_eq!(draw.one_in, 10);
        world.reopen();
        let again = Standing::Pilot { draw };
        assert_eq!(world.store.pilot_standing(&authority()).unwrap(), again, "after a restart");
        let at = world.later(60);
        enter(&world.store, 2, Act::GoLive, at);
        assert_eq!(world.store.pilot_standing(&authority()).unwrap(), Standing::Live);
        for of in [authority(), pilot()] {
            let now = world.now.to_zoned(jiff::tz::TimeZone::UTC).date();
            let figures = world.store.figures(&of, now, now).unwrap();
            for what in ["house.pilot_begun", "house.pilot_ended"] {
                assert!(
                    figures.iter().any(|figure| figure.what == what && figure.n == 1),
                    "{what}"
                );
            }
        }
        let by: Vec<PersonId> = ["directrice", "membre-1"].map(|name| name.parse().unwrap()).into();
        assert!(world.store.pilot_acts(&authority()).unwrap().iter().all(|act| act.by == by));
    });
}

#[test]
fn an_act_is_good_once_in_its_turn_and_where_there_is_something_to_do() {
    on_both(|world| {
        let store = &world.store;
        let refused = |number, act| {
            store.enter_pilot_act(&agreed(number, act, world.now), world.now).unwrap_err()
        };
        assert!(matches!(refused(1, Act::GoLive), PilotError::NothingToDo { .. }));
        enter(store, 1, TENTH, world.now);
        assert!(matches!(refused(1, TENTH), PilotError::OutOfTurn { next: 2, given: 1 }));
        assert!(matches!(refused(2, TENTH), PilotError::NothingToDo { .. }));
        enter(store, 2, Act::GoLive, world.now);
        // The same signatures, brought again, do not bring real work about a second time.
        enter(store, 3, TENTH, world.now);
        assert!(matches!(refused(2, Act::GoLive), PilotError::OutOfTurn { next: 4, given: 2 }));
        assert!(matches!(store.pilot_standing(&authority()).unwrap(), Standing::Pilot { .. }));
    });
}

#[test]
fn a_pilot_has_no_pilot_of_its_own() {
    on_both(|world| {
        let now = world.now;
        let expires_at = now + jiff::SignedDuration::from_hours(1);
        let statement = Statement { authority: pilot(), number: 1, act: TENTH, expires_at };
        let word = |by: &str| Word { by: by.parse().unwrap(), signature: String::new() };
        let words = vec![word("directrice"), word("membre-1")];
        let agreed = Agreed::verified(statement, words, now, |_, _, _| true).unwrap();
        let refused = world.store.enter_pilot_act(&agreed, now).unwrap_err();
        assert!(matches!(refused, PilotError::NoPilotOf), "{refused}");
        assert_eq!(world.store.pilot_standing(&pilot()).unwrap(), Standing::Live);
    });
}

#[test]
fn two_pilots_of_one_authority_draw_other_networks() {
    on_both(|world| {
        let store = &world.store;
        enter(store, 1, TENTH, world.now);
        enter(store, 2, Act::GoLive, world.now);
        enter(store, 3, TENTH, world.now);
        let acts = store.pilot_acts(&authority()).unwrap();
        assert_ne!(acts[0].draw, acts[2].draw);
    });
}

#[test]
fn no_effect_of_a_pilot_lies_where_a_worker_that_sends_would_find_it() {
    on_both(|mut world| {
        enter(&world.store, 1, TENTH, world.now);
        let case = warned_in_pilot(&mut world);
        assert_eq!((case.state.name(), stage(&case)), ("warned", Some(0)));
        let second = fact_at(2, "2026-03-03T09:00:00Z");
        let by_id = CaseRef::Id(pilot(), case.id);
        let at = world.later(48 * 3600);
        let second = world.store.apply(&by_id, &second, &Actor::House, at).unwrap();
        assert_eq!(stage(&second.case), Some(1), "the pilot goes on to its second step");
        for queue in [
            "request_disclosure",
            "request_authorised_disclosure",
            "relay_message",
            "send_message",
            "transmit_file",
        ] {
            assert_eq!(world.claim(queue, 10), [], "{queue}");
        }
    });
}

#[test]
fn a_line_warned_in_the_pilot_begins_at_the_first_warning_once_the_house_is_at_real_work() {
    on_both(|mut world| {
        enter(&world.store, 1, TENTH, world.now);
        let piloted = warned_in_pilot(&mut world);
        let at = world.later(60);
        enter(&world.store, 2, Act::GoLive, at);
        let fact = fact_at(3, "2026-03-03T09:00:00Z");
        let live = world.store.apply(&of_line(authority()), &fact, &Actor::House, at).unwrap();
        assert_ne!(live.case.id, piloted.id);
        assert_eq!(stage(&live.case), Some(0), "no warning of the pilot counts");
        let claim = world.claim_one("request_disclosure");
        let Effect::RequestDisclosure { sequence, .. } = claim.effect else { panic!() };
        assert_eq!(sequence, 1, "no linking of the pilot counts");
        let number = |of: &AuthorityId, case| {
            world.store.case_file(of, case).unwrap().unwrap().file_number.unwrap()
        };
        assert_eq!(number(&authority(), &live.case.id), "2026-000001-4", "numbers begin anew");
        let counts = world.store.counts(&authority()).unwrap();
        assert_eq!(counts.cases.values().sum::<u64>(), 1, "{:?}", counts.cases);
        assert!(world.store.case_file(&authority(), &piloted.id).unwrap().is_none());
        let today = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        let figures = world.store.figures(&authority(), today, today).unwrap();
        assert!(!figures.iter().any(|figure| figure.what == "stage.warned"), "{figures:?}");
    });
}

#[test]
fn when_a_pilot_ends_its_cases_are_closed_and_nobody_else_s() {
    on_both(|mut world| {
        enter(&world.store, 1, TENTH, world.now);
        let piloted = warned_in_pilot(&mut world);
        let at = world.now;
        assert_eq!(world.store.close_piloted(&pilot(), at).unwrap(), 0, "while it is run");
        enter(&world.store, 2, Act::GoLive, at);
        let fact = fact_at(3, "2026-03-03T09:00:00Z");
        let live = world.store.apply(&of_line(authority()), &fact, &Actor::House, at).unwrap();
        assert_eq!(world.store.close_piloted(&authority(), at).unwrap(), 0, "not the authority's");
        assert_eq!(world.store.close_piloted(&pilot(), at).unwrap(), 1);
        assert_eq!(world.store.close_piloted(&pilot(), at).unwrap(), 0);
        let state =
            |of: &AuthorityId, id| world.store.case_file(of, id).unwrap().unwrap().case.state;
        assert_eq!(state(&pilot(), &piloted.id).name(), "trial");
        assert!(!state(&authority(), &live.case.id).is_closed());
        let event = Event::PilotEnded;
        let by_id = CaseRef::Id(authority(), live.case.id);
        assert!(
            world.store.apply(&by_id, &event, &Actor::House, at).is_err(),
            "a real case goes on"
        );
    });
}

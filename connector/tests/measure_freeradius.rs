//! Measures against a real FreeRADIUS: as the access server that is told to change a session, and
//! as the server that answers logins, with the policy that the manual shows.

use std::time::{Duration, Instant};

use crate::free_radius::is_missing;
use crate::free_radius::walled::Radius;
use crate::measured::*;
use entremise_connector::measure::login::{LoginList, Reading, Restricted};
use entremise_wire::measure::*;
use jiff::{Timestamp, ToSpan};

/// A provider that has this server as its access server and for its logins.
fn house_of(radius: &Radius) -> House {
    let address = ([127, 0, 0, 1], radius.dynamic).into();
    let mut house = House::new(&[address], "");
    house.config.login_list = radius.list();
    house.config.reload.clone_from(&radius.reload);
    house.restart(|_| {});
    house
}

/// The server's clock is the machine's, and so is the story's.
fn now() -> String {
    Timestamp::now().to_string()
}

/// An approved order for the holder of 192.0.2.`last`, from an hour ago for so many seconds more.
fn approved(house: &mut House, last: u8, seconds: i64) -> MeasureOrder {
    let begun = Timestamp::now();
    let (from, until) = ((begun - 1.hour()).to_string(), (begun + seconds.seconds()).to_string());
    let handle = house.isp.handle(last);
    let order = MeasureOrder { demand: carry(&from, &until), ..order(1, 1, &handle) };
    house.taken(&order, &begun.to_string());
    house.approve_both(1, &begun.to_string());
    order
}

/// Goes on until it is so, as the server ticks: FreeRADIUS passes over a reading that comes within
/// two seconds of another, or of its own start.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < patience, "not so: {what}");
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Ticks until an account gets this profile.
fn becomes(radius: &mut Radius, house: &House, account: &str, profile: &str) {
    until(&format!("{account} gets {profile}"), || {
        house.tick(&now());
        radius.profile(account) == profile
    });
}

#[test]
fn a_suspended_account_logs_in_restricted_its_session_is_changed_and_telephony_runs_on() {
    if is_missing() {
        return;
    }
    let mut radius = Radius::start();
    let mut house = house_of(&radius);
    let order = approved(&mut house, 10, 3_600);
    becomes(&mut radius, &house, "alice", "walled-garden");
    assert_eq!(house.state(1, &now()), "implemented");
    assert_eq!(radius.changes(), ["CoA-Request alice walled-garden"]);
    for spared in ["alice-voice", "bob", "DEFAULT"] {
        assert_eq!(radius.profile(spared), "open", "{spared}");
    }
    let MeasureState::Implemented { acknowledgements, .. } = house.status(1, &now()).state else {
        panic!("not implemented")
    };
    assert_eq!((acknowledgements[0].code, acknowledgements[0].error_cause), (44, None));
    let lift = MeasureOrder { version: 2, demand: Demand::Lift, ..order };
    house.taken(&lift, &now());
    becomes(&mut radius, &house, "alice", "open");
    assert_eq!(house.state(1, &now()), "ended lifted");
    assert_eq!(radius.changes()[1..], ["CoA-Request alice open"]);
}

#[test]
fn a_measure_ends_at_its_second_with_no_authority_there() {
    if is_missing() {
        return;
    }
    let mut radius = Radius::start();
    let mut house = house_of(&radius);
    approved(&mut house, 10, 10);
    becomes(&mut radius, &house, "alice", "walled-garden");
    becomes(&mut radius, &house, "alice", "open");
    until("ended", || {
        house.tick(&now());
        house.state(1, &now()) == "ended expired"
    });
    let expected = ["CoA-Request alice walled-garden", "CoA-Request alice open"];
    assert_eq!(radius.changes(), expected);
    assert!(house.restricted().is_empty());
}

#[test]
fn a_session_can_be_ended_instead_and_the_next_login_is_the_measure() {
    if is_missing() {
        return;
    }
    let mut radius = Radius::start();
    let mut house = house_of(&radius);
    house.config.apply = toml::from_str("by = \"disconnect\"").unwrap();
    house.config.lift = house.config.apply.clone();
    house.restart(|_| {});
    let order = approved(&mut house, 10, 3_600);
    becomes(&mut radius, &house, "alice", "walled-garden");
    house.taken(&MeasureOrder { version: 2, demand: Demand::Lift, ..order }, &now());
    becomes(&mut radius, &house, "alice", "open");
    assert_eq!(radius.changes(), ["Disconnect-Request alice", "Disconnect-Request alice"]);
    let MeasureState::Ended { how, acknowledgements, .. } = house.status(1, &now()).state else {
        panic!("not ended")
    };
    assert_eq!((how, acknowledgements[0].code), (End::Lifted, 41));
}

#[test]
fn who_has_no_session_now_is_restricted_at_the_next_login() {
    if is_missing() {
        return;
    }
    let mut radius = Radius::start();
    let mut house = house_of(&radius);
    approved(&mut house, 11, 3_600);
    becomes(&mut radius, &house, "bob", "walled-garden");
    let MeasureState::Implemented { acknowledgements, .. } = house.status(1, &now()).state else {
        panic!("not implemented")
    };
    assert_eq!((acknowledgements[0].code, acknowledgements[0].error_cause), (45, Some(503)));
}

#[test]
fn an_access_server_with_another_secret_is_not_obeyed_and_not_believed() {
    if is_missing() {
        return;
    }
    let radius = Radius::start();
    let mut house = house_of(&radius);
    let secret = &house.config.access_servers[0].secret;
    std::fs::write(secret, "not-the-secret").unwrap();
    house.restart(|_| {});
    approved(&mut house, 10, 3_600);
    let silent = Obstacle::AccessServerSilent { access_server: "bng-0".to_owned() };
    until("tried", || {
        house.tick(&now());
        let MeasureState::Approved { obstacle, .. } = house.status(1, &now()).state else {
            panic!("implemented?")
        };
        obstacle.as_ref() == Some(&silent)
    });
    assert_eq!(radius.changes(), Vec::<String>::new());
}

/// Brings the list to this, as often as it takes to be read.
fn listed(radius: &mut Radius, restricted: &[(&str, Timestamp)], read: (&str, &str)) {
    let list = LoginList::new(&radius.list(), &radius.reload);
    let restricted: Restricted =
        restricted.iter().map(|(account, end)| ((*account).to_owned(), *end)).collect();
    let mut reading = Reading::default();
    until(&format!("{read:?}"), || {
        list.align(&restricted, &mut reading, Timestamp::now()).unwrap();
        radius.profile(read.0) == read.1
    });
}

#[test]
fn an_entry_that_nobody_takes_out_ends_by_itself() {
    if is_missing() {
        return;
    }
    let mut radius = Radius::start();
    let end = Timestamp::now();
    let restricted = [("alice", end), ("bob", end + 1.hour())];
    // No connector looks at it any more.
    listed(&mut radius, &restricted, ("bob", "walled-garden"));
    assert_eq!(radius.profile("alice"), "open");
}

#[test]
fn an_account_whose_name_means_something_in_the_list_is_itself_and_nobody_else() {
    if is_missing() {
        return;
    }
    let mut radius = Radius::start();
    let odd =
        ["DEFAULT", "o'neil \"x\"", "%{User-Name}", "back\\slash", "a', Auth-Type := 'x", "é#"];
    let until = Timestamp::now() + 1.hour();
    let restricted = odd.map(|account| (account, until));
    listed(&mut radius, &restricted, (odd[0], "walled-garden"));
    for account in odd {
        assert_eq!(radius.profile(account), "walled-garden", "{account}");
    }
    for other in ["alice", "x", "a", "o", "back", "backslash", "é", "User-Name"] {
        assert_eq!(radius.profile(other), "open", "{other}");
    }
}

#[test]
fn a_reload_that_the_server_refuses_is_seen() {
    if is_missing() {
        return;
    }
    let radius = Radius::start();
    let mut reload = radius.reload.clone();
    *reload.last_mut().unwrap() = "hup nonesuch".to_owned();
    let list = LoginList::new(&radius.list(), &reload);
    let mut reading = Reading::default();
    let restricted = [("alice".to_owned(), Timestamp::now())].into();
    assert!(list.align(&restricted, &mut reading, Timestamp::now()).is_err());
    // Nothing changed since; the reading is owed all the same.
    assert!(list.align(&restricted, &mut reading, Timestamp::now()).is_err());
}

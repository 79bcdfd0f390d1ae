//! How long a desk stays open, and that going out closes it for good.

use crate::desks_house::{Desks, value_after};
use axum::http::StatusCode;
use entremise_server::access::Role;
use jiff::SignedDuration;

const PATH: &str = "/fr/exploitation";

fn later(desks: &Desks, mins: i64) {
    desks.hand.set(desks.hand.clock()() + SignedDuration::from_mins(mins));
}

#[test]
fn a_desk_that_nobody_uses_closes_after_half_an_hour_and_one_in_use_does_not() {
    let mut desks = Desks::open();
    desks.come_in(Role::Operator);
    for _ in 0..3 {
        later(&desks, 29);
        let got = desks.get(Role::Operator, PATH);
        assert_eq!(got.status, StatusCode::OK);
        // The browser keeps what it is given.
        desks.keep(Role::Operator, got.cookie.expect("a session in use is written down"));
    }
    later(&desks, 30);
    let got = desks.get(Role::Operator, PATH);
    assert_eq!(got.status, StatusCode::SEE_OTHER);
    assert!(got.location.starts_with("/fr/connexion?back="), "{}", got.location);
}

#[test]
fn a_desk_in_use_closes_after_a_working_day_all_the_same() {
    let mut desks = Desks::open();
    desks.come_in(Role::Operator);
    for _ in 0..23 {
        later(&desks, 20);
        let got = desks.get(Role::Operator, PATH);
        assert_eq!(got.status, StatusCode::OK);
        desks.keep(Role::Operator, got.cookie.unwrap());
    }
    later(&desks, 20);
    assert_eq!(desks.get(Role::Operator, PATH).status, StatusCode::SEE_OTHER);
}

#[test]
fn a_session_that_was_ended_is_not_opened_again_by_its_cookie() {
    let mut desks = Desks::open();
    let page = desks.get(Role::Operator, PATH);
    let token = value_after(&page, "/fr/deconnexion", "token");
    let foreign = desks.post(Role::Operator, "/fr/deconnexion", &[("token", "x")]);
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let out = desks.post(Role::Operator, "/fr/deconnexion", &[("token", &token)]);
    assert_eq!(out.location, "/fr/connexion");
    assert_eq!(desks.get(Role::Operator, PATH).status, StatusCode::SEE_OTHER, "same cookie");
}

#[test]
fn a_session_of_one_door_opens_no_other_door() {
    let mut desks = Desks::open();
    desks.come_in(Role::Operator);
    let got = desks.get_across(Role::Operator, Role::Sender, "/fr/envois");
    assert_eq!(got.status, StatusCode::SEE_OTHER);
}

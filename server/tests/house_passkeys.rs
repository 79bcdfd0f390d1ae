//! Coming in with a passkey, without a browser: what a good signature opens, once, and what a
//! forged one, another's, and one of nobody's seat do not.

use crate::authenticator;
use std::sync::Arc;

use crate::authenticator::{ORIGIN, TOUCHED, VERIFIED, form, pair, passkey};
use crate::desks_house::{Desks, known};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use entremise_server::access::Role;
use entremise_server::serve::listeners::{Ways, house_desks_with};
use entremise_server::web::Known;
use entremise_server::web::passkey::Passkeys;
use entremise_server::web::passkey::known::code_digest;
use jiff::SignedDuration;
use ring::signature::EcdsaKeyPair;
use tower_service::Service as _;

/// A house whose operator comes in with a passkey; another person has one, and no seat.
struct House {
    router: Router,
    operators: EcdsaKeyPair,
    nobodys: EcdsaKeyPair,
    desks: Desks,
}

struct Got {
    status: StatusCode,
    policy: String,
    came_in: bool,
    text: String,
}

fn house() -> House {
    let desks = Desks::open();
    let (room, store) = (&desks.house.rooms[0], &desks.house.store);
    let now = desks.hand.clock()();
    let (operators, nobodys) = (pair(), pair());
    for (number, whose, key) in [(1, "operator-1", &operators), (2, "reviewer-1", &nobodys)] {
        let code = [number; 32];
        let times = (now, now + SignedDuration::from_hours(1));
        let (whose, by) = (whose.parse().unwrap(), "operator-2".parse().unwrap());
        store.invite_reviewer(&room.config.id, &whose, &code, &by, times).unwrap();
        store.register_passkey(&room.config.id, &code, &passkey(number, key), now).unwrap();
    }
    let operator = Known { secret_sha256: None, has_passkey: true, ..known(Role::Operator) };
    let passkeys = Passkeys::at_office(store, &room.config.id, ORIGIN).unwrap();
    let ways = Ways { federation: None, passkeys: Some(Arc::new(passkeys)) };
    let clock = desks.hand.clock();
    let router = house_desks_with(&desks.house, room, &clock, vec![operator], false, ways).unwrap();
    House { router, operators, nobodys, desks }
}

/// What an authenticator answers to a text of the page.
fn answer(page: &Got, credential: u8, key: &EcdsaKeyPair) -> String {
    form(&authenticator::answer(&page.text, credential, key, VERIFIED))
}

impl House {
    fn send(&mut self, path: &str, form: Option<String>) -> Got {
        let request = match &form {
            Some(_) => Request::post(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            None => Request::get(path),
        };
        let request = request.body(form.map_or_else(Body::empty, Body::from)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response = runtime.block_on(self.router.call(request)).unwrap();
        let text_of = |name| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let came_in = text_of(header::SET_COOKIE).starts_with("entremise-office=");
        let (status, policy) = (response.status(), text_of(header::CONTENT_SECURITY_POLICY));
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), 1 << 20)).unwrap();
        Got { status, policy, came_in, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    fn page(&mut self) -> Got {
        self.send("/en/sign-in/key", None)
    }
}

#[test]
fn a_good_signature_opens_its_owners_seat_once() {
    let mut house = house();
    let page = house.page();
    let form = answer(&page, 1, &house.operators);
    let got = house.send("/en/sign-in/key", Some(form.clone()));
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert!(got.came_in);
    let again = house.send("/en/sign-in/key", Some(form));
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "a text is good once");
    assert!(!again.came_in);
}

#[test]
fn a_forged_signature_and_the_key_of_somebody_without_a_seat_open_nothing() {
    let mut house = house();
    for (credential, forged, why) in [
        (1, true, "signed with another key"),
        (2, false, "a good key whose owner has no seat here"),
        (3, false, "a key that nobody knows"),
    ] {
        let page = house.page();
        let key = if forged || credential > 1 { &house.nobodys } else { &house.operators };
        let form = answer(&page, credential, key);
        let got = house.send("/en/sign-in/key", Some(form));
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(!got.came_in, "{why}");
    }
}

#[test]
fn a_device_that_did_not_make_sure_who_held_it_opens_nothing() {
    let mut house = house();
    let page = house.page();
    let touched = authenticator::answer(&page.text, 1, &house.operators, TOUCHED);
    assert!(!house.send("/en/sign-in/key", Some(form(&touched))).came_in);
}

#[test]
fn a_code_of_somebody_without_a_seat_is_none_at_this_door() {
    let mut house = house();
    for (whose, is_good) in [("reviewer-1", false), ("operator-1", true)] {
        let code = format!("CODE-OF-{whose}");
        let (room, store) = (&house.desks.house.rooms[0], &house.desks.house.store);
        let now = house.desks.hand.clock()();
        let times = (now, now + SignedDuration::from_hours(1));
        let (who, by) = (whose.parse().unwrap(), "operator-2".parse().unwrap());
        store.invite_reviewer(&room.config.id, &who, &code_digest(&code), &by, times).unwrap();
        let got = house.send("/en/sign-in/register", Some(form(&[("code", code)])));
        assert_eq!(got.status == StatusCode::OK, is_good, "{whose}: {}", got.text);
        assert_eq!(got.text.contains(whose), is_good);
    }
}

#[test]
fn only_the_pages_that_use_passkeys_may_run_our_script() {
    let mut house = house();
    assert!(house.page().policy.contains("script-src 'self'"));
    for path in ["/en/sign-in", "/en/sign-in/register", "/fr/rien"] {
        assert!(!house.send(path, None).policy.contains("script-src"), "{path}");
    }
}

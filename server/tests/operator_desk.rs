//! The operator's desk over a real house: what was given up is put back, what was set aside is read
//! again, a party is stopped; and nothing about a person or a case is ever shown.

use crate::api_house::notice;
use crate::desks_house::{Desks, value_after};
use axum::http::StatusCode;
use entremise_core::rejection::{Code, Rejection};
use entremise_server::access::Role;
use entremise_server::intake::{Channel, Sending, receive};
use entremise_store::{AlarmId, Quarantined};

const AT: &str = "2026-06-09T20:00:00Z";

/// A house with one notice whose question to the provider was given up.
fn with_parked() -> Desks {
    let desks = Desks::open();
    bring(&desks, &notice("N-1", "198.51.100.7", AT));
    let now = desks.hand.clock()();
    let claims = desks.house.store.claim(&["ask_provider"], "test", 60, 1, now).unwrap();
    desks.house.store.give_up(&claims[0], "provider_refuses", now).unwrap();
    desks
}

fn bring(desks: &Desks, text: &str) {
    let room = &desks.house.rooms[0];
    let sending = Sending {
        channel: Channel::Http,
        bytes: text.as_bytes().to_vec(),
        idempotency_key: None,
        jws: None,
        received_at: desks.hand.clock()(),
    };
    receive(&desks.house.store, room, &room.senders[0], sending).unwrap();
}

/// Sets bytes aside that can be read by now.
fn set_aside(desks: &Desks, text: &str) {
    let room = &desks.house.rooms[0];
    let given = Quarantined {
        authority: room.config.id.clone(),
        regime: room.config.regime.clone(),
        sender: Some(room.senders[0].config.id.clone()),
        channel: "http".to_owned(),
        raw: text.as_bytes().to_vec(),
        reasons: vec![Rejection::new(Code::FormatUnknown, "line 1", "this is no format we read")],
        received_at: desks.hand.clock()(),
    };
    desks.house.store.quarantine(given).unwrap();
}

fn kinds(desks: &Desks) -> Vec<String> {
    let store = &desks.house.store;
    let authority = &desks.house.rooms[0].config.id;
    let size = store.ledger_size(authority).unwrap();
    let leaves = store.ledger_leaves(authority, 0, usize::try_from(size).unwrap()).unwrap();
    let kind = |leaf: &Vec<u8>| {
        let leaf: serde_json::Value = serde_json::from_slice(leaf).unwrap();
        format!("{} {}", leaf["kind"].as_str().unwrap(), leaf["actor"].as_str().unwrap())
    };
    leaves.iter().map(kind).collect()
}

#[test]
fn what_was_given_up_is_put_back_by_a_person_once_and_stands_in_the_ledger() {
    let mut desks = with_parked();
    let authority = desks.house.rooms[0].config.id.clone();
    assert_eq!(desks.house.store.parked(&authority).unwrap().len(), 1);
    let page = desks.get(Role::Operator, "/en/operation");
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("provider_refuses"), "{}", page.text);
    assert!(!page.text.contains("⟨?⟩"), "every text is there");
    let marked = "value=\"put_back\"";
    let (id, token) = (value_after(&page, marked, "id"), value_after(&page, marked, "token"));
    let fields = [("act", "put_back"), ("id", id.as_str()), ("token", token.as_str())];
    let done = desks.post(Role::Operator, "/en/operation", &fields);
    assert_eq!(done.location, "/en/operation?done=put_back");
    assert!(desks.house.store.parked(&authority).unwrap().is_empty());
    assert!(kinds(&desks).contains(&"house.put_back person:operator-1".to_owned()));
    let again = desks.post(Role::Operator, "/en/operation", &fields);
    assert_eq!(again.location, "/en/operation?done=nothing");
}

#[test]
fn an_alarm_of_a_machine_is_settled_here_and_one_about_a_case_is_not() {
    let mut desks = with_parked();
    let authority = desks.house.rooms[0].config.id.clone();
    let page = desks.get(Role::Operator, "/fr/exploitation");
    let marked = "value=\"settle\"";
    let (id, token) = (value_after(&page, marked, "id"), value_after(&page, marked, "token"));
    let fields = [("act", "settle"), ("id", id.as_str()), ("token", token.as_str())];
    let done = desks.post(Role::Operator, "/fr/exploitation", &fields);
    assert_eq!(done.location, "/fr/exploitation?done=settled");
    assert!(desks.house.store.alarms(&authority).unwrap().is_empty());
    let nil = AlarmId(uuid::Uuid::nil()).0.to_string();
    let fields = [("act", "settle"), ("id", nil.as_str()), ("token", token.as_str())];
    assert_eq!(
        desks.post(Role::Operator, "/fr/exploitation", &fields).status,
        StatusCode::FORBIDDEN,
        "a form is good for its own alarm"
    );
}

#[test]
fn what_was_set_aside_is_read_again_after_the_text_that_allows_it_is_named() {
    let mut desks = Desks::open();
    set_aside(&desks, &notice("N-2", "198.51.100.8", AT));
    let page = desks.get(Role::Operator, "/fr/exploitation/quarantaine");
    assert!(page.text.contains("ligne 1"), "{}", page.text);
    assert!(!page.text.contains("198.51.100.8") && !page.text.contains("Un film"), "no content");
    let (id, token) = (value_after(&page, "<h3>", "id"), value_after(&page, "<h3>", "token"));
    let fields = |basis: &'static str| {
        [("id", id.clone()), ("token", token.clone()), ("legal_basis", basis.to_owned())]
    };
    let mut post = |basis| {
        let fields = fields(basis);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let got = desks.post(Role::Operator, "/fr/exploitation/quarantaine", &fields);
        (got.status, got.location, kinds(&desks))
    };
    let (status, _, before) = post("  ");
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!before.iter().any(|kind| kind.starts_with("look.")), "{before:?}");
    let (_, location, after) = post("CPI L331-23");
    assert_eq!(location, "/fr/exploitation/quarantaine?done=taken");
    let look = after.iter().position(|kind| kind == "look.quarantine person:operator-1");
    let taken = after.iter().position(|kind| kind.starts_with("event.notice_accepted"));
    assert!(look.is_some() && look < taken, "{after:?}");
}

#[test]
fn what_is_wrong_with_what_was_set_aside_is_said_in_the_readers_language() {
    let mut desks = Desks::open();
    set_aside(&desks, "SPECIMEN");
    for (path, said, place) in [
        ("/fr/exploitation/quarantaine", "Ce n’est aucun des formats que la maison lit.", "ligne"),
        ("/en/operation/quarantine", "This is none of the formats that this house reads.", "line"),
    ] {
        let page = desks.get(Role::Operator, path).text;
        assert!(page.contains(&format!("<strong>{said}</strong>")), "{page}");
        assert!(page.contains(&format!("<code>{place} 1</code>")), "the place: {page}");
        assert!(page.contains("<code>format_unknown</code>"), "the code: {page}");
        assert!(page.contains("<p lang=\"en\">this is no format we read</p>"), "{page}");
    }
}

#[test]
fn a_party_is_stopped_with_a_reason_and_let_go_on() {
    let mut desks = Desks::open();
    let authority = desks.house.rooms[0].config.id.clone();
    let party = "first".parse().unwrap();
    let path = "/en/operation/parties";
    let page = desks.get(Role::Operator, path);
    let marked = "id=\"party-first\"";
    let token = value_after(&page, marked, "token");
    let stop = |why: &'static str, token: &str| {
        [("act", "stop"), ("party", "first"), ("why", why)]
            .map(|(a, b)| (a, b.to_owned()))
            .to_vec()
            .into_iter()
            .chain([("token", token.to_owned())])
            .collect::<Vec<_>>()
    };
    let mut post = |fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        desks.post(Role::Operator, path, &fields)
    };
    assert_eq!(post(stop("", &token)).status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(post(stop("Envois en boucle", &token)).location, format!("{path}?done=stopped"));
    let stopped = desks.house.store.party(&authority, &party).unwrap().unwrap().stopped;
    assert_eq!(stopped.unwrap().why, "Envois en boucle");
    let page = desks.get(Role::Operator, path);
    let token = value_after(&page, marked, "token");
    let fields = [("act", "resume"), ("party", "first"), ("token", token.as_str())];
    assert_eq!(desks.post(Role::Operator, path, &fields).location, format!("{path}?done=resumed"));
    assert!(desks.house.store.party(&authority, &party).unwrap().unwrap().stopped.is_none());
}

#[test]
fn nobody_else_comes_to_the_operators_desk_and_the_operator_comes_to_no_case() {
    let mut desks = with_parked();
    for role in [Role::Officer, Role::Member, Role::Overseer] {
        for path in ["/fr/exploitation", "/en/operation/quarantine", "/fr/exploitation/parties"] {
            assert_eq!(desks.get(role, path).status, StatusCode::FORBIDDEN, "{role:?} {path}");
        }
    }
    for path in ["/fr/bureau", "/en/office/case/2026-000001-4", "/fr/membre", "/en/oversight"] {
        assert_eq!(desks.get(Role::Operator, path).status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[test]
fn no_page_of_the_operator_holds_a_case_an_address_or_a_title() {
    let mut desks = with_parked();
    set_aside(&desks, &notice("N-3", "198.51.100.9", AT));
    let authority = desks.house.rooms[0].config.id.clone();
    let (case, _) = desks.house.store.parked(&authority).unwrap().remove(0);
    for path in [
        "/fr/exploitation",
        "/en/operation",
        "/fr/exploitation/quarantaine",
        "/en/operation/quarantine",
        "/fr/exploitation/parties",
        "/en/operation/parties",
    ] {
        let page = desks.get(Role::Operator, path).text;
        for said in [case.to_string().as_str(), "198.51.100", "Un film", "da39a3ee", "N-1", "N-3"] {
            assert!(!page.contains(said), "{path} says {said}");
        }
    }
}

//! A sender's desk over a real house: its own sendings and nobody else's, where each notice stands
//! and never on whom, its quota, receipts, and taking a notice back.

use crate::api_house::notice;
use crate::desks_house::{Desks, value_after};
use axum::http::StatusCode;
use entremise_core::event::Event;
use entremise_core::id::{EffectId, QuestionId};
use entremise_core::identification::{Assignment, AssignmentKind, Outcome};
use entremise_core::ledger::Actor;
use entremise_server::access::Role;
use entremise_server::intake::{Channel, Sending, receive};
use entremise_server::worker::publish;
use entremise_store::{BatchReport, CaseRef, ItemVerdict};

const AT: &str = "2026-06-09T20:00:00Z";

/// Has one of the two senders bring notices.
fn bring(desks: &Desks, sender: usize, notices: &[String]) -> BatchReport {
    let room = &desks.house.rooms[0];
    let sending = Sending {
        channel: Channel::Http,
        bytes: notices.join("\n").into_bytes(),
        idempotency_key: None,
        jws: None,
        received_at: desks.hand.clock()(),
    };
    receive(&desks.house.store, room, &room.senders[sender], sending).unwrap()
}

fn accepted(report: &BatchReport, place: usize) -> String {
    match &report.results[place].verdict {
        ItemVerdict::Accepted { notice } => notice.to_string(),
        other => panic!("not accepted: {other:?}"),
    }
}

#[test]
fn a_sender_sees_its_sendings_each_notice_and_what_is_left_of_the_day() {
    let mut desks = Desks::open();
    let report = bring(
        &desks,
        0,
        &[
            notice("N-1", "198.51.100.7", AT),
            notice("N-1", "198.51.100.7", AT),
            notice("N-2", "203.0.113.9", AT),
        ],
    );
    let page = desks.get(Role::Sender, "/en/sendings");
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Premier saisissant SPECIMEN"), "{}", page.text);
    assert!(page.text.contains("<td>1</td><td>1</td><td>1</td>"), "{}", page.text);
    assert!(page.text.contains("Accepted today"));
    assert!(!page.text.contains("⟨?⟩"), "every text is there");
    let one = desks.get(Role::Sender, &format!("/fr/envois/{}", report.id));
    assert_eq!(one.status, StatusCode::OK);
    for said in ["Acceptée", "Doublon d’une saisine", "À corriger", "N-1", "not_our_network"] {
        assert!(one.text.contains(said), "{said}: {}", one.text);
    }
}

#[test]
fn no_page_of_a_sender_tells_one_subscriber_from_another() {
    let mut desks = Desks::open();
    let report = bring(&desks, 0, &[notice("N-1", "198.51.100.7", AT)]);
    let number = accepted(&report, 0);
    let handle = identify(&desks, &number);
    let path = format!("/en/sendings/notice/{number}");
    let page = desks.get(Role::Sender, &path);
    assert!(page.text.contains("Followed up"), "{}", page.text);
    for path in [path.as_str(), "/fr/envois", &format!("/en/sendings/{}", report.id)] {
        let text = desks.get(Role::Sender, path).text;
        for never in [handle.as_str(), "198.51.100.7", "2026-000001", "warning", "avertissement"] {
            assert!(!text.contains(never), "{path} says {never}");
        }
    }
}

/// The provider names a subscriber for a notice. Yields the handle.
fn identify(desks: &Desks, notice: &str) -> String {
    let (store, now) = (&desks.house.store, desks.hand.clock()());
    let authority = desks.house.rooms[0].config.id.clone();
    let row = store.notice(&authority, notice.parse().unwrap()).unwrap().unwrap();
    let file = store.case_file(&authority, &row.case).unwrap().unwrap();
    let EffectId(number) = file.effects[0].id;
    let case = CaseRef::Id(authority, row.case);
    let question = QuestionId(number);
    store.apply(&case, &Event::QuestionAsked { question }, &Actor::House, now).unwrap();
    let handle = format!("{:043}", 1);
    let outcome = Outcome::Identified {
        handle: handle.parse().unwrap(),
        assignment: Assignment {
            kind: AssignmentKind::PortBlock,
            start: "2026-01-01T00:00:00Z".parse().unwrap(),
            end: None,
        },
    };
    let by = Actor::Party("isp".parse().unwrap());
    store.apply(&case, &Event::Answered { question, outcome }, &by, now).unwrap();
    handle
}

#[test]
fn a_sender_finds_nothing_of_another_sender() {
    let mut desks = Desks::open();
    let report = bring(&desks, 1, &[notice("N-9", "198.51.100.7", AT)]);
    let number = accepted(&report, 0);
    assert!(!desks.get(Role::Sender, "/fr/envois").text.contains(&report.id.to_string()));
    for path in [
        format!("/fr/envois/{}", report.id),
        format!("/fr/envois/saisine/{number}"),
        format!("/fr/envois/saisine/{number}/recu"),
        format!("/fr/envois/saisine/{number}/retrait"),
    ] {
        assert_eq!(desks.get(Role::Sender, &path).status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn a_notice_is_withdrawn_once_confirmed_and_the_ledger_has_the_sender() {
    let mut desks = Desks::open();
    let report = bring(&desks, 0, &[notice("N-1", "198.51.100.7", AT)]);
    let number = accepted(&report, 0);
    let path = format!("/en/sendings/notice/{number}/withdrawal");
    let form = desks.get(Role::Sender, &path);
    let token = value_after(&form, "<main", "token");
    let foreign = desks.post(Role::Sender, &path, &[("token", "x")]);
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let done = desks.post(Role::Sender, &path, &[("token", &token)]);
    assert_eq!(done.location, format!("/en/sendings/notice/{number}?withdrawn=true"));
    let page = desks.get(Role::Sender, &done.location);
    assert!(page.text.contains("Withdrawn"), "{}", page.text);
    let (store, authority) = (&desks.house.store, desks.house.rooms[0].config.id.clone());
    let row = store.notice(&authority, number.parse().unwrap()).unwrap().unwrap();
    let file = store.case_file(&authority, &row.case).unwrap().unwrap();
    let line = file.history.iter().find(|entry| entry.kind == "event.notice_retracted").unwrap();
    assert_eq!(line.actor, "party:first");
}

#[test]
fn what_was_identified_already_is_too_late_to_withdraw() {
    let mut desks = Desks::open();
    let report = bring(&desks, 0, &[notice("N-1", "198.51.100.7", AT)]);
    let number = accepted(&report, 0);
    let path = format!("/en/sendings/notice/{number}/withdrawal");
    let token = value_after(&desks.get(Role::Sender, &path), "<main", "token");
    identify(&desks, &number);
    let late = desks.post(Role::Sender, &path, &[("token", &token)]);
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", late.text);
}

#[test]
fn the_receipt_of_a_notice_is_there_once_the_ledger_is_published() {
    let mut desks = Desks::open();
    let report = bring(&desks, 0, &[notice("N-1", "198.51.100.7", AT)]);
    let path = format!("/fr/envois/saisine/{}/recu", accepted(&report, 0));
    assert_eq!(desks.get(Role::Sender, &path).status, StatusCode::SERVICE_UNAVAILABLE);
    let now = desks.hand.clock()();
    publish::ledger(&desks.house, &desks.house.rooms[0], now).unwrap();
    let receipt = desks.get(Role::Sender, &path);
    assert_eq!(receipt.status, StatusCode::OK);
    assert!(receipt.text.starts_with("c2sp.org/tlog-proof"), "{}", receipt.text);
}

#[test]
fn a_provider_and_the_house_come_to_no_senders_page_and_a_sender_to_none_of_theirs() {
    let mut desks = Desks::open();
    assert_eq!(desks.get(Role::Provider, "/fr/envois").status, StatusCode::FORBIDDEN);
    for path in ["/fr/fournisseur", "/en/provider/delays"] {
        assert_eq!(desks.get(Role::Sender, path).status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/fr/bureau", "/fr/exploitation", "/fr/controle"] {
        assert_eq!(desks.get(Role::Sender, path).status, StatusCode::NOT_FOUND, "no such door");
    }
}

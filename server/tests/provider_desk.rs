//! A provider's desk over a real house: what it owes, the numbered files both ways, what is late
//! with its proof; and nothing of a notice or of another provider.

use crate::api_house::notice;
use crate::desks_house;
use crate::desks_house::{Desks, value_after};
use axum::http::StatusCode;
use entremise_core::id::QuestionId;
use entremise_core::identification::{Answer, Outcome};
use entremise_formats::identification_csv::{read_request, write_answer};
use entremise_server::access::Role;
use entremise_server::intake::{Channel, Sending, receive};
use entremise_server::worker::{self, publish};
use jiff::SignedDuration;

const AT: &str = "2026-06-09T20:00:00Z";
const BOUNDARY: &str = "SPECIMEN-BOUNDARY-3e9";

/// A house whose provider was left one file with one question.
fn asked() -> Desks {
    let desks = Desks::open();
    let room = &desks.house.rooms[0];
    let now = desks.hand.clock()();
    let sending = Sending {
        channel: Channel::Http,
        bytes: notice("N-1", "198.51.100.7", AT).into_bytes(),
        idempotency_key: None,
        jws: None,
        received_at: now,
    };
    receive(&desks.house.store, room, &room.senders[0], sending).unwrap();
    while !worker::round(&desks.house, now).unwrap().idle() {}
    desks
}

fn not_found(id: QuestionId) -> Answer {
    let why = "SPECIMEN: no record of it".to_owned();
    Answer { id, outcome: Outcome::NotFound, evidence: None, why }
}

const NUMBER: &str = "isp-2026-06-10";

fn form(number: &str, token: &str, file: &str) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in [("number", number), ("token", token)] {
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    body += &format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n"
    );
    body.into_bytes()
}

fn hand_in(desks: &mut Desks, number: &str, file: &str) -> desks_house::Got {
    let page = desks.get(Role::Provider, "/en/provider");
    let token = if page.text.contains("name=\"number\"") {
        value_after(&page, "name=\"number\"", "token")
    } else {
        String::new()
    };
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    desks.post_as(Role::Provider, "/en/provider/hand-in", &kind, form(number, &token, file))
}

#[test]
fn a_provider_sees_what_it_owes_by_deadline_with_its_file() {
    let mut desks = asked();
    for (path, owed) in
        [("/fr/fournisseur", "Qui tenait l’adresse"), ("/en/provider", "Who held the address?")]
    {
        let page = desks.get(Role::Provider, path);
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(owed), "{}", page.text);
        assert!(page.text.contains(NUMBER), "{}", page.text);
        assert!(!page.text.contains("⟨?⟩"), "every text is there");
        for never in ["Un film", "da39a3ee", "Premier saisissant", "N-1<", "198.51.100.7"] {
            assert!(!page.text.contains(never), "{path} says {never}");
        }
    }
}

#[test]
fn the_file_goes_out_completed_it_comes_back_and_its_answers_are_entered() {
    let mut desks = asked();
    let file = desks.get(Role::Provider, &format!("/en/provider/requests/{NUMBER}"));
    assert_eq!(file.status, StatusCode::OK);
    let request = read_request(file.text.as_bytes()).unwrap();
    let answers: Vec<Answer> =
        request.questions.iter().map(|question| not_found(question.id)).collect();
    let completed = write_answer(&request, &answers).unwrap();
    let done = hand_in(&mut desks, NUMBER, &completed);
    assert_eq!(done.location, "/en/provider?taken=1", "{}", done.text);
    let now = desks.hand.clock()();
    while !worker::round(&desks.house, now).unwrap().idle() {}
    let page = desks.get(Role::Provider, "/en/provider");
    assert!(page.text.contains("read and entered"), "{}", page.text);
    assert!(page.text.contains("Nothing is awaited of you."), "{}", page.text);
}

#[test]
fn a_file_that_is_not_the_one_that_was_sent_is_refused_by_row_and_column() {
    let mut desks = asked();
    let file = desks.get(Role::Provider, &format!("/en/provider/requests/{NUMBER}"));
    let request = read_request(file.text.as_bytes()).unwrap();
    let answers = [not_found(request.questions[0].id)];
    let completed =
        write_answer(&request, &answers).unwrap().replace("198.51.100.7", "198.51.100.8");
    let bad = hand_in(&mut desks, NUMBER, &completed);
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("row 1, column ip was changed"), "{}", bad.text);
    let page = desks.get(Role::Provider, "/en/provider");
    assert!(page.text.contains("to be completed"), "nothing was taken");
}

#[test]
fn no_number_leads_out_of_the_folder_and_nobody_hands_in_what_was_not_asked() {
    let mut desks = asked();
    let others = desks.folder.path().join("isp/others");
    std::fs::create_dir_all(&others).unwrap();
    std::fs::write(others.join("secret.csv"), "SPECIMEN").unwrap();
    for number in ["..%2Fothers%2Fsecret", "..%2F..%2Fentremise", "isp-2026-06-11", "%2e%2e"] {
        let got = desks.get(Role::Provider, &format!("/en/provider/requests/{number}"));
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{number}");
    }
    let got = hand_in(&mut desks, "../../entremise", "x");
    assert_eq!(got.status, StatusCode::CONFLICT);
    let got = desks.post_as(
        Role::Provider,
        "/en/provider/hand-in",
        &format!("multipart/form-data; boundary={BOUNDARY}"),
        form(NUMBER, "forged", "x"),
    );
    assert_eq!(got.status, StatusCode::FORBIDDEN);
}

#[test]
fn what_is_late_is_shown_with_the_receipt_of_when_it_was_asked() {
    let mut desks = asked();
    let none = desks.get(Role::Provider, "/en/provider/delays");
    assert!(none.text.contains("Nothing is late."), "{}", none.text);
    let now = desks.hand.clock()();
    publish::ledger(&desks.house, &desks.house.rooms[0], now).unwrap();
    desks.hand.set(now + SignedDuration::from_hours(24 * 20));
    desks.come_in(Role::Provider);
    let late = desks.get(Role::Provider, "/en/provider/delays");
    assert!(late.text.contains("Proof of the request"), "{}", late.text);
    let (_, rest) = late.text.split_once("href=\"/en/provider/delays/").expect("a receipt");
    let path = format!("/en/provider/delays/{}", rest.split('"').next().unwrap());
    let receipt = desks.get(Role::Provider, &path);
    assert_eq!(receipt.status, StatusCode::OK, "{}", receipt.text);
    assert!(receipt.text.starts_with("c2sp.org/tlog-proof"), "{}", receipt.text);
}

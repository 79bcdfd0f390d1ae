//! The provider's side of the closed question: signed, blinded, and read back by the pinned key.

use entremise_connector::register::question;
use entremise_core::id::AuthorityId;
use entremise_wire::register::{Person, RegisterKey, RegisterQuestion};
use entremise_wire::signature::{RequestParts, SigningKey, verify_request};
use jiff::Timestamp;

const URL: &str = "https://autorite.example:8082/v1/autorite/register";

fn person(given_name: &str) -> Person {
    Person {
        family_name: "Nom-Clair".to_owned(),
        given_name: given_name.to_owned(),
        born_on: "1980-01-31".parse().unwrap(),
        born_in: "75056".to_owned(),
    }
}

fn authority() -> AuthorityId {
    "autorite".parse().unwrap()
}

fn ours() -> SigningKey {
    SigningKey::from_seed("isp-1", &[5; 32]).unwrap()
}

fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

#[test]
fn what_leaves_is_signed_for_one_address_and_holds_no_name() {
    let out = question(&person("Camille"), &authority(), URL, &ours(), now()).unwrap();
    let holds = |target_uri| {
        let parts = RequestParts {
            method: "POST",
            target_uri,
            content_type: "application/json",
            body: &out.body,
        };
        verify_request(&[ours().verifying_key()], parts, &out.headers, now()).is_ok()
    };
    assert!(holds(URL) && !holds("https://autre.example/v1/autre/register"));
    let text = String::from_utf8(out.body.clone()).unwrap();
    let sent: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(sent.as_object().unwrap().len(), 3, "{text}");
    for secret in ["Nom", "NOM", "Camille", "CAMILLE", "1980", "75056"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn the_answer_is_read_by_the_pinned_key_and_by_no_other() {
    let key = RegisterKey::from_seed(&[7; 32]).unwrap();
    let tags = [key.tag(&person("Camille")).unwrap()];
    for (given_name, barred) in [("Camille", true), ("Claude", false)] {
        let out = question(&person(given_name), &authority(), URL, &ours(), now()).unwrap();
        let asked: RegisterQuestion = serde_json::from_slice(&out.body).unwrap();
        let answer = serde_json::to_vec(&key.answer(&asked, &tags).unwrap()).unwrap();
        assert_eq!(out.read(&answer, &key.public()).unwrap(), barred);
    }
    let other = RegisterKey::from_seed(&[8; 32]).unwrap();
    let out = question(&person("Camille"), &authority(), URL, &ours(), now()).unwrap();
    let asked: RegisterQuestion = serde_json::from_slice(&out.body).unwrap();
    let answer = serde_json::to_vec(&other.answer(&asked, &tags).unwrap()).unwrap();
    assert!(out.read(&answer, &key.public()).is_err());
    let out = question(&person("Camille"), &authority(), URL, &ours(), now()).unwrap();
    assert!(out.read(b"{\"no\":true}", &key.public()).is_err());
}

#[test]
fn every_question_has_a_number_of_its_own() {
    let id = || {
        let out = question(&person("Camille"), &authority(), URL, &ours(), now()).unwrap();
        serde_json::from_slice::<RegisterQuestion>(&out.body).unwrap().id
    };
    assert_ne!(id(), id());
}

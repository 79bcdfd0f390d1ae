//! An answer that passes sticks to nobody: a question that came before its records is asked again
//! under its own number, and then has its answer.

use crate::told::*;
use entremise_connector::config::AlarmConfig;
use entremise_connector::desk::{Desk, Setup};
use entremise_connector::directory::Directory;
use entremise_connector::keys::KeyFile;
use entremise_connector::read::Format::RadiusDetail;
use entremise_core::id::BatchId;
use entremise_core::identification::{Answer, Question};
use entremise_wire::message::IdentificationBatch;

const AUTHORITY: &str = r#"
id = "autorite"
regimes = ["fr-graduated-response"]
key_id = "autorite-1"
public_key = "unused: the desk is behind the door that checks it"
"#;

fn desk(provider: &Provider) -> Desk {
    let setup = Setup {
        index: provider.index_path(),
        network: provider.network.clone(),
        authorities: vec![toml::from_str(AUTHORITY).unwrap()],
        alarm: AlarmConfig::default(),
        subscribers: Directory::new(None),
        mail: None,
    };
    Desk::open(setup, KeyFile::of_index(&provider.index_path()).unwrap()).unwrap()
}

fn ask(desk: &Desk, question: &Question) -> Answer {
    let batch = IdentificationBatch {
        batch: BatchId(uuid::Uuid::from_u128(1)),
        authority: "autorite".parse().unwrap(),
        regime: "fr-graduated-response".parse().unwrap(),
        questions: vec![question.clone()],
    };
    let now = at("2026-03-01T12:00:00Z");
    desk.identifications(&batch, "digest", now).unwrap().answers.remove(0)
}

fn start(account: &str, last: u8, when: &str) -> String {
    let line = format!("Framed-IP-Address = 192.0.2.{last}");
    radius("Start", account, account, when, &[&line])
}

#[test]
fn a_question_before_its_records_is_answered_once_they_are_there() {
    let mut provider = Provider::standing_still();
    provider.load(RadiusDetail, &start("alice", 10, "2026-03-01T09:55:00Z"));
    let question = question("192.0.2.10", "2026-03-01T10:05:00Z");

    let early = ask(&desk(&provider), &question);
    assert_eq!(early.outcome.name(), "log_gap", "{}", early.why);
    assert!(early.is_to_be_asked_again());

    let stop = radius(
        "Stop",
        "alice",
        "alice",
        "2026-03-01T10:00:00Z",
        &["Framed-IP-Address = 192.0.2.10"],
    );
    let later = stop + &start("bob", 10, "2026-03-01T10:02:00Z");
    let later = later + &start("carol", 11, "2026-03-01T10:30:00Z");
    provider.load(RadiusDetail, &later);

    let answer = ask(&desk(&provider), &question);
    assert_eq!(answer.outcome.name(), "identified", "{}", answer.why);
    assert!(!answer.is_to_be_asked_again());
    assert_eq!(ask(&desk(&provider), &question), answer, "what was named stays named");
}

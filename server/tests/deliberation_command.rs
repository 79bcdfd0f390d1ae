//! A member who signs with a key file, on a machine that has neither the authority's configuration
//! nor its store: `entremise deliberation key`, `sign`.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use entremise_core::authorisation::PublicKey;
use entremise_core::ledger::digest;
use entremise_core::regime::rules::DeliberationOutcome;
use entremise_server::web::defence::statement::{
    DecisionFile, MemberKey, SignedDecision, Statement,
};
use tempfile::TempDir;

const REASONS: &str = "Les faits sont établis ; la personne ne les explique pas.";

fn entremise(folder: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_entremise"))
        .arg("deliberation")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that ends before it reads has closed its end.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed.as_bytes());
    child.wait_with_output().unwrap()
}

fn decision() -> DecisionFile {
    let statement = Statement {
        authority: "autorite".parse().unwrap(),
        case: "00000000-0000-4000-8000-000000000007".parse().unwrap(),
        file_number: "2026-0007".to_owned(),
        by: "membre-1".parse().unwrap(),
        outcome: DeliberationOutcome::Transmit,
        examined: digest(b"the facts"),
        reasons: digest(REASONS.as_bytes()),
    };
    DecisionFile::new(statement, REASONS.to_owned())
}

/// A folder with a key and a decision, and the key as the house knows it.
fn machine() -> (TempDir, MemberKey) {
    let folder = TempDir::new().unwrap();
    let made = entremise(folder.path(), &["key", "--id", "cle-1", "--out", "key.json"], "");
    assert!(made.status.success());
    let printed = String::from_utf8(made.stdout).unwrap();
    assert!(printed.starts_with("[[authority.officer.key]]"), "{printed}");
    let public_key = printed.split('"').nth(3).unwrap().to_owned();
    std::fs::write(folder.path().join("decision.json"), decision().to_json()).unwrap();
    let key = PublicKey::Ed25519 { public_key };
    let (member, id) = ("membre-1".parse().unwrap(), "cle-1".parse().unwrap());
    (folder, MemberKey { member, id, key })
}

const SIGN: [&str; 7] =
    ["sign", "--key", "key.json", "--decision", "decision.json", "--out", "signed.json"];

#[test]
fn what_a_member_types_out_in_full_is_signed_and_known_by_their_key_alone() {
    let (folder, key) = machine();
    let signed = entremise(folder.path(), &SIGN, "transmit\n");
    let told = String::from_utf8_lossy(&signed.stderr).into_owned();
    assert!(signed.status.success(), "{told}");
    assert!(told.contains(REASONS) && told.contains("outcome transmit"), "{told}");
    let file = std::fs::read_to_string(folder.path().join("signed.json")).unwrap();
    let signed = SignedDecision::read(&file).unwrap();
    assert!(signed.signed_with(std::slice::from_ref(&key)).is_some());
    let another_member = MemberKey { member: "membre-2".parse().unwrap(), ..key };
    assert!(signed.signed_with(&[another_member]).is_none());
}

#[test]
fn a_yes_is_not_the_word_and_signs_nothing() {
    let (folder, _) = machine();
    let asked = entremise(folder.path(), &SIGN, "yes\n");
    assert_eq!(asked.status.code(), Some(1));
    assert!(!folder.path().join("signed.json").exists());
}

#[test]
fn a_decision_whose_reasons_were_exchanged_on_the_way_is_not_signed() {
    let (folder, _) = machine();
    let path = folder.path().join("decision.json");
    std::fs::write(&path, decision().to_json().replace("établis", "douteux")).unwrap();
    let asked = entremise(folder.path(), &SIGN, "transmit\n");
    assert_eq!(asked.status.code(), Some(2));
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(told.contains("the reasons in the file are not those"), "{told}");
}

#[test]
fn a_reviewers_key_file_is_no_members() {
    let (folder, _) = machine();
    let path = folder.path().join("key.json");
    let key = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, key.replace("member key", "reviewer key")).unwrap();
    assert_eq!(entremise(folder.path(), &SIGN, "transmit\n").status.code(), Some(2));
}

#[test]
fn a_stranger_verifies_from_the_file_alone_and_sees_what_was_changed() {
    let (folder, key) = machine();
    assert!(entremise(folder.path(), &SIGN, "transmit\n").status.success());
    let path = folder.path().join("signed.json");
    let told = |arguments: &[&str]| {
        let done = entremise(folder.path(), arguments, "");
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        (done.status.code(), text + &String::from_utf8_lossy(&done.stderr))
    };
    let (code, text) = told(&["verify", "signed.json"]);
    assert_eq!(code, Some(2), "no house has taken it yet: {text}");
    let mut signed = SignedDecision::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
    signed.public_key = Some(key.key.clone());
    std::fs::write(&path, signed.to_json()).unwrap();
    let (code, text) = told(&["verify", "signed.json"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("the signature holds") && text.contains("outcome transmit"), "{text}");
    let PublicKey::Ed25519 { public_key } = &key.key else { panic!("a key file's key") };
    assert_eq!(told(&["verify", "signed.json", "--public-key", public_key]).0, Some(0));
    let (code, text) = told(&["verify", "signed.json", "--public-key", "AAAA"]);
    assert_eq!(code, Some(1), "{text}");
    let good = signed.to_json();
    for (changed, why) in [
        (good.replace("\"transmit\"", "\"close\""), "another outcome"),
        (good.replace("membre-1", "membre-2"), "another member"),
        (good.replace("000007", "000008"), "another case"),
        (good.replacen("\"reasons\": \"Les", "\"reasons\": \"Tous les", 1), "other reasons"),
    ] {
        assert_ne!(changed, good, "{why}");
        std::fs::write(&path, changed).unwrap();
        assert_ne!(told(&["verify", "signed.json"]).0, Some(0), "{why}");
    }
}

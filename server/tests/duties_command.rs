//! `entremise regime duties`, `check` and `situations`: what a party runs on its own machine.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn regime(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_entremise"))
        .arg("regime")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_table_of_a_day_is_printed_as_text_json_and_a_page() {
    let here = TempDir::new().unwrap();
    let ask = |format: &str| {
        let all = ["duties", "eu-terrorist-content", "--on", "2026-11-21", "--format", format];
        let output = regime(here.path(), &all);
        assert_eq!(output.status.code(), Some(0));
        said(&output)
    };
    assert!(ask("text").contains("une heure à compter de la"));
    let json: serde_json::Value = serde_json::from_str(&ask("json")).unwrap();
    assert_eq!(json["id"], "eu-terrorist-content");
    assert!(ask("html").starts_with("<!doctype html>"));
}

#[test]
fn what_changed_since_a_day_is_told_with_its_text() {
    let here = TempDir::new().unwrap();
    let all = ["duties", "eu-terrorist-content", "--since", "2022-08-17", "--on", "2022-08-18"];
    let output = regime(here.path(), &[&all[..], &["--lang", "en"]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).contains("From 18 August 2022"), "{}", said(&output));
}

#[test]
fn a_duties_file_with_a_finding_ends_with_one_and_says_how_to_mend_it() {
    let here = TempDir::new().unwrap();
    let text = entremise_core::duties::embedded::text("eu-terrorist-content").unwrap();
    std::fs::write(here.path().join("duties.toml"), text).unwrap();
    let fine = regime(here.path(), &["check", "duties.toml"]);
    assert_eq!(fine.status.code(), Some(0), "{}", said(&fine));
    let broken = text.replacen("by    = \"court\"\n", "", 1);
    std::fs::write(here.path().join("duties.toml"), broken).unwrap();
    let found = regime(here.path(), &["check", "duties.toml"]);
    assert_eq!(found.status.code(), Some(1));
    assert!(said(&found).contains("event_without_party"), "{}", said(&found));
    assert!(said(&found).contains("add by ="), "{}", said(&found));
}

#[test]
fn every_regime_in_the_binary_is_checked_with_its_duties() {
    let here = TempDir::new().unwrap();
    let output = regime(here.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for id in entremise_core::duties::embedded::ids() {
        assert!(said(&output).contains(&format!("{id}: 0 finding(s)")), "{id}");
    }
}

#[test]
fn a_party_s_own_situations_are_held_against_the_file_with_both_dates_and_the_reason() {
    let here = TempDir::new().unwrap();
    let own = r#"
[[situation]]
title = "Nous avions compris une heure ouvrée"
cite  = "notre lecture"
on = [{ at = 2026-06-12T22:30:00, event = "order_received", then = [
  { of = "remove", is = "open", until = 2026-06-15T09:30:00 },
] }]

[[situation]]
title = "Une heure, la nuit aussi"
cite  = "art. 3"
on = [{ at = 2026-06-12T22:30:00, event = "order_received", then = [
  { of = "remove", until = 2026-06-12T23:30:00 },
] }]
"#;
    std::fs::write(here.path().join("ours.toml"), own).unwrap();
    let output = regime(here.path(), &["situations", "eu-terrorist-content", "ours.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(text.contains("faux  Nous avions compris"), "{text}");
    assert!(text.contains("attendu 2026-06-15T09:30:00, obtenu 2026-06-12T23:30:00"), "{text}");
    assert!(text.contains("à compter de la réception de l’injonction"), "{text}");
    assert!(text.contains("vrai  Une heure, la nuit aussi"), "{text}");
    let json = regime(here.path(), &["situations", "eu-terrorist-content", "ours.toml", "--json"]);
    let played: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(played[0]["differs"][0]["found"], "2026-06-12T23:30:00");
    assert_eq!(played[1]["differs"], serde_json::json!([]));
}

#[test]
fn the_situations_of_every_regime_hold_and_a_file_that_cannot_be_read_is_trouble() {
    let here = TempDir::new().unwrap();
    for id in entremise_core::duties::embedded::ids() {
        let output = regime(here.path(), &["situations", id]);
        assert_eq!(output.status.code(), Some(0), "{id}: {}", said(&output));
    }
    let missing = regime(here.path(), &["situations", "incident", "nowhere.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    let unknown = regime(here.path(), &["duties", "no-such-regime"]);
    assert_eq!(unknown.status.code(), Some(2));
}

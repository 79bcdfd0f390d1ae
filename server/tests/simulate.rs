//! `entremise simulate` as a lawmaker runs it: a file with changed rules, last year's history, and
//! what would have been different.

use crate::api_house;
use std::path::Path;
use std::process::{Command, Output};

use entremise_core::regime::embedded;
use serde_json::Value;
use tempfile::TempDir;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entremise"));
    command.arg("simulate").args(arguments).current_dir(folder).env("ENTREMISE_LOG", "error");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A folder with the French rules, and the same with a window of twelve months.
fn rules() -> TempDir {
    let folder = TempDir::new().unwrap();
    let french = embedded::text("fr-graduated-response").unwrap();
    let six = "{ months = 6, from = 2022-01-01, cite = \"CPI L331-20, al. 2\", sure = \"H\" }";
    assert!(french.contains(six));
    let longer = french.replace(six, &six.replace("months = 6", "months = 12"));
    std::fs::write(folder.path().join("same.toml"), french).unwrap();
    std::fs::write(folder.path().join("longer.toml"), longer).unwrap();
    let costs = "currency = \"EUR\"\n[[unit]]\nof = \"registered_letter\"\nprice = 5.5\n\
                 source = \"tarif SPECIMEN\"\n[[unit]]\nof = \"decision\"\nminutes = 6\n\
                 source = \"mesure SPECIMEN\"\n";
    std::fs::write(folder.path().join("costs.toml"), costs).unwrap();
    folder
}

fn made_up<'a>(regime: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let days = ["--from", "2024-06-01", "--to", "2026-05-31"];
    let made_up = ["--history", "synthetic", "--lines", "400", "--costs", "costs.toml"];
    [&["--regime", regime], &made_up[..], &days, more].concat()
}

#[test]
fn the_same_rules_make_no_difference_and_a_longer_window_makes_the_one_it_should() {
    let folder = rules();
    let json = |regime| {
        let told = run(folder.path(), &made_up(regime, &["--format", "json"]));
        assert!(told.status.success(), "{}", text(&told.stderr));
        serde_json::from_slice::<Value>(&told.stdout).unwrap()
    };
    let same = json("same.toml");
    assert_eq!(same["difference"], serde_json::json!({}));
    assert_eq!(same["before"]["bill"], same["after"]["bill"]);
    let longer = json("longer.toml");
    let more = longer["difference"]["stage.second.warned"].as_i64().unwrap();
    assert!(more > 0, "{}", longer["difference"]);
    let price = |side: &str| longer[side]["bill"]["price"].as_f64().unwrap();
    let letters = longer["difference"]["message.registered_letter"].as_i64().unwrap();
    assert_eq!(price("after") - price("before"), 5.5 * letters as f64);
    assert_ne!(longer["before"]["rules"], longer["after"]["rules"]);
    let hours = |side: &str| longer[side]["bill"]["hours"].as_f64().unwrap();
    let decisions = longer["difference"]["decision"].as_i64().unwrap();
    assert!(decisions != 0, "{}", longer["difference"]);
    assert!((hours("after") - hours("before") - 0.1 * decisions as f64).abs() < 1e-6);
}

#[test]
fn what_only_the_new_rules_bring_about_stands_in_the_difference_and_the_last_day_counts() {
    let folder = rules();
    let french = embedded::text("fr-graduated-response").unwrap();
    let passage = "{ months = 6, from = 2022-01-01, cite = \"CPI L331-19\", sure = \"H\" }";
    assert!(french.contains(passage));
    let none = french.replace(passage, &passage.replace("months = 6", "months = 0"));
    std::fs::write(folder.path().join("none.toml"), none).unwrap();
    let json = |more: &[&str]| {
        let told = run(folder.path(), more);
        assert!(told.status.success(), "{}", text(&told.stderr));
        serde_json::from_slice::<Value>(&told.stdout).unwrap()
    };
    let told = json(&made_up("none.toml", &["--format", "json"]));
    assert!(told["difference"]["notice.too_old"].as_i64() > Some(0), "{}", told["difference"]);
    let one_day = ["--from", "2025-03-03", "--to", "2025-03-03", "--format", "json"];
    let asked = ["--regime", "same.toml", "--history", "synthetic", "--lines", "400"];
    let told = json(&[&asked[..], &one_day].concat());
    assert!(told["before"]["of"]["fact"].as_u64() > Some(0), "{}", told["before"]);
}

#[test]
fn the_text_and_the_page_say_what_changed_and_what_was_assumed_in_both_languages() {
    let folder = rules();
    for (lang, assumed) in [("fr", "Supposé"), ("en", "Assumed")] {
        let told = run(folder.path(), &made_up("longer.toml", &["--lang", lang]));
        let told = text(&told.stdout);
        assert!(
            told.contains(assumed) && told.contains("SPECIMEN") && told.contains('+'),
            "{told}"
        );
        let page =
            run(folder.path(), &made_up("longer.toml", &["--lang", lang, "--format", "html"]));
        let page = text(&page.stdout);
        assert!(page.contains("<svg") && page.contains("<table>") && !page.contains("<script"));
    }
}

#[test]
fn a_ledger_is_read_and_not_changed_and_wrong_asking_is_told() {
    let folder = rules();
    api_house::config(folder.path());
    let days = ["--from", "2026-01-01", "--to", "2026-12-31", "--format", "json"];
    let ledger = ["--history", "ledger", "--config", "entremise.toml", "--authority", "autorite"];
    let told = run(folder.path(), &[&["--regime", "longer.toml"], &ledger[..], &days].concat());
    assert!(told.status.success(), "{}", text(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&told["lines"], &told["history"]), (&0.into(), &"ledger".into()));
    let without = run(
        folder.path(),
        &[&["--regime", "longer.toml", "--history", "ledger"], &days[..]].concat(),
    );
    assert_eq!(without.status.code(), Some(2));
    let backwards = ["--from", "2026-02-01", "--to", "2026-01-01"];
    let asked = [&["--regime", "longer.toml", "--history", "synthetic"], &backwards[..]].concat();
    assert!(text(&run(folder.path(), &asked).stderr).contains("lies before"));
}

//! A hearing is convened by letter, and nobody is absent from one that they were not told of.

use crate::api_house;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::api_house::Hand;
use crate::defence_world::{BEGIN, Finding, over};
use crate::oversight_world::{World, authority};
use axum::http::StatusCode;
use entremise_server::house::House;
use entremise_server::{serve, worker};
use entremise_store::SystemEntropy;
use jiff::SignedDuration;
use tempfile::TempDir;

struct Town {
    folder: TempDir,
    house: House,
    finding: Finding,
}

/// A finding in a whole house; the person asked to be heard, and is convened for 14 June 2023.
fn convened() -> Town {
    let folder = TempDir::new().unwrap();
    let mut config = api_house::config(folder.path());
    config.authorities[0].id = authority();
    let clock = Hand::at(BEGIN).clock();
    let house = serve::open(&config, &clock, Arc::new(SystemEntropy::default())).unwrap();
    let mut finding = over(World::over(house.store.clone()));
    finding.enter(&[("act", "hearing"), ("received_on", "2023-05-10")], b"");
    let got = finding.enter(&[("act", "convene"), ("slot", "2023-06-14T14:00")], b"");
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    Town { folder, house, finding }
}

impl Town {
    fn work(&self) {
        let now = self.finding.now() + SignedDuration::from_hours(1);
        worker::outbox::round(&self.house, now).unwrap();
    }

    fn outbox(&self) -> PathBuf {
        self.folder.path().join("post/outbox")
    }

    /// Letters that were handed to the post.
    fn letters(&self) -> Vec<PathBuf> {
        let Ok(folder) = fs::read_dir(self.outbox()) else { return Vec::new() };
        let paths = folder.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "pdf")).collect()
    }

    /// The post says what became of the letter.
    fn post_says(&mut self, code: &str, at: &str) {
        let effects = self.finding.file().effects;
        let sent = effects.iter().rfind(|row| row.effect.name() == "send_convocation").unwrap();
        let inbox = self.folder.path().join("post/inbox");
        let row = format!("effect,code,at,proof\n{},{code},{at},\n", sent.id);
        fs::write(inbox.join(format!("{code}.csv")), row).unwrap();
        self.house.rooms[0].last_polled.store(0, std::sync::atomic::Ordering::Relaxed);
        let now = at.parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_hours(1);
        worker::news::round(&self.house, now).unwrap();
    }

    fn missed(&mut self) -> StatusCode {
        self.finding.enter(&[("act", "missed")], b"").status
    }
}

fn text_of(letter: &Path) -> Option<String> {
    let told = Command::new("pdftotext").args(["-layout"]).arg(letter).arg("-").output();
    let Ok(told) = told else {
        assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "pdftotext is absent");
        return None;
    };
    Some(String::from_utf8_lossy(&told.stdout).into_owned())
}

#[test]
fn the_letter_says_when_and_nothing_of_the_facts_and_opens_no_more_than_the_address() {
    let town = convened();
    let before = town.finding.file().history.len();
    town.work();
    town.work();
    let letters = town.letters();
    assert_eq!(letters.len(), 1, "once, whatever is repeated");
    if let Some(said) = text_of(&letters[0]) {
        for wanted in ["Nom-Clair", "14 juin 2023", "14 h", "l’avocat ou le conseil"] {
            assert!(said.replace('\u{a0}', " ").contains(wanted), "{wanted}: {said}");
        }
        for unwanted in ["198.0.0.", "Heures du port"] {
            assert!(!said.contains(unwanted), "{unwanted}: {said}");
        }
    }
    let history = town.finding.file().history;
    let kinds: Vec<&str> = history[before..].iter().map(|entry| entry.kind.as_str()).collect();
    let place = |kind: &str| {
        kinds.iter().position(|known| *known == kind).unwrap_or_else(|| panic!("{kind}: {kinds:?}"))
    };
    assert!(place("intent.send_convocation") < place("look.convene"), "{kinds:?}");
    assert!(place("look.convene") < place("outcome.handed_over"), "{kinds:?}");
    let look = &history[before..][place("look.convene")];
    assert_eq!(look.body.as_ref().unwrap()["fields"], serde_json::json!(["identity"]));
}

#[test]
fn whoever_was_not_told_is_not_absent() {
    let mut town = convened();
    town.work();
    town.finding.at("2023-06-14T14:30:00Z");
    assert_eq!(town.missed(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(town.finding.state(), "contradictory");
    // Whoever came without the letter is heard all the same, and goes home with a copy.
    let no_copy = town.finding.enter(&[("act", "held"), ("counsel", "yes")], b"%PDF-1.7 SPECIMEN");
    assert_eq!(no_copy.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(no_copy.text.contains("copie"), "{}", no_copy.text);
    let held = town
        .finding
        .enter(&[("act", "held"), ("counsel", "yes"), ("copied", "yes")], b"%PDF-1.7 SPECIMEN");
    assert_eq!(held.status, StatusCode::SEE_OTHER, "{}", held.text);
}

#[test]
fn whoever_was_told_and_does_not_come_stops_nothing() {
    let mut town = convened();
    town.work();
    town.post_says("a02", "2023-05-16T09:00:00Z");
    town.finding.at("2023-06-14T14:30:00Z");
    town.finding.late();
    assert_eq!(town.missed(), StatusCode::SEE_OTHER);
    assert_eq!(town.finding.state(), "deliberating");
}

#[test]
fn a_convocation_that_comes_back_is_told_to_a_person_who_convenes_again() {
    let mut town = convened();
    town.work();
    town.post_says("n07", "2023-05-20T09:00:00Z");
    let alarms = town.house.store.alarms(&authority()).unwrap();
    assert!(alarms.iter().any(|alarm| alarm.name == "convocation_not_presented"));
    town.finding.at("2023-05-22T08:00:00Z");
    let again = town.finding.enter(&[("act", "convene"), ("slot", "2023-06-28T10:00")], b"");
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text);
    town.work();
    assert_eq!(town.letters().len(), 2);
}

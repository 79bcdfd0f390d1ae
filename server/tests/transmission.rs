//! A file goes to the prosecutor: whole, once, after the ledger has the look, and it stands alone.

use crate::api_house;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::api_house::Hand;
use crate::defence_world::{BEGIN, Finding, over};
use crate::oversight_world::{World, authority};
use entremise_core::event::Event;
use entremise_core::id::{NoticeId, PartyId};
use entremise_core::ledger::Actor;
use entremise_core::procedure::ladder::CourtOutcome;
use entremise_server::house::House;
use entremise_server::standing::{Disposition, Standing};
use entremise_server::{config, serve, worker};
use entremise_store::{CaseFile, CaseRef, HistoryEntry, SystemEntropy};
use jiff::SignedDuration;
use ring::digest::{SHA256, digest};
use tempfile::TempDir;

const LETTER: &[u8] = b"%PDF-1.7 SPECIMEN: ce n'est pas moi";

struct Town {
    folder: TempDir,
    house: House,
    finding: Finding,
}

/// A finding in a whole house, whose person wrote a letter and was not heard.
fn town(has_prosecutor: bool) -> Town {
    let folder = TempDir::new().unwrap();
    let mut config = api_house::config(folder.path());
    config.authorities[0].id = authority();
    config.authorities[0].prosecutor = has_prosecutor.then(|| way(folder.path()));
    let clock = Hand::at(BEGIN).clock();
    let house = serve::open(&config, &clock, Arc::new(SystemEntropy::default())).unwrap();
    let mut finding = over(World::over(house.store.clone()));
    let wrote = [("act", "observations"), ("received_on", "2023-05-10")];
    finding.enter(&wrote, LETTER);
    finding.at("2023-05-26T08:00:00Z");
    finding.late();
    let page = finding.get(&format!("{}/deliberation", finding.path()));
    let opened = finding.deliberate(&page, "", "");
    finding.decide(&opened, "transmit", "Les faits sont établis.\nRien ne les explique.");
    assert_eq!(finding.state(), "transmitted");
    Town { folder, house, finding }
}

/// A hand-over folder, and a seal whose certificate vouches for itself.
fn way(folder: &Path) -> config::Prosecutor {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut asked = rcgen::CertificateParams::default();
    asked.distinguished_name = rcgen::DistinguishedName::new();
    asked.distinguished_name.push(rcgen::DnType::CommonName, "Cachet SPECIMEN");
    let way = config::Prosecutor {
        folder: folder.join("prosecutor"),
        seal_certificates: folder.join("seal.pem"),
        seal_key: folder.join("seal.key.pem"),
    };
    fs::write(&way.seal_certificates, asked.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&way.seal_key, key.serialize_pem()).unwrap();
    way
}

impl Town {
    fn publish(&self) {
        let room = &self.house.rooms[0];
        worker::publish::ledger(&self.house, room, self.finding.now()).unwrap();
    }

    /// One round of the outbox, some hours later.
    fn work(&self, hours: i64) {
        let now = self.finding.now() + SignedDuration::from_hours(hours);
        worker::outbox::round(&self.house, now).unwrap();
    }

    /// What lies in the hand-over folder.
    fn packages(&self) -> Vec<PathBuf> {
        let Ok(folder) = fs::read_dir(self.folder.path().join("prosecutor")) else {
            return Vec::new();
        };
        folder.map(|entry| entry.unwrap().path()).collect()
    }

    fn kinds(&self) -> Vec<String> {
        self.finding.file().history.into_iter().map(|entry| entry.kind).collect()
    }
}

fn sha256(path: &Path) -> String {
    hex::encode(digest(&SHA256, &fs::read(path).unwrap()))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_package_is_whole_and_its_manifest_names_every_piece_with_its_digest() {
    let town = town(true);
    town.publish();
    town.work(1);
    let packages = town.packages();
    assert_eq!(packages.len(), 1, "{packages:?}");
    let package = &packages[0];
    assert_eq!(names(package), ["content", "manifest.xml", "transmission.pdf"]);
    let pieces = names(&package.join("content"));
    for wanted in ["constats.json", "identifications.json", "procedure.json"] {
        assert!(pieces.iter().any(|name| name == wanted), "{wanted}: {pieces:?}");
    }
    for kind in ["observations-", "reasons-", "original-"] {
        assert!(pieces.iter().any(|name| name.contains(kind)), "{kind}: {pieces:?}");
    }
    assert!(pieces.iter().any(|name| name.ends_with(".tlog-proof")), "{pieces:?}");
    let letter = pieces.iter().find(|name| name.contains("observations-")).unwrap();
    assert_eq!(fs::read(package.join("content").join(letter)).unwrap(), LETTER);
    let manifest = fs::read_to_string(package.join("manifest.xml")).unwrap();
    for name in &pieces {
        let file = package.join("content").join(name);
        assert!(manifest.contains(&format!("content/{name}")), "{name}");
        assert!(manifest.contains(&sha256(&file)), "{name}");
    }
    assert!(manifest.contains(&sha256(&package.join("transmission.pdf"))));
}

#[test]
fn the_statement_stands_alone_with_every_piece_attached() {
    let town = town(true);
    town.publish();
    town.work(1);
    let package = town.packages().remove(0);
    let text = |tool: &str, options: &[&str]| {
        let statement = package.join("transmission.pdf");
        let mut command = Command::new(tool);
        let told = command.args(options).arg(statement).arg("-").output();
        told.map(|told| String::from_utf8_lossy(&told.stdout).into_owned())
    };
    let Ok(said) = text("pdftotext", &["-layout"]) else {
        assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "pdftotext is absent");
        return;
    };
    for wanted in [
        "Nom-Clair",
        "Les Heures du port, épisode 5",
        "198.0.0.4",
        "Les faits sont établis.",
        "Observations reçues le 10 mai 2023",
        "Seconde recommandation, lettre remise contre signature",
        "seul un juge le peut",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let statement = package.join("transmission.pdf");
    let listed = Command::new("pdfdetach").arg("-list").arg(statement).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for piece in names(&package.join("content")) {
        assert!(listed.contains(&piece), "{piece}: {listed}");
    }
}

#[test]
fn the_statement_bears_the_seal_of_the_authority_over_all_of_it() {
    let town = town(true);
    town.publish();
    town.work(1);
    let package = town.packages().remove(0);
    let statement = package.join("transmission.pdf");
    let mut pdfsig = Command::new("pdfsig");
    pdfsig.arg("-nocert").arg(&statement).env("HOME", town.folder.path()).env("LC_ALL", "C.UTF-8");
    let Ok(said) = pdfsig.output() else {
        assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "pdfsig is absent");
        return;
    };
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    for wanted in ["Signature is Valid.", "Total document signed", "Cachet SPECIMEN"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn the_look_stands_in_the_ledger_in_the_name_of_the_member_who_decided() {
    let town = town(true);
    town.publish();
    town.work(1);
    let kinds = town.kinds();
    let at = |kind: &str| kinds.iter().position(|known| known == kind).unwrap_or(usize::MAX);
    assert!(at("event.deliberated") < at("intent.transmit_file"), "{kinds:?}");
    assert!(at("intent.transmit_file") < at("look.transmit"), "{kinds:?}");
    assert!(at("look.transmit") < at("outcome.transmit_file"), "{kinds:?}");
    let history = town.finding.file().history;
    let look = history.iter().find(|entry| entry.kind == "look.transmit").unwrap();
    assert_eq!(look.actor, "person:membre-1");
}

#[test]
fn what_is_not_published_yet_waits_and_nothing_is_opened_for_it() {
    let town = town(true);
    town.work(1);
    assert!(town.packages().is_empty());
    assert!(!town.kinds().iter().any(|kind| kind == "look.transmit"), "{:?}", town.kinds());
    town.publish();
    town.work(12);
    assert_eq!(town.packages().len(), 1);
    // It was left, and is not left again.
    town.work(48);
    assert_eq!(town.packages().len(), 1);
}

#[test]
fn without_a_way_to_the_prosecutor_a_person_is_told_and_nothing_is_opened() {
    let town = town(false);
    town.publish();
    town.work(1);
    assert!(town.packages().is_empty());
    assert!(!town.kinds().iter().any(|kind| kind == "look.transmit"));
    let alarms = town.house.store.alarms(&authority()).unwrap();
    let told = alarms.iter().any(|alarm| alarm.body.to_string().contains("no_way_to_the_prosec"));
    assert!(told, "{:?}", alarms.iter().map(|alarm| alarm.name.clone()).collect::<Vec<_>>());
}

/// The first notice that stands against the person.
fn notice_of(file: &CaseFile) -> NoticeId {
    let established = |entry: &HistoryEntry| match &entry.event {
        Some(Event::FactEstablished { fact }) => Some(fact.notice),
        _ => None,
    };
    file.history.iter().find_map(established).unwrap()
}

#[test]
fn its_senders_learn_that_the_file_is_before_the_prosecutor_and_that_it_ended_and_no_more() {
    let town = town(true);
    let store = &town.house.store;
    let file = town.finding.file();
    let notice = notice_of(&file);
    let sender = store.notice(&authority(), notice).unwrap().unwrap().sender;
    let find = |sender: &PartyId| Standing::find(store, &authority(), sender, notice).unwrap();
    let told = find(&sender).unwrap();
    let named = (told.status.disposition, told.status.reason, told.status.may_be_withdrawn);
    assert_eq!(named, (Disposition::Open, "transmitted", false));
    assert_eq!(told.changed_at(), town.finding.now(), "from the day of the transmission");
    assert!(find(&"somebody-else".parse().unwrap()).is_none());
    let judged = Event::OutcomeReported {
        by: "greffe".parse().unwrap(),
        outcome: CourtOutcome::Dropped,
        judgment: "ab".repeat(32).parse().unwrap(),
        measures: Vec::new(),
    };
    let case = CaseRef::Id(authority(), file.case.id);
    store.apply(&case, &judged, &Actor::House, town.finding.now()).unwrap();
    let told = find(&sender).unwrap();
    assert_eq!((told.status.disposition, told.status.reason), (Disposition::Closed, "judged"));
    let names: Vec<&str> = told.steps.iter().map(|(_, name)| *name).collect();
    assert!(!names.contains(&"dropped"), "how it ended is not told: {names:?}");
}

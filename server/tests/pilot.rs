//! A pilot from end to end: notices come through the authority's own door, a provider says handles
//! and is asked nothing else, members decide, messages are written and read, nothing leaves.

use crate::api_house;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use crate::api_house::{Hand, notice};
use entremise_core::case::State;
use entremise_core::event::{Decision, Event, Ground, Verdict};
use entremise_core::id::{AuthorityId, Digest};
use entremise_core::identification::{Answer, Assignment, AssignmentKind, Disclosure, Outcome};
use entremise_core::ledger::Actor;
use entremise_core::pilot::{Act, Agreed, Draw, Standing, Statement, Word};
use entremise_server::config::Config;
use entremise_server::cost::Costs;
use entremise_server::house::House;
use entremise_server::intake::{Channel, Sending, receive};
use entremise_server::pilot::{Asked, MonthTold, Report, html, report, text};
use entremise_server::provider::{Answering, ProviderTrouble};
use entremise_server::{serve, worker};
use entremise_store::{BatchReport, CaseRef, ItemVerdict, SystemEntropy};
use entremise_wire::message::{DisclosureBatch, IdentificationBatch, RelayBatch, Relayed};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

const BEGIN: &str = "2026-06-15T10:00:00Z";

/// A provider that says one handle for each address, and notes what else it is asked.
#[derive(Default)]
struct OnlyHandles {
    asked: Mutex<Vec<AuthorityId>>,
    beyond: Mutex<Vec<&'static str>>,
}

impl Answering for OnlyHandles {
    fn identify(
        &self,
        batch: &IdentificationBatch,
        now: Timestamp,
    ) -> Result<Vec<Answer>, ProviderTrouble> {
        let answers = batch.questions.iter().map(|question| {
            self.asked.lock().unwrap().push(batch.authority.clone());
            let digest = ring::digest::digest(
                &ring::digest::SHA256,
                format!("{}{}", batch.authority, question.ip).as_bytes(),
            );
            let handle = hex::encode(digest)[..43].parse().unwrap();
            let assignment = Assignment { kind: AssignmentKind::Static, start: now, end: None };
            let outcome = Outcome::Identified { handle, assignment };
            Answer { id: question.id, outcome, evidence: None, why: String::new() }
        });
        Ok(answers.collect())
    }

    fn disclose(
        &self,
        _: &DisclosureBatch,
        _: Timestamp,
    ) -> Result<Vec<Disclosure>, ProviderTrouble> {
        self.beyond.lock().unwrap().push("disclose");
        Err(ProviderTrouble::Again { what: "asked in a pilot".to_owned(), after_secs: None })
    }

    fn relay(&self, _: &RelayBatch, _: Timestamp) -> Result<Vec<Relayed>, ProviderTrouble> {
        self.beyond.lock().unwrap().push("relay");
        Err(ProviderTrouble::Again { what: "asked in a pilot".to_owned(), after_secs: None })
    }
}

struct Town {
    folder: TempDir,
    house: House,
    provider: Arc<OnlyHandles>,
    now: Timestamp,
    brought: u32,
}

fn authority() -> AuthorityId {
    "autorite".parse().unwrap()
}

fn pilot() -> AuthorityId {
    authority().pilot().unwrap()
}

/// The configuration with a pilot, two signatories by these keys.
fn config(folder: &Path, keys: [&str; 2]) -> Config {
    api_house::config(folder);
    let path = folder.join("entremise.toml");
    let costs = "currency = \"EUR\"\n\
                 [[unit]]\nof = \"registered_letter\"\nprice = 5.5\nsource = \"tarif SPECIMEN\"\n\
                 [[unit]]\nof = \"decision\"\nminutes = 6\nsource = \"mesure SPECIMEN\"\n";
    std::fs::write(folder.join("costs.toml"), costs).unwrap();
    let [first, second] = keys;
    let more = format!(
        "\n[authority.pilot]\npresented_after_days = 3\ncosts = \"costs.toml\"\n\
         pages = {{ public = \"127.0.0.1:0\", office = \"127.0.0.1:0\", \
         origin = \"https://pilote.autorite.example\", \
         security_contact = \"mailto:securite@autorite.example\" }}\n\
         [[authority.pilot.signatory]]\nid = \"directrice\"\npublic_key = \"{first}\"\n\
         [[authority.pilot.signatory]]\nid = \"membre-1\"\npublic_key = \"{second}\"\n"
    );
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + &more).unwrap();
    Config::read(&path).unwrap()
}

const A_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
const ANOTHER: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI";

impl Town {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let config = config(folder.path(), [A_KEY, ANOTHER]);
        let hand = Hand::at(BEGIN);
        let entropy = Arc::new(SystemEntropy::default());
        let mut house = serve::open(&config, &hand.clock(), entropy).unwrap();
        let provider = Arc::new(OnlyHandles::default());
        for room in &mut house.rooms {
            room.providers[0].answering = Some(provider.clone());
        }
        let now = BEGIN.parse().unwrap();
        Self { folder, house, provider, now, brought: 0 }
    }

    /// An act that two persons signed, as far as this part of the house is concerned.
    fn enact(&mut self, act: Act) -> Option<Draw> {
        let number = self.house.store.pilot_acts(&authority()).unwrap().len() as u32 + 1;
        let expires_at = self.now + SignedDuration::from_hours(1);
        let statement = Statement { authority: authority(), number, act, expires_at };
        let word = |by: &str| Word { by: by.parse().unwrap(), signature: String::new() };
        let words = vec![word("directrice"), word("membre-1")];
        let agreed = Agreed::verified(statement, words, self.now, |_, _, _| true).unwrap();
        self.house.store.enter_pilot_act(&agreed, self.now).unwrap().draw
    }

    fn days(&mut self, days: u32) {
        for _ in 0..days * 4 {
            self.now += SignedDuration::from_hours(6);
            worker::round(&self.house, self.now).unwrap();
            worker::round(&self.house, self.now).unwrap();
        }
    }

    /// One notice for each address, through the authority's own door.
    fn bring(&mut self, addresses: &[String]) -> BatchReport {
        let seen_at = (self.now - SignedDuration::from_mins(10)).to_string();
        let lines: Vec<String> = addresses
            .iter()
            .map(|ip| {
                self.brought += 1;
                notice(&format!("N-{}", self.brought), ip, &seen_at)
            })
            .collect();
        let room = self.house.room(&authority()).unwrap();
        let sending = Sending {
            channel: Channel::Http,
            bytes: lines.join("\n").into_bytes(),
            idempotency_key: None,
            jws: None,
            received_at: self.now,
        };
        receive(&self.house.store, room, &room.senders[0], sending).unwrap()
    }

    /// The member says yes to whatever lies on the desk.
    fn decide_all(&mut self, of: &AuthorityId) -> usize {
        self.decide(of, |_| Verdict::Send)
    }

    /// The member says so of the first, the second and each other that lies on the desk.
    fn decide(&mut self, of: &AuthorityId, verdict: impl Fn(usize) -> Verdict) -> usize {
        let store = &self.house.store;
        let decision = |verdict| {
            let by = "membre-1".parse().unwrap();
            Event::Decided(Decision { by, verdict, ground: Ground::FactsEstablished })
        };
        let mut decided = 0;
        for case in self.cases(of) {
            let file = store.case_file(of, &case).unwrap().unwrap();
            if file.case.state.name() == "proposed" {
                let by_id = CaseRef::Id(of.clone(), case);
                let person = Actor::Person("membre-1".parse().unwrap());
                store.apply(&by_id, &decision(verdict(decided)), &person, self.now).unwrap();
                decided += 1;
            }
        }
        decided
    }

    fn cases(&self, of: &AuthorityId) -> Vec<entremise_core::id::CaseId> {
        let size = self.house.store.ledger_size(of).unwrap();
        let leaves = self.house.store.ledger_leaves(of, 0, size as usize).unwrap();
        let mut cases: Vec<_> = leaves
            .iter()
            .filter_map(|leaf| {
                let leaf: serde_json::Value = serde_json::from_slice(leaf).unwrap();
                leaf["subject"].as_str()?.strip_prefix("case:")?.parse().ok()
            })
            .collect();
        cases.sort_unstable();
        cases.dedup();
        cases
    }

    /// Cases on the ladder by state and rung.
    fn ladder(&self, of: &AuthorityId) -> BTreeMap<String, usize> {
        let mut standing = BTreeMap::new();
        for case in self.cases(of) {
            let file = self.house.store.case_file(of, &case).unwrap().unwrap();
            if let State::Ladder(state) = &file.case.state {
                let rung = state.stage().map_or(String::new(), |stage| format!(" {stage}"));
                *standing.entry(format!("{}{rung}", state.name())).or_default() += 1;
            }
        }
        standing
    }

    fn report(&self) -> Report {
        self.report_until(None)
    }

    fn report_until(&self, last: Option<Date>) -> Report {
        let costs = Costs::read(&self.folder.path().join("costs.toml")).unwrap();
        let regime = self.house.store.regime(&"fr-graduated-response".parse().unwrap()).unwrap();
        let of = authority();
        let asked = Asked { authority: &of, regime, first: None, last, costs: &costs };
        report(&self.house.store, &asked, self.now).unwrap().unwrap()
    }
}

fn addresses(count: u8) -> Vec<String> {
    (1..=count).map(|host| format!("198.51.100.{host}")).collect()
}

/// Walks a pilot up to the law's gate: two warnings for every line that was drawn.
fn piloted() -> (Town, Draw) {
    let mut town = Town::new();
    let draw = town.enact(Act::Begin { one_in: 5 }).unwrap();
    for _ in 0..3 {
        town.bring(&addresses(60));
        town.days(1);
        town.decide_all(&pilot());
        town.days(5);
    }
    (town, draw)
}

#[test]
fn what_comes_in_is_drawn_by_network_and_every_notice_is_answered() {
    let mut town = Town::new();
    let draw = town.enact(Act::Begin { one_in: 5 }).unwrap();
    let all = addresses(60);
    let report = town.bring(&all);
    for (address, result) in all.iter().zip(&report.results) {
        match (&result.verdict, draw.takes(address.parse().unwrap())) {
            (ItemVerdict::Accepted { notice }, true) => {
                assert!(town.house.store.notice(&pilot(), *notice).unwrap().is_some());
                assert!(town.house.store.notice(&authority(), *notice).unwrap().is_none());
            }
            (ItemVerdict::Rejected { rejections }, false) => {
                assert_eq!(rejections[0].code.name(), "not_drawn");
            }
            (verdict, drawn) => panic!("{address}, drawn: {drawn}: {verdict:?}"),
        }
    }
    // The same networks again the next day, whoever brings them.
    let drawn = |report: &BatchReport| {
        let taken = |result: &&entremise_store::ItemResult| {
            matches!(result.verdict, ItemVerdict::Accepted { .. })
        };
        report.results.iter().filter(taken).count()
    };
    town.days(1);
    let again = town.bring(&all);
    assert_eq!(drawn(&again), drawn(&report));
    assert_eq!(town.report().not_drawn as usize, 2 * (60 - drawn(&report)));
}

#[test]
fn a_pilot_goes_up_to_the_law_s_gate_and_nothing_leaves_the_house() {
    let (town, draw) = piloted();
    let lines = addresses(60).iter().filter(|ip| draw.takes(ip.parse().unwrap())).count();
    assert!(lines > 3, "{lines}");
    assert_eq!(town.ladder(&pilot()), BTreeMap::from([("barred 2".to_owned(), lines)]));
    assert_eq!(town.ladder(&authority()), BTreeMap::new());
    assert_eq!(*town.provider.beyond.lock().unwrap(), Vec::<&str>::new());
    assert!(town.provider.asked.lock().unwrap().iter().all(AuthorityId::is_pilot));
    let left = std::fs::read_dir(town.folder.path().join("post")).unwrap();
    let left: Vec<_> = left.flat_map(|entry| walk(&entry.unwrap().path())).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new(), "the post took something");
    // Letters that are some days under way are in time.
    assert_eq!(town.house.store.alarms(&pilot()).unwrap(), []);
}

fn walk(path: &Path) -> Vec<std::path::PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    std::fs::read_dir(path).unwrap().flat_map(|entry| walk(&entry.unwrap().path())).collect()
}

#[test]
fn every_message_that_would_have_left_can_be_read_and_names_nobody() {
    let (town, _) = piloted();
    let store = &town.house.store;
    let kept = store.kept_messages(&pilot(), None, 1_000).unwrap();
    let lines = town.ladder(&pilot())["barred 2"];
    assert_eq!(kept.len(), 3 * lines, "a mail, then a mail and a letter, for each line");
    let of_first = store.kept_messages(&pilot(), Some(kept[0].case), 10).unwrap();
    let mut names: Vec<&str> = of_first.iter().map(|message| message.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["letter.pdf", "message.txt", "message.txt"]);
    let person = "auditrice".parse().unwrap();
    let look = entremise_store::Look {
        authority: &pilot(),
        person: &person,
        about: entremise_store::About::Case(kept[0].case),
        purpose: entremise_store::LookPurpose::Pilot,
        legal_basis: "pilote",
        fields: &[entremise_store::LookField::Documents],
    };
    let seen = store.look(&look, town.now).unwrap();
    let mail = String::from_utf8(seen.documents[0].1.clone()).unwrap();
    assert!(mail.starts_with("PILOTE (SPECIMEN)\u{a0}: CE MESSAGE N’A PAS ÉTÉ ENVOYÉ."), "{mail}");
    assert!(mail.contains(&kept[0].file_number) && mail.contains("Un film SPECIMEN"), "{mail}");
    assert!(!mail.contains("198.51.100."), "an address in a mail:\n{mail}");
    let letter = seen.documents.iter().find(|(name, _)| name == "letter.pdf").unwrap();
    assert!(letter.1.starts_with(b"%PDF"));
}

#[test]
fn the_report_counts_what_happened_and_what_it_would_be_at_the_full_load() {
    let (town, _) = piloted();
    let lines = town.ladder(&pilot())["barred 2"] as u64;
    let report = town.report();
    assert_eq!((report.notices, report.identified), (3 * lines, 3 * lines));
    assert_eq!(report.not_drawn, 3 * (60 - lines));
    let rungs: Vec<(&str, u64, u64, u64)> = report
        .rungs
        .iter()
        .map(|rung| (rung.id.as_str(), rung.reached, rung.warned, rung.barred))
        .collect();
    let [first, second, third] = [rungs[0], rungs[1], rungs[2]];
    assert_eq!(first, ("first", lines, lines, 0));
    assert_eq!(second, ("second", lines, lines, 0));
    assert_eq!((third.1, third.2, third.3), (lines, 0, lines));
    assert_eq!(report.counted["registered_letter"], lines);
    let n = lines as f64;
    assert_eq!(report.bill.price, 5.5 * n);
    // Tenths are no binary fractions.
    assert!((report.bill.hours - 2.0 * n * 0.1).abs() < 1e-9, "{}", report.bill.hours);
    assert_eq!(report.bill_at_full_load.price, 5.0 * 5.5 * n);
    assert_eq!(report.bill_at_full_load.hours, 5.0 * report.bill.hours);
    assert_eq!(report.without_cost, ["notice", "question", "disclosure", "email"], "if any");
    assert_eq!(report.questions, 3 * lines);
    assert!(report.not_identified.is_empty(), "{:?}", report.not_identified);
    let third_per_hundred = report.rungs[2].per_hundred_notices;
    assert!((third_per_hundred - 100.0 / 3.0).abs() < 1e-9, "{third_per_hundred}");
    let of_months = |of: fn(&MonthTold) -> u64| report.months.iter().map(of).sum::<u64>();
    assert_eq!(of_months(|month| month.notices), report.notices);
    assert_eq!(of_months(|month| month.identified), report.identified);
    let messages = report.counted["email"] + report.counted["registered_letter"];
    assert_eq!(of_months(|month| month.messages), messages);
    for (lang, says) in [
        (entremise_core::deadline::Lang::Fr, "Rien n’est sorti de la maison"),
        (entremise_core::deadline::Lang::En, "Nothing left the house"),
    ] {
        assert!(text(&report, lang).contains(says));
        let page = html(&report, lang);
        assert!(page.contains(says) && page.contains("<svg") && page.contains("<table>"));
        assert!(!page.contains("<script"));
    }
}

#[test]
fn the_report_says_what_members_closed_and_which_times_were_missed() {
    let mut town = Town::new();
    town.enact(Act::Begin { one_in: 5 });
    town.bring(&addresses(60));
    town.days(1);
    let close_first = |place| if place == 0 { Verdict::Close } else { Verdict::Send };
    let decided = town.decide(&pilot(), close_first) as u64;
    assert!(decided > 1, "{decided}");
    town.days(1);
    let report = town.report();
    let first = &report.rungs[0];
    assert_eq!((first.decided_close, first.decided_send), (1, decided - 1));
    assert_eq!(report.counted["decision"], decided);
    assert!(report.missed.is_empty(), "{:?}", report.missed);
    // Nobody decides any more: what is missed is told.
    town.bring(&addresses(60));
    town.days(70);
    let missed: u64 = town.report().missed.values().sum();
    let alarms = town.house.store.alarms(&pilot()).unwrap().len() as u64;
    assert!(missed > 0 && missed == alarms, "{missed} of {alarms}");
}

#[test]
fn the_report_is_about_the_last_pilot_from_its_first_day_to_its_last() {
    let mut town = Town::new();
    let day = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
    town.enact(Act::Begin { one_in: 5 });
    town.bring(&addresses(60));
    let begun = day(town.now);
    town.days(2);
    town.enact(Act::GoLive);
    let ended = day(town.now);
    town.days(3);
    let report = town.report();
    assert_eq!((report.first, report.last, report.one_in), (begun, ended, 5));
    town.enact(Act::Begin { one_in: 3 });
    let again = day(town.now);
    town.days(1);
    let report = town.report();
    assert_eq!((report.first, report.one_in), (again, 3));
    town.bring(&addresses(60));
    assert!(town.report().notices > 0);
    assert_eq!(town.report_until(Some(again)).notices, 0, "until the day that was asked for");
}

#[test]
fn what_a_pilot_still_asks_for_when_it_ends_is_not_done_any_more() {
    let mut town = Town::new();
    town.enact(Act::Begin { one_in: 5 });
    town.bring(&addresses(60));
    town.days(1);
    assert!(town.decide_all(&pilot()) > 0);
    town.enact(Act::GoLive);
    town.days(1);
    assert_eq!(town.house.store.kept_messages(&pilot(), None, 10).unwrap(), []);
}

#[test]
fn what_a_house_lived_through_is_played_again_from_its_own_ledger() {
    let (town, _) = piloted();
    let lines = town.ladder(&pilot())["barred 2"];
    let path = town.folder.path();
    let rules = entremise_core::regime::embedded::text("fr-graduated-response").unwrap();
    std::fs::write(path.join("same.toml"), rules).unwrap();
    let asked = |authority: &str, from: &str, to: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entremise"));
        let history = ["simulate", "--regime", "same.toml", "--history", "ledger", "--config"];
        command.args(history).args(["entremise.toml", "--authority", authority]);
        command.args(["--from", from, "--to", to, "--format", "json"]);
        let told = command.current_dir(path).env("ENTREMISE_LOG", "error").output().unwrap();
        assert!(told.status.success(), "{}", said(&told));
        serde_json::from_slice::<serde_json::Value>(&told.stdout).unwrap()
    };
    let day = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let (first, last) = (day(BEGIN.parse().unwrap()), day(town.now));
    let told = asked("autorite-pilot", &first, &last);
    assert_eq!((&told["lines"], &told["erased"]), (&lines.into(), &0.into()));
    assert_eq!(told["before"]["of"]["fact"], 3 * lines, "{}", told["before"]);
    assert_eq!(told["before"]["of"]["decision"], 2 * lines, "{}", told["before"]);
    assert_eq!(told["difference"], serde_json::json!({}));
    // Of others, and of other days, nothing.
    assert_eq!(asked("autorite", &first, &last)["lines"], 0);
    assert_eq!(asked("autorite-pilot", "2020-01-01", "2020-12-31")["lines"], 0);
}

#[test]
fn once_the_house_is_at_real_work_a_line_of_the_pilot_is_at_its_first_warning() {
    let (mut town, draw) = piloted();
    town.enact(Act::GoLive);
    assert_eq!(town.house.store.pilot_standing(&authority()).unwrap(), Standing::Live);
    let drawn = addresses(60).into_iter().find(|ip| draw.takes(ip.parse().unwrap())).unwrap();
    let not = addresses(60).into_iter().find(|ip| !draw.takes(ip.parse().unwrap())).unwrap();
    // Left over from the pilot: asked of nobody any more.
    let asked = town.provider.asked.lock().unwrap().len();
    town.bring(&[drawn, not]);
    town.days(1);
    assert!(town.provider.asked.lock().unwrap()[asked..].iter().all(|of| *of == authority()));
    assert_eq!(town.ladder(&authority()), BTreeMap::from([("proposed 0".to_owned(), 2)]));
    let of_pilot = town.ladder(&pilot());
    assert_eq!(of_pilot.keys().collect::<Vec<_>>(), ["trial"], "{of_pilot:?}");
    assert_eq!(town.report().rungs[0].reached, of_pilot["trial"] as u64, "the report stays");
}

#[test]
fn no_reviewer_is_asked_during_a_pilot() {
    let (town, _) = piloted();
    let case = town.house.store.kept_messages(&pilot(), None, 1).unwrap()[0].case;
    let decision = Decision {
        by: "membre-1".parse().unwrap(),
        verdict: Verdict::Send,
        ground: Ground::FactsEstablished,
    };
    let event = Event::AuthorisationRequested {
        request: entremise_core::id::AuthorisationId(uuid::Uuid::from_u128(1)),
        decision,
        reviewer: "magistrat-1".parse().unwrap(),
        evidence: "e".repeat(64).parse::<Digest>().unwrap(),
    };
    let by_id = CaseRef::Id(pilot(), case);
    let person = Actor::Person("membre-1".parse().unwrap());
    let refused = town.house.store.apply(&by_id, &event, &person, town.now).unwrap_err();
    assert!(refused.to_string().contains("nothing leaves the house"), "{refused}");
}

#[test]
fn a_name_kept_for_pilots_one_signatory_alone_or_one_key_for_two_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("entremise.toml");
    config(folder.path(), [A_KEY, ANOTHER]);
    let good = std::fs::read_to_string(&path).unwrap();
    for (passage, with, why) in [
        ("id = \"autorite\"", "id = \"autorite-pilot\"", "kept for the pilot"),
        (ANOTHER, A_KEY, "a key of their own"),
        ("id = \"membre-1\"", "id = \"directrice\"", "two signatories"),
        (ANOTHER, "AgIC", "32 bytes"),
    ] {
        std::fs::write(&path, good.replace(passage, with)).unwrap();
        let refused = Config::read(&path).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entremise"));
    command.arg("pilot").args(arguments).current_dir(folder).env("ENTREMISE_LOG", "error");
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn on_the_command_line_two_persons_sign_and_one_of_them_alone_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let key = |by: &str, out: &str| {
        let made = run(path, &["key", "--by", by, "--out", out]);
        assert!(made.status.success(), "{}", said(&made));
        said(&made).lines().nth(2).unwrap().split('"').nth(1).unwrap().to_owned()
    };
    let keys = [key("directrice", "one.json"), key("membre-1", "two.json")];
    config(path, [&keys[0], &keys[1]]);
    let at = ["--config", "entremise.toml", "--authority", "autorite"];
    let run_at = |words: &[&str], more: &[&str]| run(path, &[words, &at, more].concat());
    let drafted = run_at(&["draft", "begin"], &["--one-in", "10", "--out", "act.json"]);
    assert!(drafted.status.success(), "{}", said(&drafted));
    for _ in 0..2 {
        let signed = run(path, &["sign", "act.json", "--key", "one.json", "--yes"]);
        assert!(said(&signed).contains("signed by directrice (1 of 2)"), "{}", said(&signed));
    }
    let alone = run_at(&["enact"], &["act.json"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(said(&alone).contains("two persons"), "{}", said(&alone));
    assert!(said(&run_at(&["status"], &[])).contains("what comes in is real"));
    run(path, &["sign", "act.json", "--key", "two.json", "--yes"]);
    let tried = run_at(&["enact"], &["act.json", "--dry-run"]);
    assert!(said(&tried).contains("would put into force: begin"), "{}", said(&tried));
    let enacted = run_at(&["enact"], &["act.json"]);
    assert!(said(&enacted).contains("in force: act 1"), "{}", said(&enacted));
    assert!(said(&run_at(&["status"], &[])).contains("one network in 10"));
    // The same file once more.
    assert_eq!(run_at(&["enact"], &["act.json"]).status.code(), Some(2));
    // An act that somebody changed after it was signed.
    run_at(&["draft", "go-live"], &["--out", "live.json"]);
    run(path, &["sign", "live.json", "--key", "one.json", "--yes"]);
    run(path, &["sign", "live.json", "--key", "two.json", "--yes"]);
    let good = std::fs::read_to_string(path.join("live.json")).unwrap();
    std::fs::write(path.join("live.json"), good.replace("\"number\": 2", "\"number\": 3")).unwrap();
    let changed = run_at(&["enact"], &["live.json"]);
    assert!(said(&changed).contains("does not hold"), "{}", said(&changed));
    std::fs::write(path.join("live.json"), good).unwrap();
    assert!(run_at(&["enact"], &["live.json"]).status.success());
    assert!(said(&run_at(&["status"], &[])).contains("what comes in is real"));
    let told = run_at(&["report"], &["--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&said(&told)).unwrap();
    assert_eq!((&told["one_in"], &told["notices"]), (&10.into(), &0.into()));
}

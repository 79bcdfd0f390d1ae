//! Whoever challenged a message is told by itself what became of it, by the way that the message
//! took; a mail says no more than that an answer waits, and no erasure comes before it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::api_house::{self, Hand};
use crate::defence_world::{BEGIN, Finding, Got, encoded, over, value_of};
use crate::delivery_sink::{Manner, Message, Sink};
use crate::oversight_world::{World, at, authority, code_of, named};
use axum::http::StatusCode;
use entremise_core::case::State;
use entremise_core::event::{Decision, Event, Ground, Verdict};
use entremise_core::id::CaseId;
use entremise_core::ledger::Actor;
use entremise_core::procedure::ladder::{
    ChallengeAnswer, ChallengeGround, ChallengeVerdict, State as Ladder,
};
use entremise_server::config::Config;
use entremise_server::house::House;
use entremise_server::{serve, worker};
use entremise_store::{CaseFile, CaseRef, SystemEntropy};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const REASONS: &str = "Nous vous croyons quand vous dites avoir été absent.\n\nVotre Wi-Fi \
                       était protégé par un mot de passe, et vous nous l’avez montré.";
const MAILBOX: &str = "abonne@exemple.example";

fn opened(folder: &TempDir, change: impl FnOnce(&mut Config)) -> House {
    let mut config = api_house::config(folder.path());
    config.authorities[0].id = authority();
    change(&mut config);
    let clock = Hand::at(BEGIN).clock();
    serve::open(&config, &clock, Arc::new(SystemEntropy::default())).unwrap()
}

fn challenge(house: &House, case: CaseId, now: Timestamp) {
    let document = house.store.keep_case_document(
        &authority(),
        case,
        "challenge-specimen.txt",
        "J’étais absent.".as_bytes(),
        &Actor::Concerned,
        now,
    );
    let event = Event::ChallengeReceived {
        grounds: vec![ChallengeGround::NotMe],
        document: document.unwrap(),
        received_at: now,
    };
    house.store.apply(&CaseRef::Id(authority(), case), &event, &Actor::Concerned, now).unwrap();
}

fn file(house: &House, case: CaseId) -> CaseFile {
    house.store.case_file(&authority(), &case).unwrap().unwrap()
}

fn alarms(house: &House) -> Vec<String> {
    let alarms = house.store.alarms(&authority()).unwrap();
    alarms.iter().map(|alarm| alarm.name.to_string()).collect()
}

/// A finding that came by registered letter, challenged on 10 May 2023.
struct Town {
    folder: TempDir,
    house: House,
    finding: Finding,
}

fn town() -> Town {
    let folder = TempDir::new().unwrap();
    let house = opened(&folder, |_| ());
    let finding = over(World::over(house.store.clone()));
    challenge(&house, finding.case, finding.now());
    Town { folder, house, finding }
}

impl Town {
    /// An officer opens what was written, then answers on the page that is there for it.
    fn answer(&mut self, verdict: &str) {
        let path = format!("{}/contestation", self.finding.path());
        let page = self.finding.get(&path);
        let opened =
            self.send_form(&path, &page, [("answers", ""), ("verdict", ""), ("reasons", "")]);
        let answer = [("answers", "yes"), ("verdict", verdict), ("reasons", REASONS)];
        let got = self.send_form(&path, &opened, answer);
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    }

    fn send_form(&mut self, path: &str, page: &Got, answer: [(&str, &str); 3]) -> Got {
        let token = value_of(page, "token");
        let version = value_of(page, "version");
        let fields = [("version", version.as_str()), ("token", token.as_str())];
        let fields = fields.into_iter().chain(answer);
        let form: Vec<String> =
            fields.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let kind = "application/x-www-form-urlencoded";
        self.finding.post(path, kind, form.join("&").into_bytes())
    }

    fn work(&self) {
        let now = self.finding.now() + SignedDuration::from_hours(1);
        worker::outbox::round(&self.house, now).unwrap();
    }

    fn letters(&self) -> Vec<PathBuf> {
        let Ok(folder) = fs::read_dir(self.folder.path().join("post/outbox")) else {
            return Vec::new();
        };
        let paths = folder.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "pdf")).collect()
    }

    /// The words of the one letter; none where there is no program to read it.
    fn letter(&self) -> Option<String> {
        let letters = self.letters();
        assert_eq!(letters.len(), 1, "once, whatever is repeated");
        let told = Command::new("pdftotext").arg("-layout").arg(&letters[0]).arg("-").output();
        let Ok(told) = told else {
            assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "pdftotext is absent");
            return None;
        };
        let text = String::from_utf8_lossy(&told.stdout);
        let words = text.split_whitespace().filter(|word| word.len() > 2 || !is_ground(word));
        Some(words.collect::<Vec<_>>().join(" "))
    }

    fn post_says(&self, code: &str, at: &str) {
        let effects = self.finding.file().effects;
        let sent = effects.iter().rfind(|row| row.effect.name() == "send_answer").unwrap();
        let row = format!("effect,code,at,proof\n{},{code},{at},\n", sent.id);
        fs::write(self.folder.path().join(format!("post/inbox/{code}.csv")), row).unwrap();
        self.house.rooms[0].last_polled.store(0, Ordering::Relaxed);
        let now = at.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(1);
        worker::news::round(&self.house, now).unwrap();
    }
}

/// The letters of SPECIMEN behind the text.
fn is_ground(word: &str) -> bool {
    word.chars().all(|sign| "SPECIMEN".contains(sign))
}

#[test]
fn a_letter_tells_the_outcome_and_the_reasons_and_opens_nothing_of_the_facts() {
    let mut town = town();
    town.answer("rejected");
    let before = town.finding.file().history.len();
    town.work();
    town.work();
    if let Some(said) = town.letter() {
        for wanted in ["Nom-Clair", "reste valable", "Constat de négligence", "10 mai 2023"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
        for line in REASONS.lines().filter(|line| !line.is_empty()) {
            assert!(
                said.contains(&line.split_whitespace().collect::<Vec<_>>().join(" ")),
                "{said}"
            );
        }
        assert!(said.contains("CPI R331-12") || said.contains("CPI R331-11"), "{said}");
        for unwanted in ["198.0.0.", "Heures du port", "règle de service"] {
            assert!(!said.contains(unwanted), "{unwanted}: {said}");
        }
    }
    let history = town.finding.file().history;
    let kinds: Vec<&str> = history[before..].iter().map(|entry| entry.kind.as_str()).collect();
    let place = |kind: &str| {
        kinds.iter().position(|known| *known == kind).unwrap_or_else(|| panic!("{kind}: {kinds:?}"))
    };
    assert!(place("intent.send_answer") < place("look.answer"), "{kinds:?}");
    assert!(place("look.answer") < place("outcome.handed_over"), "{kinds:?}");
    assert!(place("look.answer") < place("event.answer_reported"), "{kinds:?}");
    let look = history[before..][place("look.answer")].body.clone().unwrap();
    assert_eq!(look["fields"], serde_json::json!(["identity", "document"]));
    let kept = town.house.store.documents(&authority(), &town.finding.case).unwrap();
    let reasons = kept.iter().find(|document| document.name.starts_with("answer-")).unwrap();
    assert_eq!(look["documents"], serde_json::json!([reasons.id.0]), "one, and no other");
    assert_eq!(town.finding.state(), "contradictory", "it goes on");
}

#[test]
fn whoever_is_right_is_told_so_though_the_case_is_closed_and_its_page_still_tells_it() {
    let mut town = town();
    town.answer("upheld");
    assert_eq!(town.finding.state(), "challenge_upheld");
    town.work();
    if let Some(said) = town.letter() {
        assert!(said.contains("Vous aviez raison"), "{said}");
        assert!(said.contains("Nous vous croyons quand vous dites"), "{said}");
    }
    assert!(alarms(&town.house).is_empty(), "{:?}", alarms(&town.house));
    let now = town.finding.clock();
    let number = town.finding.file().file_number.unwrap();
    let mut web = crate::oversight_world::web(&town.house.store);
    web.clock = Arc::new(move || *now.lock().unwrap());
    let mut visitors = crate::portal_world::Visitors {
        other: town.finding.case,
        now: town.finding.clock(),
        public: entremise_server::web::public_router(web),
        finding: town.finding,
    };
    let opened = visitors.type_in(&number, &code_of(&number));
    let page = visitors.get(crate::portal_world::FILE, &opened.cookie().unwrap());
    assert!(page.text.contains("Vous aviez raison"), "{}", page.text);
}

#[test]
fn a_letter_that_comes_back_is_told_to_a_person_though_the_case_is_closed() {
    let mut town = town();
    town.answer("upheld");
    town.work();
    town.post_says("n07", "2023-05-20T09:00:00Z");
    assert_eq!(alarms(&town.house), ["answer_not_delivered"]);
    assert_eq!(town.finding.state(), "challenge_upheld", "it opens nothing again");
}

#[test]
fn no_erasure_comes_before_the_answer_left() {
    let mut town = town();
    town.answer("upheld");
    let end = at("2025-06-01T09:00:00Z");
    town.finding.world.late(end);
    let kept = || town.house.store.documents(&authority(), &town.finding.case).unwrap().len();
    let documents = kept();
    worker::erasure::round(&town.house, end).unwrap();
    assert!(kept() >= documents, "the answer is still to leave");
    worker::outbox::round(&town.house, end).unwrap();
    assert_eq!(town.letters().len(), 1, "it leaves with all that it needs");
    worker::erasure::round(&town.house, end + SignedDuration::from_hours(1)).unwrap();
    assert_eq!(kept(), 0, "then nothing is kept any more");
}

/// A first warning that came by mail, challenged and answered; the relay is this server.
struct Warned {
    house: House,
    case: CaseId,
    _folder: TempDir,
}

fn warned(port: u16, mailbox: Option<&'static str>) -> Warned {
    let folder = TempDir::new().unwrap();
    let house = opened(&folder, |config| {
        let provider = &mut config.authorities[0].providers[0];
        provider.id = "isp-riviere".parse().unwrap();
        provider.relay.port = port;
    });
    let mut world = World::over(house.store.clone());
    world.mailbox = mailbox;
    let day = at("2023-03-06T09:00:00Z");
    world.bring(vec![1], day);
    world.answer(day + SignedDuration::from_hours(20), |_| named(1));
    world.decide(day + SignedDuration::from_hours(48), |_| true);
    world.carry(day + SignedDuration::from_hours(52));
    let due = world.store.due(at("2030-01-01T00:00:00Z"), 100).unwrap();
    let on_the_ladder = due.into_iter().map(|(_, case)| case).find(|case| {
        matches!(file(&house, *case).case.state, State::Ladder(Ladder::Warned { .. }))
    });
    Warned { house, case: on_the_ladder.unwrap(), _folder: folder }
}

impl Warned {
    fn answer(&self, verdict: ChallengeVerdict, now: Timestamp) {
        challenge(&self.house, self.case, now);
        let (of, by) = (CaseRef::Id(authority(), self.case), "officer-7".parse().unwrap());
        let actor = Actor::Person(by);
        let reasons = self.house.store.keep_case_document(
            &authority(),
            self.case,
            "answer-specimen.txt",
            REASONS.as_bytes(),
            &actor,
            now,
        );
        let (by, reasons) = ("officer-7".parse().unwrap(), reasons.unwrap());
        let event = Event::ChallengeAnswered(ChallengeAnswer { by, verdict, reasons });
        self.house.store.apply(&of, &event, &actor, now).unwrap();
    }

    fn work(&self, now: Timestamp) {
        worker::outbox::round(&self.house, now).unwrap();
        worker::outbox::round(&self.house, now + SignedDuration::from_hours(1)).unwrap();
    }
}

fn words(message: &Message) -> String {
    let mail = mail_parser::MessageParser::default().parse(&message.bytes).unwrap();
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    format!("{}\n{text}\n{html}", mail.subject().unwrap())
}

#[test]
fn a_mail_says_that_an_answer_waits_and_neither_which_nor_why() {
    let runtime = Runtime::new().unwrap();
    let sink = runtime.block_on(Sink::start(Manner::Takes));
    let now = at("2023-03-14T09:00:00Z");
    let told = |verdict| {
        let warned = warned(sink.port, Some(MAILBOX));
        warned.answer(verdict, now);
        let before = file(&warned.house, warned.case).history.len();
        warned.work(now + SignedDuration::from_mins(5));
        let history = file(&warned.house, warned.case).history;
        let look = history[before..].iter().find(|entry| entry.kind == "look.answer").unwrap();
        let fields = &look.body.as_ref().unwrap()["fields"];
        assert_eq!(*fields, serde_json::json!(["identity"]), "no reasons are opened for a mail");
        assert!(alarms(&warned.house).is_empty());
        file(&warned.house, warned.case).file_number.unwrap()
    };
    let numbers = [told(ChallengeVerdict::Rejected), told(ChallengeVerdict::Upheld)];
    let messages = sink.seen().messages;
    assert_eq!(messages.len(), 2, "one each, whatever is repeated");
    for (message, number) in messages.iter().zip(numbers) {
        assert_eq!(message.to, MAILBOX);
        let said = words(message);
        for wanted in ["Une réponse à votre contestation", "SPECIMEN", &number, "/verifier"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
        for unwanted in ["croyons", "Wi-Fi", "valable", "raison ", "Nom-Clair", "Heures du port"] {
            assert!(!said.contains(unwanted), "{unwanted}: {said}");
        }
    }
}

#[test]
fn an_answer_that_no_mailbox_can_take_is_told_to_a_person() {
    let runtime = Runtime::new().unwrap();
    let sink = runtime.block_on(Sink::start(Manner::Takes));
    let warned = warned(sink.port, None);
    let now = at("2023-03-14T09:00:00Z");
    warned.answer(ChallengeVerdict::Rejected, now);
    warned.work(now + SignedDuration::from_mins(5));
    assert!(sink.seen().messages.is_empty());
    assert_eq!(alarms(&warned.house), ["answer_not_delivered"]);
}

#[test]
fn a_case_that_is_dismissed_answers_nothing_by_itself() {
    let runtime = Runtime::new().unwrap();
    let sink = runtime.block_on(Sink::start(Manner::Takes));
    let warned = warned(sink.port, Some(MAILBOX));
    let now = at("2023-03-14T09:00:00Z");
    challenge(&warned.house, warned.case, now);
    let by: entremise_core::id::PersonId = "officer-7".parse().unwrap();
    let (verdict, ground) = (Verdict::Close, Ground::Discretion);
    let event = Event::Decided(Decision { by: by.clone(), verdict, ground });
    let of = CaseRef::Id(authority(), warned.case);
    warned.house.store.apply(&of, &event, &Actor::Person(by), now).unwrap();
    warned.work(now + SignedDuration::from_mins(5));
    assert!(sink.seen().messages.is_empty());
}

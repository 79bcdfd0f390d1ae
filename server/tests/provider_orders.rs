//! Orders for a provider without a connector: they lie on its people's desk, as a page and as a
//! file, and what its people say of them is heard as a connector's word would be.

use crate::desks_house;
use crate::desks_house::{Desks, Got};
use axum::http::StatusCode;
use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, CaseId};
use entremise_core::ledger::Actor;
use entremise_core::procedure::measure::{Declined, HowEnded, LiftGround, Reported};
use entremise_core::regime::rules::Spared;
use entremise_ledger::LogKey;
use entremise_ledger::audit::{TextHarm, read_signed};
use entremise_server::access::Role;
use entremise_server::worker;
use entremise_store::{CaseFile, CaseRef};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const BOUNDARY: &str = "SPECIMEN-BOUNDARY-5c1";
const SPARES: [(&str, &str); 2] = [("spared", "telephony"), ("spared", "television")];

fn authority() -> AuthorityId {
    "autorite".parse().unwrap()
}

struct Town {
    desks: Desks,
    measure: CaseId,
}

/// A measure that the person was notified of, ordered of a provider whose people do it by hand.
fn ordered() -> Town {
    let desks = Desks::open();
    let measure = desks.ordered();
    let town = Town { desks, measure };
    town.work();
    assert_eq!(town.state(), "ordered");
    town
}

impl Town {
    fn now(&self) -> Timestamp {
        self.desks.hand.clock()()
    }

    fn at(&mut self, instant: &str) {
        self.desks.hand.set(instant.parse().unwrap());
        self.work();
        // The way in of the day before is over.
        self.desks.come_in(Role::Provider);
    }

    fn work(&self) {
        while !worker::round(&self.desks.house, self.now()).unwrap().idle() {}
    }

    fn apply(&mut self, event: Event) {
        let actor = Actor::Person("membre-1".parse().unwrap());
        let case = CaseRef::Id(authority(), self.measure);
        self.desks.house.store.apply(&case, &event, &actor, self.now()).unwrap();
    }

    fn file(&self) -> CaseFile {
        self.desks.house.store.case_file(&authority(), &self.measure).unwrap().unwrap()
    }

    fn state(&self) -> String {
        self.file().case.state.name().to_owned()
    }

    /// What the case heard of the provider, and from whom.
    fn heard(&self) -> Vec<(String, Reported)> {
        let history = self.file().history;
        let events = history.into_iter().filter(|entry| entry.kind == "event.measure_reported");
        events
            .filter_map(|entry| match entry.event {
                Some(Event::MeasureReported(report)) => Some((entry.actor, report.reported)),
                _ => None,
            })
            .collect()
    }

    fn alarms(&self) -> Vec<String> {
        let alarms = self.desks.house.store.alarms(&authority()).unwrap();
        alarms.into_iter().map(|alarm| alarm.name).collect()
    }

    fn path(&self) -> String {
        format!("/en/provider/orders/{}", self.measure)
    }

    fn page(&mut self) -> Got {
        let path = self.path();
        self.desks.get(Role::Provider, &path)
    }

    /// Fills in a form of the order's page.
    fn answer(&mut self, fields: &[(&str, &str)]) -> Got {
        let page = self.page();
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let hidden = |name: &str| desks_house::value_after(&page, "multipart/form-data", name);
        let (token, version) = (hidden("token"), hidden("version"));
        let mut all = vec![("token", token.as_str()), ("version", version.as_str())];
        all.extend(fields);
        self.send(&all)
    }

    fn send(&mut self, fields: &[(&str, &str)]) -> Got {
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
            let file = "; filename=\"a.txt\"\r\nContent-Type: text/plain";
            body += if *name == "file" { file } else { "" };
            body += &format!("\r\n\r\n{value}\r\n");
        }
        body += &format!("--{BOUNDARY}--\r\n");
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let path = self.path();
        self.desks.post_as(Role::Provider, &path, &kind, body.into_bytes())
    }

    /// The first and the last instant of the order, at the clock on the wall in Paris.
    fn window(&mut self) -> (String, String) {
        let page = self.page();
        let instants = |name: &str| {
            let (_, rest) = page.text.split_once(&format!("<dt>{name}</dt>")).expect("it says so");
            let (_, rest) = rest.split_once("datetime=\"").unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        (instants("From"), instants("Until"))
    }
}

/// As the field of a form has it, in Paris.
fn local(instant: &str) -> String {
    let at: Timestamp = instant.parse().unwrap();
    at.in_tz("Europe/Paris").unwrap().strftime("%Y-%m-%dT%H:%M").to_string()
}

#[test]
fn an_order_lies_on_the_desk_and_goes_from_its_start_to_its_end_by_the_word_of_people() {
    let mut town = ordered();
    let desk = town.desks.get(Role::Provider, "/en/provider");
    assert!(desk.text.contains("To be confirmed"), "{}", desk.text);
    assert!(town.alarms().iter().all(|name| name != "given_up"), "{:?}", town.alarms());
    let done = town.answer(&[("answer", "accepted")]);
    assert_eq!(done.location, "/en/provider?answered=1", "{}", done.text);
    let (from, until) = town.window();
    town.at(&from);
    let at = local(&from);
    let mut begun = vec![("answer", "in_force"), ("at", at.as_str()), ("ends_by_itself", "yes")];
    begun.extend(SPARES);
    assert_eq!(town.answer(&begun).status, StatusCode::SEE_OTHER);
    assert_eq!(town.state(), "in_force");
    town.at(&until);
    assert_eq!(town.state(), "lifting");
    let page = town.page();
    assert!(page.text.contains("Restore the access now"), "{}", page.text);
    let end = local(&until);
    let ended = [("answer", "ended"), ("started", at.as_str()), ("at", end.as_str())];
    assert_eq!(town.answer(&ended).status, StatusCode::SEE_OTHER);
    assert_eq!(town.state(), "served");
    let heard = town.heard();
    assert!(heard.iter().all(|(who, _)| who == "person:provider-1"), "{heard:?}");
    let said: Vec<&Reported> = heard.iter().map(|(_, said)| said).collect();
    assert!(matches!(
        said[..],
        [
            Reported::Approved { .. },
            Reported::Implemented { until: Some(_), .. },
            Reported::Ended { how: HowEnded::Lifted, .. }
        ]
    ));
    let town_alarms = town.alarms();
    let told = town_alarms.iter().find(|name| name.starts_with("measure_be"));
    assert_eq!(told, None, "{town_alarms:?}");
    let gone = town.page();
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[test]
fn a_start_too_early_or_without_the_telephone_is_an_alarm_at_once() {
    let mut town = ordered();
    let at = local(&town.now().to_string());
    let early = [("answer", "in_force"), ("at", at.as_str()), ("spared", "television")];
    assert_eq!(town.answer(&early).status, StatusCode::SEE_OTHER);
    assert!(town.alarms().iter().any(|name| name == "measure_beyond_scope"), "{:?}", town.alarms());
    let heard = town.heard();
    let Some((_, Reported::Implemented { until, spared, .. })) = heard.last() else {
        panic!("{heard:?}")
    };
    // Nobody said that it ends by itself: somebody is told before its end.
    assert_eq!((*until, spared.len()), (None, 1));
    assert!(spared.contains(&Spared::Television));
}

#[test]
fn whoever_declines_chooses_a_reason_and_a_person_of_the_authority_is_told() {
    let mut town = ordered();
    let bad = town.answer(&[("answer", "declined"), ("reason", "")]);
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("Choose a reason."), "{}", bad.text);
    let fields = [("answer", "declined"), ("reason", "line_of_necessity")];
    assert_eq!(town.answer(&fields).status, StatusCode::SEE_OTHER);
    let reason = Declined::LineOfNecessity;
    assert_eq!(town.heard().last().unwrap().1, Reported::Declined { reason });
    assert!(town.alarms().iter().any(|name| name == "measure_declined"));
}

#[test]
fn the_file_says_the_whole_order_and_comes_back_completed() {
    let mut town = ordered();
    let path = format!("{}/file", town.path());
    let file = town.desks.get(Role::Provider, &path);
    assert_eq!(file.status, StatusCode::OK);
    for wanted in ["version: 1", "do: carry", "spares: telephony television", &"h".repeat(43)] {
        assert!(file.text.contains(wanted), "{wanted}: {}", file.text);
    }
    let token = desks_house::value_after(&town.page(), "multipart/form-data", "token");
    let at = town.now();
    let completed = format!("{}answer: accepted\nat: {at}\n", file.text);
    let done = town.send(&[("token", &token), ("file", &completed)]);
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(town.heard().last().unwrap().1, Reported::Approved { at });
    // What was handed in is the proof, byte for byte.
    let kept = town.desks.house.store.documents(&authority(), &town.measure).unwrap();
    assert!(kept.iter().any(|document| document.name.starts_with("provider-")));
}

#[test]
fn the_file_is_signed_by_the_authority_whatever_is_written_below() {
    let mut town = ordered();
    let path = format!("{}/file", town.path());
    let file = town.desks.get(Role::Provider, &path).text;
    let key = town.desks.house.room(&authority()).unwrap().ledger_key.public().clone();
    assert!(town.page().text.contains(key.as_str()), "the page says with which key");
    let keys = [key];
    let signed = read_signed(&file, &keys).unwrap();
    assert!(signed.text.contains("do: carry") && !signed.text.contains("answer"), "{signed:?}");
    let completed = format!("{file}answer: accepted\n").replace('\n', "\r\n");
    assert_eq!(read_signed(&completed, &keys).unwrap(), signed, "on another system");
    let longer = file.replace("telephony television", "telephony");
    assert!(matches!(read_signed(&longer, &keys), Err(TextHarm::Changed { .. })));
    let stranger = LogKey::from_seed("stranger.example/ledger", &[7; 32]).unwrap();
    let theirs = [stranger.public().clone()];
    assert_eq!(read_signed(&file, &theirs), Err(TextHarm::OtherKey));
    let unsigned = file.replace('—', "#");
    assert_eq!(read_signed(&unsigned, &keys), Err(TextHarm::NotSigned));
    assert_eq!(read_signed(&file, &[]), Err(TextHarm::NoKey));
}

#[test]
fn a_file_that_was_changed_or_speaks_of_what_is_to_come_enters_nothing() {
    let mut town = ordered();
    let path = format!("{}/file", town.path());
    let file = town.desks.get(Role::Provider, &path).text;
    let token = desks_house::value_after(&town.page(), "multipart/form-data", "token");
    let at = town.now();
    let later = at + SignedDuration::from_hours(1);
    for (text, why) in [
        (file.replace("version: 1", "version: 2") + "answer: accepted\n", "has changed"),
        (file.replace("telephony television", "telephony") + "answer: accepted\n", "has changed"),
        (format!("{file}answer: accepted\nat: {later}\n"), "in the future"),
        (format!("{file}answer: prolonged\nat: {at}\n"), "cannot be read"),
        (format!("{file}answer: accepted\nanswer: declined\n"), "cannot be read"),
    ] {
        let got = town.send(&[("token", &token), ("file", &text)]);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert!(got.text.contains(why), "{why}: {}", got.text);
    }
    let got = town.send(&[("token", "forged"), ("version", "1"), ("answer", "accepted")]);
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert_eq!(town.heard(), []);
}

#[test]
fn a_page_of_before_a_lifting_answers_nothing_and_the_lifting_is_on_the_desk() {
    let mut town = ordered();
    let before = town.page();
    let token = desks_house::value_after(&before, "multipart/form-data", "token");
    let (by, decision) = ("membre-1".parse().unwrap(), "e".repeat(64).parse().unwrap());
    town.apply(Event::LiftingOrdered { by, decision, ground: LiftGround::Court });
    town.work();
    let got = town.send(&[("token", &token), ("version", "1"), ("answer", "accepted")]);
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("Restore the access now"), "{}", got.text);
    let at = local(&town.now().to_string());
    let never = [("answer", "ended"), ("started", ""), ("at", at.as_str())];
    assert_eq!(town.answer(&never).status, StatusCode::SEE_OTHER);
    assert_eq!(town.state(), "lifted");
}

#[test]
fn nobody_sees_an_order_that_is_not_theirs() {
    let mut town = ordered();
    for number in [CaseId(Uuid::from_u128(9)).to_string(), "..".to_owned(), "x".to_owned()] {
        let path = format!("/en/provider/orders/{number}");
        assert_ne!(town.desks.get(Role::Provider, &path).status, StatusCode::OK, "{number}");
    }
    let path = town.path();
    let other = town.desks.get(Role::Sender, &path);
    assert_eq!(other.status, StatusCode::FORBIDDEN, "{}", other.text);
    // Nothing of the person or of the file that was judged is on the page.
    let page = town.page();
    assert!(!page.text.contains("Camille") && !page.text.contains("⟨?⟩"), "{}", page.text);
}

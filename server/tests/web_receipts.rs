//! Receipts on the pages, over a real store and a published ledger: whoever holds number and code
//! gets the proof of each message, and an officer the proof of each line.

use std::path::PathBuf;
use std::sync::Arc;

use crate::oversight_world::{
    OFFICER_SECRET, OVERSEER_SECRET, at, authority, named, now, people, web,
};
use crate::rights_world::{Two, two};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::QuestionId;
use entremise_core::identification::IdentityField;
use entremise_core::ledger::Actor;
use entremise_ledger::publish::SourceError;
use entremise_ledger::{Leaves, LogKey, Receipt, Witnesses, publish};
use entremise_server::web::store_desk::StoreDesk;
use entremise_server::web::{Web, office_router, public_router};
use entremise_store::{CaseRef, Settlement, Store};
use tower_service::Service as _;

const CODE: &str = "K7M4-PQ2X-9TZA";

struct Leafy(Store);

impl Leaves for Leafy {
    fn size(&mut self) -> Result<u64, SourceError> {
        Ok(self.0.ledger_size(&authority())?)
    }

    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, SourceError> {
        Ok(self.0.ledger_leaves(&authority(), from, most)?)
    }
}

struct House {
    two: Two,
    public: Router,
    office: Router,
    ledger: PathBuf,
    key: LogKey,
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

fn house() -> House {
    let two = two();
    let ledger = two.world.folder.path().join("ledger");
    let store = two.world.store.clone();
    let desk = StoreDesk::over(store.clone(), authority(), |_, code| code == CODE);
    let web = Web { desk: Arc::new(desk.with_ledger(ledger.clone())), ..web(&store) };
    let key = LogKey::from_seed("autorite.example/ledger", &[7; 32]).unwrap();
    let office = office_router(web.clone(), people()).unwrap();
    House { two, public: public_router(web), office, ledger, key }
}

fn call(router: &mut Router, request: Request<Body>) -> Got {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let response = runtime.block_on(router.call(request)).unwrap();
    let (parts, body) = response.into_parts();
    let bytes = runtime.block_on(axum::body::to_bytes(body, 1 << 22)).unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Got { status: parts.status, headers: parts.headers, text }
}

fn form(path: &str, form: &str) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap()
}

impl House {
    fn publish(&self) {
        let mut source = Leafy(self.two.world.store.clone());
        publish(&mut source, &self.ledger, &self.key, now()).unwrap();
    }

    fn check(&mut self, number: &str) -> Got {
        let typed = format!("number={number}&code={CODE}");
        call(&mut self.public, form("/fr/verifier", &typed))
    }

    fn receipt(&mut self, number: &str, code: &str, entry: u64) -> Got {
        let typed = format!("number={number}&code={code}&entry={entry}");
        call(&mut self.public, form("/fr/verifier/recu", &typed))
    }

    /// Kind, entry and body in the receipt, checked with the ledger's key and nothing else of ours.
    fn proven(&self, text: &str) -> (String, u64, Option<String>) {
        let receipt = Receipt::parse(text).unwrap();
        let keys = [self.key.public().clone()];
        let proven = receipt.check(&keys, &Witnesses::default(), &[]).unwrap();
        (proven.kind, proven.entry, proven.body)
    }

    fn entry(&self, case: entremise_core::id::CaseId, kind: &str) -> u64 {
        let file = self.two.file(case);
        file.history.iter().find(|line| line.kind == kind).unwrap().seq
    }

    /// Signs in at the office and fetches.
    fn at_the_office(&mut self, secret: &str, path: &str) -> Got {
        let come_in = form("/fr/connexion", &format!("secret={secret}"));
        let cookie = call(&mut self.office, come_in).headers[header::SET_COOKIE].clone();
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let request = Request::get(path).header(header::COOKIE, cookie);
        call(&mut self.office, request.body(Body::empty()).unwrap())
    }
}

#[test]
fn whoever_holds_number_and_code_gets_a_receipt_that_holds_without_us() {
    let mut house = house();
    house.publish();
    let number = house.two.number(house.two.warned);
    let entry = house.entry(house.two.warned, "event.delivery");
    let page = house.check(&number);
    assert!(page.text.contains(&format!("name=\"entry\" value=\"{entry}\"")), "{}", page.text);
    assert_eq!(page.text.matches("name=\"entry\"").count(), 1, "one message left");
    let got = house.receipt(&number, CODE, entry);
    assert_eq!(got.status, StatusCode::OK);
    assert_eq!(got.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    let file = format!("attachment; filename=\"recu-{entry}.tlog-proof\"");
    assert_eq!(got.headers[header::CONTENT_DISPOSITION], file.as_str());
    assert_eq!(got.headers[header::CACHE_CONTROL], "no-store");
    let (kind, proven, body) = house.proven(&got.text);
    assert_eq!((kind.as_str(), proven), ("event.delivery", entry));
    // It says what the page said: by which way, when; and no more.
    let body: serde_json::Value = serde_json::from_str(&body.unwrap()).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    let mut told: Vec<&String> = body["event"].as_object().unwrap().keys().collect();
    told.sort_unstable();
    assert_eq!(told, ["at", "channel", "event", "stage", "status"]);
}

#[test]
fn a_wrong_number_code_or_entry_gets_the_one_answer_of_the_check() {
    let mut house = house();
    house.publish();
    let (warned, closed) = (house.two.warned, house.two.closed);
    let (number, other) = (house.two.number(warned), house.two.number(closed));
    let entry = house.entry(warned, "event.delivery");
    let decided = house.entry(warned, "event.decided");
    for (number, code, entry) in [
        (number.as_str(), "AAAA-AAAA-AAAA", entry),
        ("2026-999999-9", CODE, entry),
        (&other, CODE, entry),
        // A line of the file, but none that proves a message.
        (&number, CODE, decided),
        (&number, CODE, 9_999),
    ] {
        let got = house.receipt(number, code, entry);
        assert_eq!(got.status, StatusCode::OK);
        assert!(got.text.contains("Nous ne reconnaissons pas ce message"), "{number} {entry}");
        assert!(!got.text.contains("tlog-proof"));
    }
}

#[test]
fn an_entry_that_is_not_published_yet_is_promised_for_a_minute_later() {
    let mut house = house();
    let number = house.two.number(house.two.warned);
    let entry = house.entry(house.two.warned, "event.delivery");
    let got = house.receipt(&number, CODE, entry);
    assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(got.headers[header::RETRY_AFTER], "60");
    assert!(got.text.contains("Revenez dans une minute"));
    house.publish();
    assert_eq!(house.receipt(&number, CODE, entry).status, StatusCode::OK);
}

#[test]
fn receipts_are_counted_with_the_checks_and_their_form_has_no_address() {
    let mut house = house();
    house.publish();
    let number = house.two.number(house.two.warned);
    let entry = house.entry(house.two.warned, "event.delivery");
    for _ in 0..5 {
        assert_eq!(house.check(&number).status, StatusCode::OK);
        assert_eq!(house.receipt(&number, CODE, entry).status, StatusCode::OK);
    }
    assert_eq!(house.receipt(&number, CODE, entry).status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(house.check(&number).status, StatusCode::TOO_MANY_REQUESTS);
    let typed = format!("/fr/verifier/recu?number={number}&code={CODE}&entry={entry}");
    let got = call(&mut house.public, Request::get(typed).body(Body::empty()).unwrap());
    assert_eq!(got.headers[header::LOCATION], "/fr/verifier");
}

/// A third line whose message is about to leave.
fn about_to_leave(house: &mut House) -> String {
    let world = &mut house.two.world;
    world.bring(vec![3], at("2026-11-12T09:00:00Z"));
    world.answer(at("2026-11-13T05:00:00Z"), |_| named(3));
    world.decide(at("2026-11-14T09:00:00Z"), |_| true);
    let then = at("2026-11-14T12:00:00Z");
    let claim = world.claim("request_disclosure", then).remove(0);
    let case = claim.case;
    let (question, fields) = (QuestionId(claim.id.0), vec![IdentityField::Email]);
    let event = Event::Disclosed { question, fields };
    let event = Some((CaseRef::Id(authority(), case), event));
    let settled = Settlement { claim, outcome: "disclosed", event, actor: Actor::House };
    world.store.settle_many(vec![settled], then).unwrap();
    let claim = world.claim("send_message", then).remove(0);
    assert!(matches!(claim.effect, Effect::SendMessage { .. }));
    world.store.intend(&claim, then).unwrap();
    house.two.number(case)
}

#[test]
fn before_the_news_the_intent_proves_the_message_and_stays_closed() {
    let mut house = house();
    let number = about_to_leave(&mut house);
    house.publish();
    let page = house.check(&number);
    let entry = page.text.split("name=\"entry\" value=\"").nth(1).unwrap();
    let entry = entry.split('"').next().unwrap().parse().unwrap();
    let got = house.receipt(&number, CODE, entry);
    let (kind, _, body) = house.proven(&got.text);
    assert_eq!(kind, "intent.send_message");
    assert!(body.is_none(), "what lies behind it is the house's");
}

#[test]
fn an_officer_gets_the_closed_receipt_of_each_line_of_the_case_and_of_no_other() {
    let mut house = house();
    house.publish();
    let (warned, closed) = (house.two.warned, house.two.closed);
    let case = format!("/fr/bureau/dossier/{}", house.two.number(warned));
    let page = house.at_the_office(OFFICER_SECRET, &case);
    for kind in ["event.decided", "event.disclosed", "event.delivery"] {
        let entry = house.entry(warned, kind);
        let path = format!("{case}/registre/{entry}");
        assert!(page.text.contains(&path), "{path}");
        let got = house.at_the_office(OFFICER_SECRET, &path);
        assert_eq!(got.status, StatusCode::OK, "{kind}");
        let (proven, _, body) = house.proven(&got.text);
        assert_eq!((proven.as_str(), body), (kind, None));
    }
    let elsewhere = format!("{case}/registre/{}", house.entry(closed, "event.decided"));
    for path in [elsewhere, format!("{case}/registre/x")] {
        assert_eq!(house.at_the_office(OFFICER_SECRET, &path).status, StatusCode::NOT_FOUND);
    }
    let entry = house.entry(warned, "event.decided");
    let path = format!("{case}/registre/{entry}");
    assert_eq!(house.at_the_office(OVERSEER_SECRET, &path).status, StatusCode::FORBIDDEN);
}

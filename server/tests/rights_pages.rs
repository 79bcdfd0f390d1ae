//! The pages about a person's rights over a real store: nothing opens before its form is sent, and
//! what the law refuses is refused with its reason.

use std::sync::Arc;

use crate::oversight_world::{OFFICER_SECRET, OVERSEER_SECRET, authority, now, people, web};
use crate::rights_world::{DISCLOSED, Two, two};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use entremise_core::event::Event;
use entremise_server::web::rights::over_store::StoreRights;
use entremise_server::web::store_desk::StoreDesk;
use entremise_server::web::{Web, office_router};
use entremise_store::CaseRef;
use tower_service::Service as _;

const BASIS: &str = "Règlement (UE) 2016/679, art. 15";
/// What lies sealed and must not be on a page that opens nothing.
const SEALED: [&str; 4] = [DISCLOSED, "198.0.0.1", "heures.du.port", "Pseudo-Clair"];

struct Office {
    two: Two,
    router: Router,
    cookie: String,
}

struct Got {
    status: StatusCode,
    cache: String,
    text: String,
}

fn office(secret: &str) -> Office {
    over(two(), secret, |web| web)
}

fn over(two: Two, secret: &str, change: impl Fn(Web) -> Web) -> Office {
    let router = office_router(change(web(&two.world.store)), people()).unwrap();
    let mut office = Office { two, router, cookie: String::new() };
    office.cookie = office.sign_in(secret);
    office
}

fn request(path: &str) -> axum::http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| {
        if byte.is_ascii_alphanumeric() {
            all + &char::from(byte).to_string()
        } else {
            format!("{all}%{byte:02X}")
        }
    })
}

impl Office {
    fn call(&mut self, request: Request<Body>) -> axum::http::Response<Body> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.router.call(request)).unwrap()
    }

    fn sign_in(&mut self, secret: &str) -> String {
        let body = Body::from(format!("secret={secret}"));
        let response = self.call(request("/fr/connexion").body(body).unwrap());
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    fn send(&mut self, request: Request<Body>) -> Got {
        let response = self.call(request);
        let cache = response.headers().get(header::CACHE_CONTROL);
        let cache = cache.map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = response.status();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), 1 << 22)).unwrap();
        Got { status, cache, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    fn get(&mut self, path: &str) -> Got {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.send(request.body(Body::empty()).unwrap())
    }

    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = request(path).header(header::COOKIE, &self.cookie);
        self.send(request.body(Body::from(form.join("&"))).unwrap())
    }

    fn warned(&self) -> String {
        format!("/fr/bureau/dossier/{}", self.two.number(self.two.warned))
    }

    fn closed(&self) -> String {
        format!("/fr/bureau/dossier/{}", self.two.number(self.two.closed))
    }

    /// Sends the form that opens, as its page gives it.
    fn access(&mut self, case: &str) -> Got {
        let path = format!("{case}/droits");
        let page = self.get(&path);
        let (version, token) = (value_of(&page, "version"), value_of(&page, "token"));
        self.post(&path, &[("legal_basis", BASIS), ("version", &version), ("token", &token)])
    }

    /// Confirms the erasure on its page.
    fn erase(&mut self, case: &str) -> Got {
        let path = format!("{case}/droits/effacement");
        let page = self.get(&path);
        assert_eq!(page.status, StatusCode::OK);
        let (version, token) = (value_of(&page, "version"), value_of(&page, "token"));
        self.post(&path, &[("version", &version), ("token", &token)])
    }

    fn lines(&self, kind: &str) -> usize {
        let all = [self.two.lines(self.two.warned), self.two.lines(self.two.closed)].concat();
        all.iter().filter(|line| *line == kind).count()
    }
}

/// Of the last form that has it: the first one of a page signs out.
fn value_of(page: &Got, name: &str) -> String {
    let after = page.text.rsplit(&format!("name=\"{name}\" value=\"")).next().unwrap();
    after.split('"').next().unwrap().to_owned()
}

fn shows_nothing_sealed(page: &Got) {
    for sealed in SEALED {
        assert!(!page.text.contains(sealed), "{sealed}");
    }
}

#[test]
fn nothing_is_opened_before_the_form_is_sent() {
    let mut office = office(OFFICER_SECRET);
    let case = office.warned();
    let page = office.get(&case);
    assert!(page.text.contains(&format!("{case}/droits")), "the case leads there");
    for below in ["/droits", "/droits/effacement"] {
        let page = office.get(&format!("{case}{below}"));
        assert_eq!(page.status, StatusCode::OK);
        shows_nothing_sealed(&page);
    }
    assert!(office.get(&format!("{case}/droits")).text.contains(BASIS));
    assert_eq!(office.lines("look.rights"), 0);
}

#[test]
fn all_that_is_held_is_shown_once_the_ledger_has_the_look() {
    let mut office = office(OFFICER_SECRET);
    let case = office.warned();
    let page = office.access(&case);
    assert_eq!((page.status, page.cache.as_str()), (StatusCode::OK, "no-store"));
    for sealed in SEALED {
        assert!(page.text.contains(sealed), "{sealed}");
    }
    let file = office.two.file(office.two.warned);
    let line = file.history.iter().find(|entry| entry.kind == "look.rights").unwrap();
    assert_eq!(line.actor, "person:officer-7");
    let body = line.body.as_ref().unwrap();
    assert_eq!((&body["legal_basis"], &body["purpose"]), (&BASIS.into(), &"rights".into()));
    assert!(page.text.contains(&format!("inscription n°\u{a0}{}, le", line.seq)), "it says so");
    for kept in ["Adresse IP", "Pseudonyme de la ligne", "Conservé", "M-2026-014", "N-1"] {
        assert!(page.text.contains(kept), "{kept}");
    }
}

#[test]
fn a_look_without_the_text_that_allows_it_is_not_taken() {
    let mut office = office(OFFICER_SECRET);
    let path = format!("{}/droits", office.warned());
    let page = office.get(&path);
    let (version, token) = (value_of(&page, "version"), value_of(&page, "token"));
    for basis in ["", "  ", &"x".repeat(201)] {
        let fields = [("legal_basis", basis), ("version", &*version), ("token", &*token)];
        let page = office.post(&path, &fields);
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        shows_nothing_sealed(&page);
    }
    assert_eq!(office.lines("look.rights"), 0);
}

#[test]
fn a_form_that_is_not_of_this_case_and_this_session_is_refused() {
    let mut office = office(OFFICER_SECRET);
    let (warned, closed) = (office.warned(), office.closed());
    let page = office.get(&format!("{closed}/droits"));
    let (version, token) = (value_of(&page, "version"), value_of(&page, "token"));
    for (path, token) in [
        (format!("{warned}/droits"), token.as_str()),
        (format!("{warned}/droits"), "x"),
        (format!("{warned}/droits/effacement"), &token),
        (format!("{warned}/droits/rectification"), &token),
    ] {
        let disclosure = "00000000-0000-0000-0000-000000000009";
        let fields = [
            ("legal_basis", BASIS),
            ("version", &*version),
            ("token", token),
            ("disclosure", disclosure),
            ("name", "Autre"),
        ];
        let page = office.post(&path, &fields);
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        shows_nothing_sealed(&page);
    }
    let kinds = ["look.rights", "house.rectification", "house.erasure", "house.erasure_refused"];
    assert!(kinds.iter().all(|kind| office.lines(kind) == 0));
}

#[test]
fn a_case_that_moved_is_read_again_before_anything_is_done() {
    let mut office = office(OFFICER_SECRET);
    let path = format!("{}/droits", office.warned());
    let page = office.get(&path);
    let (version, token) = (value_of(&page, "version"), value_of(&page, "token"));
    hold(&office.two);
    let fields = [("legal_basis", BASIS), ("version", &*version), ("token", &*token)];
    assert_eq!(office.post(&path, &fields).status, StatusCode::CONFLICT);
    assert_eq!(office.lines("look.rights"), 0);
}

/// A court orders that the closed file, and the running one, be kept.
fn hold(two: &Two) {
    let order: entremise_core::id::Digest = "a".repeat(64).parse().unwrap();
    for case in [two.warned, two.closed] {
        let until = "2027-03-01T12:00:00Z".parse().unwrap();
        let by = "officer-7".parse().unwrap();
        let held = Event::HoldPlaced { by, order: order.clone(), until };
        let actor = entremise_core::ledger::Actor::House;
        two.world.store.apply(&CaseRef::Id(authority(), case), &held, &actor, now()).unwrap();
    }
}

#[test]
fn who_watches_over_the_authority_does_not_answer_in_its_place() {
    let mut office = office(OVERSEER_SECRET);
    let case = office.warned();
    for below in ["/droits", "/droits/effacement"] {
        let page = office.get(&format!("{case}{below}"));
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{below}");
        assert!(page.text.contains("Cette salle n’est pas la vôtre"));
    }
    for below in ["/droits", "/droits/effacement", "/droits/rectification"] {
        let page = office.post(&format!("{case}{below}"), &[("legal_basis", BASIS)]);
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{below}");
        shows_nothing_sealed(&page);
    }
}

#[test]
fn the_case_of_another_authority_is_no_case_here() {
    let other = || "autorite-voisine".parse::<entremise_core::id::AuthorityId>().unwrap();
    let two = two();
    let store = two.world.store.clone();
    let mut office = over(two, OFFICER_SECRET, |web| Web {
        desk: Arc::new(StoreDesk::over(store.clone(), other(), |_, _| false)),
        rights: Some(Arc::new(StoreRights::new(store.clone(), other()))),
        ..web
    });
    let case = office.warned();
    for below in ["/droits", "/droits/effacement"] {
        assert_eq!(office.get(&format!("{case}{below}")).status, StatusCode::NOT_FOUND);
    }
}

/// Fills the form under what was disclosed; yields its page and what the fields hold.
fn mended<'a>(page: &'a Got, name: &'a str, address: &'a str) -> Vec<(&'a str, String)> {
    vec![
        ("disclosure", value_of(page, "disclosure")),
        ("version", value_of(page, "version")),
        ("token", value_of(page, "token")),
        ("name", name.to_owned()),
        ("postal_address", address.to_owned()),
        ("emails", "juste@exemple.example".to_owned()),
    ]
}

fn plain<'a>(fields: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn a_rectification_is_read_again_entered_and_replaces_what_was_there() {
    let mut office = office(OFFICER_SECRET);
    let case = office.warned();
    let page = office.access(&case);
    let path = format!("{case}/droits/rectification");
    let fields = mended(&page, "Nom-Juste", "3 place de l’Exemple\r\n00000 SPECIMEN");
    let confirm = office.post(&path, &plain(&fields));
    assert_eq!(confirm.status, StatusCode::OK);
    assert!(confirm.text.contains("Nom-Juste") && !confirm.text.contains(DISCLOSED));
    assert_eq!(office.lines("house.rectification"), 0, "nothing is entered before it is confirmed");
    let mut fields = mended(&confirm, "Nom-Juste", "3 place de l’Exemple\r\n00000 SPECIMEN");
    fields.push(("confirmed", "true".to_owned()));
    let done = office.post(&path, &plain(&fields));
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(done.text.contains("Les coordonnées sont rectifiées"));
    let after = office.access(&case);
    assert!(after.text.contains("Nom-Juste") && after.text.contains("3 place de l’Exemple"));
    assert!(!after.text.contains(DISCLOSED), "the key of the old value is gone");
    let report = office.two.world.store.retention_report(&authority(), now()).unwrap();
    assert_eq!((report.erased[0].kind.as_str(), report.under_way), ("rectification", 0));
}

#[test]
fn a_value_that_cannot_be_kept_comes_back_with_its_reason_and_is_not_entered() {
    let mut office = office(OFFICER_SECRET);
    let case = office.warned();
    let page = office.access(&case);
    let path = format!("{case}/droits/rectification");
    let long =
        "3 place de l’Exemple qui a un nom bien trop long pour une enveloppe\n00000 SPECIMEN";
    let again = office.post(&path, &plain(&mended(&page, "Nom-Juste", long)));
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("six lignes de 38 caractères") && again.text.contains("Nom-Juste"));
    let mut empty = mended(&page, "", "");
    empty.retain(|(name, _)| *name != "emails");
    assert_eq!(office.post(&path, &plain(&empty)).status, StatusCode::UNPROCESSABLE_ENTITY);
    // The token of the first form does not confirm.
    let mut fields = mended(&page, "Nom-Juste", "3 place de l’Exemple\n00000 SPECIMEN");
    fields.push(("confirmed", "true".to_owned()));
    assert_eq!(office.post(&path, &plain(&fields)).status, StatusCode::FORBIDDEN);
    assert_eq!(office.lines("house.rectification"), 0);
}

#[test]
fn what_is_typed_is_shown_as_text_and_never_as_a_page() {
    let mut office = office(OFFICER_SECRET);
    let case = office.warned();
    let page = office.access(&case);
    let hostile = "\"><script>alert(1)</script>";
    let fields = mended(&page, hostile, "");
    let confirm = office.post(&format!("{case}/droits/rectification"), &plain(&fields));
    assert_eq!(confirm.status, StatusCode::OK);
    assert!(!confirm.text.contains("<script>"), "{}", confirm.text);
}

#[test]
fn an_erasure_is_refused_while_the_procedure_runs_and_the_page_says_why() {
    let mut office = office(OFFICER_SECRET);
    let case = office.warned();
    let page = office.erase(&case);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("la procédure est en cours"), "{}", page.text);
    assert!(page.text.contains("art.\u{a0}17") && page.text.contains("2028"), "{}", page.text);
    assert_eq!(office.lines("house.erasure_refused"), 1);
    assert!(office.access(&case).text.contains(DISCLOSED));
}

#[test]
fn an_erasure_is_refused_while_a_court_holds_the_file() {
    let mut office = office(OFFICER_SECRET);
    hold(&office.two);
    let case = office.closed();
    let page = office.erase(&case);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("une juridiction a ordonné") && page.text.contains("mars 2027"));
}

#[test]
fn an_erasure_that_nothing_stands_against_is_done_and_nothing_opens_any_more() {
    let mut office = office(OFFICER_SECRET);
    let case = office.closed();
    assert!(office.access(&case).text.contains("198.0.0.2"));
    let page = office.erase(&case);
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Les données sont effacées"));
    assert_eq!(office.lines("house.erasure"), 1);
    let after = office.access(&case);
    assert_eq!(after.status, StatusCode::OK);
    assert!(!after.text.contains("198.0.0.2") && after.text.contains("Aucun constat"));
    assert_eq!(office.lines("house.erasure_refused"), 0);
}

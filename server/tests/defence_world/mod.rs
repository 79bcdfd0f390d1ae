//! A finding of 2023 in a small house: warned twice, found a third time, the letter presented. For
//! the tests of the person's side and of what follows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::oversight_world::{
    MEMBER_KEY, MEMBER_SECRET, OFFICER_SECRET, OTHER_OFFICER_SECRET, OVERSEER_SECRET, World, at,
    authority, member_pair, named, people, web,
};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::authorisation::Signature;
use entremise_core::case::State;
use entremise_core::id::CaseId;
use entremise_core::procedure::ladder;
use entremise_server::web::defence::statement::DecisionFile;
use entremise_server::web::{Web, office_router};
use entremise_store::{CaseFile, WorkOrder};
use jiff::{SignedDuration, Timestamp};
use ring::signature::Ed25519KeyPair;
use tower_service::Service as _;

/// When the house opens.
pub const BEGIN: &str = "2022-09-01T08:00:00Z";

/// Nothing of a page: where a form's parts part.
const BOUNDARY: &str = "SPECIMEN-BOUNDARY-7d1";

pub struct Finding {
    pub world: World,
    pub case: CaseId,
    now: Arc<Mutex<Timestamp>>,
    router: Router,
    cookie: String,
    /// Of the member, who alone deliberates.
    member_cookie: String,
    /// Of whoever came in at this instant, by their secret.
    came_in: BTreeMap<(String, Timestamp), String>,
}

pub struct Got {
    pub status: StatusCode,
    pub location: String,
    pub text: String,
}

/// The letter of the third finding was presented on 9 May 2023, in the morning.
pub fn finding() -> Finding {
    over(World::empty(at(BEGIN)))
}

/// The same in this world.
pub fn over(mut world: World) -> Finding {
    for (number, day) in
        [(1, "2022-09-05T09:00:00Z"), (2, "2022-12-05T09:00:00Z"), (4, "2023-05-02T09:00:00Z")]
    {
        let day = at(day);
        world.bring(vec![number], day);
        world.answer(day + SignedDuration::from_hours(20), |_| named(1));
        world.decide(day + SignedDuration::from_hours(48), |_| true);
        let carried = if number == 4 { at("2023-05-09T08:00:00Z") } else { day };
        world.carry(carried.max(day + SignedDuration::from_hours(52)));
    }
    let order = WorkOrder { limit: 10, after: None };
    assert!(world.store.work(&authority(), order).unwrap().is_empty(), "nothing lies on the desk");
    let now = Arc::new(Mutex::new(at("2023-05-10T08:00:00Z")));
    let clock = Arc::clone(&now);
    let mut web = web(&world.store);
    web.clock = Arc::new(move || *clock.lock().unwrap());
    let router = office_router(web, people()).unwrap();
    let case = world.found();
    let mut finding = Finding {
        world,
        case,
        now,
        router,
        cookie: String::new(),
        member_cookie: String::new(),
        came_in: BTreeMap::new(),
    };
    finding.sign_in();
    finding
}

impl World {
    /// The one case on the ladder.
    fn found(&self) -> CaseId {
        let waiting = self.store.due(at("2030-01-01T00:00:00Z"), 100).unwrap();
        let on_the_ladder = waiting.into_iter().find(|(_, case)| {
            let file = self.store.case_file(&authority(), case).unwrap().unwrap();
            matches!(file.case.state, State::Ladder(_))
        });
        on_the_ladder.unwrap().1
    }
}

impl Finding {
    /// Behind other doors from now on, with the same clock.
    pub fn behind(&mut self, pages: impl FnOnce(Web) -> Router) {
        let mut web = web(&self.world.store);
        let clock = Arc::clone(&self.now);
        web.clock = Arc::new(move || *clock.lock().unwrap());
        self.router = pages(web);
        self.came_in.clear();
        self.sign_in();
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    /// The clock stands there from now on; a session does not last that long.
    pub fn at(&mut self, instant: &str) {
        *self.now.lock().unwrap() = at(instant);
        self.sign_in();
    }

    /// The same, while everybody stays signed in.
    pub fn clock_at(&mut self, instant: &str) {
        *self.now.lock().unwrap() = at(instant);
    }

    /// Whatever is overdue is taken in hand.
    pub fn late(&mut self) {
        let now = self.now();
        self.world.late(now);
    }

    pub fn file(&self) -> CaseFile {
        self.world.store.case_file(&authority(), &self.case).unwrap().unwrap()
    }

    pub fn state(&self) -> String {
        self.file().case.state.name().to_owned()
    }

    pub fn ladder(&self) -> ladder::State {
        let State::Ladder(state) = self.file().case.state else { panic!("a line has a ladder") };
        state
    }

    /// The case's page, in French.
    pub fn path(&self) -> String {
        format!("/fr/bureau/dossier/{}", self.file().file_number.unwrap())
    }

    pub fn get(&mut self, path: &str) -> Got {
        let request = Request::get(path).header(header::COOKIE, self.cookie_for(path));
        self.send(request.body(Body::empty()).unwrap())
    }

    /// From now on all is done by the member.
    pub fn act_as_member(&mut self) {
        self.cookie = self.member_cookie.clone();
    }

    /// From now on all is done by another officer.
    pub fn act_as_other_officer(&mut self) {
        self.cookie = self.come_in(OTHER_OFFICER_SECRET);
    }

    /// From now on all is done by whoever has this secret.
    pub fn act_as(&mut self, secret: &str) {
        self.cookie = self.come_in(secret);
    }

    pub fn act_as_officer(&mut self) {
        self.cookie = self.come_in(OFFICER_SECRET);
    }

    /// Sends the form of a page as a browser does, with its document.
    pub fn send_form(&mut self, path: &str, fields: &[(&str, &str)], document: &[u8]) -> Got {
        let page = self.get(path);
        self.send_form_of(&page, path, fields, document)
    }

    /// The same, with a page that was fetched before.
    pub fn send_form_of(
        &mut self,
        page: &Got,
        path: &str,
        fields: &[(&str, &str)],
        document: &[u8],
    ) -> Got {
        let mut fields = fields.to_vec();
        let (version, token) = (value_of(page, "version"), value_of(page, "token"));
        fields.extend([("version", version.as_str()), ("token", token.as_str())]);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.post(path, &kind, multipart(&fields, document))
    }

    pub fn router(&self) -> Router {
        self.router.clone()
    }

    pub fn clock(&self) -> Arc<Mutex<Timestamp>> {
        Arc::clone(&self.now)
    }

    pub fn as_member(&mut self, path: &str) -> Got {
        let cookie = self.member_cookie.clone();
        self.get_with(path, &cookie)
    }

    pub fn as_officer(&mut self, path: &str) -> Got {
        let cookie = self.cookie.clone();
        self.get_with(path, &cookie)
    }

    pub fn as_overseer(&mut self, path: &str) -> Got {
        let cookie = self.come_in(OVERSEER_SECRET);
        self.get_with(path, &cookie)
    }

    pub fn get_with(&mut self, path: &str, cookie: &str) -> Got {
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.send(request.body(Body::empty()).unwrap())
    }

    pub fn post_as_officer(&mut self, path: &str, kind: &str, body: Vec<u8>) -> Got {
        let cookie = self.cookie.clone();
        self.post_with(path, kind, body, &cookie)
    }

    pub fn post_with(&mut self, path: &str, kind: &str, body: Vec<u8>, cookie: &str) -> Got {
        let request =
            Request::post(path).header(header::COOKIE, cookie).header(header::CONTENT_TYPE, kind);
        self.send(request.body(Body::from(body)).unwrap())
    }

    /// Sends the form of the person's side as a browser does.
    pub fn enter(&mut self, fields: &[(&str, &str)], document: &[u8]) -> Got {
        let path = format!("{}/contradictoire", self.path());
        let page = self.get(&path);
        let mut fields = fields.to_vec();
        let (version, token) = (value_of(&page, "version"), value_of(&page, "token"));
        fields.extend([("version", version.as_str()), ("token", token.as_str())]);
        let body = multipart(&fields, document);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.post(&path, &kind, body)
    }

    /// Sends the form of the deliberation as its page gives it, with these answers.
    pub fn deliberate(&mut self, page: &Got, outcome: &str, reasons: &str) -> Got {
        let path = format!("{}/deliberation", self.path());
        let fields: Vec<(&str, String)> = ["version", "token", "examined"]
            .map(|name| (name, value_of(page, name)))
            .into_iter()
            .chain([("outcome", outcome.to_owned()), ("reasons", reasons.to_owned())])
            .collect();
        let form: Vec<String> = fields
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        self.post(&path, "application/x-www-form-urlencoded", form.join("&").into_bytes())
    }

    /// The decision of a page that shows what is to be signed, as a file.
    pub fn fetch_to_sign(&mut self, page: &Got, outcome: &str, reasons: &str) -> Got {
        let path = format!("{}/deliberation/a-signer", self.path());
        let fields = ["version", "token", "examined"].map(|name| (name, value_of(page, name)));
        let given = [("outcome", outcome.to_owned()), ("reasons", reasons.to_owned())];
        let form: Vec<String> = fields
            .into_iter()
            .chain(given)
            .map(|(name, value)| format!("{name}={}", encoded(&value)))
            .collect();
        self.post(&path, "application/x-www-form-urlencoded", form.join("&").into_bytes())
    }

    /// Hands in what is said to be the signed decision of this page.
    pub fn hand_in(&mut self, page: &Got, signed: &[u8]) -> Got {
        let path = format!("{}/deliberation/signee", self.path());
        let fields = ["version", "token", "examined"].map(|name| (name, value_of(page, name)));
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.post(&path, &kind, multipart(&fields, signed))
    }

    /// Decides, from the form to the signed file that comes back.
    pub fn decide(&mut self, opened: &Got, outcome: &str, reasons: &str) -> Got {
        let page = self.deliberate(opened, outcome, reasons);
        let file = self.fetch_to_sign(&page, outcome, reasons);
        self.hand_in(&page, signed(&file.text, &member_pair(), MEMBER_KEY).as_bytes())
    }

    pub fn post(&mut self, path: &str, kind: &str, body: Vec<u8>) -> Got {
        let request = Request::post(path)
            .header(header::COOKIE, self.cookie_for(path))
            .header(header::CONTENT_TYPE, kind);
        self.send(request.body(Body::from(body)).unwrap())
    }

    /// Deliberations are the member's; all else here is done by an officer.
    fn cookie_for(&self, path: &str) -> &str {
        if path.contains("/deliberation") { &self.member_cookie } else { &self.cookie }
    }

    fn sign_in(&mut self) {
        self.cookie = self.come_in(OFFICER_SECRET);
        self.member_cookie = self.come_in(MEMBER_SECRET);
    }

    pub fn come_in(&mut self, secret: &str) -> String {
        let who = (secret.to_owned(), self.now());
        if let Some(cookie) = self.came_in.get(&who) {
            return cookie.clone();
        }
        let request = Request::post("/fr/connexion")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(format!("secret={secret}"))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response = runtime.block_on(self.router.call(request)).unwrap();
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        self.came_in.insert(who, cookie.clone());
        cookie
    }

    fn send(&mut self, request: Request<Body>) -> Got {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response = runtime.block_on(self.router.call(request)).unwrap();
        let location = response.headers().get(header::LOCATION);
        let location = location.map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = response.status();
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), 1 << 22)).unwrap();
        Got { status, location, text: String::from_utf8(body.to_vec()).unwrap() }
    }
}

/// What the member's own machine makes of a decision.
pub fn signed(file: &str, pair: &Ed25519KeyPair, key: &str) -> String {
    let file = DecisionFile::read(file).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(file.statement.text().as_bytes()));
    file.signed(key.parse().unwrap(), Signature::Ed25519 { signature }).to_json()
}

/// A form with a document as a browser sends it: its kind and its body.
pub fn with_document(fields: &[(&str, &str)], document: &[u8]) -> (String, Vec<u8>) {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    (kind, multipart(fields, document))
}

fn multipart(fields: &[(&str, &str)], document: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"document\"; \
         filename=\"lettre\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(document);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// What the first hidden field of this name holds, past the page's head; nothing without one.
pub fn value_of(page: &Got, name: &str) -> String {
    let marked = format!("name=\"{name}\" value=\"");
    let main = page.text.split_once("<main").map_or("", |(_, main)| main);
    let Some((_, rest)) = main.split_once(&marked) else { return String::new() };
    rest.split('"').next().unwrap().to_owned()
}

pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| {
        if byte.is_ascii_alphanumeric() {
            all + &char::from(byte).to_string()
        } else {
            format!("{all}%{byte:02X}")
        }
    })
}

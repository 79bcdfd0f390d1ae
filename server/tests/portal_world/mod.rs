//! A finding of 2023 as its person meets it, and another person's file beside it: the public pages
//! over a real store, called as a browser calls them.

use std::sync::{Arc, Mutex};

use crate::defence_world::{Finding, finding};
use crate::oversight_world::{at, authority, code_of, named, web};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use entremise_core::case::State;
use entremise_core::id::CaseId;
use entremise_server::web::{Web, public_router};
use entremise_store::CaseFile;
use jiff::{SignedDuration, Timestamp};
use tower_service::Service as _;

pub const BOUNDARY: &str = "SPECIMEN-BOUNDARY-9f2";
pub const FILE: &str = "/fr/mon-dossier";

pub struct Visitors {
    pub finding: Finding,
    /// Another person's file: one warning, of the same day.
    pub other: CaseId,
    pub now: Arc<Mutex<Timestamp>>,
    pub public: Router,
}

pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Got {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    pub fn cookie(&self) -> Option<String> {
        let cookie = self.headers.get(header::SET_COOKIE)?.to_str().unwrap();
        cookie.split(';').next().map(str::to_owned)
    }

    /// What the first field of this name holds, past the page's head.
    pub fn value_of(&self, name: &str) -> String {
        let main = self.text.split_once("<main").map_or("", |(_, main)| main);
        let marked = format!("name=\"{name}\" value=\"");
        main.split_once(&marked).map_or(String::new(), |(_, rest)| {
            rest.split('"').next().unwrap_or_default().to_owned()
        })
    }
}

pub fn visitors() -> Visitors {
    visitors_with(|web| web)
}

pub fn visitors_with(change: impl FnOnce(Web) -> Web) -> Visitors {
    let mut finding = finding();
    let day = at("2023-05-10T08:00:00Z");
    finding.world.bring(vec![9], day);
    finding.world.answer(day + SignedDuration::from_mins(1), |_| named(2));
    finding.world.decide(day + SignedDuration::from_mins(2), |_| true);
    finding.world.carry(day + SignedDuration::from_mins(3));
    let waiting = finding.world.store.due(at("2030-01-01T00:00:00Z"), 100).unwrap();
    let other = waiting.into_iter().map(|(_, case)| case).find(|case| {
        let file = finding.world.store.case_file(&authority(), case).unwrap().unwrap();
        *case != finding.case && matches!(file.case.state, State::Ladder(_))
    });
    let now = Arc::new(Mutex::new(at("2023-05-10T09:00:00Z")));
    let clock = Arc::clone(&now);
    let mut web = web(&finding.world.store);
    web.clock = Arc::new(move || *clock.lock().unwrap());
    let public = public_router(change(web));
    Visitors { other: other.unwrap(), finding, now, public }
}

impl Visitors {
    pub fn at(&mut self, instant: &str) {
        *self.now.lock().unwrap() = at(instant);
        self.finding.at(instant);
    }

    pub fn file(&self, case: CaseId) -> CaseFile {
        self.finding.world.store.case_file(&authority(), &case).unwrap().unwrap()
    }

    pub fn mine(&self) -> CaseFile {
        self.file(self.finding.case)
    }

    pub fn number(&self, case: CaseId) -> String {
        self.file(case).file_number.unwrap()
    }

    /// The kinds of the ledger's lines about a case, with who made them.
    pub fn lines(&self, case: CaseId) -> Vec<(String, String)> {
        self.file(case).history.into_iter().map(|line| (line.kind, line.actor)).collect()
    }

    pub fn documents(&self, case: CaseId) -> Vec<String> {
        let kept = self.finding.world.store.documents(&authority(), &case).unwrap();
        kept.into_iter().map(|document| document.name).collect()
    }

    pub fn call(&mut self, request: Request<Body>) -> Got {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response = runtime.block_on(self.public.call(request)).unwrap();
        let (parts, body) = response.into_parts();
        let bytes = runtime.block_on(axum::body::to_bytes(body, 1 << 23)).unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Got { status: parts.status, headers: parts.headers, text }
    }

    pub fn type_in(&mut self, number: &str, code: &str) -> Got {
        let form = format!("number={}&code={}", encoded(number), encoded(code));
        self.post(FILE, "", &form)
    }

    /// The cookie of a visit to a case.
    pub fn open(&mut self, case: CaseId) -> String {
        let number = self.number(case);
        let got = self.type_in(&number, &code_of(&number));
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
        assert_eq!(got.location(), FILE);
        got.cookie().unwrap()
    }

    pub fn get(&mut self, path: &str, cookie: &str) -> Got {
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.call(request.body(Body::empty()).unwrap())
    }

    pub fn post(&mut self, path: &str, cookie: &str, form: &str) -> Got {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.call(request.body(Body::from(form.to_owned())).unwrap())
    }

    /// Sends a form of the portal with a token of its own page.
    pub fn send(
        &mut self,
        act: &str,
        cookie: &str,
        fields: &[(&str, &str)],
        document: &[u8],
    ) -> Got {
        let path = format!("{FILE}/{act}");
        let token = self.get(&path, cookie).value_of("token");
        self.send_with(&path, cookie, &token, fields, document)
    }

    pub fn send_with(
        &mut self,
        path: &str,
        cookie: &str,
        token: &str,
        fields: &[(&str, &str)],
        document: &[u8],
    ) -> Got {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        let mut fields = fields.to_vec();
        fields.push(("token", token));
        self.call(request.body(Body::from(multipart(&fields, document))).unwrap())
    }
}

pub fn multipart(fields: &[(&str, &str)], document: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
        body.extend_from_slice(format!("{head}\r\n\r\n{value}\r\n").as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"document\"; \
         filename=\"../../lettre.exe\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(document);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
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

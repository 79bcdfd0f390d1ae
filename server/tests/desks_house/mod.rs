//! A whole house with all its desks and one person at each, for the tests of the desks.

use crate::api_house;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use entremise_core::event::{Event, Line};
use entremise_core::id::CaseId;
use entremise_core::ledger::Actor;
use entremise_core::procedure::measure::{Pronounced, Sentence, Terms};
use entremise_core::regime::rules::Pronouncer;
use entremise_server::access::{Role, Seat};
use entremise_server::house::House;
use entremise_server::serve::listeners::{house_desks, parties_desks};
use entremise_server::web::Known;
use entremise_store::CaseRef;
use jiff::SignedDuration;
use ring::digest::{SHA256, digest};
use tempfile::TempDir;
use tower_service::Service as _;

pub const NOW: &str = "2026-06-10T09:00:00Z";

/// A house, its two doors for those who are known, and who has come in.
pub struct Desks {
    pub house: Arc<House>,
    pub hand: api_house::Hand,
    pub folder: TempDir,
    office: Router,
    parties: Router,
    cookies: BTreeMap<Role, String>,
}

pub struct Got {
    pub status: StatusCode,
    pub location: String,
    pub text: String,
    pub cookie: Option<String>,
}

pub fn secret(role: Role) -> String {
    format!("specimen-{}-secret-5f02", role.name())
}

/// One person of a sort, with a secret.
pub fn known(role: Role) -> Known {
    let party = match role {
        Role::Sender => Some("first".parse().unwrap()),
        Role::Provider => Some("isp".parse().unwrap()),
        _ => None,
    };
    let sha256 = digest(&SHA256, secret(role).as_bytes());
    Known {
        seat: Seat { person: format!("{}-1", role.name()).parse().unwrap(), role, party },
        secret_sha256: Some(sha256.as_ref().try_into().unwrap()),
        subject: None,
        has_passkey: false,
        signs_with_passkey: false,
    }
}

impl Desks {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hand = api_house::Hand::at(NOW);
        let house = api_house::house(folder.path(), &hand);
        Self::over(house, hand, folder)
    }

    pub fn over(house: Arc<House>, hand: api_house::Hand, folder: TempDir) -> Self {
        let room = &house.rooms[0];
        let of_house = [Role::Officer, Role::Member, Role::Overseer, Role::Operator];
        let of_house = of_house.map(known).to_vec();
        let of_parties = [Role::Sender, Role::Provider].map(known).to_vec();
        let office = house_desks(&house, room, &hand.clock(), of_house, false).unwrap();
        let parties = parties_desks(&house, room, &hand.clock(), of_parties, false).unwrap();
        Self { house, hand, folder, office, parties, cookies: BTreeMap::new() }
    }

    /// A measure that the person was notified of, and that is ordered of the provider now. Yields
    /// the number of its case, which is the order's.
    pub fn ordered(&self) -> CaseId {
        let now = self.hand.clock()();
        let sentence = Sentence {
            measure: "suspension_counterfeiting".to_owned(),
            by: Pronouncer::Court,
            court: None,
            pronounced_at: now - SignedDuration::from_hours(24 * 20),
            terms: Terms::Suspension { days: 15 },
        };
        let provider = "isp".parse().unwrap();
        let line = Line { provider, handle: "h".repeat(43).try_into().unwrap() };
        let digest = |digit: &str| digit.repeat(64).parse().unwrap();
        let (file, decision) = (CaseId(uuid::Uuid::from_u128(7)), digest("c"));
        let measure = Box::new(Pronounced { line, file, sentence, decision });
        let room = &self.house.rooms[0].config;
        let (authority, regime) = (room.id.clone(), room.regime.clone());
        let by = || "membre-1".parse().unwrap();
        let take = |case: &CaseRef, event: Event| {
            let actor = Actor::Person(by());
            self.house.store.apply(case, &event, &actor, now).unwrap().case.id
        };
        let new = CaseRef::Measure { authority: authority.clone(), regime, measure };
        let measure = take(&new, Event::MeasurePronounced { by: by() });
        let case = CaseRef::Id(authority, measure);
        let certificate = digest("d");
        take(&case, Event::EnforceabilityConfirmed { by: by(), certificate, at: now });
        let document = digest("d");
        take(&case, Event::NotificationServed { by: by(), document, at: now });
        measure
    }

    fn door(&mut self, role: Role) -> &mut Router {
        let is_party = matches!(role, Role::Sender | Role::Provider);
        if is_party { &mut self.parties } else { &mut self.office }
    }

    /// The routers as they stand, to be served to a browser.
    pub fn routers(&self) -> (Router, Router) {
        (self.office.clone(), self.parties.clone())
    }

    pub fn come_in(&mut self, role: Role) {
        let form = format!("secret={}", secret(role));
        let got = self.send(role, "/fr/connexion", Some(form.into_bytes()), "");
        self.cookies.insert(role, got.cookie.expect("the secret is good"));
    }

    /// A page, for a person of this sort.
    pub fn get(&mut self, role: Role, path: &str) -> Got {
        let cookie = self.cookie(role);
        self.send(role, path, None, &cookie)
    }

    /// The cookie that a page gave, kept as a browser does.
    pub fn keep(&mut self, role: Role, cookie: String) {
        self.cookies.insert(role, cookie);
    }

    /// A page behind another's door, with one's own cookie.
    pub fn get_across(&mut self, role: Role, door: Role, path: &str) -> Got {
        let cookie = self.cookie(role);
        self.send(door, path, None, &cookie)
    }

    /// A form.
    pub fn post(&mut self, role: Role, path: &str, fields: &[(&str, &str)]) -> Got {
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let cookie = self.cookie(role);
        self.send(role, path, Some(form.join("&").into_bytes()), &cookie)
    }

    /// A form whose kind is said.
    pub fn post_as(&mut self, role: Role, path: &str, kind: &str, body: Vec<u8>) -> Got {
        let cookie = self.cookie(role);
        self.call(role, path, Some((kind, body)), &cookie)
    }

    fn cookie(&mut self, role: Role) -> String {
        if !self.cookies.contains_key(&role) {
            self.come_in(role);
        }
        self.cookies[&role].clone()
    }

    fn send(&mut self, role: Role, path: &str, form: Option<Vec<u8>>, cookie: &str) -> Got {
        let form = form.map(|body| ("application/x-www-form-urlencoded", body));
        self.call(role, path, form, cookie)
    }

    fn call(&mut self, role: Role, path: &str, form: Option<(&str, Vec<u8>)>, cookie: &str) -> Got {
        let request = match &form {
            Some((kind, _)) => Request::post(path).header(header::CONTENT_TYPE, *kind),
            None => Request::get(path),
        };
        let body = form.map_or_else(Body::empty, |(_, body)| Body::from(body));
        let request = request.header(header::COOKIE, cookie).body(body).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response = runtime.block_on(self.door(role).call(request)).unwrap();
        let text_of = |name| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().split(';').next().unwrap().to_owned())
        };
        let (status, cookie) = (response.status(), text_of(header::SET_COOKIE));
        let location = text_of(header::LOCATION).unwrap_or_default();
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), 1 << 22)).unwrap();
        Got { status, location, cookie, text: String::from_utf8(body.to_vec()).unwrap() }
    }
}

/// What the first hidden field of this name holds after a text of the page.
pub fn value_after(page: &Got, text: &str, name: &str) -> String {
    let marked = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.text.split_once(text).unwrap_or_else(|| panic!("{text}: {}", page.text));
    let (_, rest) = rest.split_once(&marked).expect("the field is there");
    rest.split('"').next().unwrap().to_owned()
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

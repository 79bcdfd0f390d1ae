//! Who sits at a desk, and until when.
//!
//! A session is a signed cookie that names a person's number, its end, and when it was last used;
//! the key lives as long as the process. It ends after a working day, after half an hour in which
//! nobody did anything, and at once when its person goes out. Knows no page and no case.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::PersonId;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

use crate::access::{Role, Seat};
use crate::config::OfficeRole;

/// A working day. Unit: seconds.
const SESSION_SECS: i64 = 8 * 60 * 60;
/// The longest pause: somebody left a desk without going out. Unit: seconds.
const IDLE_SECS: i64 = 30 * 60;
/// How often the instant of the last use is written down. Unit: seconds.
const RENEW_SECS: i64 = 60;

/// One person of the authority who may sit at a desk of its own.
#[derive(Clone)]
pub struct Officer {
    pub person: PersonId,
    /// SHA-256 of the secret. The secret must be random and long: it is not stretched.
    pub secret_sha256: [u8; 32],
    pub role: OfficeRole,
}

/// One person who may come in, and by what they are known.
#[derive(Clone)]
pub struct Known {
    pub seat: Seat,
    /// SHA-256 of a long random secret; none for whoever comes in by another way only.
    pub secret_sha256: Option<[u8; 32]>,
    /// As the provider of identities names this person.
    pub subject: Option<String>,
    /// Comes in with a passkey of their own.
    pub has_passkey: bool,
    /// Signs decisions with a passkey that opens no door, registered once they have come in.
    pub signs_with_passkey: bool,
}

impl From<Officer> for Known {
    fn from(officer: Officer) -> Self {
        let seat = Seat { person: officer.person, role: officer.role.role(), party: None };
        let secret_sha256 = Some(officer.secret_sha256);
        Self { seat, secret_sha256, subject: None, has_passkey: false, signs_with_passkey: false }
    }
}

/// Signs people in and knows them again.
pub struct Sessions {
    key: hmac::Key,
    people: Vec<Known>,
    /// Whether cookies may travel over TLS only.
    secure: bool,
    /// The cookie's name: two rooms on one host never read each other's.
    name: String,
    /// Sessions that were ended before their time, by their nonce, until their time is over.
    ended: Mutex<BTreeMap<String, i64>>,
}

/// A person at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub person: PersonId,
    expires_at: i64,
    /// Ties the forms of this session to it.
    nonce: String,
    /// When it was last used, give or take a minute.
    used_at: i64,
}

impl Sessions {
    /// # Errors
    /// The system has no randomness to give.
    pub fn new(officers: Vec<Officer>, secure: bool) -> Result<Self, ring::error::Unspecified> {
        Self::of_room("office", officers.into_iter().map(Known::from).collect(), secure)
    }

    /// Sessions of one room.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn of_room(
        room: &str,
        people: Vec<Known>,
        secure: bool,
    ) -> Result<Self, ring::error::Unspecified> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?;
        // The prefix binds the cookie to this host and to TLS; browsers refuse it without.
        let prefix = if secure { "__Host-" } else { "" };
        let name = format!("{prefix}entremise-{room}");
        Ok(Self { key, people, secure, name, ended: Mutex::default() })
    }

    /// The person whose secret this is. All digests are compared, whichever fits.
    pub fn person(&self, secret: &str) -> Option<PersonId> {
        let given = digest::digest(&digest::SHA256, secret.as_bytes());
        // Comparing tags under a fresh key is ring's way to compare in constant time.
        let given = hmac::sign(&self.key, given.as_ref());
        let secrets = self.people.iter().filter_map(|known| {
            known.secret_sha256.map(|secret_sha256| (&known.seat.person, secret_sha256))
        });
        secrets.fold(None, |found, (person, secret_sha256)| {
            let fits = hmac::verify(&self.key, &secret_sha256, given.as_ref()).is_ok();
            if fits { Some(person.clone()) } else { found }
        })
    }

    /// Where a person sits whom the provider of identities recognised.
    pub fn seat_of_subject(&self, subject: &str) -> Option<&Seat> {
        let known = self.people.iter().find(|known| known.subject.as_deref() == Some(subject));
        known.map(|known| &known.seat)
    }

    /// Where a person sits who comes in with a passkey.
    pub fn seat_with_passkey(&self, person: &PersonId) -> Option<&Seat> {
        let known = self.people.iter().find(|known| &known.seat.person == person);
        known.filter(|known| known.has_passkey).map(|known| &known.seat)
    }

    /// Where a person sits who comes in by another way and signs decisions with a passkey.
    pub fn seat_signing(&self, person: &PersonId) -> Option<&Seat> {
        let known = self.people.iter().find(|known| &known.seat.person == person);
        known.filter(|known| known.signs_with_passkey).map(|known| &known.seat)
    }

    /// Who sits at desks of a sort.
    pub fn seats(&self, role: Role) -> Vec<Seat> {
        let seats = self.people.iter().map(|known| &known.seat);
        seats.filter(|seat| seat.role == role).cloned().collect()
    }

    /// The desk at which a person sits; none once the person is struck off.
    pub fn seat(&self, person: &PersonId) -> Option<&Seat> {
        self.people.iter().map(|known| &known.seat).find(|seat| &seat.person == person)
    }

    /// The cookie that opens a session.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn open(
        &self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<HeaderValue, ring::error::Unspecified> {
        let mut nonce = [0; 16];
        SystemRandom::new().fill(&mut nonce)?;
        let session = Session {
            person: person.clone(),
            expires_at: now.as_second() + SESSION_SECS,
            nonce: URL_SAFE_NO_PAD.encode(nonce),
            used_at: now.as_second(),
        };
        Ok(self.written(&session))
    }

    /// The cookie that says that a session is in use, where the one that came is a minute old.
    pub fn renewed(&self, headers: &HeaderMap, now: Timestamp) -> Option<HeaderValue> {
        let session = self.read(headers, now)?;
        let used_at = now.as_second();
        (used_at - session.used_at >= RENEW_SECS)
            .then(|| self.written(&Session { used_at, ..session }))
    }

    fn written(&self, session: &Session) -> HeaderValue {
        let Session { person, expires_at, nonce, used_at } = session;
        let body = format!("{person}.{expires_at}.{nonce}.{used_at}");
        let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, session_text(&body).as_bytes()));
        self.cookie(&format!("{body}.{tag}"), expires_at - used_at)
    }

    /// Ends a session for good, and gives the cookie that takes it from the browser.
    pub fn close(&self, session: &Session, now: Timestamp) -> HeaderValue {
        // A thread that panicked here left whole entries behind.
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, expires_at| *expires_at > now.as_second());
        ended.insert(session.nonce.clone(), session.expires_at);
        self.cookie("", 0)
    }

    /// Who sends this request, if the cookie is ours and its time is not over.
    pub fn read(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let value = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix(self.name.as_str())?.strip_prefix('='))?;
        let (body, tag) = value.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, session_text(body).as_bytes(), &tag).ok()?;
        let mut parts = body.split('.');
        let session = Session {
            person: parts.next()?.parse().ok()?,
            expires_at: parts.next()?.parse().ok()?,
            nonce: parts.next()?.to_owned(),
            used_at: parts.next()?.parse().ok()?,
        };
        let at = now.as_second();
        let lasts = at < session.expires_at && at - session.used_at < IDLE_SECS;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        (lasts && !ended.contains_key(&session.nonce)).then_some(session)
    }

    /// The token of one form of one session, tied to what the form would do.
    pub fn form_token(&self, session: &Session, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, form_text(session, purpose).as_bytes()))
    }

    pub fn form_token_fits(&self, session: &Session, purpose: &str, token: &str) -> bool {
        URL_SAFE_NO_PAD.decode(token).is_ok_and(|tag| {
            hmac::verify(&self.key, form_text(session, purpose).as_bytes(), &tag).is_ok()
        })
    }

    fn cookie(&self, value: &str, age_secs: i64) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let name = &self.name;
        let cookie = format!(
            "{name}={value}; Path=/; Max-Age={age_secs}; HttpOnly; SameSite=Strict{secure}"
        );
        HeaderValue::from_str(&cookie).expect("slugs, figures and base64url fit a header")
    }
}

/// The two signed texts never look alike: a form's token is no session.
fn session_text(body: &str) -> String {
    format!("session\n{body}")
}

fn form_text(session: &Session, purpose: &str) -> String {
    format!("form\n{}\n{}\n{}\n{purpose}", session.person, session.expires_at, session.nonce)
}

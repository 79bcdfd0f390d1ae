//! Who sits at the office's desk. A small room: passkeys take its place in part 3.
//!
//! An officer types a long random secret; the house keeps its SHA-256 only. A session is a signed
//! cookie that names a person's number and its end; the key lives as long as the process. Knows no
//! page and no case.

use crate::config::OfficeRole;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::PersonId;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

/// A working day. Unit: seconds.
const SESSION_SECS: i64 = 8 * 60 * 60;

/// One person who may sit here.
#[derive(Clone)]
pub struct Officer {
    pub person: PersonId,
    /// SHA-256 of the secret. The secret must be random and long: it is not stretched.
    pub secret_sha256: [u8; 32],
    pub role: OfficeRole,
}

/// Signs people in and knows them again.
pub struct Sessions {
    key: hmac::Key,
    officers: Vec<Officer>,
    /// Whether cookies may travel over TLS only.
    secure: bool,
    /// The cookie's name: two rooms on one host never read each other's.
    name: String,
}

/// A person at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub person: PersonId,
    expires_at: i64,
    /// Ties the forms of this session to it.
    nonce: String,
}

impl Sessions {
    /// # Errors
    /// The system has no randomness to give.
    pub fn new(officers: Vec<Officer>, secure: bool) -> Result<Self, ring::error::Unspecified> {
        Self::of_room("office", officers, secure)
    }

    /// Sessions of another room than the office.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn of_room(
        room: &str,
        officers: Vec<Officer>,
        secure: bool,
    ) -> Result<Self, ring::error::Unspecified> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?;
        // The prefix binds the cookie to this host and to TLS; browsers refuse it without.
        let prefix = if secure { "__Host-" } else { "" };
        Ok(Self { key, officers, secure, name: format!("{prefix}entremise-{room}") })
    }

    /// The person whose secret this is. All digests are compared, whichever fits.
    pub fn person(&self, secret: &str) -> Option<PersonId> {
        let given = digest::digest(&digest::SHA256, secret.as_bytes());
        // Comparing tags under a fresh key is ring's way to compare in constant time.
        let given = hmac::sign(&self.key, given.as_ref());
        self.officers.iter().fold(None, |found, officer| {
            let fits = hmac::verify(&self.key, &officer.secret_sha256, given.as_ref()).is_ok();
            if fits { Some(officer.person.clone()) } else { found }
        })
    }

    /// The desk at which a person sits; none once the person is struck off.
    pub fn role(&self, person: &PersonId) -> Option<OfficeRole> {
        let officer = self.officers.iter().find(|officer| &officer.person == person);
        officer.map(|officer| officer.role)
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
        let expires_at = now.as_second() + SESSION_SECS;
        let body = format!("{person}.{expires_at}.{}", URL_SAFE_NO_PAD.encode(nonce));
        let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, session_text(&body).as_bytes()));
        Ok(self.cookie(&format!("{body}.{tag}"), SESSION_SECS))
    }

    /// The cookie that ends it.
    pub fn close(&self) -> HeaderValue {
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
        let (person, expires_at, nonce) = (parts.next()?, parts.next()?, parts.next()?);
        let expires_at: i64 = expires_at.parse().ok()?;
        (now.as_second() < expires_at).then_some(())?;
        Some(Session { person: person.parse().ok()?, expires_at, nonce: nonce.to_owned() })
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

//! A short visit without an account: whoever typed a file number with its code may read and answer
//! that file, and no other, for a while.
//!
//! The cookie is signed under a key that lives as long as the process. It names the case by its own
//! number and holds nothing that was typed. Knows no page and no store.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::CaseId;
use jiff::Timestamp;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// Time to write a letter; each page that is read begins it anew. Unit: seconds.
const IDLE_SECS: i64 = 60 * 60;
/// However often pages are read, number and code are asked for again. Unit: seconds.
const WHOLE_SECS: i64 = 4 * 60 * 60;

/// Opens visits and knows them again.
pub struct Visits {
    key: hmac::Key,
    /// Whether cookies may travel over TLS only.
    secure: bool,
}

/// One visit to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub case: CaseId,
    opened_at: i64,
    seen_at: i64,
    /// Ties the forms of this visit to it.
    nonce: String,
}

impl Visits {
    /// # Errors
    /// The system has no randomness to give.
    pub fn new(secure: bool) -> Result<Self, ring::error::Unspecified> {
        Ok(Self { key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?, secure })
    }

    /// The cookie that opens a visit.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn open(
        &self,
        case: CaseId,
        now: Timestamp,
    ) -> Result<HeaderValue, ring::error::Unspecified> {
        let mut nonce = [0; 16];
        SystemRandom::new().fill(&mut nonce)?;
        let (now, nonce) = (now.as_second(), URL_SAFE_NO_PAD.encode(nonce));
        Ok(self.cookie_of(&Visit { case, opened_at: now, seen_at: now, nonce }))
    }

    /// The cookie that lets a visit go on from now.
    pub fn go_on(&self, visit: &Visit, now: Timestamp) -> HeaderValue {
        self.cookie_of(&Visit { seen_at: now.as_second(), ..visit.clone() })
    }

    /// The cookie that ends it.
    pub fn close(&self) -> HeaderValue {
        self.cookie("", 0)
    }

    /// Whose visit this request belongs to, if the cookie is ours and its time is not over.
    pub fn read(&self, headers: &HeaderMap, now: Timestamp) -> Option<Visit> {
        let value = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix(self.name())?.strip_prefix('='))?;
        let (body, tag) = value.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, visit_text(body).as_bytes(), &tag).ok()?;
        let mut parts = body.split('.');
        let case = parts.next()?.parse().ok()?;
        let (opened_at, seen_at) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let nonce = parts.next()?.to_owned();
        let visit = Visit { case, opened_at, seen_at, nonce };
        let now = now.as_second();
        (now < visit.seen_at + IDLE_SECS && now < visit.opened_at + WHOLE_SECS).then_some(visit)
    }

    /// The token of one form of one visit, tied to what the form would do.
    pub fn form_token(&self, visit: &Visit, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, form_text(visit, purpose).as_bytes()))
    }

    pub fn form_token_fits(&self, visit: &Visit, purpose: &str, token: &str) -> bool {
        URL_SAFE_NO_PAD.decode(token).is_ok_and(|tag| {
            hmac::verify(&self.key, form_text(visit, purpose).as_bytes(), &tag).is_ok()
        })
    }

    fn cookie_of(&self, visit: &Visit) -> HeaderValue {
        let Visit { case, opened_at, seen_at, nonce } = visit;
        let body = format!("{case}.{opened_at}.{seen_at}.{nonce}");
        let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, visit_text(&body).as_bytes()));
        self.cookie(&format!("{body}.{tag}"), IDLE_SECS)
    }

    fn cookie(&self, value: &str, age_secs: i64) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let name = self.name();
        let cookie = format!(
            "{name}={value}; Path=/; Max-Age={age_secs}; HttpOnly; SameSite=Strict{secure}"
        );
        HeaderValue::from_str(&cookie).expect("figures and base64url fit a header")
    }

    /// The prefix binds the cookie to this host and to TLS; browsers refuse it without.
    fn name(&self) -> &'static str {
        if self.secure { "__Host-entremise-file" } else { "entremise-file" }
    }
}

/// The two signed texts never look alike: a form's token is no visit.
fn visit_text(body: &str) -> String {
    format!("visit\n{body}")
}

fn form_text(visit: &Visit, purpose: &str) -> String {
    format!("form\n{}\n{}\n{}\n{purpose}", visit.case, visit.opened_at, visit.nonce)
}

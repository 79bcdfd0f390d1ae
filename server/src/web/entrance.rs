//! Coming in and going out: what the public pages and the sign-ins of all desks share.
//!
//! Knows sessions, limits and pages; not by what a person is known, which each desk says itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{ACCEPT_LANGUAGE, RETRY_AFTER, SET_COOKIE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::id::PersonId;
use jiff::Timestamp;
use serde::Deserialize;

use super::limit::{Limiter, TooOften, origin};
use super::page::{Page, said};
use super::place::{self, Place};
use super::session::{Session, Sessions};

/// What the sign-out form's token is for.
const SIGN_OUT: &str = "sign out";

/// Where a request comes from. A request that doesn't say so shares one counter with its like.
pub(super) struct From(IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self(origin(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))))
    }
}

impl From {
    /// Counts one try.
    pub fn count(&self, tries: &Limiter, now: Timestamp) -> Result<(), TooOften> {
        tries.count(&self.0, now)
    }

    /// Counts one try; the page that says "wait" where there were too many.
    pub fn held_up(
        &self,
        tries: &Limiter,
        now: Timestamp,
        page: impl FnOnce() -> Page,
        key: &str,
    ) -> Option<Response> {
        let refused = self.count(tries, now).err()?;
        Some(wait(said(StatusCode::TOO_MANY_REQUESTS, page(), key), refused))
    }
}

/// Says in an answer for how long to wait.
pub(super) fn wait(mut response: Response, refused: TooOften) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(refused.wait_secs.max(1)));
    response
}

/// From `/` to a first page in the browser's language.
pub(super) fn front(headers: &HeaderMap, first: &Place) -> Response {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let to = first.path(place::preferred(wanted));
    ([(VARY, HeaderValue::from_static("accept-language"))], Redirect::to(&to)).into_response()
}

/// Opens a session for a person who is known, and shows them in.
pub(super) fn come_in(
    sessions: &Sessions,
    person: &PersonId,
    to: &str,
    now: Timestamp,
) -> Response {
    match sessions.open(person, now) {
        Ok(cookie) => ([(SET_COOKIE, cookie)], Redirect::to(to)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The form that ends a session.
#[derive(Deserialize)]
pub(super) struct SignOut {
    #[serde(default)]
    token: String,
}

impl SignOut {
    /// The token that the form carries.
    pub fn token(sessions: &Sessions, session: &Session) -> String {
        sessions.form_token(session, SIGN_OUT)
    }

    /// Ends the session, or says on `page` that the form is another session's.
    pub fn go_out(
        &self,
        sessions: &Sessions,
        session: &Session,
        page: impl FnOnce() -> Page,
        to: &str,
        now: Timestamp,
    ) -> Response {
        if !sessions.form_token_fits(session, SIGN_OUT, &self.token) {
            return said(StatusCode::FORBIDDEN, page(), "foreign_form");
        }
        ([(SET_COOKIE, sessions.close(session, now))], Redirect::to(to)).into_response()
    }
}

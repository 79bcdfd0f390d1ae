//! Coming in through the provider of identities, and back from it.
//!
//! The browser that comes back must be the one that went: its state lies in a cookie of its own.
//! The page that says "you are in" is ours, and its step to the desk is the first that carries the
//! session: our cookies are not sent along by a link from elsewhere.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Office;
use crate::access::NotIn;
use crate::web::entrance::From;
use crate::web::page::{Frame, Page, render, said};
use crate::web::place::Place;
use crate::web::public::lang_of;

/// As long as a sign-in may take. Unit: seconds.
const STATE_SECS: u32 = 10 * 60;

/// Sends the browser to the provider.
pub(super) async fn begin(State(office): State<Office>, uri: Uri, from: From) -> Response {
    let now = (office.web.clock)();
    let page = || open_page(&office, &uri);
    if let Some(refused) = from.held_up(&office.steps, now, page, "sign_in.often") {
        return refused;
    }
    let Some(federation) = office.sides.federation.clone() else {
        return said(StatusCode::NOT_FOUND, page(), "not_found");
    };
    let back = Place::SignInReturn.path(lang_of(&uri));
    match federation.begin(&back, now).await {
        Ok(begun) => {
            let cookie = state_cookie(&begun.state, STATE_SECS, office.web.secure);
            ([(SET_COOKIE, cookie)], Redirect::to(&begun.url)).into_response()
        }
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page(), "sign_in.unreachable"),
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedInPage {
    page: Page,
    to: String,
}

/// Takes the browser back.
pub(super) async fn finish(
    State(office): State<Office>,
    uri: Uri,
    headers: HeaderMap,
    from: From,
    Query(back): Query<Back>,
) -> Response {
    let now = (office.web.clock)();
    let page = || open_page(&office, &uri);
    if let Some(refused) = from.held_up(&office.steps, now, page, "sign_in.often") {
        return refused;
    }
    let Some(federation) = office.sides.federation.clone() else {
        return said(StatusCode::NOT_FOUND, page(), "not_found");
    };
    // Digests are compared: the time taken says nothing about the state.
    let digest = |state: &str| ring::digest::digest(&ring::digest::SHA256, state.as_bytes());
    let is_this_browser = state_of(&headers, office.web.secure)
        .is_some_and(|kept| digest(&kept).as_ref() == digest(&back.state).as_ref());
    if !is_this_browser {
        return said(StatusCode::FORBIDDEN, page(), "sign_in.not_asked");
    }
    let subject = match federation.finish(&back.state, &back.code, now).await {
        Ok(subject) => subject,
        Err(NotIn::Unreachable) => {
            return said(StatusCode::SERVICE_UNAVAILABLE, page(), "sign_in.unreachable");
        }
        Err(NotIn::NotAsked) => return said(StatusCode::FORBIDDEN, page(), "sign_in.not_asked"),
        Err(NotIn::Untrusted) => return said(StatusCode::FORBIDDEN, page(), "sign_in.untrusted"),
        Err(NotIn::TooWeak) => return said(StatusCode::FORBIDDEN, page(), "sign_in.too_weak"),
    };
    let Some(seat) = office.sessions.seat_of_subject(&subject) else {
        return said(StatusCode::FORBIDDEN, page(), "sign_in.no_seat");
    };
    let to = Frame::of(seat.role).home().path(lang_of(&uri));
    let Ok(session) = office.sessions.open(&seat.person, now) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let shown = page();
    let title = shown.t("sign_in.done");
    let mut response = render(StatusCode::OK, &SignedInPage { page: shown.titled(title), to });
    response.headers_mut().append(SET_COOKIE, session);
    response.headers_mut().append(SET_COOKIE, state_cookie("", 0, office.web.secure));
    response
}

fn open_page(office: &Office, uri: &Uri) -> Page {
    let mut page = Page::new(lang_of(uri), Place::SignIn, &office.web.authority);
    page.frame = office.frame;
    page
}

fn state_name(secure: bool) -> &'static str {
    if secure { "__Host-entremise-state" } else { "entremise-state" }
}

/// Lax: it comes back with the browser from the provider's address, and with nothing else.
fn state_cookie(state: &str, age_secs: u32, secure: bool) -> HeaderValue {
    let (name, tls) = (state_name(secure), if secure { "; Secure" } else { "" });
    let cookie = format!("{name}={state}; Path=/; Max-Age={age_secs}; HttpOnly; SameSite=Lax{tls}");
    HeaderValue::from_str(&cookie).expect("base64url fits a header")
}

fn state_of(headers: &HeaderMap, secure: bool) -> Option<String> {
    let name = state_name(secure);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|state| !state.is_empty())
        .map(str::to_owned)
}

//! Signing in with an officer's secret, and out again.

use askama::Template;
use axum::extract::{ConnectInfo, Form, Query, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Lang;
use serde::Deserialize;

use super::{Office, SignedIn};
use crate::web::OfficeRole;
use crate::web::limit::{TooOften, origin};
use crate::web::page::{Frame, Page, render, said};
use crate::web::place::{self, Place};
use crate::web::public::lang_of;

/// What the sign-out form's token is for.
pub(super) const SIGN_OUT: &str = "sign out";

pub(super) async fn front(headers: HeaderMap) -> Redirect {
    let wanted = headers.get("accept-language").and_then(|value| value.to_str().ok());
    Redirect::to(&Place::Work.path(place::preferred(wanted)))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    page: Page,
    back: String,
    wrong: bool,
}

#[derive(Deserialize, Default)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

pub(super) async fn form(
    State(office): State<Office>,
    uri: Uri,
    Query(back): Query<Back>,
) -> Response {
    render(StatusCode::OK, &sign_in_page(&office, &uri, back.back, false))
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    secret: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn sign_in(
    State(office): State<Office>,
    uri: Uri,
    address: Option<axum::Extension<ConnectInfo<std::net::SocketAddr>>>,
    Form(typed): Form<Typed>,
) -> Response {
    let now = (office.web.clock)();
    let address = address.map(|info| origin(info.0.0.ip()));
    if let Err(TooOften { wait_secs }) = office.sign_ins.count(&address, now) {
        let page = sign_in_page(&office, &uri, String::new(), false).page;
        let mut response = said(StatusCode::TOO_MANY_REQUESTS, page, "sign_in.often");
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait_secs.max(1)));
        return response;
    }
    let Some(person) = office.sessions.person(typed.secret.trim()) else {
        let page = sign_in_page(&office, &uri, typed.back, true);
        return render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let desk = match office.sessions.role(&person) {
        Some(OfficeRole::Overseer) => Place::Oversight,
        _ => Place::Work,
    };
    let to = if is_ours(&typed.back) { typed.back } else { desk.path(lang_of(&uri)) };
    match office.sessions.open(&person, now) {
        Ok(cookie) => ([(SET_COOKIE, cookie)], Redirect::to(&to)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    #[serde(default)]
    token: String,
}

pub(super) async fn sign_out(
    State(office): State<Office>,
    desk: SignedIn,
    Form(form): Form<SignOut>,
) -> Response {
    if !office.sessions.form_token_fits(&desk.session, SIGN_OUT, &form.token) {
        return said(StatusCode::FORBIDDEN, office.page(&desk, Place::Work), "foreign_form");
    }
    let to = Place::SignIn.path(desk.lang);
    ([(SET_COOKIE, office.sessions.close())], Redirect::to(&to)).into_response()
}

fn sign_in_page(office: &Office, uri: &Uri, back: String, wrong: bool) -> SignIn {
    let mut page = Page::new(lang_of(uri), Place::SignIn, &office.web.authority);
    page.frame = Frame::Office;
    let title = page.t("sign_in.title");
    let title = if wrong { format!("{} – {title}", page.t("error.title")) } else { title.into() };
    SignIn {
        page: page.titled(title),
        back: if is_ours(&back) { back } else { String::new() },
        wrong,
    }
}

/// Only a plain path of this office: never another host's address.
fn is_ours(back: &str) -> bool {
    let langs = [Lang::Fr, Lang::En];
    let mut ours = langs
        .iter()
        .flat_map(|lang| [Place::Work, Place::Oversight].map(|place| place.path(*lang)));
    ours.any(|start| back.starts_with(start.as_str()))
        && back.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~' | b'%')
        })
        && !back.contains("..")
}

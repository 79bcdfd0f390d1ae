//! Signing in with an officer's secret, and out again.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use entremise_core::deadline::Lang;
use serde::Deserialize;

use super::{Office, SignedIn};
use crate::web::OfficeRole;
use crate::web::entrance::{self, From, SignOut};
use crate::web::page::{Frame, Page, render};
use crate::web::place::Place;
use crate::web::public::lang_of;

pub(super) async fn front(headers: HeaderMap) -> Response {
    entrance::front(&headers, &Place::Work)
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
    from: From,
    Form(typed): Form<Typed>,
) -> Response {
    let now = (office.web.clock)();
    let page = || sign_in_page(&office, &uri, String::new(), false).page;
    if let Some(refused) = from.held_up(&office.sign_ins, now, page, "sign_in.often") {
        return refused;
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
    entrance::come_in(&office.sessions, &person, &to, now)
}

pub(super) async fn sign_out(
    State(office): State<Office>,
    desk: SignedIn,
    Form(form): Form<SignOut>,
) -> Response {
    let page = || office.page(&desk, Place::Work);
    form.go_out(&office.sessions, &desk.session, page, &Place::SignIn.path(desk.lang))
}

fn sign_in_page(office: &Office, uri: &Uri, back: String, wrong: bool) -> SignIn {
    let mut page = Page::new(lang_of(uri), Place::SignIn, &office.web.authority);
    page.frame = Frame::Office;
    let title = page.t("sign_in.title");
    SignIn {
        page: page.titled(title).with_error(wrong),
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

//! Coming in with a passkey, and registering one with a code that was handed over by another way.
//! These pages alone run a script: our own file, which asks the browser's authenticator.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::PersonId;
use entremise_wire::authorisation::signature_holds;
use serde::Deserialize;

use super::Office;
use crate::access::Seat;
use crate::web::assets;
use crate::web::desk::DeskTrouble;
use crate::web::entrance::{self, From};
use crate::web::headers::with_script;
use crate::web::house_passkeys::HousePasskeys;
use crate::web::page::{Frame, Page, render, said};
use crate::web::place::Place;
use crate::web::public::lang_of;
use crate::web::review::passkey::{Made, Text, made};
use crate::web::review::sign_in::Answered;

const SIGN_IN: &str = "sign-in";
const REGISTER: &str = "register";

#[derive(Template)]
#[template(path = "passkey/sign_in.html")]
struct SignInPage {
    page: Page,
    text: Text,
    rp_id: String,
    wrong: bool,
}

impl SignInPage {
    fn script(&self) -> &'static str {
        assets::passkey_path()
    }

    fn register(&self) -> String {
        Place::RegisterKey.path(self.page.lang)
    }
}

#[derive(Template)]
#[template(path = "review/register.html")]
struct CodePage {
    page: Page,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "passkey/make.html")]
struct MakePage {
    page: Page,
    seat: Seat,
    code: String,
    text: Text,
    rp_id: String,
}

impl MakePage {
    fn script(&self) -> &'static str {
        assets::passkey_path()
    }

    fn target(&self) -> String {
        Place::KeepKey.path(self.page.lang)
    }
}

pub(super) async fn form(State(office): State<Office>, uri: Uri) -> Response {
    sign_in_page(&office, &uri, false)
}

fn sign_in_page(office: &Office, uri: &Uri, wrong: bool) -> Response {
    let page = open_page(office, uri, Place::SignInKey);
    let Some(passkeys) = &office.sides.passkeys else {
        return said(StatusCode::NOT_FOUND, page, "not_found");
    };
    let Ok(text) = passkeys.texts.fresh(SIGN_IN, (office.web.clock)()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let title = page.t("passkey.title");
    let page = page.titled(title).with_error(wrong);
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let rp_id = passkeys.rp_id.clone();
    with_script(render(status, &SignInPage { page, text, rp_id, wrong }))
}

pub(super) async fn sign_in(
    State(office): State<Office>,
    uri: Uri,
    from: From,
    Form(answered): Form<Answered>,
) -> Response {
    let now = (office.web.clock)();
    let page = || open_page(&office, &uri, Place::SignInKey);
    if let Some(refused) = from.held_up(&office.sign_ins, now, page, "sign_in.often") {
        return refused;
    }
    let Some(passkeys) = office.sides.passkeys.clone() else {
        return said(StatusCode::NOT_FOUND, page(), "not_found");
    };
    let text = passkeys.texts.holds(SIGN_IN, &answered.text, &answered.tag, now);
    let credential = URL_SAFE_NO_PAD.decode(&answered.credential_id);
    let (Some(text), Ok(credential)) = (text, credential) else {
        return sign_in_page(&office, &uri, true);
    };
    let Ok(key) = ask(&passkeys, move |passkeys| passkeys.known.key_of(&credential)).await else {
        return said(StatusCode::SERVICE_UNAVAILABLE, page(), "trouble");
    };
    let signed = key.filter(|key| signature_holds(key, &text, &answered.signature()));
    let seat = signed.and_then(|key| office.sessions.seat_with_passkey(&key.reviewer));
    let Some(seat) = seat.filter(|_| passkeys.texts.use_up(&text, now)) else {
        return sign_in_page(&office, &uri, true);
    };
    let to = Frame::of(seat.role).home().path(lang_of(&uri));
    entrance::come_in(&office.sessions, &seat.person, &to, now)
}

pub(super) async fn register(State(office): State<Office>, uri: Uri) -> Response {
    code_page(&office, &uri, false)
}

fn code_page(office: &Office, uri: &Uri, wrong: bool) -> Response {
    let page = open_page(office, uri, Place::RegisterKey);
    if office.sides.passkeys.is_none() {
        return said(StatusCode::NOT_FOUND, page, "not_found");
    }
    let title = page.t("review.register.title");
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &CodePage { page: page.titled(title).with_error(wrong), wrong })
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    code: String,
}

/// With a good code: the page on which the passkey is made.
pub(super) async fn make(
    State(office): State<Office>,
    uri: Uri,
    from: From,
    Form(typed): Form<Typed>,
) -> Response {
    let now = (office.web.clock)();
    let page = || open_page(&office, &uri, Place::RegisterKey);
    if let Some(refused) = from.held_up(&office.sign_ins, now, page, "sign_in.often") {
        return refused;
    }
    let Some(passkeys) = office.sides.passkeys.clone() else {
        return said(StatusCode::NOT_FOUND, page(), "not_found");
    };
    let seat = match invited(&office, &passkeys, &typed.code).await {
        Ok(Some(seat)) => seat,
        Ok(None) => return code_page(&office, &uri, true),
        Err(_) => return said(StatusCode::SERVICE_UNAVAILABLE, page(), "trouble"),
    };
    let Ok(text) = passkeys.texts.fresh(REGISTER, now) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let title = page().t("review.make.title");
    let (page, rp_id) = (page().titled(title), passkeys.rp_id.clone());
    with_script(render(StatusCode::OK, &MakePage { page, seat, code: typed.code, text, rp_id }))
}

#[derive(Deserialize)]
pub(super) struct Kept {
    #[serde(default)]
    code: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    tag: String,
    #[serde(flatten)]
    made: Made,
}

/// Keeps the passkey, and uses the code up.
pub(super) async fn keep(
    State(office): State<Office>,
    uri: Uri,
    from: From,
    Form(kept): Form<Kept>,
) -> Response {
    let now = (office.web.clock)();
    let page = || open_page(&office, &uri, Place::SignInKey);
    if let Some(refused) = from.held_up(&office.sign_ins, now, page, "sign_in.often") {
        return refused;
    }
    let Some(passkeys) = office.sides.passkeys.clone() else {
        return said(StatusCode::NOT_FOUND, page(), "not_found");
    };
    // A reviewer's code is none here: whose it is must have a seat.
    match invited(&office, &passkeys, &kept.code).await {
        Ok(Some(_)) => {}
        Ok(None) => return code_page(&office, &uri, true),
        Err(_) => return said(StatusCode::SERVICE_UNAVAILABLE, page(), "trouble"),
    }
    let text = passkeys.texts.holds(REGISTER, &kept.text, &kept.tag, now);
    let passkey = text.and_then(|text| made(&kept.made, &text, &passkeys.rp_id, &passkeys.origin));
    let Some(passkey) = passkey else {
        return said(StatusCode::UNPROCESSABLE_ENTITY, page(), "review.no_passkey");
    };
    let registered =
        ask(&passkeys, move |passkeys| passkeys.known.register(&kept.code, &passkey, now)).await;
    match registered {
        Ok(true) => said(StatusCode::OK, page(), "passkey.registered"),
        Ok(false) => code_page(&office, &uri, true),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page(), "trouble"),
    }
}

/// The seat of the person whose code this is, if they come in with a passkey.
async fn invited(
    office: &Office,
    passkeys: &Arc<HousePasskeys>,
    code: &str,
) -> Result<Option<Seat>, DeskTrouble> {
    let (code, now) = (code.to_owned(), (office.web.clock)());
    let person: Option<PersonId> =
        ask(passkeys, move |passkeys| passkeys.known.invited(&code, now)).await?;
    Ok(person.and_then(|person| office.sessions.seat_with_passkey(&person).cloned()))
}

async fn ask<T: Send + 'static>(
    passkeys: &Arc<HousePasskeys>,
    question: impl FnOnce(&HousePasskeys) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<T, DeskTrouble> {
    let passkeys = Arc::clone(passkeys);
    tokio::task::spawn_blocking(move || question(&passkeys)).await.unwrap_or(Err(DeskTrouble))
}

fn open_page(office: &Office, uri: &Uri, place: Place) -> Page {
    let mut page = Page::new(lang_of(uri), place, &office.web.authority);
    page.frame = office.frame;
    page
}

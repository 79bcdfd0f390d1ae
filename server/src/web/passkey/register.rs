//! A first coming: a code that the operator handed over by another way, and the passkey that the
//! person's own device makes. Only its public half comes here.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Lang;
use entremise_core::id::PersonId;
use jiff::Timestamp;
use serde::Deserialize;

use super::text::{Made, made};
use super::{Admitted, Door, Opens, Text};
use crate::web::assets;
use crate::web::desk::DeskTrouble;
use crate::web::entrance::{From, SignOut};
use crate::web::headers::with_script;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::public::lang_of;

const PURPOSE: &str = "register";

/// Who is at this page: anybody who has a code, or the person who has come in already.
struct AtPage {
    page: Page,
    /// Whose codes count here; none where everybody's do.
    only: Option<PersonId>,
}

/// Who is at the page, or the way to come in first.
fn at_page(
    door: &Door,
    uri: &Uri,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<AtPage, Box<Response>> {
    let mut page = door.page(uri, &door.places.register);
    if door.opens == Opens::Door {
        return Ok(AtPage { page, only: None });
    }
    let session = door.sessions.read(headers, now);
    let session = session.filter(|session| door.sessions.seat_signing(&session.person).is_some());
    let Some(session) = session else {
        return Err(Box::new(Redirect::to(&Place::SignIn.path(page.lang)).into_response()));
    };
    page.sign_out = Some(SignOut::token(&door.sessions, &session));
    Ok(AtPage { page, only: Some(session.person) })
}

#[derive(Template)]
#[template(path = "passkey/register.html")]
struct CodePage {
    page: Page,
    good_for: Option<&'static str>,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "passkey/make.html")]
struct MakePage {
    page: Page,
    admitted: Admitted,
    good_for: Option<&'static str>,
    /// What the person's standing is called at this door.
    standing: &'static str,
    target: String,
    code: String,
    text: Text,
    rp_id: String,
}

impl MakePage {
    fn script(&self) -> &'static str {
        assets::passkey_path()
    }
}

pub(super) async fn form(State(door): State<Arc<Door>>, uri: Uri, headers: HeaderMap) -> Response {
    match at_page(&door, &uri, &headers, (door.web.clock)()) {
        Ok(AtPage { page, .. }) => code_page(&door, page, false),
        Err(elsewhere) => *elsewhere,
    }
}

fn code_page(door: &Door, page: Page, wrong: bool) -> Response {
    let title = page.t("review.register.title");
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = page.titled(title).with_error(wrong);
    render(status, &CodePage { page, good_for: door.says.good_for, wrong })
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    code: String,
}

/// With a good code: the page on which the passkey is made.
pub(super) async fn make(
    State(door): State<Arc<Door>>,
    uri: Uri,
    headers: HeaderMap,
    from: From,
    Form(Typed { code }): Form<Typed>,
) -> Response {
    let (now, lang) = ((door.web.clock)(), lang_of(&uri));
    if let Some(refused) = door.too_often(&uri, &from, now) {
        return refused;
    }
    let AtPage { page, only } = match at_page(&door, &uri, &headers, now) {
        Ok(at) => at,
        Err(elsewhere) => return *elsewhere,
    };
    let typed = code.clone();
    let admitted = match door.ask(move |door| invited(door, &typed, only.as_ref(), lang, now)).await
    {
        Ok(Some(admitted)) => admitted,
        Ok(None) => return code_page(&door, page, true),
        Err(_) => return door.trouble(&uri),
    };
    let Ok(text) = door.passkeys.texts.fresh(PURPOSE, now) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let title = page.t("review.make.title");
    let shown = MakePage {
        page: page.titled(title),
        admitted,
        good_for: door.says.good_for,
        standing: door.says.standing,
        target: door.places.keep.path(lang),
        code,
        text,
        rp_id: door.passkeys.rp_id.clone(),
    };
    with_script(render(StatusCode::OK, &shown))
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

/// What became of a passkey that was made.
enum Keeping {
    Kept,
    /// The code is not good here, or the passkey known.
    NotInvited,
    /// It was not made for this text at this door.
    NoPasskey,
}

/// Keeps the passkey, and uses the code up.
pub(super) async fn keep(
    State(door): State<Arc<Door>>,
    uri: Uri,
    headers: HeaderMap,
    from: From,
    Form(kept): Form<Kept>,
) -> Response {
    let (now, lang) = ((door.web.clock)(), lang_of(&uri));
    if let Some(refused) = door.too_often(&uri, &from, now) {
        return refused;
    }
    let AtPage { page, only } = match at_page(&door, &uri, &headers, now) {
        Ok(at) => at,
        Err(elsewhere) => return *elsewhere,
    };
    match door.ask(move |door| keep_made(door, &kept, only.as_ref(), lang, now)).await {
        Ok(Keeping::Kept) => {
            let page = Page { place: door.places.sign_in.clone(), ..page };
            said(StatusCode::OK, page, door.says.registered)
        }
        Ok(Keeping::NotInvited) => code_page(&door, page, true),
        Ok(Keeping::NoPasskey) => said(StatusCode::UNPROCESSABLE_ENTITY, page, "review.no_passkey"),
        Err(_) => door.trouble(&uri),
    }
}

fn keep_made(
    door: &Door,
    kept: &Kept,
    only: Option<&PersonId>,
    lang: Lang,
    now: Timestamp,
) -> Result<Keeping, DeskTrouble> {
    // A code is good at one door: whose it is must be let in here.
    if invited(door, &kept.code, only, lang, now)?.is_none() {
        return Ok(Keeping::NotInvited);
    }
    let passkeys = &door.passkeys;
    let text = passkeys.texts.holds(PURPOSE, &kept.text, &kept.tag, now);
    let passkey = text.and_then(|text| made(&kept.made, &text, &passkeys.rp_id, &passkeys.origin));
    let Some(passkey) = passkey else { return Ok(Keeping::NoPasskey) };
    let is_kept = passkeys.known.register(&kept.code, &passkey, now)?;
    Ok(if is_kept { Keeping::Kept } else { Keeping::NotInvited })
}

/// The person whose code this is, if this door lets them in, and if it is the one who has come in.
fn invited(
    door: &Door,
    code: &str,
    only: Option<&PersonId>,
    lang: Lang,
    now: Timestamp,
) -> Result<Option<Admitted>, DeskTrouble> {
    match door.passkeys.known.invited(code, now)? {
        Some(person) if only.is_none_or(|only| *only == person) => (door.admits)(&person, lang),
        _ => Ok(None),
    }
}

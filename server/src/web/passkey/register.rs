//! A first coming: a code that the operator handed over by another way, and the passkey that the
//! person's own device makes. Only its public half comes here.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use entremise_core::deadline::Lang;
use jiff::Timestamp;
use serde::Deserialize;

use super::text::{Made, made};
use super::{Admitted, Door, Text};
use crate::web::assets;
use crate::web::desk::DeskTrouble;
use crate::web::entrance::From;
use crate::web::headers::with_script;
use crate::web::page::{Page, render, said};
use crate::web::public::lang_of;

const PURPOSE: &str = "register";

#[derive(Template)]
#[template(path = "passkey/register.html")]
struct CodePage {
    page: Page,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "passkey/make.html")]
struct MakePage {
    page: Page,
    admitted: Admitted,
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

pub(super) async fn form(State(door): State<Arc<Door>>, uri: Uri) -> Response {
    code_page(&door, &uri, false)
}

fn code_page(door: &Door, uri: &Uri, wrong: bool) -> Response {
    let page = door.page(uri, &door.places.register);
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
    State(door): State<Arc<Door>>,
    uri: Uri,
    from: From,
    Form(Typed { code }): Form<Typed>,
) -> Response {
    let (now, lang) = ((door.web.clock)(), lang_of(&uri));
    if let Some(refused) = door.too_often(&uri, &from, now) {
        return refused;
    }
    let typed = code.clone();
    let admitted = match door.ask(move |door| invited(door, &typed, lang, now)).await {
        Ok(Some(admitted)) => admitted,
        Ok(None) => return code_page(&door, &uri, true),
        Err(_) => return door.trouble(&uri),
    };
    let Ok(text) = door.passkeys.texts.fresh(PURPOSE, now) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let page = door.page(&uri, &door.places.register);
    let title = page.t("review.make.title");
    let shown = MakePage {
        page: page.titled(title),
        admitted,
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
    from: From,
    Form(kept): Form<Kept>,
) -> Response {
    let (now, lang) = ((door.web.clock)(), lang_of(&uri));
    if let Some(refused) = door.too_often(&uri, &from, now) {
        return refused;
    }
    match door.ask(move |door| keep_made(door, &kept, lang, now)).await {
        Ok(Keeping::Kept) => {
            let page = door.page(&uri, &door.places.sign_in);
            said(StatusCode::OK, page, door.says.registered)
        }
        Ok(Keeping::NotInvited) => code_page(&door, &uri, true),
        Ok(Keeping::NoPasskey) => {
            let page = door.page(&uri, &door.places.register);
            said(StatusCode::UNPROCESSABLE_ENTITY, page, "review.no_passkey")
        }
        Err(_) => door.trouble(&uri),
    }
}

fn keep_made(door: &Door, kept: &Kept, lang: Lang, now: Timestamp) -> Result<Keeping, DeskTrouble> {
    // A code is good at one door: whose it is must be let in here.
    if invited(door, &kept.code, lang, now)?.is_none() {
        return Ok(Keeping::NotInvited);
    }
    let passkeys = &door.passkeys;
    let text = passkeys.texts.holds(PURPOSE, &kept.text, &kept.tag, now);
    let passkey = text.and_then(|text| made(&kept.made, &text, &passkeys.rp_id, &passkeys.origin));
    let Some(passkey) = passkey else { return Ok(Keeping::NoPasskey) };
    let is_kept = passkeys.known.register(&kept.code, &passkey, now)?;
    Ok(if is_kept { Keeping::Kept } else { Keeping::NotInvited })
}

/// The person whose code this is, if this door lets them in.
fn invited(
    door: &Door,
    code: &str,
    lang: Lang,
    now: Timestamp,
) -> Result<Option<Admitted>, DeskTrouble> {
    match door.passkeys.known.invited(code, now)? {
        Some(person) => (door.admits)(&person, lang),
        None => Ok(None),
    }
}

//! Coming in with a passkey. The text that is signed is fresh, soon stale, and used once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::deadline::Lang;
use entremise_wire::authorisation::key_holds;
use jiff::Timestamp;

use super::{Admitted, Answered, Door, Text};
use crate::web::assets;
use crate::web::desk::DeskTrouble;
use crate::web::entrance::{self, From};
use crate::web::headers::with_script;
use crate::web::page::{Page, render};
use crate::web::public::lang_of;

const PURPOSE: &str = "sign-in";

#[derive(Template)]
#[template(path = "passkey/sign_in.html")]
struct SignInPage {
    page: Page,
    text: Text,
    rp_id: String,
    /// Before the words of this door.
    words: &'static str,
    register: String,
    otherwise: Option<String>,
    wrong: bool,
}

impl SignInPage {
    fn script(&self) -> &'static str {
        assets::passkey_path()
    }

    fn says(&self, key: &str) -> &'static str {
        self.page.t(&format!("{}.{key}", self.words))
    }
}

pub(super) async fn form(State(door): State<Arc<Door>>, uri: Uri) -> Response {
    page(&door, &uri, false)
}

fn page(door: &Door, uri: &Uri, wrong: bool) -> Response {
    let lang = lang_of(uri);
    let Ok(text) = door.passkeys.texts.fresh(PURPOSE, (door.web.clock)()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let page = door.page(uri, &door.places.sign_in);
    let mut shown = SignInPage {
        page,
        text,
        rp_id: door.passkeys.rp_id.clone(),
        words: door.says.sign_in,
        register: door.places.register.path(lang),
        otherwise: door.places.otherwise.as_ref().map(|place| place.path(lang)),
        wrong,
    };
    let title = shown.says("title");
    shown.page = shown.page.titled(title).with_error(wrong);
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    with_script(render(status, &shown))
}

pub(super) async fn sign_in(
    State(door): State<Arc<Door>>,
    uri: Uri,
    from: From,
    Form(answered): Form<Answered>,
) -> Response {
    let (now, lang) = ((door.web.clock)(), lang_of(&uri));
    if let Some(refused) = door.too_often(&uri, &from, now) {
        return refused;
    }
    match door.ask(move |door| who(door, &answered, lang, now)).await {
        Ok(Some(admitted)) => {
            let to = admitted.home.path(lang);
            entrance::come_in(&door.sessions, &admitted.person, &to, now)
        }
        Ok(None) => page(&door, &uri, true),
        Err(_) => door.trouble(&uri),
    }
}

/// The person whose passkey signed a text of ours, if this door lets them in. Uses the text up.
fn who(
    door: &Door,
    answered: &Answered,
    lang: Lang,
    now: Timestamp,
) -> Result<Option<Admitted>, DeskTrouble> {
    let texts = &door.passkeys.texts;
    let text = texts.holds(PURPOSE, &answered.text, &answered.tag, now);
    let credential = URL_SAFE_NO_PAD.decode(&answered.credential_id);
    let (Some(text), Ok(credential)) = (text, credential) else { return Ok(None) };
    let Some(known) = door.passkeys.known.by_credential(&credential)? else { return Ok(None) };
    if !key_holds(&known.key, &text, &answered.signature()) {
        return Ok(None);
    }
    let admitted = (door.admits)(&known.owner, lang)?;
    Ok(admitted.filter(|_| texts.use_up(&text, now)))
}

//! A reviewer's first coming: a code that the operator handed over by another way, and the passkey
//! that the reviewer's own device makes. Only its public half comes here.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Room;
use super::desk::ReviewerView;
use super::passkey::{Made, Text, made};
use super::place::ReviewPlace;
use super::sign_in::too_often;
use crate::web::assets;
use crate::web::entrance::From;
use crate::web::page::{Page, render, said};
use crate::web::public::lang_of;

const PURPOSE: &str = "register";

#[derive(Template)]
#[template(path = "review/register.html")]
struct Register {
    page: Page,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "review/make.html")]
struct Make {
    page: Page,
    reviewer: ReviewerView,
    code: String,
    text: Text,
    rp_id: String,
}

impl Make {
    fn script(&self) -> &'static str {
        assets::passkey_path()
    }

    fn target(&self) -> String {
        ReviewPlace::RegisterKey.path(self.page.lang)
    }
}

pub(super) async fn form(State(room): State<Room>, uri: Uri) -> Response {
    code_page(&room, &uri, false)
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    code: String,
}

/// With a good code: the page on which the passkey is made.
pub(super) async fn with_code(
    State(room): State<Room>,
    uri: Uri,
    from: From,
    Form(typed): Form<Typed>,
) -> Response {
    let now = (room.web.clock)();
    if let Some(refused) = too_often(&room, &uri, &from, now) {
        return refused;
    }
    let code = typed.code.clone();
    let reviewer = match room.ask(move |desk| desk.invited(&code, now)).await {
        Ok(Some(reviewer)) => reviewer,
        Ok(None) => return code_page(&room, &uri, true),
        Err(_) => return trouble(&room, &uri),
    };
    let Ok(text) = room.texts.fresh(PURPOSE, now) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let page = room.open_page(lang_of(&uri), ReviewPlace::Register);
    let page =
        page.titled(room.open_page(lang_of(&uri), ReviewPlace::Register).t("review.make.title"));
    let rp_id = room.rp_id.clone();
    render(StatusCode::OK, &Make { page, reviewer, code: typed.code, text, rp_id })
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
    State(room): State<Room>,
    uri: Uri,
    from: From,
    Form(kept): Form<Kept>,
) -> Response {
    let now = (room.web.clock)();
    if let Some(refused) = too_often(&room, &uri, &from, now) {
        return refused;
    }
    let text = room.texts.holds(PURPOSE, &kept.text, &kept.tag, now);
    let passkey = text.and_then(|text| made(&kept.made, &text, &room.rp_id, &room.origin));
    let Some(passkey) = passkey else {
        let page = room.open_page(lang_of(&uri), ReviewPlace::Register);
        return said(StatusCode::UNPROCESSABLE_ENTITY, page, "review.no_passkey");
    };
    match room.ask(move |desk| desk.register(&kept.code, &passkey, now)).await {
        Ok(Some(_)) => {
            let page = room.open_page(lang_of(&uri), ReviewPlace::SignIn);
            said(StatusCode::OK, page, "review.registered")
        }
        Ok(None) => code_page(&room, &uri, true),
        Err(_) => trouble(&room, &uri),
    }
}

fn code_page(room: &Room, uri: &Uri, wrong: bool) -> Response {
    let page = room.open_page(lang_of(uri), ReviewPlace::Register);
    let title = page.t("review.register.title");
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &Register { page: page.titled(title).with_error(wrong), wrong })
}

fn trouble(room: &Room, uri: &Uri) -> Response {
    let page = room.open_page(lang_of(uri), ReviewPlace::Register);
    said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
}

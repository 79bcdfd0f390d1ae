//! Where a ruling signed on another machine is handed in. Needs no session: the signature says who
//! ruled, and a file that nobody known has signed changes nothing.

use askama::Template;
use axum::extract::State;
use axum::extract::multipart::Multipart;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::door::too_often;
use super::file::RulingFile;
use super::place::ReviewPlace;
use super::{Room, became};
use crate::web::entrance::From;
use crate::web::page::{Page, render};
use crate::web::public::lang_of;

#[derive(Template)]
#[template(path = "review/hand_in.html")]
struct HandIn {
    page: Page,
    wrong: bool,
}

pub(super) async fn form(State(room): State<Room>, uri: Uri) -> Response {
    form_page(&room, &uri, false)
}

pub(super) async fn take(
    State(room): State<Room>,
    uri: Uri,
    from: From,
    mut form: Multipart,
) -> Response {
    let now = (room.web.clock)();
    if let Some(refused) = too_often(&room, &uri, &from, now) {
        return refused;
    }
    let mut text = None;
    while let Ok(Some(field)) = form.next_field().await {
        if field.name() == Some("ruling") {
            text = field.text().await.ok();
        }
    }
    let Some(file) = text.and_then(|text| RulingFile::read(&text).ok()) else {
        return form_page(&room, &uri, true);
    };
    let done = room.ask(move |house| house.enter(file.signed, &file.reasons, now)).await;
    became(room.open_page(lang_of(&uri), ReviewPlace::HandIn), done)
}

fn form_page(room: &Room, uri: &Uri, wrong: bool) -> Response {
    let page = room.open_page(lang_of(uri), ReviewPlace::HandIn);
    let title = page.t("review.hand_in.title");
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &HandIn { page: page.titled(title).with_error(wrong), wrong })
}

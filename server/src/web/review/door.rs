//! Coming in with a passkey, and out again. The text that is signed is fresh, soon stale, and used
//! once.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::authorisation::Signature;
use entremise_wire::authorisation::signature_holds;
use jiff::Timestamp;
use serde::Deserialize;

use super::passkey::Text;
use super::place::ReviewPlace;
use super::{AtDesk, Room};
use crate::web::assets;
use crate::web::entrance::{self, From, SignOut};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::public::lang_of;

const PURPOSE: &str = "sign-in";

pub(super) async fn front(headers: HeaderMap) -> Response {
    entrance::front(&headers, &Place::Review(ReviewPlace::Desk))
}

#[derive(Template)]
#[template(path = "review/sign_in.html")]
struct SignIn {
    page: Page,
    text: Text,
    rp_id: String,
    wrong: bool,
}

impl SignIn {
    fn script(&self) -> &'static str {
        assets::passkey_path()
    }

    fn register(&self) -> String {
        ReviewPlace::Register.path(self.page.lang)
    }

    fn hand_in(&self) -> String {
        ReviewPlace::HandIn.path(self.page.lang)
    }
}

pub(super) async fn form(State(room): State<Room>, uri: Uri) -> Response {
    sign_in_page(&room, &uri, false)
}

/// What a passkey answered to a text of ours.
#[derive(Deserialize, Default)]
pub(in crate::web) struct Answered {
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub tag: String,
    #[serde(default)]
    pub credential_id: String,
    #[serde(default)]
    pub authenticator_data: String,
    #[serde(default)]
    pub client_data: String,
    #[serde(default)]
    pub signature: String,
}

impl Answered {
    pub fn signature(&self) -> Signature {
        Signature::Passkey {
            authenticator_data: self.authenticator_data.clone(),
            client_data: self.client_data.clone(),
            signature: self.signature.clone(),
        }
    }
}

pub(super) async fn sign_in(
    State(room): State<Room>,
    uri: Uri,
    from: From,
    Form(answered): Form<Answered>,
) -> Response {
    let now = (room.web.clock)();
    if let Some(refused) = too_often(&room, &uri, &from, now) {
        return refused;
    }
    let Some(text) = room.texts.holds(PURPOSE, &answered.text, &answered.tag, now) else {
        return sign_in_page(&room, &uri, true);
    };
    let Ok(credential) = URL_SAFE_NO_PAD.decode(&answered.credential_id) else {
        return sign_in_page(&room, &uri, true);
    };
    let key = match room.ask(move |desk| desk.key_of(&credential)).await {
        Ok(key) => key,
        Err(_) => {
            let page = room.open_page(lang_of(&uri), ReviewPlace::SignIn);
            return said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble");
        }
    };
    let holds = |key: &_| signature_holds(key, &text, &answered.signature());
    let Some(key) = key.filter(holds).filter(|_| room.texts.use_up(&text, now)) else {
        return sign_in_page(&room, &uri, true);
    };
    let to = ReviewPlace::Desk.path(lang_of(&uri));
    entrance::come_in(&room.sessions, &key.reviewer, &to, now)
}

pub(super) async fn sign_out(
    State(room): State<Room>,
    desk: AtDesk,
    Form(form): Form<SignOut>,
) -> Response {
    let to = ReviewPlace::SignIn.path(desk.lang);
    let page = || room.page(&desk, ReviewPlace::Desk);
    form.go_out(&room.sessions, &desk.session, page, &to, desk.now)
}

/// Counts one try of an address; the page that says "wait" where there were too many.
pub(super) fn too_often(room: &Room, uri: &Uri, from: &From, now: Timestamp) -> Option<Response> {
    let page = || room.open_page(lang_of(uri), ReviewPlace::SignIn);
    from.held_up(&room.tries, now, page, "review.often")
}

fn sign_in_page(room: &Room, uri: &Uri, wrong: bool) -> Response {
    let now = (room.web.clock)();
    let page = room.open_page(lang_of(uri), ReviewPlace::SignIn);
    let title = page.t("review.sign_in.title");
    let Ok(text) = room.texts.fresh(PURPOSE, now) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(
        status,
        &SignIn {
            page: page.titled(title).with_error(wrong),
            text,
            rp_id: room.rp_id.clone(),
            wrong,
        },
    )
}

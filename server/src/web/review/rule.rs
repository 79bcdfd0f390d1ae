//! A ruling: chosen and reasoned on the request's page, shown word for word as it will be signed,
//! signed with the reviewer's own passkey.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use entremise_core::authorisation::{Ruling, SignedStatement, Statement};
use entremise_core::id::AuthorisationId;
use entremise_wire::authorisation::challenge;
use jiff::Timestamp;
use serde::Deserialize;

use super::desk::Entered;
use super::file::REASONS_CHARS_MAX;
use super::place::ReviewPlace;
use super::request::{RequestPage, asked, no_request, rule_purpose, trouble, view};
use super::{AtDesk, Room, became};
use crate::web::assets;
use crate::web::headers::with_script;
use crate::web::page::{Page, render, said};
use crate::web::passkey::Answered;
use crate::web::passkey::known::KnownPasskey;

#[derive(Template)]
#[template(path = "review/sign.html")]
struct SignPage {
    page: Page,
    statement: Statement,
    /// What the passkey signs: base64url.
    challenge: String,
    reasons: String,
    token: String,
    rp_id: String,
    passkeys: Vec<KnownPasskey>,
}

impl SignPage {
    fn script(&self) -> &'static str {
        assets::passkey_path()
    }

    fn text(&self) -> String {
        self.statement.text()
    }

    fn allow(&self) -> String {
        let ids: Vec<&str> = self.passkeys.iter().map(|key| key.credential_id.as_str()).collect();
        ids.join(" ")
    }

    fn sign_path(&self) -> String {
        ReviewPlace::Sign(self.statement.request).path(self.page.lang)
    }

    fn request_path(&self) -> String {
        ReviewPlace::Request(self.statement.request).path(self.page.lang)
    }

    fn file_path(&self) -> String {
        ReviewPlace::File(self.statement.request).path(self.page.lang)
    }

    fn hand_in(&self) -> String {
        ReviewPlace::HandIn.path(self.page.lang)
    }
}

#[derive(Deserialize)]
pub(super) struct Ruled {
    #[serde(default)]
    ruling: String,
    #[serde(default)]
    reasons: String,
    #[serde(default)]
    token: String,
}

/// Shows the text that would be signed. Changes nothing.
pub(super) async fn text(
    State(room): State<Room>,
    desk: AtDesk,
    Path(request): Path<String>,
    Form(ruled): Form<Ruled>,
) -> Response {
    let request = match asked(&room, &desk, &request, rule_purpose, &ruled.token) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    let reasons = plain(&ruled.reasons);
    let ruling = ruling_named(&ruled.ruling);
    let is_reasoned = !reasons.is_empty() && reasons.chars().count() <= REASONS_CHARS_MAX;
    let (Some(ruling), true) = (ruling, is_reasoned) else {
        return again(&room, &desk, request, ruling, reasons, !is_reasoned).await;
    };
    let (reviewer, now, given) = (desk.session.person.clone(), desk.now, reasons.clone());
    let passkeys = Arc::clone(&room.passkeys);
    let asked = room.ask(move |house| {
        let statement = house.statement(&reviewer, request, ruling, &given, now)?;
        Ok(statement.map(|statement| (statement, passkeys.known.of_person(&reviewer))))
    });
    match asked.await {
        Ok(Some((statement, Ok(passkeys)))) => {
            let page = room.page(&desk, ReviewPlace::Request(request));
            let title = page.t("review.sign.title");
            let page = SignPage {
                page: page.titled(title),
                challenge: challenge(&statement.text()),
                statement,
                reasons,
                token: ruled.token,
                rp_id: room.passkeys.rp_id.clone(),
                passkeys,
            };
            with_script(render(StatusCode::OK, &page))
        }
        Ok(None) => no_request(&room, &desk),
        Ok(Some((_, Err(_)))) | Err(_) => trouble(&room, &desk),
    }
}

#[derive(Deserialize)]
pub(super) struct Signed {
    #[serde(default)]
    ruling: String,
    #[serde(default)]
    reasons: String,
    #[serde(default)]
    token: String,
    /// The expiry that stood in the text.
    #[serde(default)]
    expires_at: String,
    #[serde(flatten)]
    answered: Answered,
}

/// Enters what the passkey signed. The statement is put together here again: what the browser says
/// it was does not count, only what the signature holds over.
pub(super) async fn sign(
    State(room): State<Room>,
    desk: AtDesk,
    Path(request): Path<String>,
    Form(signed): Form<Signed>,
) -> Response {
    let request = match asked(&room, &desk, &request, rule_purpose, &signed.token) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    let page = || room.page(&desk, ReviewPlace::Desk);
    let (Some(ruling), Ok(expires_at)) =
        (ruling_named(&signed.ruling), signed.expires_at.parse::<Timestamp>())
    else {
        return said(StatusCode::UNPROCESSABLE_ENTITY, page(), "review.no.other");
    };
    let reasons = plain(&signed.reasons);
    let (reviewer, now) = (desk.session.person.clone(), desk.now);
    let passkeys = Arc::clone(&room.passkeys);
    let done = room.ask(move |house| {
        let statement = house.statement(&reviewer, request, ruling, &reasons, now)?;
        let Some(statement) = statement else { return Ok(Entered::Not("no_such_request")) };
        let used = &signed.answered.credential_id;
        let known = passkeys.known.of_person(&reviewer)?;
        let Some(key) = known.into_iter().find(|key| key.credential_id == *used) else {
            return Ok(Entered::Not("authorisation_by_unknown_reviewer"));
        };
        let signed = SignedStatement {
            statement: Statement { expires_at, ..statement },
            key: key.id,
            signature: signed.answered.signature(),
        };
        house.enter(signed, &reasons, now)
    });
    became(page(), done.await)
}

/// The request's page once more, with what is missing.
async fn again(
    room: &Room,
    desk: &AtDesk,
    request: AuthorisationId,
    ruling: Option<Ruling>,
    reasons: String,
    reasons_missing: bool,
) -> Response {
    match view(room, desk, request).await {
        Ok(view) => {
            let mut page = RequestPage::of(room, desk, view);
            page.page = page.page.with_error(true);
            page.reasons = reasons;
            page.ruling = ruling;
            page.ruling_missing = ruling.is_none();
            page.reasons_missing = reasons_missing;
            render(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(response) => *response,
    }
}

fn ruling_named(name: &str) -> Option<Ruling> {
    [Ruling::Granted, Ruling::Refused].into_iter().find(|ruling| ruling.name() == name)
}

/// Reasons as they are digested: browsers change line ends, nothing else may differ.
fn plain(reasons: &str) -> String {
    reasons.replace("\r\n", "\n").trim().to_owned()
}

//! Coming in with number and code, and leaving. Counts tries together with the page that checks
//! messages, and answers alike for whatever does not fit.

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::header::SET_COOKIE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Lang;
use serde::Deserialize;

use super::desk::Opened;
use super::place::PortalPlace;
use super::{AtFile, Portal};
use crate::web::entrance::{self, From};
use crate::web::limit::TooOften;
use crate::web::page::{Page, render, said};
use crate::web::public::{lang_of, plain};

/// What the form that leaves is for.
pub(super) const LEAVE: &str = "leave";

/// Where number and code are typed.
#[derive(Template)]
#[template(path = "portal/enter.html")]
pub(super) struct Enter {
    page: Page,
    number: String,
    number_missing: bool,
    code_missing: bool,
    not_known: bool,
    wait_minutes: Option<u64>,
}

impl Enter {
    pub fn new(portal: &Portal, lang: Lang) -> Self {
        Self {
            page: portal.page(lang, PortalPlace::File, "portal.enter.title"),
            number: String::new(),
            number_missing: false,
            code_missing: false,
            not_known: false,
            wait_minutes: None,
        }
    }

    /// What was typed stays where it must be typed again.
    fn number_again(&self) -> &str {
        &self.number
    }

    fn wrong(mut self) -> Self {
        self.page = self.page.with_error(true);
        self
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Typed {
    #[serde(default)]
    number: String,
    #[serde(default)]
    code: String,
}

/// Opens the file of a number, for whoever holds its code.
pub(super) async fn open(
    State(portal): State<Portal>,
    from: From,
    uri: Uri,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    let lang = lang_of(&uri);
    let typed = typed.map(|Form(typed)| typed).unwrap_or_default();
    let (number, code) = (plain(&typed.number), plain(&typed.code));
    let mut enter = Enter::new(&portal, lang);
    enter.number.clone_from(&number);
    if number.is_empty() || code.is_empty() {
        enter.number_missing = number.is_empty();
        enter.code_missing = code.is_empty();
        return render(StatusCode::UNPROCESSABLE_ENTITY, &enter.wrong());
    }
    let now = (portal.web.clock)();
    let counted = from
        .count(&portal.addresses, now)
        .and_then(|()| portal.numbers.count(&number.to_lowercase(), now));
    if let Err(refused) = counted {
        return too_often(enter, refused);
    }
    match portal.ask(move |desk| desk.open(&number, &code)).await {
        Ok(Opened::File(case)) => match portal.visits.open(case, now) {
            Ok(cookie) => {
                let to = Redirect::to(&PortalPlace::File.path(lang));
                ([(SET_COOKIE, cookie)], to).into_response()
            }
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Ok(Opened::Erased) => {
            let page = portal.page(lang, PortalPlace::File, "portal.title");
            said(StatusCode::GONE, page, "portal.erased")
        }
        Ok(Opened::NotKnown) => {
            enter.not_known = true;
            render(StatusCode::OK, &enter.wrong())
        }
        Err(_) => portal.trouble(lang),
    }
}

fn too_often(mut enter: Enter, refused: TooOften) -> Response {
    let minutes = u64::try_from(refused.wait_secs).unwrap_or_default().div_ceil(60);
    enter.wait_minutes = Some(minutes);
    entrance::wait(render(StatusCode::TOO_MANY_REQUESTS, &enter.wrong()), refused)
}

#[derive(Deserialize, Default)]
pub(super) struct Token {
    #[serde(default)]
    pub token: String,
}

/// Ends the visit.
pub(super) async fn leave(
    State(portal): State<Portal>,
    at: AtFile,
    typed: Result<Form<Token>, FormRejection>,
) -> Response {
    let token = typed.map(|Form(typed)| typed.token).unwrap_or_default();
    if !portal.visits.form_token_fits(&at.visit, LEAVE, &token) {
        return portal.foreign(at.lang);
    }
    let page = portal.page(at.lang, PortalPlace::File, "portal.title");
    let mut left = said(StatusCode::OK, page, "portal.left");
    left.headers_mut().insert(SET_COOKIE, portal.visits.close());
    left
}

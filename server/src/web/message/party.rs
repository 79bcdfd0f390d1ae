//! What the house asks of a sender or a provider, at that party's own desk, and what it can answer.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::id::PartyId;
use entremise_store::PartyMessage;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::purpose::{ToProvider, ToSender};
use super::{ask, trouble};
use crate::access::{Action, Resource, Role};
use crate::web::office::{Office, SignedIn};
use crate::web::page::{Frame, Page, render, said};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

/// What the forms' token is tied to.
const PURPOSE: &str = "messages";

#[derive(Template)]
#[template(path = "message/party.html")]
struct PartyPage {
    page: Page,
    rows: Vec<PartyMessage>,
    answers: &'static [&'static str],
    /// Only a sender has a page for what a message is about: its own notice.
    is_sender: bool,
    token: String,
}

impl PartyPage {
    fn notice_path(&self, row: &PartyMessage) -> String {
        SeatPlace::Notice(row.about.to_string()).path(self.page.lang)
    }

    fn day(&self, at: &Timestamp) -> String {
        self.page.day(at.to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

/// The party of the person at the desk, or the page that says that it is no party's.
fn party(office: &Office, desk: &SignedIn) -> Result<PartyId, Box<Response>> {
    desk.seat.party.clone().ok_or_else(|| {
        let page = office.page(desk, Frame::of(desk.seat.role).home());
        Box::new(said(StatusCode::FORBIDDEN, page, "other_role"))
    })
}

/// What this party can answer.
fn answers(desk: &SignedIn) -> &'static [&'static str] {
    match desk.seat.role {
        Role::Sender => &ToSender::ANSWERS,
        _ => &ToProvider::ANSWERS,
    }
}

pub(super) async fn show(State(office): State<Office>, desk: SignedIn) -> Response {
    let party = match party(&office, &desk) {
        Ok(party) => party,
        Err(refused) => return *refused,
    };
    let about = Resource::Holding { party: party.clone() };
    if let Err(refused) = desk.may(&office, Action::ReadMessages, about).await {
        return *refused;
    }
    let Ok(rows) = ask(&office, move |house| house.to_party(&party)).await else {
        return trouble(&office, &desk);
    };
    let page = office.page(&desk, Place::Seat(SeatPlace::Messages));
    let title = page.t("message.party.title");
    let page = page.titled(title);
    let token = office.sessions.form_token(&desk.session, PURPOSE);
    let is_sender = desk.seat.role == Role::Sender;
    let answers = answers(&desk);
    render(StatusCode::OK, &PartyPage { page, rows, answers, is_sender, token })
}

#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    answer: String,
}

pub(super) async fn answer(
    State(office): State<Office>,
    desk: SignedIn,
    Form(sent): Form<Answer>,
) -> Response {
    let party = match party(&office, &desk) {
        Ok(party) => party,
        Err(refused) => return *refused,
    };
    let page = office.page(&desk, Place::Seat(SeatPlace::Messages));
    if !office.sessions.form_token_fits(&desk.session, PURPOSE, &sent.token) {
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let about = Resource::Holding { party: party.clone() };
    if let Err(refused) = desk.may(&office, Action::AnswerMessage, about).await {
        return *refused;
    }
    let known = answers(&desk).iter().find(|known| **known == sent.answer);
    let (Some(answer), Ok(message)) = (known, sent.message.parse::<Uuid>()) else {
        return said(StatusCode::UNPROCESSABLE_ENTITY, page, "message.party.choose");
    };
    let (to, now) = (page.path(), desk.now);
    match ask(&office, move |house| house.answer(&party, (message, answer), now)).await {
        Ok(true) => Redirect::to(&to).into_response(),
        Ok(false) => said(StatusCode::NOT_FOUND, page, "message.party.none"),
        Err(_) => trouble(&office, &desk),
    }
}

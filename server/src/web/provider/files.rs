//! Files of questions to take, and completed ones to hand in. A completed file is held against the
//! one that was sent before it is kept: what is wrong is said by row and column.

use axum::extract::multipart::Multipart;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::desk::HandedIn;
use super::owed::{self, Wanted};
use super::{AtProvider, ask, attachment, none, trouble};
use crate::access::Action;
use crate::web::office::Office;
use crate::web::page::said;
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

/// What the token of the form is for.
pub(super) const PURPOSE: &str = "hand in";

pub(super) async fn take(
    State(office): State<Office>,
    desk: AtProvider,
    Path(number): Path<String>,
) -> Response {
    if let Err(refused) = desk.may_with_own(&office, Action::TakeFile).await {
        return *refused;
    }
    let (provider, asked) = (desk.provider.clone(), number.clone());
    match ask(&office, move |house| house.file(&provider, &asked)).await {
        Ok(Some(bytes)) => {
            let file = attachment(&format!("{number}.csv"), "text/csv; charset=utf-8", bytes);
            file.unwrap_or_else(|| none(&office, &desk))
        }
        Ok(None) => none(&office, &desk),
        Err(_) => trouble(&office, &desk),
    }
}

/// What the form brought.
#[derive(Default)]
struct Sent {
    number: String,
    token: String,
    bytes: Vec<u8>,
}

impl Sent {
    async fn read(mut form: Multipart) -> Option<Self> {
        let mut sent = Self::default();
        while let Some(field) = form.next_field().await.ok()? {
            match field.name() {
                Some("number") => sent.number = field.text().await.ok()?,
                Some("token") => sent.token = field.text().await.ok()?,
                Some("file") => sent.bytes = field.bytes().await.ok()?.to_vec(),
                _ => {}
            }
        }
        Some(sent)
    }
}

pub(super) async fn hand_in(
    State(office): State<Office>,
    desk: AtProvider,
    form: Multipart,
) -> Response {
    let page = || office.page(&desk, Place::Seat(SeatPlace::Provider));
    let Some(sent) = Sent::read(form).await else {
        return said(StatusCode::PAYLOAD_TOO_LARGE, page(), "provider.too_large");
    };
    if !office.sessions.form_token_fits(&desk.session, PURPOSE, &sent.token) {
        return said(StatusCode::FORBIDDEN, page(), "foreign_form");
    }
    if let Err(refused) = desk.may_with_own(&office, Action::HandInFile).await {
        return *refused;
    }
    let (provider, number) = (desk.provider.clone(), sent.number.clone());
    let handed = ask(&office, move |house| house.hand_in(&provider, &number, &sent.bytes)).await;
    match handed {
        Ok(HandedIn::Taken(answers)) => {
            let path = Place::Seat(SeatPlace::Provider).path(desk.lang);
            Redirect::to(&format!("{path}?taken={answers}")).into_response()
        }
        Ok(HandedIn::Bad(why)) => {
            owed::page(&office, &desk, Wanted::default(), Some((sent.number, why))).await
        }
        Ok(HandedIn::NotAsked) => said(StatusCode::CONFLICT, page(), "provider.not_asked"),
        Err(_) => trouble(&office, &desk),
    }
}

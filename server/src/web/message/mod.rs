//! Messages whose purpose is fixed, and notes that never leave the house.
//!
//! To a sender or a provider goes a purpose from a closed list and nothing in anybody's own words;
//! whom it goes to follows from what it is about. A note is a text without an addressee: there is
//! no way to send one.

mod office;
pub mod over_store;
mod party;
pub mod purpose;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use entremise_core::deadline::Lang;

use self::over_store::Messages;
use super::desk::DeskTrouble;
use super::office::{Office, SignedIn};
use super::page::{Frame, said};
use super::place::Place;
use super::seat_place::SeatPlace;

/// Adds the page of a case's messages to those of the house.
pub(super) fn rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let case = Place::Case(String::new()).path(lang);
        let place = Place::Messages(String::new()).path(lang);
        let place = place.replacen(&case, &format!("{case}{{reference}}"), 1);
        router = router.route(&place, get(office::show).post(office::act));
    }
    router
}

/// Adds the page of a party's messages to those of the parties.
pub(super) fn party_rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let place = Place::Seat(SeatPlace::Messages).path(lang);
        router = router.route(&place, get(party::show).post(party::answer));
    }
    router
}

/// Asks this side of the house from a thread that may wait.
async fn ask<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&Messages) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<T, DeskTrouble> {
    let Some(messages) = office.sides.messages.as_ref().map(Arc::clone) else {
        return Err(DeskTrouble);
    };
    tokio::task::spawn_blocking(move || question(&messages)).await.unwrap_or(Err(DeskTrouble))
}

fn trouble(office: &Office, desk: &SignedIn) -> Response {
    let page = office.page(desk, Frame::of(desk.seat.role).home());
    said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
}

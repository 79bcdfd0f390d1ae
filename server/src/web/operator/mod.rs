//! The operator's desk: whether the machines run, what waits and what was given up, what was set
//! aside, and the switch of each party. Numbers, sorts and times only: no case, no person, no
//! content lies here, and the side of the house behind it hands none out.

mod desk;
mod health;
mod over_house;
mod parties;
mod quarantine;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use entremise_core::deadline::Lang;

pub use desk::{Held, Machines, OperatorDesk, ParkedRow, PartyRow, Queue, SetAside, TroubleRow};
pub use over_house::HouseOperator;

use super::desk::DeskTrouble;
use super::office::{Office, SignedIn};
use super::page::said;
use super::place::Place;
use super::seat_place::SeatPlace;
use crate::access::{Action, Resource};

/// Adds the pages to those of the house.
pub(super) fn rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let at = |place: SeatPlace| Place::Seat(place).path(lang);
        router = router
            .route(&at(SeatPlace::Operator), get(health::show).post(health::act))
            .route(&at(SeatPlace::Quarantine), get(quarantine::show).post(quarantine::replay))
            .route(&at(SeatPlace::Parties), get(parties::show).post(parties::switch));
    }
    router
}

/// Somebody who runs the machines.
struct AtMachines(SignedIn);

impl std::ops::Deref for AtMachines {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequestParts<Office> for AtMachines {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, office).await?;
        match signed_in.may(office, Action::ReadHealth, Resource::Machines).await {
            Ok(()) => Ok(Self(signed_in)),
            Err(refused) => Err(*refused),
        }
    }
}

/// Asks the operator's side of the house from a thread that may wait.
async fn ask<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&dyn OperatorDesk) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<T, DeskTrouble> {
    let Some(desk) = office.sides.operator.clone() else { return Err(DeskTrouble) };
    let desk: Arc<dyn OperatorDesk> = desk;
    tokio::task::spawn_blocking(move || question(desk.as_ref())).await.unwrap_or(Err(DeskTrouble))
}

/// What the token of a form is tied to: what it does, and to what.
fn purpose(act: Action, id: &str) -> String {
    format!("operator\n{}\n{id}", act.name())
}

/// Whether a form is this session's and the rules let its person do this; the page that says why
/// not otherwise.
async fn passes(
    office: &Office,
    desk: &SignedIn,
    place: &SeatPlace,
    act: Action,
    (id, token): (&str, &str),
) -> Result<(), Box<Response>> {
    if !office.sessions.form_token_fits(&desk.session, &purpose(act, id), token) {
        let page = office.page(desk, Place::Seat(place.clone()));
        return Err(Box::new(said(StatusCode::FORBIDDEN, page, "foreign_form")));
    }
    desk.may(office, act, Resource::Machines).await
}

/// Back to a page of this desk, which says what was done.
fn back(desk: &SignedIn, place: SeatPlace, told: &str) -> Response {
    Redirect::to(&format!("{}?done={told}", Place::Seat(place).path(desk.lang))).into_response()
}

/// The page that says that the house cannot answer now.
fn trouble(office: &Office, desk: &SignedIn, place: SeatPlace) -> Response {
    said(StatusCode::SERVICE_UNAVAILABLE, office.page(desk, Place::Seat(place)), "trouble")
}

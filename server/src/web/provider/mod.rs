//! A provider's desk: what it owes and until when, orders, files to take and to hand in, and what
//! is late with proofs of when it was asked. Nothing of a notice, a work or a sender is shown here,
//! nor anything of another provider.

mod desk;
mod files;
mod late;
mod order;
mod ordered;
mod over_house;
mod owed;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use entremise_core::deadline::Lang;
use entremise_core::id::PartyId;

pub use desk::{
    Answered, HandedIn, Late, OrderRow, OrderStanding, OrderView, Owed, OwedRow, ProviderDesk, What,
};
pub use over_house::HouseProvider;

use super::desk::DeskTrouble;
use super::office::{Office, SignedIn};
use super::page::{Frame, said};
use super::place::Place;
use super::seat_place::SeatPlace;
use crate::access::{Action, Resource};
use crate::order_file;

/// The largest completed file: 50,000 rows. Unit: bytes.
const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Adds the pages to those of the parties.
pub(super) fn rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let at = |place: SeatPlace| Place::Seat(place).path(lang).replace("NUMBER", "{number}");
        let number = || "NUMBER".to_owned();
        router = router
            .route(&at(SeatPlace::Provider), get(owed::show))
            .route(&at(SeatPlace::RequestFile(number())), get(files::take))
            .route(
                &at(SeatPlace::HandIn),
                post(files::hand_in).layer(DefaultBodyLimit::max(FILE_BYTES_MAX)),
            )
            .route(
                &at(SeatPlace::Order(number())),
                get(order::show)
                    .post(order::answer)
                    .layer(DefaultBodyLimit::max(2 * order_file::BYTES_MAX)),
            )
            .route(&at(SeatPlace::OrderFile(number())), get(order::take))
            .route(&at(SeatPlace::Breach), get(late::show))
            .route(&at(SeatPlace::AskedReceipt(number())), get(late::receipt));
    }
    router
}

/// A person of a provider.
struct AtProvider {
    signed_in: SignedIn,
    provider: PartyId,
}

impl std::ops::Deref for AtProvider {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.signed_in
    }
}

impl FromRequestParts<Office> for AtProvider {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, office).await?;
        let Some(provider) = signed_in.seat.party.clone() else {
            let page = office.page(&signed_in, Frame::of(signed_in.seat.role).home());
            return Err(said(StatusCode::FORBIDDEN, page, "other_role"));
        };
        let about = Resource::Holding { party: provider.clone() };
        match signed_in.may(office, Action::ReadRequests, about).await {
            Ok(()) => Ok(Self { signed_in, provider }),
            Err(refused) => Err(*refused),
        }
    }
}

impl AtProvider {
    /// Asks the rules about something of this provider's own.
    async fn may_with_own(&self, office: &Office, action: Action) -> Result<(), Box<Response>> {
        let about = Resource::Holding { party: self.provider.clone() };
        self.signed_in.may(office, action, about).await
    }
}

/// Asks the providers' side of the house from a thread that may wait.
async fn ask<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&dyn ProviderDesk) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<T, DeskTrouble> {
    let Some(desk) = office.sides.provider.clone() else { return Err(DeskTrouble) };
    let desk: Arc<dyn ProviderDesk> = desk;
    tokio::task::spawn_blocking(move || question(desk.as_ref())).await.unwrap_or(Err(DeskTrouble))
}

/// The page that says that there is no such thing of this provider's.
fn none(office: &Office, desk: &AtProvider) -> Response {
    let page = office.page(desk, Place::Seat(SeatPlace::Provider));
    said(StatusCode::NOT_FOUND, page, "provider.none")
}

/// A file to keep; none where its name cannot stand in a header.
fn attachment(name: &str, kind: &'static str, body: impl IntoResponse) -> Option<Response> {
    let name = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).ok()?;
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, name)];
    Some((headers, body).into_response())
}

/// The page that says that the house cannot answer now.
fn trouble(office: &Office, desk: &AtProvider) -> Response {
    let page = office.page(desk, Place::Seat(SeatPlace::Provider));
    said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
}

//! A sender's desk: its sendings, what became of each notice, where each stands, receipts, and
//! taking one back. Nothing of a subscriber is ever shown here, nor anything of another sender.

mod desk;
mod notice;
mod over_house;
mod sendings;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use entremise_core::deadline::Lang;
use entremise_core::id::PartyId;

pub use desk::{NoticeView, ResultView, SenderDesk, Sending, SendingRow, Sendings, Withdrawn};
pub use over_house::HouseSender;

use super::desk::DeskTrouble;
use super::office::{Office, SignedIn};
use super::page::{Frame, said};
use super::place::Place;
use super::seat_place::SeatPlace;
use crate::access::{Action, Resource};

/// Adds the pages to those of the parties.
pub(super) fn rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let at = |place: SeatPlace, number: &str| {
            // The number stands where the place of an empty one would be.
            Place::Seat(place).path(lang).replace("NUMBER", number)
        };
        let of = |place: fn(String) -> SeatPlace| at(place("NUMBER".to_owned()), "{number}");
        router = router
            .route(&at(SeatPlace::Sender, ""), get(sendings::all))
            .route(&of(SeatPlace::Sending), get(sendings::one))
            .route(&of(SeatPlace::Notice), get(notice::show))
            .route(&of(SeatPlace::NoticeReceipt), get(notice::receipt))
            .route(&of(SeatPlace::Withdrawal), get(notice::confirm).post(notice::withdraw));
    }
    router
}

/// A person of a sender.
struct AtSender {
    signed_in: SignedIn,
    sender: PartyId,
}

impl std::ops::Deref for AtSender {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.signed_in
    }
}

impl FromRequestParts<Office> for AtSender {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, office).await?;
        let Some(sender) = signed_in.seat.party.clone() else {
            let page = office.page(&signed_in, Frame::of(signed_in.seat.role).home());
            return Err(said(StatusCode::FORBIDDEN, page, "other_role"));
        };
        let about = Resource::Holding { party: sender.clone() };
        match signed_in.may(office, Action::ReadSendings, about).await {
            Ok(()) => Ok(Self { signed_in, sender }),
            Err(refused) => Err(*refused),
        }
    }
}

/// Asks the senders' side of the house from a thread that may wait.
async fn ask<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&dyn SenderDesk) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<T, DeskTrouble> {
    let Some(desk) = office.sides.sender.clone() else { return Err(DeskTrouble) };
    let desk: Arc<dyn SenderDesk> = desk;
    tokio::task::spawn_blocking(move || question(desk.as_ref())).await.unwrap_or(Err(DeskTrouble))
}

/// The page that says that there is no such thing of this sender's.
fn none(office: &Office, desk: &AtSender) -> Response {
    said(StatusCode::NOT_FOUND, office.page(desk, Place::Seat(SeatPlace::Sender)), "sender.none")
}

/// The page that says that the house cannot answer now.
fn trouble(office: &Office, desk: &AtSender) -> Response {
    said(
        StatusCode::SERVICE_UNAVAILABLE,
        office.page(desk, Place::Seat(SeatPlace::Sender)),
        "trouble",
    )
}

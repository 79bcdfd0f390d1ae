//! The oversight desk: figures, alarms, samples by the auditor's own seed, the yearly report. For
//! those who watch over the authority; a case officer is refused here, as they are at the office.

mod chart;
mod decisions;
mod desk;
mod overview;
mod samples;
mod store_desk;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use entremise_core::deadline::{Lang, Zone};

pub use desk::{Drawn, Look, OversightDesk, Overview};
pub use store_desk::{StoreOversight, days_of};

use super::desk::DeskTrouble;
use super::office::{Office, SignedIn};
use super::place::Place;
use super::seat_place::SeatPlace;
use crate::access::{Action, Resource};

/// Adds the pages to those of the office.
pub(super) fn rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let samples = Place::Samples.path(lang);
        router = router
            .route(&Place::Oversight.path(lang), get(overview::show))
            .route(&Place::Report("csv").path(lang), get(overview::csv))
            .route(&Place::Report("json").path(lang), get(overview::json))
            .route(&Place::Seat(SeatPlace::Decisions).path(lang), get(decisions::show))
            .route(&samples, get(samples::all).post(samples::draw))
            .route(&format!("{samples}/{{id}}"), get(samples::one))
            .route(
                &format!("{samples}/{{id}}/{{place}}"),
                get(samples::notice).post(samples::look_or_record),
            );
    }
    router
}

/// Somebody who watches over the authority.
struct AtOversight(SignedIn);

impl std::ops::Deref for AtOversight {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequestParts<Office> for AtOversight {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, office).await?;
        let action = action(&parts.method, parts.uri.path());
        match signed_in.may(office, action, Resource::Figures).await {
            Ok(()) => Ok(Self(signed_in)),
            Err(refused) => Err(*refused),
        }
    }
}

/// What a page of the oversight does, by its address.
fn action(method: &Method, path: &str) -> Action {
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(2).collect();
    match (parts.as_slice(), method == Method::POST) {
        (["decisions"], _) => Action::ReadDecisions,
        (["echantillons" | "samples", ..], true) => Action::DrawSample,
        (["echantillons" | "samples", ..], false) => Action::ReadSample,
        (_, _) => Action::ReadFigures,
    }
}

/// The time zone in which days are told.
fn zone(office: &Office) -> Zone {
    let zone = office.web.oversight.as_ref().map(|desk| desk.zone());
    zone.unwrap_or_else(|| Zone::named("UTC").expect("UTC is part of every time-zone database"))
}

/// Asks the oversight desk from a thread that may wait.
async fn ask<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&dyn OversightDesk) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<T, DeskTrouble> {
    let Some(desk) = office.web.oversight.clone() else { return Err(DeskTrouble) };
    tokio::task::spawn_blocking(move || question(desk.as_ref())).await.unwrap_or(Err(DeskTrouble))
}

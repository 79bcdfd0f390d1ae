//! What the rules of the desks decided: each refusal, and each act that was let through.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use entremise_core::deadline::Zone;

use super::{AtOversight, zone};
use crate::access::Decided;
use crate::web::office::Office;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

/// What a person can look through.
const LINES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "decisions.html")]
struct Decisions {
    page: Page,
    zone: Zone,
    lines: Vec<Decided>,
}

pub(super) async fn show(State(office): State<Office>, desk: AtOversight) -> Response {
    let page = office.page(&desk, Place::Seat(SeatPlace::Decisions));
    let title = page.t("decisions.title");
    let page = page.titled(title);
    let log = office.sides.decisions.clone();
    match tokio::task::spawn_blocking(move || log.newest(LINES_MAX)).await {
        Ok(lines) => render(StatusCode::OK, &Decisions { page, zone: zone(&office), lines }),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"),
    }
}

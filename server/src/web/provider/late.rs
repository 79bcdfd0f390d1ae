//! What is late: when it was asked, until when it was due and why, and the receipt that proves it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::desk::{Late, OwedRow, What};
use super::{AtProvider, ask, trouble};
use crate::web::chart::{Share, shares};
use crate::web::office::Office;
use crate::web::page::{self, Page, render};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

#[derive(Template)]
#[template(path = "provider/late.html")]
struct LatePage {
    page: Page,
    view: Late,
    delays: Vec<Share>,
}

impl LatePage {
    /// Where the proof of an identification's question is; a disclosure's stands on its own case.
    fn receipt_path(&self, row: &OwedRow) -> Option<String> {
        (row.what == What::Identification)
            .then(|| SeatPlace::AskedReceipt(row.question.clone()).path(self.page.lang))
    }
}

pub(super) async fn show(State(office): State<Office>, desk: AtProvider) -> Response {
    let (provider, now) = (desk.provider.clone(), desk.now);
    let Ok(view) = ask(&office, move |house| house.late(&provider, now)).await else {
        return trouble(&office, &desk);
    };
    let page = office.page(&desk, Place::Seat(SeatPlace::Breach));
    let title = page.t("provider.late.title");
    let page = page.titled(title);
    let delays = view.by_days.iter();
    let delays = shares(delays.map(|(delay, n)| (page.named("provider.delay", delay.name()), *n)));
    render(StatusCode::OK, &LatePage { page, view, delays })
}

pub(super) async fn receipt(
    State(office): State<Office>,
    desk: AtProvider,
    Path(question): Path<String>,
) -> Response {
    let page = office.page(&desk, Place::Seat(SeatPlace::Breach));
    let provider = desk.provider.clone();
    match ask(&office, move |house| house.receipt(&provider, &question)).await {
        Ok((entry, given)) => page::receipt(Ok(given), entry, page),
        Err(_) => trouble(&office, &desk),
    }
}

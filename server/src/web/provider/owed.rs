//! What a provider owes: requests by deadline, orders, files.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::desk::{OrderRow, Owed};
use super::{AtProvider, ask, trouble};
use crate::handover::RequestFile;
use crate::web::office::Office;
use crate::web::page::{Page, render};
use crate::web::place::{Place, encoded};
use crate::web::seat_place::SeatPlace;

#[derive(Deserialize, Default)]
pub(super) struct Wanted {
    after: Option<String>,
    taken: Option<usize>,
    answered: Option<u8>,
}

#[derive(Template)]
#[template(path = "provider/owed.html")]
struct OwedPage {
    page: Page,
    view: Owed,
    token: String,
    /// How many answers were just handed in.
    taken: Option<u64>,
    /// Whether an answer to an order was just entered.
    answered: bool,
    next: Option<String>,
    first: Option<String>,
    /// What is wrong with a file that was handed in, and its number.
    wrong: Option<(String, String)>,
}

impl OwedPage {
    fn file_path(&self, file: &RequestFile) -> String {
        SeatPlace::RequestFile(file.number.clone()).path(self.page.lang)
    }

    fn order_path(&self, row: &OrderRow) -> String {
        SeatPlace::Order(row.order.order.to_string()).path(self.page.lang)
    }

    fn hand_in_path(&self) -> String {
        SeatPlace::HandIn.path(self.page.lang)
    }

    fn is_wrong(&self, file: &RequestFile) -> bool {
        self.wrong.as_ref().is_some_and(|(number, _)| *number == file.number)
    }
}

pub(super) async fn show(
    State(office): State<Office>,
    desk: AtProvider,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let wanted = wanted.map(|Query(wanted)| wanted).unwrap_or_default();
    page(&office, &desk, wanted, None).await
}

/// The page, with what is wrong with a file that was just handed in.
pub(super) async fn page(
    office: &Office,
    desk: &AtProvider,
    wanted: Wanted,
    wrong: Option<(String, String)>,
) -> Response {
    let (provider, now, after) = (desk.provider.clone(), desk.now, wanted.after.clone());
    let found = ask(office, move |house| house.owed(&provider, after.as_deref(), now)).await;
    let Ok(view) = found else { return trouble(office, desk) };
    let page = office.page(desk, Place::Seat(SeatPlace::Provider));
    let title = page.t("provider.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let next = view.next.as_ref().map(|next| format!("{}?after={}", page.path(), encoded(next)));
    let first = wanted.after.is_some().then(|| page.path());
    let token = office.sessions.form_token(&desk.session, super::files::PURPOSE);
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let taken = wanted.taken.map(|taken| taken as u64);
    let answered = wanted.answered.is_some();
    render(status, &OwedPage { page, view, token, taken, answered, next, first, wrong })
}

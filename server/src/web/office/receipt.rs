//! The receipt of one line of a case, for whoever asks the office for a proof. Closed: it says of
//! the line what the published ledger says, and nothing of what lies behind it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{AtDesk, Office};
use crate::web::ask;
use crate::web::page::{receipt, said};
use crate::web::place::Place;

pub(super) async fn fetch(
    State(office): State<Office>,
    desk: AtDesk,
    Path((reference, entry)): Path<(String, String)>,
) -> Response {
    let page = office.page(&desk, Place::Case(reference.clone()));
    let Ok(entry) = entry.parse() else {
        return said(StatusCode::NOT_FOUND, page, "receipt.none");
    };
    let given = ask(&office.web.desk, move |desk| desk.line_receipt(&reference, entry)).await;
    receipt(given, entry, page)
}

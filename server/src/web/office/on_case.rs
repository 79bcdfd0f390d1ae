//! What every side of the house that an officer's form reaches has in common: the case as it stood,
//! a thread that may wait, and the page that says why nothing was done.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::{AtDesk, Office};
use crate::web::ask;
use crate::web::desk::{CaseView, DeskTrouble, NotDone, OnCase};
use crate::web::page::said;
use crate::web::place::Place;

/// The case, or the page that says why not.
pub(super) async fn case(
    office: &Office,
    desk: &AtDesk,
    reference: &str,
) -> Result<CaseView, Box<Response>> {
    let (now, asked) = (desk.now, reference.to_owned());
    let no_case = || said(StatusCode::NOT_FOUND, office.page(desk, Place::Work), "no_case");
    match ask(&office.web.desk, move |desk| desk.case(&asked, now)).await {
        Ok(Some(case)) => Ok(case),
        Ok(None) => Err(Box::new(no_case())),
        Err(_) => Err(Box::new(trouble(office, desk, reference.to_owned(), false))),
    }
}

/// This case as the officer saw it.
pub(super) fn seen(desk: &AtDesk, reference: &str, version: u64) -> OnCase {
    let (reference, by) = (reference.to_owned(), desk.session.person.clone());
    OnCase { reference, version, by }
}

/// Asks a side of the house from a thread that may wait; none where there is no such side.
pub(super) async fn ask_side<D: ?Sized + Send + Sync + 'static, T: Send + 'static>(
    side: &Option<Arc<D>>,
    question: impl FnOnce(&D) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<Option<T>, DeskTrouble> {
    let Some(side) = side.clone() else { return Ok(None) };
    tokio::task::spawn_blocking(move || question(side.as_ref()).map(Some))
        .await
        .unwrap_or(Err(DeskTrouble))
}

pub(super) fn not_done(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    why: NotDone,
) -> Response {
    match why {
        NotDone::NoSuchCase => {
            said(StatusCode::NOT_FOUND, office.page(desk, Place::Work), "no_case")
        }
        NotDone::Stale => {
            said(StatusCode::CONFLICT, office.page(desk, Place::Case(reference)), "stale")
        }
    }
}

/// There is no such side of the house, or it cannot answer now.
pub(super) fn trouble(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    no_such_side: bool,
) -> Response {
    let page = office.page(desk, Place::Case(reference));
    if no_such_side {
        return said(StatusCode::NOT_FOUND, page, "not_found");
    }
    said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
}

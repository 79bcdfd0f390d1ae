//! The office's pages about measures: those that are open, the life of one, what is entered about
//! it, and what a judgment pronounced as its outcome is entered.

mod act;
mod list;
mod one;
mod pronounced;
mod register;
mod told;

pub(super) use act::{enter, form};
pub(super) use list::show as list;
pub(super) use one::show;
pub(in crate::web) use one::terms_text;
pub(super) use pronounced::{Pronounced, WrongMeasure};
pub(super) use register::{enlist, form as register_form};
pub(super) use told::detail;

use axum::http::StatusCode;
use axum::response::Response;

use super::on_case::ask_side;
use super::{AtDesk, Office};
use crate::web::desk::DeskTrouble;
use crate::web::measure::desk::{MeasureDesk, MeasureView};
use crate::web::page::said;
use crate::web::place::Place;

/// Asks the side of the house that follows measures.
pub(super) async fn with_measures<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&dyn MeasureDesk) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<Option<T>, DeskTrouble> {
    ask_side(&office.web.measures, question).await
}

/// The measure, or the page that says why not.
async fn measure(
    office: &Office,
    desk: &AtDesk,
    reference: &str,
) -> Result<MeasureView, Box<Response>> {
    let (now, asked) = (desk.now, reference.to_owned());
    match with_measures(office, move |side| side.measure(&asked, now)).await {
        Ok(Some(Some(measure))) => Ok(measure),
        Ok(_) => {
            let page = office.page(desk, Place::Measures);
            Err(Box::new(said(StatusCode::NOT_FOUND, page, "measure.no_such")))
        }
        Err(_) => Err(Box::new(trouble(office, desk))),
    }
}

fn trouble(office: &Office, desk: &AtDesk) -> Response {
    said(StatusCode::SERVICE_UNAVAILABLE, office.page(desk, Place::Measures), "trouble")
}

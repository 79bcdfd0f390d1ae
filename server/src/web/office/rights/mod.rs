//! A person asks what is held about them, that it be mended, that it be erased; an officer answers
//! (Règlement (UE) 2016/679, arts 12 to 17). No page opens anything before its form is sent.

mod erase;
mod rectify;
mod shown;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

pub(super) use erase::{confirm as confirm_erasure, enter as erase};
pub(super) use rectify::{back, take as rectify};

use super::on_case::{ask_side, case, not_done, seen as order, trouble};
use super::{AtDesk, Office};
use crate::web::desk::{CaseView, DeskTrouble};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::rights::desk::{AccessOrder, AccessOutcome, RightsDesk};

/// The text by which a person asks for what is held of them.
const ACCESS: &str = "Règlement (UE) 2016/679, art. 15";
/// It stands in the ledger for ever. Unit: characters.
const LEGAL_BASIS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "rights/ask.html")]
struct AskPage {
    page: Page,
    case: CaseView,
    token: String,
    legal_basis: String,
    missing: bool,
}

/// What the person may ask, and the form that opens. Opens nothing.
pub(super) async fn form(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
) -> Response {
    ask_page(&office, &desk, reference, ACCESS.to_owned(), false).await
}

async fn ask_page(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    legal_basis: String,
    missing: bool,
) -> Response {
    let case = match case(office, desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let page = office.page(desk, Place::Rights(reference.clone()));
    let title = page.t("rights.title");
    let title =
        if missing { format!("{} – {title}", page.t("error.title")) } else { title.into() };
    let token = office.sessions.form_token(&desk.session, &purpose(&reference, case.version));
    let status = if missing { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &AskPage { page: page.titled(title), case, token, legal_basis, missing })
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    token: String,
}

/// Looks, and shows all that is held.
pub(super) async fn access(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(asked): Form<Asked>,
) -> Response {
    let purpose = purpose(&reference, asked.version);
    if !office.sessions.form_token_fits(&desk.session, &purpose, &asked.token) {
        let page = office.page(&desk, Place::Rights(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let legal_basis = asked.legal_basis.trim().to_owned();
    if legal_basis.is_empty() || legal_basis.chars().count() > LEGAL_BASIS_MAX {
        return ask_page(&office, &desk, reference, legal_basis, true).await;
    }
    let of = order(&desk, &reference, asked.version);
    let (order, now) = (AccessOrder { of, legal_basis }, desk.now);
    let held = match with_rights(&office, move |rights| rights.access(&order, now)).await {
        Ok(Some(AccessOutcome::Shown(held))) => held,
        Ok(Some(AccessOutcome::Not(not))) => return not_done(&office, &desk, reference, not),
        other => return trouble(&office, &desk, reference, other.is_ok()),
    };
    // Read after the look, so that its own line is among those shown.
    let case = match case(&office, &desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let page = office.page(&desk, Place::Rights(reference));
    render(StatusCode::OK, &shown::HeldPage::of(page, case, &held, &office, &desk))
}

/// Asks the side of the house that answers persons.
async fn with_rights<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&dyn RightsDesk) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<Option<T>, DeskTrouble> {
    ask_side(&office.web.rights, question).await
}

/// What the form's token is tied to: this case as it stood.
fn purpose(reference: &str, version: u64) -> String {
    format!("rights access\n{version}\n{reference}")
}

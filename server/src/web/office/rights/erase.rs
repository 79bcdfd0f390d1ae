//! The erasure that a person asks for: confirmed on a page of its own, entered once. Needs no look.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{AtDesk, Office, case, not_done, order, trouble, with_rights};
use crate::web::desk::CaseView;
use crate::web::page::{Page, render, said, said_with};
use crate::web::place::Place;
use crate::web::rights::desk::EraseOutcome;
use crate::web::words;

#[derive(Template)]
#[template(path = "rights/erase.html")]
struct ErasePage {
    page: Page,
    case: CaseView,
    token: String,
}

/// Says what would go and what stays. Changes nothing.
pub(in crate::web::office) async fn confirm(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
) -> Response {
    let case = match case(&office, &desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let token = office.sessions.form_token(&desk.session, &purpose(&reference, case.version));
    let page = office.page(&desk, Place::Erasure(reference));
    let title = page.t("rights.erase.title");
    render(StatusCode::OK, &ErasePage { page: page.titled(title), case, token })
}

#[derive(Deserialize)]
pub(in crate::web::office) struct Confirmed {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    token: String,
}

/// Erases, or says why not.
pub(in crate::web::office) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(confirmed): Form<Confirmed>,
) -> Response {
    let purpose = purpose(&reference, confirmed.version);
    let page = office.page(&desk, Place::Rights(reference.clone()));
    if !office.sessions.form_token_fits(&desk.session, &purpose, &confirmed.token) {
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let (order, now) = (order(&desk, &reference, confirmed.version), desk.now);
    match with_rights(&office, move |rights| rights.erase(&order, now)).await {
        Ok(Some(EraseOutcome::Erased)) => said(StatusCode::OK, page, "rights.erased"),
        Ok(Some(EraseOutcome::Refused { name, until })) => {
            tracing::info!(refusal = name, "an erasure that was asked for was refused");
            let known = words::known(page.lang, "rights.not_erased", &format!("{name}.heading"));
            let name = if known.is_some() { name } else { "other" };
            let zone = case(&office, &desk, &reference).await.map(|case| case.zone);
            let until = until.zip(zone.ok()).map(|(until, zone)| page.instant(&until, &zone));
            let until = until.unwrap_or_default();
            let key = format!("rights.not_erased.{name}");
            said_with(StatusCode::UNPROCESSABLE_ENTITY, page, &key, ("until", &until))
        }
        Ok(Some(EraseOutcome::Not(not))) => not_done(&office, &desk, reference, not),
        other => trouble(&office, &desk, reference, other.is_ok()),
    }
}

fn purpose(reference: &str, version: u64) -> String {
    format!("rights erase\n{version}\n{reference}")
}

//! A member asks an outside reviewer for leave to take a barred step: whom, and why. Asking opens
//! nothing for the member; the dossier goes to the reviewer.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::event::Ground;
use serde::Deserialize;

use super::told::ground_name;
use super::{AtDesk, Office};
use crate::web::desk::CaseView;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::review::desk::{AskOrder, AskOutcome, ReviewDesk, ReviewerView};
use crate::web::{ask, desk::DeskTrouble};

/// Grounds on which a step may be asked for: the others end a case.
const GROUNDS: [Ground; 1] = [Ground::FactsEstablished];

#[derive(Template)]
#[template(path = "authorise.html")]
struct AskPage {
    page: Page,
    case: CaseView,
    reviewers: Vec<ReviewerView>,
    token: String,
    missing: bool,
}

impl AskPage {
    fn grounds(&self) -> Vec<(&'static str, String)> {
        let named = |ground: &Ground| {
            let name = ground_name(*ground);
            (name, self.page.named("ground", name))
        };
        GROUNDS.iter().map(named).collect()
    }

    /// Somebody may be asked who can answer.
    fn can_ask(&self) -> bool {
        self.reviewers.iter().any(|reviewer| reviewer.can_sign)
    }
}

/// Whom to ask, and why; or why nobody can be asked.
pub(super) async fn form(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
) -> Response {
    page(&office, &desk, reference, false).await
}

async fn page(office: &Office, desk: &AtDesk, reference: String, missing: bool) -> Response {
    let (now, asked) = (desk.now, reference.clone());
    let case = match ask(&office.web.desk, move |desk| desk.case(&asked, now)).await {
        Ok(Some(case)) => case,
        Ok(None) => return said(StatusCode::NOT_FOUND, office.page(desk, Place::Work), "no_case"),
        Err(_) => return trouble(office, desk, reference),
    };
    let reviewers = match with_reviews(office, |desk| desk.reviewers()).await {
        Ok(reviewers) => reviewers.unwrap_or_default(),
        Err(_) => return trouble(office, desk, reference),
    };
    if !case.opens_by_review {
        return said(StatusCode::CONFLICT, office.page(desk, Place::Case(reference)), "stale");
    }
    let page = office.page(desk, Place::Authorisation(reference.clone()));
    let title = page.t("authorise.title");
    let token = office.sessions.form_token(&desk.session, &purpose(&reference, case.version));
    let status = if missing { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(
        status,
        &AskPage { page: page.titled(title).with_error(missing), case, reviewers, token, missing },
    )
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    reviewer: String,
    #[serde(default)]
    ground: String,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    token: String,
}

/// Puts the request.
pub(super) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(asked): Form<Asked>,
) -> Response {
    let purpose = purpose(&reference, asked.version);
    let case_page = |desk: &AtDesk| office.page(desk, Place::Case(reference.clone()));
    if !office.sessions.form_token_fits(&desk.session, &purpose, &asked.token) {
        return said(StatusCode::FORBIDDEN, case_page(&desk), "foreign_form");
    }
    let ground = GROUNDS.into_iter().find(|ground| ground_name(*ground) == asked.ground);
    let (Some(ground), Ok(reviewer)) = (ground, asked.reviewer.parse()) else {
        return page(&office, &desk, reference, true).await;
    };
    let order = AskOrder {
        reference: reference.clone(),
        version: asked.version,
        ground,
        reviewer,
        by: desk.session.person.clone(),
    };
    let now = desk.now;
    match with_reviews(&office, move |reviews| reviews.ask(&order, now)).await {
        Ok(Some(AskOutcome::Asked(_))) => {
            let to = Place::Case(reference).path(desk.lang);
            Redirect::to(&format!("{to}?entered=true")).into_response()
        }
        Ok(Some(AskOutcome::Stale)) => said(StatusCode::CONFLICT, case_page(&desk), "stale"),
        Ok(Some(AskOutcome::Refused(refusal))) => {
            tracing::info!(refusal, "the law refused a request for authorisation");
            let known = ["requester_reviews", "no_review"].contains(&refusal.as_str());
            let key = if known { format!("review.no.{refusal}") } else { "refused".to_owned() };
            said(StatusCode::UNPROCESSABLE_ENTITY, case_page(&desk), &key)
        }
        Ok(Some(AskOutcome::NoSuchCase)) => {
            said(StatusCode::NOT_FOUND, office.page(&desk, Place::Work), "no_case")
        }
        Ok(Some(AskOutcome::NoSuchReviewer) | None) => {
            said(StatusCode::UNPROCESSABLE_ENTITY, case_page(&desk), "authorise.nobody")
        }
        Err(_) => trouble(&office, &desk, reference),
    }
}

/// Asks the side of the house that knows reviewers; none where there is no such side.
async fn with_reviews<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&dyn ReviewDesk) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<Option<T>, DeskTrouble> {
    let Some(reviews) = office.web.review.clone() else { return Ok(None) };
    tokio::task::spawn_blocking(move || question(reviews.as_ref()).map(Some))
        .await
        .unwrap_or(Err(DeskTrouble))
}

/// What the form's token is tied to: this case as it stood.
fn purpose(reference: &str, version: u64) -> String {
    format!("authorise\n{version}\n{reference}")
}

fn trouble(office: &Office, desk: &AtDesk, reference: String) -> Response {
    let page = office.page(desk, Place::Case(reference));
    said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
}

//! A person's decision: chosen on the case's page, confirmed on a page of its own, entered once.
//!
//! Nothing is chosen beforehand, and nothing is entered if the case moved since it was looked at.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::event::{Ground, Verdict};
use serde::Deserialize;

use super::case::CasePage;
use super::gate::{as_asked, deciding};
use super::on_case;
use super::{AtDesk, Office};
use crate::web::ask;
use crate::web::desk::{CaseView, DecideOutcome, DecisionOrder};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

/// A verdict with a ground that goes with it. Four of the eight pairs make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub name: &'static str,
    pub verdict: Verdict,
    pub ground: Ground,
}

impl Choice {
    pub const ALL: [Self; 4] = [
        Self::new("send", Verdict::Send, Ground::FactsEstablished),
        Self::new("close_evidence", Verdict::Close, Ground::EvidenceWeak),
        Self::new("close_discretion", Verdict::Close, Ground::Discretion),
        Self::new("close_answered", Verdict::Close, Ground::AlreadyAnswered),
    ];

    const fn new(name: &'static str, verdict: Verdict, ground: Ground) -> Self {
        Self { name, verdict, ground }
    }

    /// What may be decided of a case as it stands.
    ///
    /// Nothing, for whom the rules do not let decide it.
    pub fn of(office: &Office, desk: &AtDesk, case: &CaseView) -> Vec<Self> {
        let decides =
            case.decides.is_some() && desk.is_offered(office, deciding(case), &as_asked(case));
        let all = Self::ALL.into_iter().filter(|_| decides);
        all.filter(|choice| case.sends || !choice.sends()).collect()
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name == name)
    }

    pub fn sends(&self) -> bool {
        self.verdict == Verdict::Send
    }
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    page: Page,
    case: CaseView,
    choice: Choice,
    stage: String,
    token: String,
}

#[derive(Deserialize, Default)]
pub(super) struct Chosen {
    #[serde(default)]
    choice: String,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    token: String,
}

/// Shows what is about to be decided. Changes nothing.
pub(super) async fn confirm(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    chosen: Result<Query<Chosen>, QueryRejection>,
) -> Response {
    let now = desk.now;
    let chosen = chosen.map(|Query(chosen)| chosen).unwrap_or_default();
    let asked = reference.clone();
    let case = match ask(&office.web.desk, move |desk| desk.case(&asked, now)).await {
        Ok(Some(case)) => case,
        Ok(None) => {
            return said(StatusCode::NOT_FOUND, office.page(&desk, Place::Work), "no_case");
        }
        Err(_) => return trouble(&office, &desk, reference),
    };
    let Some(stage) = case.decides.clone().filter(|_| case.version == chosen.version) else {
        return stale(&office, &desk, reference);
    };
    let offered = Choice::of(&office, &desk, &case);
    // Looking at what one may decide is no act: it is asked about where it is not offered.
    if offered.is_empty()
        && let Err(refused) = desk.may(&office, deciding(&case), as_asked(&case)).await
    {
        return *refused;
    }
    let Some(choice) = offered.into_iter().find(|choice| choice.name == chosen.choice) else {
        let mut page = CasePage::of(&office, &desk, case);
        page.page = page.page.with_error(true);
        page.choice_missing = true;
        return render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    // The switch of language must not lose the choice.
    let mut page = office.page(&desk, Place::Decision(reference.clone()));
    page.query = format!("?choice={}&version={}", choice.name, case.version);
    let title = page.t("confirm.title");
    let token = office.sessions.form_token(&desk.session, &purpose(&reference, case.version));
    let stage = page.named("stage", &stage);
    render(StatusCode::OK, &Confirm { page: page.titled(title), case, choice, stage, token })
}

/// Enters it.
pub(super) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Response {
    let purpose = purpose(&reference, chosen.version);
    if !office.sessions.form_token_fits(&desk.session, &purpose, &chosen.token) {
        let page = office.page(&desk, Place::Case(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let Some(choice) = Choice::named(&chosen.choice) else {
        return stale(&office, &desk, reference);
    };
    let case = match on_case::case(&office, &desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    if let Err(refused) = desk.may_on(&office, deciding(&case), &case).await {
        return *refused;
    }
    let order = DecisionOrder {
        reference: reference.clone(),
        version: chosen.version,
        verdict: choice.verdict,
        ground: choice.ground,
        by: desk.session.person.clone(),
    };
    let now = desk.now;
    match ask(&office.web.desk, move |desk| desk.decide(&order, now)).await {
        Ok(DecideOutcome::Entered) => {
            let to = format!("{}?entered=true", Place::Case(reference).path(desk.lang));
            Redirect::to(&to).into_response()
        }
        Ok(DecideOutcome::Stale) => stale(&office, &desk, reference),
        Ok(DecideOutcome::Refused(refusal)) => {
            let page = office.page(&desk, Place::Case(reference));
            tracing::info!(refusal, "the law refused a decision");
            said(StatusCode::UNPROCESSABLE_ENTITY, page, "refused")
        }
        Ok(DecideOutcome::NoSuchCase) => {
            said(StatusCode::NOT_FOUND, office.page(&desk, Place::Work), "no_case")
        }
        Err(_) => trouble(&office, &desk, reference),
    }
}

/// What the form's token is tied to: this case as it stood.
fn purpose(reference: &str, version: u64) -> String {
    format!("decide\n{version}\n{reference}")
}

fn stale(office: &Office, desk: &AtDesk, reference: String) -> Response {
    said(StatusCode::CONFLICT, office.page(desk, Place::Case(reference)), "stale")
}

fn trouble(office: &Office, desk: &AtDesk, reference: String) -> Response {
    let page = office.page(desk, Place::Case(reference));
    said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
}

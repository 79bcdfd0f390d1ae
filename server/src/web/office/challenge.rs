//! Answering a person's challenge: what they wrote is opened by a form, then somebody upholds or
//! rejects it, with reasons of their own. The answer goes to the person and can say nothing else:
//! no form here asks for a step.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::procedure::ladder::ChallengeVerdict;
use serde::Deserialize;

use super::on_case::{self, ask_side, not_done, seen, trouble};
use super::{AtDesk, Office};
use crate::web::defence::desk::{
    ChallengeView, DefenceAct, DefenceOrder, DefenceOutcome, WrittenOutcome,
};
use crate::web::desk::CaseView;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

/// Reasons are a page or two. Unit: characters.
const REASONS_MAX: usize = 10_000;

const VERDICTS: [ChallengeVerdict; 2] = [ChallengeVerdict::Upheld, ChallengeVerdict::Rejected];

#[derive(Template)]
#[template(path = "defence/challenge.html")]
struct ChallengePage {
    page: Page,
    case: CaseView,
    challenge: ChallengeView,
    token: String,
    /// What was opened; none before the look.
    written: Option<Vec<(String, Option<String>)>>,
    sent: Answer,
    wrong: Option<(&'static str, &'static str)>,
}

impl ChallengePage {
    fn verdicts(&self) -> [ChallengeVerdict; 2] {
        VERDICTS
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.is_some_and(|(of, _)| of == field)
    }

    fn received(&self) -> String {
        self.page.instant(&self.challenge.received_at, &self.case.zone)
    }
}

#[derive(Clone, Default, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    token: String,
    /// Empty on the form that only opens what was written.
    #[serde(default)]
    answers: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reasons: String,
}

impl Answer {
    fn act(&self) -> Result<DefenceAct, (&'static str, &'static str)> {
        let verdict = VERDICTS.into_iter().find(|verdict| verdict.name() == self.verdict);
        let verdict = verdict.ok_or(("verdict", "choose"))?;
        let reasons = self.reasons.replace("\r\n", "\n").trim().to_owned();
        if reasons.is_empty() || reasons.chars().count() > REASONS_MAX {
            return Err(("reasons", "reasons"));
        }
        Ok(DefenceAct::ChallengeAnswered { verdict, reasons })
    }
}

/// Says on what grounds the person challenges. Opens nothing.
pub(super) async fn form(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
) -> Response {
    shown(&office, &desk, reference, None, Answer::default(), None).await
}

/// Opens what was written, or enters the answer.
pub(super) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(sent): Form<Answer>,
) -> Response {
    let opened = !sent.answers.is_empty();
    let purpose = purpose(&reference, sent.version, opened);
    if !office.sessions.form_token_fits(&desk.session, &purpose, &sent.token) {
        let page = office.page(&desk, Place::Case(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    if !opened {
        return look(&office, &desk, reference, sent, None).await;
    }
    let act = match sent.act() {
        Ok(act) => act,
        Err(wrong) => return look(&office, &desk, reference, sent, Some(wrong)).await,
    };
    let (of, now) = (seen(&desk, &reference, sent.version), desk.now);
    let order = DefenceOrder { of, act };
    match ask_side(&office.web.defence, move |house| house.enter(&order, now)).await {
        Ok(Some(DefenceOutcome::Entered)) => {
            Redirect::to(&Place::Case(reference).path(desk.lang)).into_response()
        }
        Ok(Some(DefenceOutcome::Not(not))) => not_done(&office, &desk, reference, not),
        Ok(Some(_)) => none(&office, &desk, reference),
        other => trouble(&office, &desk, reference, other.is_ok()),
    }
}

/// Opens what the person wrote, after the ledger has the look, and shows it with the form.
async fn look(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    sent: Answer,
    wrong: Option<(&'static str, &'static str)>,
) -> Response {
    let (of, now) = (seen(desk, &reference, sent.version), desk.now);
    match ask_side(&office.web.defence, move |house| house.written(&of, now)).await {
        Ok(Some(WrittenOutcome::Shown(written))) => {
            shown(office, desk, reference, Some(written), sent, wrong).await
        }
        Ok(Some(WrittenOutcome::Not(not))) => not_done(office, desk, reference, not),
        other => trouble(office, desk, reference, other.is_ok()),
    }
}

async fn shown(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    written: Option<Vec<(String, Option<String>)>>,
    sent: Answer,
    wrong: Option<(&'static str, &'static str)>,
) -> Response {
    let case = match on_case::case(office, desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let asked = reference.clone();
    let challenge = match ask_side(&office.web.defence, move |house| house.challenge(&asked)).await
    {
        Ok(Some(Some(challenge))) => challenge,
        Ok(Some(None)) => return none(office, desk, reference),
        other => return trouble(office, desk, reference, other.is_ok()),
    };
    let purpose = purpose(&reference, case.version, written.is_some());
    let token = office.sessions.form_token(&desk.session, &purpose);
    let page = office.page(desk, Place::Challenge(reference));
    let title = page.t("challenge.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &ChallengePage { page, case, challenge, token, written, sent, wrong })
}

fn none(office: &Office, desk: &AtDesk, reference: String) -> Response {
    said(StatusCode::CONFLICT, office.page(desk, Place::Case(reference)), "challenge.none")
}

/// What a form's token is tied to: this case as it stood, and whether it was read.
fn purpose(reference: &str, version: u64, opened: bool) -> String {
    format!("challenge\n{version}\n{opened}\n{reference}")
}

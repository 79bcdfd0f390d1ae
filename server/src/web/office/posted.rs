//! A challenge that came by post, entered by an officer: when it came, on which grounds, what it
//! says, and its scan. From then on it is a challenge like any other, and has an acknowledgement.

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::event::Event;
use entremise_core::procedure::ladder::ChallengeGround;
use jiff::civil::Date;
use serde::Deserialize;

use super::defence::{Sent, Wrong};
use super::on_case::{self, ask_side, not_done, seen, trouble};
use super::{AtDesk, Office};
use crate::web::defence::desk::{DefenceAct, DefenceOrder, DefenceOutcome};
use crate::web::desk::{CaseView, Happened};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

/// As much as the portal takes. Unit: characters.
const TEXT_MAX: usize = 20_000;

#[derive(Template)]
#[template(path = "defence/posted.html")]
struct PostedPage {
    page: Page,
    case: CaseView,
    token: String,
    wrong: Option<Wrong>,
    today: Date,
    grounds: Vec<ChallengeGround>,
    text: String,
    received_on: String,
}

impl PostedPage {
    fn all_grounds(&self) -> [ChallengeGround; 5] {
        ChallengeGround::ALL
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.is_some_and(|(of, _)| of == field)
    }
}

/// What the person is told, on paper, that came and was entered.
#[derive(Template)]
#[template(path = "defence/acknowledged.html")]
struct AcknowledgedPage {
    page: Page,
    case: CaseView,
    received_on: String,
    grounds: Vec<ChallengeGround>,
    digest: String,
    entry: u64,
    answer_by: Option<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Entered {
    #[serde(default)]
    entered: bool,
}

/// The form; or the acknowledgement of what was entered.
pub(super) async fn form(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    entered: Result<Query<Entered>, QueryRejection>,
) -> Response {
    if entered.is_ok_and(|Query(told)| told.entered) {
        return acknowledgement(&office, &desk, reference).await;
    }
    shown(&office, &desk, reference, None, None).await
}

async fn shown(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    wrong: Option<Wrong>,
    sent: Option<&Sent>,
) -> Response {
    let case = match on_case::case(office, desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let (asked, now) = (reference.clone(), desk.now);
    match ask_side(&office.web.defence, move |house| house.takes_challenge(&asked, now)).await {
        Ok(Some(true)) => {}
        Ok(Some(false)) => {
            let page = office.page(desk, Place::Case(reference));
            return said(StatusCode::CONFLICT, page, "posted.not_now");
        }
        other => return trouble(office, desk, reference, other.is_ok()),
    }
    let token = office.sessions.form_token(&desk.session, &purpose(&reference, case.version));
    let page = office.page(desk, Place::PostedChallenge(reference));
    let title = page.t("posted.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let today = case.zone.day_of(desk.now);
    let typed = |name: &str| sent.map(|sent| sent.field(name).to_owned());
    let received_on = typed("received_on").unwrap_or_else(|| today.to_string());
    let text = typed("text").unwrap_or_default();
    let grounds = sent.map(grounds).unwrap_or_default();
    let shown = PostedPage { page, case, token, wrong, today, grounds, text, received_on };
    render(status, &shown)
}

/// The grounds that were ticked, of those there are.
fn grounds(sent: &Sent) -> Vec<ChallengeGround> {
    let ticked = |ground: &ChallengeGround| {
        !sent.field(&format!("ground-{ground}", ground = ground.name())).is_empty()
    };
    ChallengeGround::ALL.into_iter().filter(ticked).collect()
}

/// Enters the challenge.
pub(super) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    form: Multipart,
) -> Response {
    let Some(sent) = Sent::read(form).await else {
        let wrong = Some(("document", "unreadable"));
        return shown(&office, &desk, reference, wrong, None).await;
    };
    let version = sent.version();
    let purpose = purpose(&reference, version);
    if !office.sessions.form_token_fits(&desk.session, &purpose, sent.field("token")) {
        let page = office.page(&desk, Place::Case(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let case = match on_case::case(&office, &desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let act = match act(&sent, &case, &desk) {
        Ok(act) => act,
        Err(wrong) => return shown(&office, &desk, reference, Some(wrong), Some(&sent)).await,
    };
    let (order, now) = (DefenceOrder { of: seen(&desk, &reference, version), act }, desk.now);
    match ask_side(&office.web.defence, move |house| house.enter(&order, now)).await {
        Ok(Some(DefenceOutcome::Entered)) => {
            let place = Place::PostedChallenge(reference);
            Redirect::to(&format!("{}?entered=true", place.path(desk.lang))).into_response()
        }
        Ok(Some(DefenceOutcome::Not(not))) => not_done(&office, &desk, reference, not),
        Ok(Some(_)) => {
            let page = office.page(&desk, Place::Case(reference));
            said(StatusCode::CONFLICT, page, "posted.not_now")
        }
        other => trouble(&office, &desk, reference, other.is_ok()),
    }
}

/// The challenge of a form, or which field stands in its way.
fn act(sent: &Sent, case: &CaseView, desk: &AtDesk) -> Result<DefenceAct, Wrong> {
    let received_at = sent.received_at(&case.zone, desk.now)?;
    if case.zone.day_of(received_at) < case.zone.day_of(case.opened_at) {
        return Err(("received_on", "before"));
    }
    let grounds = grounds(sent);
    if grounds.is_empty() {
        return Err(("ground", "choose"));
    }
    let text = sent.field("text").replace("\r\n", "\n");
    if text.is_empty() || text.chars().count() > TEXT_MAX {
        return Err(("text", "text"));
    }
    let scan = if sent.has_document() { Some(sent.as_document()?) } else { None };
    Ok(DefenceAct::Challenged { grounds, text, scan, received_at })
}

/// The newest challenge of the case, as it is acknowledged on paper.
async fn acknowledgement(office: &Office, desk: &AtDesk, reference: String) -> Response {
    let case = match on_case::case(office, desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let asked = reference.clone();
    let open = match ask_side(&office.web.defence, move |house| house.challenge(&asked)).await {
        Ok(Some(open)) => open,
        other => return trouble(office, desk, reference, other.is_ok()),
    };
    let newest = case.timeline.iter().rev().find_map(|line| match &line.happened {
        Happened::Event(Event::ChallengeReceived { grounds, document, received_at }) => {
            Some((line.seq, grounds.clone(), document.to_string(), *received_at))
        }
        _ => None,
    });
    let Some((entry, grounds, digest, received_at)) = newest else {
        let page = office.page(desk, Place::Case(reference));
        return said(StatusCode::NOT_FOUND, page, "challenge.none");
    };
    let page = office.page(desk, Place::PostedChallenge(reference));
    let title = page.t("posted.acknowledged");
    let page = page.titled(title);
    let received_on = page.day(case.zone.day_of(received_at));
    let answer_by = open.and_then(|open| open.answer_by).map(|due| page.day(due.last_day));
    let shown = AcknowledgedPage { page, case, received_on, grounds, digest, entry, answer_by };
    render(StatusCode::OK, &shown)
}

/// What the form's token is tied to: this case as it stood.
fn purpose(reference: &str, version: u64) -> String {
    format!("posted\n{version}\n{reference}")
}

//! The deliberation: the facts are looked at again, then a member decides, with reasons. Nothing is
//! opened before the form that says so is sent.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use entremise_core::id::Digest;
use entremise_core::regime::rules::DeliberationOutcome;
use serde::Deserialize;

use super::{AtDesk, Office, case, not_done, of, on_case, sign, trouble, with_defence};
use crate::access::Action;
use crate::seen::SeenFact;
use crate::web::defence::desk::{Decided, ExamineOutcome};
use crate::web::desk::CaseView;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

/// Reasons are a page or two. Unit: characters.
const REASONS_MAX: usize = 10_000;

const OUTCOMES: [DeliberationOutcome; 2] =
    [DeliberationOutcome::Close, DeliberationOutcome::Transmit];

#[derive(Template)]
#[template(path = "defence/deliberate.html")]
struct DeliberatePage {
    page: Page,
    case: CaseView,
    token: String,
    /// What was shown; None before the look.
    examined: Option<(Vec<SeenFact>, Digest)>,
    sent: Deliberation,
    wrong: Option<(&'static str, &'static str)>,
}

impl DeliberatePage {
    fn outcomes(&self) -> [DeliberationOutcome; 2] {
        OUTCOMES
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.is_some_and(|(of, _)| of == field)
    }

    /// Address and port, as the notice gives them.
    fn source(&self, fact: &SeenFact) -> String {
        let ip = fact.source.ip.to_string();
        fact.source.port.map_or_else(|| ip.clone(), |port| format!("{ip}, port {port}"))
    }
}

#[derive(Clone, Default, Deserialize)]
pub(in crate::web::office) struct Deliberation {
    #[serde(default)]
    pub version: u64,
    #[serde(default)]
    pub token: String,
    #[serde(default)]
    pub(super) outcome: String,
    #[serde(default)]
    pub(super) reasons: String,
    /// The digest of what was shown; empty before the look.
    #[serde(default)]
    pub(super) examined: String,
}

impl Deliberation {
    /// The decision, or the field that is missing and the key of what to say.
    pub(super) fn decided(&self) -> Result<Decided, (&'static str, &'static str)> {
        let outcome = OUTCOMES.into_iter().find(|outcome| outcome.name() == self.outcome);
        let outcome = outcome.ok_or(("outcome", "choose"))?;
        // Browsers change line ends; nothing else may differ from what is signed.
        let reasons = self.reasons.replace("\r\n", "\n").trim().to_owned();
        let is_reasoned = !reasons.is_empty() && reasons.chars().count() <= REASONS_MAX;
        let examined = self.examined.parse().map_err(|_| ("outcome", "choose"))?;
        if is_reasoned {
            Ok(Decided { outcome, reasons, examined })
        } else {
            Err(("reasons", "reasons"))
        }
    }

    pub(super) fn purpose(&self, reference: &str) -> String {
        purpose(reference, self.version, &self.examined)
    }
}

/// Says what the look is and what follows. Opens nothing.
pub(in crate::web::office) async fn form(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
) -> Response {
    shown(&office, &desk, reference, None, Deliberation::default(), None).await
}

/// Looks, or shows what is to be signed.
pub(in crate::web::office) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(sent): Form<Deliberation>,
) -> Response {
    let purpose = sent.purpose(&reference);
    if !office.sessions.form_token_fits(&desk.session, &purpose, &sent.token) {
        let page = office.page(&desk, Place::Case(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let case = match on_case::case(&office, &desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    if let Err(refused) = desk.may_on(&office, Action::Deliberate, &case).await {
        return *refused;
    }
    if sent.examined.is_empty() {
        return look(&office, &desk, reference, sent, None).await;
    }
    match sent.decided() {
        Ok(decided) => sign::page(&office, &desk, reference, sent, decided).await,
        Err(wrong) => look(&office, &desk, reference, sent, Some(wrong)).await,
    }
}

/// Opens the facts, after the ledger has the look, and shows them with the form.
async fn look(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    sent: Deliberation,
    wrong: Option<(&'static str, &'static str)>,
) -> Response {
    let (of, now) = (of(desk, &reference, sent.version), desk.now);
    match with_defence(office, move |house| house.examine(&of, now)).await {
        Ok(Some(ExamineOutcome::Shown(examined))) => {
            let examined = Some((examined.facts, examined.digest));
            shown(office, desk, reference, examined, sent, wrong).await
        }
        Ok(Some(ExamineOutcome::Not(not))) => not_done(office, desk, reference, not),
        other => trouble(office, desk, reference, other.is_ok()),
    }
}

async fn shown(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    examined: Option<(Vec<SeenFact>, Digest)>,
    sent: Deliberation,
    wrong: Option<(&'static str, &'static str)>,
) -> Response {
    // Read after the look, whose own line is a line of the case.
    let (case, view) = match case(office, desk, &reference).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    if !view.deliberates {
        let page = office.page(desk, Place::Case(reference));
        return said(StatusCode::CONFLICT, page, "defence.not_ripe");
    }
    let digest = examined.as_ref().map_or("", |(_, digest)| digest.as_str());
    let purpose = purpose(&reference, case.version, digest);
    let token = office.sessions.form_token(&desk.session, &purpose);
    let page = office.page(desk, Place::Deliberation(reference));
    let title = page.t("defence.deliberate.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &DeliberatePage { page, case, token, examined, sent, wrong })
}

/// What the form's token is tied to: this case as it stood, and what was shown of it.
pub(super) fn purpose(reference: &str, version: u64, examined: &str) -> String {
    format!("deliberate\n{version}\n{reference}\n{examined}")
}

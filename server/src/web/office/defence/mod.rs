//! The person's side of a case: what they wrote, their hearing, what became of the file. An officer
//! enters it; the deliberation has a page of its own.

mod deliberate;
mod passkey;
mod sent;
mod sign;

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::procedure::ladder::{CourtOutcome, Hearing};
use entremise_core::procedure::measure::Sentence;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

pub(super) use deliberate::{enter as deliberate, form as deliberation};
pub(super) use passkey::take as signed_here;
pub(super) use sent::{Sent, Wrong};
pub(super) use sign::{file as to_sign, take as signed};

use super::measure::{Pronounced, WrongMeasure};
use super::on_case::{self, ask_side, not_done, seen as of, trouble};
use super::{AtDesk, Office};
use crate::web::defence::desk::{
    DefenceAct, DefenceDesk, DefenceOrder, DefenceOutcome, DefenceView,
};
use crate::web::desk::{CaseView, DeskTrouble};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::words;

/// The largest form with a document. A scanned letter of a few pages is far below. Unit: bytes.
pub(super) const SENT_BYTES_MAX: usize = 10 * 1024 * 1024;

/// The largest form with reasons, each letter of which may be sent as nine. Unit: bytes.
pub(super) const REASONS_BYTES_MAX: usize = 128 * 1024;

const OUTCOMES: [CourtOutcome; 4] = [
    CourtOutcome::Dropped,
    CourtOutcome::Alternative,
    CourtOutcome::Acquitted,
    CourtOutcome::Convicted,
];

#[derive(Template)]
#[template(path = "defence/page.html")]
struct DefencePage {
    page: Page,
    case: CaseView,
    view: DefenceView,
    token: String,
    /// Field and the key of what is wrong with it.
    wrong: Option<Wrong>,
    entered: bool,
    today: Date,
    /// What a judgment can pronounce, where one is awaited.
    pronounced: Option<Pronounced>,
    wrong_measure: Option<WrongMeasure>,
    /// The outcome that was chosen, by its name.
    outcome: &'static str,
}

/// A form that came back: what was typed, and what is wrong with it.
#[derive(Default)]
struct Back {
    wrong: Option<Wrong>,
    pronounced: Option<Pronounced>,
    wrong_measure: Option<WrongMeasure>,
    outcome: &'static str,
}

impl Back {
    fn of(wrong: Wrong) -> Self {
        Self { wrong: Some(wrong), ..Self::default() }
    }
}

impl DefencePage {
    fn outcomes(&self) -> [CourtOutcome; 4] {
        OUTCOMES
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.is_some_and(|(of, _)| of == field)
            || self.wrong_measure.as_ref().is_some_and(|wrong| wrong.field == field)
    }

    /// The same of a field of one measure.
    fn is_wrong_of(&self, part: &str, measure: &str) -> bool {
        self.is_wrong(&format!("{part}-{measure}"))
    }

    fn day_of(&self, at: &Timestamp) -> String {
        self.page.day(self.case.zone.day_of(*at))
    }

    /// The hearing, in a sentence.
    fn hearing(&self) -> String {
        let zone = &self.case.zone;
        let (key, at) = match &self.view.defence.hearing {
            Hearing::NotAsked => return self.page.t("defence.hearing_state.not_asked").to_owned(),
            // Of a request its day counts, and no hour.
            Hearing::Asked { at } => {
                return self.page.with("defence.hearing_state.asked", "at", self.day_of(at));
            }
            Hearing::Convened { slot, .. } => ("defence.hearing_state.convened", slot),
            Hearing::Held { at, counsel: true, .. } => ("defence.hearing_state.held_counsel", at),
            Hearing::Held { at, counsel: false, .. } => ("defence.hearing_state.held", at),
            Hearing::NotAttended { at } => ("defence.hearing_state.not_attended", at),
        };
        self.page.with(key, "at", self.page.instant(at, zone))
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Told {
    #[serde(default)]
    entered: bool,
}

/// What the person said so far, and what can be entered now.
pub(super) async fn show(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    told: Result<Query<Told>, QueryRejection>,
) -> Response {
    let entered = told.is_ok_and(|Query(told)| told.entered);
    page(&office, &desk, reference, Back::default(), entered).await
}

async fn page(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    back: Back,
    entered: bool,
) -> Response {
    let (case, view) = match case(office, desk, &reference).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let token = office.sessions.form_token(&desk.session, &purpose(&reference, case.version));
    let Back { wrong, mut pronounced, wrong_measure, outcome } = back;
    if view.awaits_outcome && pronounced.is_none() {
        pronounced = match Pronounced::of(office, desk, &reference, None).await {
            Ok(found) => found,
            Err(_) => return trouble(office, desk, reference, false),
        };
    }
    let is_wrong = wrong.is_some() || wrong_measure.is_some();
    let page = office.page(desk, Place::Defence(reference));
    let title = page.t("defence.title");
    let page = page.titled(title).with_error(is_wrong);
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let today = case.zone.day_of(desk.now);
    let shown = DefencePage {
        page,
        case,
        view,
        token,
        wrong,
        entered,
        today,
        pronounced,
        wrong_measure,
        outcome,
    };
    render(status, &shown)
}

/// Enters one act of the person's, or about them.
pub(super) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    form: Multipart,
) -> Response {
    let Some(sent) = Sent::read(form).await else {
        let back = Back::of(("document", "unreadable"));
        return page(&office, &desk, reference, back, false).await;
    };
    if !office.sessions.form_token_fits(
        &desk.session,
        &purpose(&reference, sent.version()),
        sent.field("token"),
    ) {
        let page = office.page(&desk, Place::Defence(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let (case, _) = match case(&office, &desk, &reference).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let version = sent.version();
    let (mut back, measures) = match pronounced(&office, &desk, &reference, &sent).await {
        Ok(Ok(read)) => read,
        Ok(Err(back)) => return page(&office, &desk, reference, back, false).await,
        Err(_) => return trouble(&office, &desk, reference, false),
    };
    let act = match sent.act(&case.zone, measures, desk.now) {
        Ok(act) => act,
        Err(wrong) => {
            back.wrong = Some(wrong);
            return page(&office, &desk, reference, back, false).await;
        }
    };
    done(&office, &desk, reference, version, act).await
}

/// What an outcome's form says of measures, held against the law; nothing of any other form.
async fn pronounced(
    office: &Office,
    desk: &AtDesk,
    reference: &str,
    sent: &Sent,
) -> Result<Result<(Back, Vec<Sentence>), Back>, DeskTrouble> {
    let outcome = sent.outcome().filter(|_| sent.field("act") == "outcome");
    let Some(outcome) = outcome else { return Ok(Ok((Back::default(), Vec::new()))) };
    let convicted = outcome == CourtOutcome::Convicted;
    let read = Pronounced::of(office, desk, reference, Some(sent)).await?;
    let back = |pronounced, wrong_measure| Back {
        pronounced,
        wrong_measure,
        outcome: outcome.name(),
        ..Back::default()
    };
    let Some(read) = read else { return Ok(Ok((back(None, None), Vec::new()))) };
    let page = office.page(desk, Place::Defence(reference.to_owned()));
    Ok(match read.sentences(office, reference, convicted, &page).await? {
        Ok(sentences) => Ok((back(Some(read), None), sentences)),
        Err(wrong) => Err(back(Some(read), Some(wrong))),
    })
}

/// Enters an act and says what became of it.
async fn done(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    version: u64,
    act: DefenceAct,
) -> Response {
    let of = of(desk, &reference, version);
    let closes = matches!(act, DefenceAct::Outcome { .. });
    let now = desk.now;
    let outcome =
        with_defence(office, move |house| house.enter(&DefenceOrder { of, act }, now)).await;
    match outcome {
        Ok(Some(DefenceOutcome::Entered)) => {
            // With its outcome the person's side of the file is over.
            let place = if closes { Place::Case(reference) } else { Place::Defence(reference) };
            let to = format!("{}?entered=true", place.path(desk.lang));
            Redirect::to(&to).into_response()
        }
        Ok(Some(DefenceOutcome::Refused(name))) => {
            let page = office.page(desk, Place::Defence(reference));
            let known = words::known(page.lang, "defence.refused", &format!("{name}.heading"));
            let name = if known.is_some() { name } else { "other" };
            said(StatusCode::UNPROCESSABLE_ENTITY, page, &format!("defence.refused.{name}"))
        }
        Ok(Some(DefenceOutcome::NotSigned)) => {
            let page = office.page(desk, Place::Deliberation(reference));
            said(StatusCode::UNPROCESSABLE_ENTITY, page, "defence.not_signed")
        }
        Ok(Some(DefenceOutcome::Not(not))) => not_done(office, desk, reference, not),
        other => trouble(office, desk, reference, other.is_ok()),
    }
}

/// The case and its person's side, or the page that says why not.
async fn case(
    office: &Office,
    desk: &AtDesk,
    reference: &str,
) -> Result<(CaseView, DefenceView), Box<Response>> {
    let case = on_case::case(office, desk, reference).await?;
    let page = || office.page(desk, Place::Case(reference.to_owned()));
    let none = || Box::new(said(StatusCode::CONFLICT, page(), "defence.none"));
    let view = case.defence.clone().ok_or_else(none)?;
    Ok((case, view))
}

/// Asks the side of the house that takes persons' answers.
async fn with_defence<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&dyn DefenceDesk) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<Option<T>, DeskTrouble> {
    ask_side(&office.web.defence, question).await
}

/// What the forms' token is tied to: this case as it stood.
fn purpose(reference: &str, version: u64) -> String {
    format!("defence\n{version}\n{reference}")
}

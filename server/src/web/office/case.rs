//! One case on one page: where it stands, what may happen next and why then, what proves it.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Deadline;
use entremise_core::id::PersonId;
use entremise_core::regime::rules::ChannelKind;
use serde::Deserialize;

use super::measure::with_measures;
use super::told::{Line, channel_name, line};
use super::{AtDesk, Office};
use crate::web::absence;
use crate::web::ask;
use crate::web::desk::{CaseView, DeskTrouble, MessageView, Next, Procedure, Rung};
use crate::web::ladder::Figure;
use crate::web::measure::desk::OfFile;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

use super::decide::Choice;

/// The page of a case.
#[derive(Template)]
#[template(path = "case.html")]
pub(super) struct CasePage {
    pub page: Page,
    pub case: CaseView,
    pub figure: Figure,
    pub lines: Vec<Line>,
    pub choices: Vec<Choice>,
    /// The form came back without a choice.
    pub choice_missing: bool,
    /// A decision was just entered.
    pub entered: bool,
    /// What came of its judgment.
    pub measures: OfFile,
    /// Who looks after the case, and the token of the form by which one says so.
    pub charge: Option<Charge>,
}

/// Who looks after a case.
pub(super) struct Charge {
    pub by: Option<PersonId>,
    /// The one at the desk does.
    pub own: bool,
    pub token: String,
}

#[derive(Deserialize, Default)]
pub(super) struct Told {
    #[serde(default)]
    entered: bool,
}

pub(super) async fn show(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    told: Result<Query<Told>, QueryRejection>,
) -> Response {
    let now = desk.now;
    let place = Place::Case(reference.clone());
    match ask(&office.web.desk, move |desk| desk.case(&reference, now)).await {
        // A measure has a page of its own.
        Ok(Some(case)) if case.procedure == Procedure::Measure => {
            Redirect::to(&Place::Measure(case.reference).path(desk.lang)).into_response()
        }
        Ok(Some(case)) => {
            let charge = charge(&office, &desk, &case.reference).await;
            let mut page = CasePage::of(&office, &desk, case);
            page.charge = charge;
            page.measures = match measures(&office, &page.case).await {
                Ok(measures) => measures,
                Err(_) => {
                    let page = office.page(&desk, place);
                    return said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble");
                }
            };
            page.entered = told.is_ok_and(|Query(told)| told.entered);
            render(StatusCode::OK, &page)
        }
        Ok(None) => said(StatusCode::NOT_FOUND, office.page(&desk, Place::Work), "no_case"),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, office.page(&desk, place), "trouble"),
    }
}

/// Who looks after a case; none where nobody can say so.
async fn charge(office: &Office, desk: &AtDesk, reference: &str) -> Option<Charge> {
    let asked = reference.to_owned();
    let by = absence::ask(office, move |house| house.in_charge(&asked)).await.ok()?;
    let own = by.as_ref() == Some(&desk.session.person);
    let purpose = absence::charge_purpose(reference);
    Some(Charge { by, own, token: office.sessions.form_token(&desk.session, &purpose) })
}

/// The measures that came of a case; only a judged file has any.
async fn measures(office: &Office, case: &CaseView) -> Result<OfFile, DeskTrouble> {
    if case.procedure != Procedure::Ladder || !case.closed {
        return Ok(OfFile::default());
    }
    let reference = case.reference.clone();
    let found = with_measures(office, move |side| side.of_file(&reference)).await?;
    Ok(found.unwrap_or_default())
}

impl CasePage {
    pub fn of(office: &Office, desk: &AtDesk, case: CaseView) -> Self {
        let page = office.page(desk, Place::Case(case.reference.clone()));
        let title = page.with("case.title", "reference", &case.reference);
        let page = page.titled(title);
        let figure = Figure::of(&case.rungs);
        let lines = case.timeline.iter().map(|entry| line(entry, &page, &case.zone)).collect();
        let choices = Choice::of(office, desk, &case);
        let measures = OfFile::default();
        let (choice_missing, entered, charge) = (false, false, None);
        Self { page, case, figure, lines, choices, choice_missing, entered, measures, charge }
    }

    fn is_ladder(&self) -> bool {
        self.case.procedure == Procedure::Ladder
    }

    fn state(&self) -> String {
        let procedure = match self.case.procedure {
            Procedure::Identification => "state.identification",
            Procedure::Ladder => "state.ladder",
            Procedure::Measure => "state.measure",
        };
        self.page.named(procedure, &self.case.state)
    }

    fn measure_state(&self, state: &str) -> String {
        self.page.named("state.measure", state)
    }

    fn channels(&self, rung: &Rung) -> String {
        let names: Vec<String> = rung.channels.iter().map(|kind| self.channel(kind)).collect();
        names.join(" + ")
    }

    fn channel(&self, kind: &ChannelKind) -> String {
        self.page.named("channel", channel_name(*kind))
    }

    fn why<'a>(&self, deadline: &'a Deadline) -> &'a str {
        deadline.explanation.in_lang(self.page.lang)
    }

    fn next(&self, next: &Next) -> String {
        self.page.named("next", next.what.name())
    }

    /// What became of a message: its status in a word, and what that means.
    fn status(&self, message: &MessageView) -> (String, String) {
        let name = self.status_name(message);
        (self.page.named("delivery", name), self.page.named("delivery_means", name))
    }

    fn status_name(&self, message: &MessageView) -> &'static str {
        message.status.map_or("waiting", |status| status.name())
    }

    fn regime(&self) -> &str {
        self.case.regime.in_lang(self.page.lang)
    }
}

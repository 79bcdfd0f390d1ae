//! Senders and providers, and the switch of each: one click and a reason stop its traffic both ways
//! at once. The switch stands in the ledger with the person who threw it.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::desk::PartyRow;
use super::{AtMachines, ask, back, passes, purpose, trouble};
use crate::access::Action;
use crate::web::office::Office;
use crate::web::page::{Page, render};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

/// The reason that the party reads, letters at most.
const WHY_MAX: usize = 300;

#[derive(Template)]
#[template(path = "operator/parties.html")]
struct Parties {
    page: Page,
    /// With the token of its form.
    rows: Vec<(PartyRow, String)>,
    done: Option<&'static str>,
    /// The party whose form lacked its reason.
    wrong: Option<String>,
}

impl Parties {
    fn is_wrong(&self, row: &PartyRow) -> bool {
        self.wrong.as_deref() == Some(row.party.as_str())
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Told {
    #[serde(default)]
    done: String,
}

const DONE: [&str; 3] = ["stopped", "resumed", "nothing"];

pub(super) async fn show(
    State(office): State<Office>,
    desk: AtMachines,
    told: Result<Query<Told>, QueryRejection>,
) -> Response {
    let told = told.map(|Query(told)| told.done).unwrap_or_default();
    list(&office, &desk, DONE.into_iter().find(|done| *done == told), None).await
}

async fn list(
    office: &Office,
    desk: &AtMachines,
    done: Option<&'static str>,
    wrong: Option<String>,
) -> Response {
    let Ok(rows) = ask(office, |desk| desk.parties()).await else {
        return trouble(office, desk, SeatPlace::Parties);
    };
    let token = |row: &PartyRow| {
        let act = if row.stopped.is_some() { Action::ResumeParty } else { Action::StopParty };
        office.sessions.form_token(&desk.session, &purpose(act, row.party.as_str()))
    };
    let rows = rows.into_iter().map(|row| (row.clone(), token(&row))).collect();
    let page = office.page(desk, Place::Seat(SeatPlace::Parties));
    let title = page.t("parties.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &Parties { page, rows, done, wrong })
}

#[derive(Deserialize)]
pub(super) struct Switch {
    #[serde(default)]
    act: String,
    #[serde(default)]
    party: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn switch(
    State(office): State<Office>,
    desk: AtMachines,
    Form(form): Form<Switch>,
) -> Response {
    let stops = form.act == "stop";
    let act = if stops { Action::StopParty } else { Action::ResumeParty };
    let passed = passes(&office, &desk, &SeatPlace::Parties, act, (&form.party, &form.token)).await;
    if let Err(refused) = passed {
        return *refused;
    }
    let why = form.why.trim().to_owned();
    if stops && (why.is_empty() || why.chars().count() > WHY_MAX) {
        return list(&office, &desk, None, Some(form.party)).await;
    }
    let (by, now) = (desk.session.person.clone(), desk.now);
    let switched = ask(&office, move |house| {
        house.switch(&form.party, stops.then_some(why.as_str()), &by, now)
    });
    match switched.await {
        Ok(true) => back(&desk, SeatPlace::Parties, if stops { "stopped" } else { "resumed" }),
        Ok(false) => back(&desk, SeatPlace::Parties, "nothing"),
        Err(_) => trouble(&office, &desk, SeatPlace::Parties),
    }
}

//! How the machines are: what waits, what was given up and why, alarms; putting back what was given
//! up once the cause is mended.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::desk::Machines;
use super::{AtMachines, ask, back, passes, purpose, trouble};
use crate::access::Action;
use crate::web::chart::{Share, shares};
use crate::web::office::Office;
use crate::web::page::{Page, render};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

#[derive(Template)]
#[template(path = "operator/health.html")]
struct Health {
    page: Page,
    view: Machines,
    /// What waits in each queue, for the eye.
    waiting: Vec<Share>,
    /// Of each effect that was given up: its form's token.
    put_back: Vec<String>,
    /// Of each alarm: its form's token.
    settle: Vec<String>,
    /// What was done just now, by its name in the catalogue.
    done: Option<&'static str>,
}

#[derive(Deserialize, Default)]
pub(super) struct Told {
    #[serde(default)]
    done: String,
}

const DONE: [&str; 3] = ["put_back", "settled", "nothing"];

pub(super) async fn show(
    State(office): State<Office>,
    desk: AtMachines,
    told: Result<Query<Told>, QueryRejection>,
) -> Response {
    let now = desk.now;
    let Ok(view) = ask(&office, move |desk| desk.machines(now)).await else {
        return trouble(&office, &desk, SeatPlace::Operator);
    };
    let page = office.page(&desk, Place::Seat(SeatPlace::Operator));
    let title = page.t("operator.title");
    let page = page.titled(title);
    let token =
        |act: Action, id: &str| office.sessions.form_token(&desk.session, &purpose(act, id));
    let waiting = shares(
        view.queues
            .iter()
            .map(|queue| (page.named("effect", &queue.name), queue.ready + queue.leased)),
    );
    let put_back = view.parked.iter().map(|row| token(Action::PutBack, &row.effect)).collect();
    let settle = view.troubles.iter().map(|row| token(Action::SettleTrouble, &row.alarm)).collect();
    let told = told.map(|Query(told)| told.done).unwrap_or_default();
    let done = DONE.into_iter().find(|done| *done == told);
    render(StatusCode::OK, &Health { page, view, waiting, put_back, settle, done })
}

#[derive(Deserialize)]
pub(super) struct Act {
    #[serde(default)]
    act: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn act(
    State(office): State<Office>,
    desk: AtMachines,
    Form(form): Form<Act>,
) -> Response {
    let act = match form.act.as_str() {
        "put_back" => Action::PutBack,
        _ => Action::SettleTrouble,
    };
    let passed = passes(&office, &desk, &SeatPlace::Operator, act, (&form.id, &form.token)).await;
    if let Err(refused) = passed {
        return *refused;
    }
    let (by, now) = (desk.session.person.clone(), desk.now);
    let done = ask(&office, move |house| match act {
        Action::PutBack => house.put_back(&form.id, &by, now).map(|done| (done, "put_back")),
        _ => house.settle(&form.id, &by, now).map(|done| (done, "settled")),
    });
    match done.await {
        Ok((true, told)) => back(&desk, SeatPlace::Operator, told),
        Ok((false, _)) => back(&desk, SeatPlace::Operator, "nothing"),
        Err(_) => trouble(&office, &desk, SeatPlace::Operator),
    }
}

//! What was set aside: from whom, by which way, how large, and what is wrong with it by code and
//! place. It can be read again; what it says is shown to nobody.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::desk::{Held, SetAside};
use super::{AtMachines, ask, back, passes, purpose, trouble};
use crate::access::Action;
use crate::web::office::Office;
use crate::web::page::{Page, render};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

/// Of the text that allows the look, letters at most.
const BASIS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "operator/quarantine.html")]
struct Quarantine {
    page: Page,
    /// With the token of its form.
    rows: Vec<(SetAside, String)>,
    done: Option<Held>,
    /// The row whose form lacked the text that allows it.
    wrong: Option<String>,
}

impl Quarantine {
    fn is_wrong(&self, row: &SetAside) -> bool {
        self.wrong.as_ref() == Some(&row.id)
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Told {
    #[serde(default)]
    done: String,
}

pub(super) async fn show(
    State(office): State<Office>,
    desk: AtMachines,
    told: Result<Query<Told>, QueryRejection>,
) -> Response {
    let told = told.map(|Query(told)| told.done).unwrap_or_default();
    let done = Held::ALL.into_iter().find(|held| held.name() == told);
    list(&office, &desk, done, None).await
}

async fn list(
    office: &Office,
    desk: &AtMachines,
    done: Option<Held>,
    wrong: Option<String>,
) -> Response {
    let Ok(rows) = ask(office, |desk| desk.set_aside()).await else {
        return trouble(office, desk, SeatPlace::Quarantine);
    };
    let token = |row: &SetAside| {
        office.sessions.form_token(&desk.session, &purpose(Action::Replay, &row.id))
    };
    let rows = rows.into_iter().map(|row| (row.clone(), token(&row))).collect();
    let page = office.page(desk, Place::Seat(SeatPlace::Quarantine));
    let title = page.t("quarantine.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &Quarantine { page, rows, done, wrong })
}

#[derive(Deserialize)]
pub(super) struct Again {
    #[serde(default)]
    id: String,
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn replay(
    State(office): State<Office>,
    desk: AtMachines,
    Form(form): Form<Again>,
) -> Response {
    let act = Action::Replay;
    let passed = passes(&office, &desk, &SeatPlace::Quarantine, act, (&form.id, &form.token)).await;
    if let Err(refused) = passed {
        return *refused;
    }
    let basis = form.legal_basis.trim().to_owned();
    if basis.is_empty() || basis.chars().count() > BASIS_MAX {
        return list(&office, &desk, None, Some(form.id)).await;
    }
    let (by, now) = (desk.session.person.clone(), desk.now);
    match ask(&office, move |house| house.replay(&form.id, &basis, &by, now)).await {
        Ok(held) => back(&desk, SeatPlace::Quarantine, held.name()),
        Err(_) => trouble(&office, &desk, SeatPlace::Quarantine),
    }
}

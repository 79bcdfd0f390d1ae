//! When persons can be heard: the office offers slots, and takes back what nobody chose. Whoever
//! offers a slot convenes the person who chooses it.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;

use super::on_case::ask_side;
use super::{AtDesk, Office};
use crate::web::defence::desk::SlotsView;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

const PURPOSE: &str = "hearing slots";

#[derive(Template)]
#[template(path = "defence/slots.html")]
struct SlotsPage {
    page: Page,
    view: SlotsView,
    token: String,
    wrong: bool,
}

impl SlotsPage {
    fn at(&self, slot: &Timestamp) -> String {
        self.page.instant(slot, &self.view.zone)
    }
}

pub(super) async fn show(State(office): State<Office>, desk: AtDesk) -> Response {
    shown(&office, &desk, false).await
}

async fn shown(office: &Office, desk: &AtDesk, wrong: bool) -> Response {
    let now = desk.now;
    match ask_side(&office.web.defence, move |house| house.slots(now)).await {
        Ok(Some(view)) => {
            let token = office.sessions.form_token(&desk.session, PURPOSE);
            let page = office.page(desk, Place::Slots);
            let title = page.t("slots.title");
            let page = page.titled(title).with_error(wrong);
            let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            render(status, &SlotsPage { page, view, token, wrong })
        }
        Ok(None) => said(StatusCode::NOT_FOUND, office.page(desk, Place::Work), "not_found"),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, office.page(desk, Place::Work), "trouble"),
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    token: String,
    /// A slot to offer, in local time.
    #[serde(default)]
    slot: String,
    /// A slot to take back, as an instant.
    #[serde(default)]
    withdraw: String,
}

/// Offers a slot, or takes one back.
pub(super) async fn change(
    State(office): State<Office>,
    desk: AtDesk,
    Form(sent): Form<Change>,
) -> Response {
    if !office.sessions.form_token_fits(&desk.session, PURPOSE, &sent.token) {
        return said(StatusCode::FORBIDDEN, office.page(&desk, Place::Slots), "foreign_form");
    }
    let (by, now) = (desk.session.person.clone(), desk.now);
    let done = ask_side(&office.web.defence, move |house| {
        if let Ok(slot) = sent.withdraw.parse::<Timestamp>() {
            return house.withdraw_slot(slot, &by, now).map(|_| true);
        }
        let zone = house.slots(now)?.zone;
        let local = sent.slot.trim().parse::<DateTime>().ok();
        let slot = local.and_then(|local| zone.instant_of(local)).filter(|slot| *slot > now);
        match slot {
            Some(slot) => house.publish_slots(&[slot], &by, now).map(|_| true),
            None => Ok(false),
        }
    });
    match done.await {
        Ok(Some(true)) => Redirect::to(&Place::Slots.path(desk.lang)).into_response(),
        Ok(Some(false)) => shown(&office, &desk, true).await,
        _ => said(StatusCode::SERVICE_UNAVAILABLE, office.page(&desk, Place::Work), "trouble"),
    }
}

//! Absence and substitution: who is away, who acts in their place, and who looks after a case.
//!
//! No page asks why somebody is away. A substitute acts in their own name, at their own desk; what
//! they do on the absent person's cases is entered with that person's number beside it. What the
//! law gives to an appointed person alone (a reviewer's ruling, an auditor's sample) is not
//! substituted here: reviewers hand over to substitutes of their own.

pub mod over_store;
pub(super) mod owed;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use entremise_core::deadline::{Lang, Zone};
use entremise_core::id::PersonId;
use entremise_store::Absence;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use self::over_store::{Absences, Entered};
use super::desk::DeskTrouble;
use super::office::{Office, SignedIn};
use super::page::{Page, render, said};
use super::place::Place;
use super::seat_place::SeatPlace;
use crate::access::{Action, Resource, Role, Seat};

/// What the forms' token is tied to.
const PURPOSE: &str = "absences";

/// Adds the pages to those of the house.
pub(super) fn rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let charge = Place::Charge(String::new()).path(lang);
        let case = Place::Case(String::new()).path(lang);
        let charge = charge.replacen(&case, &format!("{case}{{reference}}"), 1);
        router = router
            .route(&Place::Seat(SeatPlace::Absences).path(lang), get(show).post(change))
            .route(&charge, post(take_charge));
    }
    router
}

#[derive(Template)]
#[template(path = "absence/page.html")]
struct AbsencePage {
    page: Page,
    zone: Zone,
    today: Date,
    rows: Vec<Row>,
    /// Whose absence may be entered here.
    absent: Vec<Seat>,
    /// Who could act in their place.
    substitutes: Vec<Seat>,
    sent: Change,
    token: String,
    wrong: Option<&'static str>,
}

/// An absence that is not over.
struct Row {
    absence: Absence,
    lasts: bool,
    /// The rules let this person end it.
    ends: bool,
}

impl AbsencePage {
    fn day(&self, at: &Timestamp) -> String {
        self.page.day(self.zone.day_of(*at))
    }

    fn says(&self, wrong: &str) -> String {
        self.page.named("absence.no", wrong)
    }

    fn last_day(&self, absence: &Absence) -> String {
        let end = absence.ends_at - jiff::SignedDuration::from_nanos(1);
        self.day(&end)
    }

    /// A person's number with their desk.
    fn who(&self, seat: &Seat) -> String {
        format!("{} ({})", seat.person, self.page.named("role", seat.role.name()))
    }
}

#[derive(Default, Deserialize)]
struct Change {
    #[serde(default)]
    token: String,
    #[serde(default)]
    absent: String,
    #[serde(default)]
    substitute: String,
    #[serde(default)]
    first_day: String,
    #[serde(default)]
    last_day: String,
    /// The beginning of an absence that ends now.
    #[serde(default)]
    ends: String,
}

async fn show(State(office): State<Office>, desk: SignedIn) -> Response {
    if let Err(refused) = desk.may(&office, Action::SeeWork, Resource::Work).await {
        return *refused;
    }
    shown(&office, &desk, Change::default(), None).await
}

async fn shown(
    office: &Office,
    desk: &SignedIn,
    sent: Change,
    wrong: Option<&'static str>,
) -> Response {
    let now = desk.now;
    let asked = ask(office, move |house| Ok((house.all(now)?, house.zone()?))).await;
    let Ok((all, zone)) = asked else { return trouble(office, desk) };
    let page = office.page(desk, Place::Seat(SeatPlace::Absences));
    let title = page.t("absence.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let is_offered = |action, absence: &Absence| {
        let about = about(office, absence);
        about.is_some_and(|about| desk.is_offered(office, action, &about))
    };
    let rows = all.into_iter().map(|absence| Row {
        lasts: absence.lasts(now),
        ends: is_offered(Action::EndAbsence, &absence),
        absence,
    });
    let colleagues = [Role::Officer, Role::Member].map(|role| office.sessions.seats(role)).concat();
    let own = &desk.seat;
    let is_member = own.role == Role::Member;
    // Nobody substitutes themselves. A member announces officers' absences, too.
    let of_own = |seat: &&Seat| seat.person != own.person && (is_member || seat.role == own.role);
    let substitutes: Vec<Seat> = colleagues.iter().filter(of_own).cloned().collect();
    let may_be_absent =
        |seat: &&Seat| seat.person == own.person || (is_member && seat.role == Role::Officer);
    let absent = colleagues.iter().filter(may_be_absent).cloned().collect();
    let token = office.sessions.form_token(&desk.session, PURPOSE);
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (today, rows) = (zone.day_of(now), rows.collect());
    let page = AbsencePage { page, zone, today, rows, absent, substitutes, sent, token, wrong };
    render(status, &page)
}

/// Enters an absence, or ends one.
async fn change(
    State(office): State<Office>,
    desk: SignedIn,
    Form(sent): Form<Change>,
) -> Response {
    if !office.sessions.form_token_fits(&desk.session, PURPOSE, &sent.token) {
        let page = office.page(&desk, Place::Seat(SeatPlace::Absences));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let now = desk.now;
    let Ok((all, zone)) = ask(&office, move |house| Ok((house.all(now)?, house.zone()?))).await
    else {
        return trouble(&office, &desk);
    };
    let ended = sent.ends.parse::<Timestamp>().ok().and_then(|starts_at| {
        let is_it = |one: &&Absence| {
            one.starts_at == starts_at && one.absent.as_str() == sent.absent.as_str()
        };
        all.iter().find(is_it).cloned()
    });
    let (action, absence) = match (ended, read(&sent, &zone)) {
        (Some(absence), _) => (Action::EndAbsence, absence),
        (None, Ok(absence)) => (Action::EnterAbsence, absence),
        (None, Err(wrong)) => return shown(&office, &desk, sent, Some(wrong)).await,
    };
    let Some(about) = about(&office, &absence) else {
        return shown(&office, &desk, sent, Some("nobody")).await;
    };
    if let Err(refused) = desk.may(&office, action, about).await {
        return *refused;
    }
    let by = desk.session.person.clone();
    let done = ask(&office, move |house| match action {
        Action::EndAbsence => {
            house.end(&absence.absent, absence.starts_at, &by, now).map(|_| Entered::Done)
        }
        _ => house.enter(&absence, &by, now),
    });
    match done.await {
        Ok(Entered::Done) => {
            Redirect::to(&Place::Seat(SeatPlace::Absences).path(desk.lang)).into_response()
        }
        Ok(Entered::Not(why)) => shown(&office, &desk, sent, Some(why)).await,
        Err(_) => trouble(&office, &desk),
    }
}

/// The absence that a form names: whole days of the house's zone.
fn read(sent: &Change, zone: &Zone) -> Result<Absence, &'static str> {
    let person = |given: &str| given.parse::<PersonId>().map_err(|_| "nobody");
    let day = |given: &str| given.trim().parse::<Date>().map_err(|_| "day");
    let last = day(&sent.last_day)?.tomorrow().map_err(|_| "day")?;
    Ok(Absence {
        absent: person(&sent.absent)?,
        substitute: person(&sent.substitute)?,
        starts_at: zone.start_of(day(&sent.first_day)?),
        ends_at: zone.start_of(last),
    })
}

/// An absence as the rules see it; none where somebody in it has no seat.
fn about(office: &Office, absence: &Absence) -> Option<Resource> {
    Some(Resource::Absence {
        absent: absence.absent.clone(),
        role: office.sessions.seat(&absence.absent)?.role,
        substitute: absence.substitute.clone(),
        substitute_role: office.sessions.seat(&absence.substitute)?.role,
    })
}

#[derive(Default, Deserialize)]
struct Charge {
    #[serde(default)]
    token: String,
}

/// What the token is tied to of the form by which one looks after a case.
pub(super) fn charge_purpose(reference: &str) -> String {
    format!("charge\n{reference}")
}

/// Lets the person at the desk look after a case.
async fn take_charge(
    State(office): State<Office>,
    desk: SignedIn,
    Path(reference): Path<String>,
    Form(sent): Form<Charge>,
) -> Response {
    let purpose = charge_purpose(&reference);
    if !office.sessions.form_token_fits(&desk.session, &purpose, &sent.token) {
        let page = office.page(&desk, Place::Case(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    if let Err(refused) = desk.may(&office, Action::TakeCharge, Resource::Work).await {
        return *refused;
    }
    let (case, by, now) = (reference.clone(), desk.session.person.clone(), desk.now);
    match ask(&office, move |house| house.take_charge(&case, &by, now)).await {
        Ok(true) => Redirect::to(&Place::Case(reference).path(desk.lang)).into_response(),
        Ok(false) => said(StatusCode::NOT_FOUND, office.page(&desk, Place::Work), "no_case"),
        Err(_) => trouble(&office, &desk),
    }
}

fn trouble(office: &Office, desk: &SignedIn) -> Response {
    let page = office.page(desk, Place::Seat(SeatPlace::Absences));
    said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
}

/// Asks this side of the house from a thread that may wait.
pub(super) async fn ask<T: Send + 'static>(
    office: &Office,
    question: impl FnOnce(&Absences) -> Result<T, DeskTrouble> + Send + 'static,
) -> Result<T, DeskTrouble> {
    let Some(absences) = office.sides.absences.as_ref().map(Arc::clone) else {
        return Err(DeskTrouble);
    };
    tokio::task::spawn_blocking(move || question(&absences)).await.unwrap_or(Err(DeskTrouble))
}

//! Who is suspended is put on the register of those who may not subscribe, as the judgment names
//! them. What is typed here becomes a tag and goes no further: it is neither kept nor told.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_wire::register::Person;
use jiff::civil::Date;
use serde::Deserialize;

use super::{AtDesk, Office, measure, trouble, with_measures};
use crate::access::Action;
use crate::web::desk::{NotDone, OnCase};
use crate::web::measure::desk::{EnlistOrder, EnlistOutcome, MeasureView, OnRegister};
use crate::web::office::gate::measure_as_asked;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

/// No name is longer. Unit: characters.
const NAME_CHARS_MAX: usize = 200;

#[derive(Deserialize, Default)]
pub(in crate::web::office) struct Typed {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    token: String,
    #[serde(default)]
    family_name: String,
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    born_on: String,
    #[serde(default)]
    born_in: String,
}

#[derive(Template)]
#[template(path = "measure/register.html")]
struct RegisterPage {
    page: Page,
    measure: MeasureView,
    until: Date,
    token: String,
    typed: Typed,
    /// The field that stands in the way.
    wrong: Option<&'static str>,
    today: Date,
}

impl RegisterPage {
    fn is_wrong(&self, field: &str) -> bool {
        self.wrong == Some(field)
    }
}

pub(in crate::web::office) async fn form(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
) -> Response {
    match measure(&office, &desk, &reference).await {
        Ok(measure) => page(&office, &desk, measure, Typed::default(), None),
        Err(response) => *response,
    }
}

fn page(
    office: &Office,
    desk: &AtDesk,
    measure: MeasureView,
    typed: Typed,
    wrong: Option<&'static str>,
) -> Response {
    let back = || office.page(desk, Place::Measure(measure.reference.clone()));
    let (OnRegister::Owed { until } | OnRegister::Until { until, .. }) = measure.register else {
        return said(StatusCode::CONFLICT, back(), "measure.register.not_now");
    };
    if !desk.is_offered(office, Action::FollowMeasure, &measure_as_asked(&measure)) {
        return said(StatusCode::FORBIDDEN, back(), "measure.not_you");
    }
    let purpose = purpose(&measure.reference, measure.version);
    let token = office.sessions.form_token(&desk.session, &purpose);
    let page = office.page(desk, Place::MeasureRegister(measure.reference.clone()));
    let title = page.t("measure.register.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let today = measure.zone.day_of(desk.now);
    let until = measure.last_day(until);
    render(status, &RegisterPage { page, measure, until, token, typed, wrong, today })
}

/// Puts the person on the register until the measure's end.
pub(in crate::web::office) async fn enlist(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let measure = match measure(&office, &desk, &reference).await {
        Ok(measure) => measure,
        Err(response) => return *response,
    };
    let back = || office.page(&desk, Place::Measure(reference.clone()));
    let purpose = purpose(&reference, typed.version);
    if !office.sessions.form_token_fits(&desk.session, &purpose, &typed.token) {
        return said(StatusCode::FORBIDDEN, back(), "foreign_form");
    }
    let about = measure_as_asked(&measure);
    if let Err(refused) = desk.may(&office, Action::FollowMeasure, about).await {
        return *refused;
    }
    let person = match person(&typed, measure.zone.day_of(desk.now)) {
        Ok(person) => person,
        Err(field) => return page(&office, &desk, measure, typed, Some(field)),
    };
    let by = desk.session.person.clone();
    let of = OnCase { reference: reference.clone(), version: typed.version, by };
    let (order, now) = (EnlistOrder { of, person }, desk.now);
    match with_measures(&office, move |side| side.enlist(&order, now)).await {
        Ok(Some(EnlistOutcome::Entered)) => {
            let to = format!("{}?entered=true", Place::Measure(reference.clone()).path(desk.lang));
            Redirect::to(&to).into_response()
        }
        Ok(Some(EnlistOutcome::Not(NotDone::Stale))) => said(StatusCode::CONFLICT, back(), "stale"),
        Ok(Some(EnlistOutcome::NotNow)) => {
            said(StatusCode::CONFLICT, back(), "measure.register.not_now")
        }
        Ok(_) => {
            let page = office.page(&desk, Place::Measures);
            said(StatusCode::NOT_FOUND, page, "measure.no_such")
        }
        Err(_) => trouble(&office, &desk),
    }
}

/// The person as typed, or the field that stands in the way.
fn person(typed: &Typed, today: Date) -> Result<Person, &'static str> {
    let name = |text: &str, field| {
        let text = text.trim();
        let has_letter = text.chars().any(char::is_alphabetic);
        let is_name = has_letter && text.chars().count() <= NAME_CHARS_MAX;
        is_name.then(|| text.to_owned()).ok_or(field)
    };
    let family_name = name(&typed.family_name, "family_name")?;
    let given_name = name(&typed.given_name, "given_name")?;
    let born_on = typed.born_on.parse::<Date>().ok().filter(|day| *day < today);
    let born_in = typed.born_in.trim().to_ascii_uppercase();
    // A commune by the INSEE's code: five figures, but for Corsica's 2A and 2B.
    let is_code = born_in.len() == 5
        && born_in.replacen("2A", "20", 1).replacen("2B", "20", 1).parse::<u32>().is_ok();
    Ok(Person {
        family_name,
        given_name,
        born_on: born_on.ok_or("born_on")?,
        born_in: is_code.then_some(born_in).ok_or("born_in")?,
    })
}

/// What the form's token is tied to: this measure as it stood.
fn purpose(reference: &str, version: u64) -> String {
    format!("register\n{version}\n{reference}")
}

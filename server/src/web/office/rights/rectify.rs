//! What a provider disclosed is mended: typed, shown once more, then entered. What is typed travels
//! in the body of a form, never in an address.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use entremise_core::id::QuestionId;
use entremise_core::identification::Identity;
use entremise_letters::address::PostalAddress;
use serde::Deserialize;

use super::shown::{Row, identity_rows};
use super::{AtDesk, Office, case, not_done, order, trouble, with_rights};
use crate::web::desk::CaseView;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::rights::desk::{RectifyOrder, RectifyOutcome};

/// What the form holds: lists have a line each.
#[derive(Clone, Default, Deserialize)]
pub(in crate::web::office) struct Typed {
    #[serde(default)]
    pub disclosure: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub postal_address: String,
    #[serde(default)]
    pub emails: String,
    #[serde(default)]
    pub telephones: String,
    #[serde(default)]
    pub line_address: String,
    #[serde(default)]
    pub version: u64,
    #[serde(default)]
    pub token: String,
    /// Set by the page that shows once more what was typed.
    #[serde(default)]
    confirmed: bool,
}

/// The form, wherever it stands.
pub(super) struct Mend {
    pub typed: Typed,
    /// Tells the fields of several forms of one page apart.
    pub number: usize,
    /// Field and the key of what is wrong with it.
    pub wrong: Vec<(&'static str, &'static str)>,
}

impl Mend {
    /// The form as it stands under what is held.
    pub fn of(disclosure: QuestionId, identity: &Identity, number: usize) -> Self {
        let typed = Typed {
            disclosure: disclosure.to_string(),
            name: identity.name.clone().unwrap_or_default(),
            postal_address: identity.postal_address.join("\n"),
            emails: identity.emails.join("\n"),
            telephones: identity.telephones.join("\n"),
            line_address: identity.line_address.join("\n"),
            ..Typed::default()
        };
        Self { typed, number, wrong: Vec::new() }
    }

    /// The fields of several lines, by name, with what stands in them.
    pub fn lists(&self) -> [(&'static str, &str); 4] {
        [
            ("postal_address", &self.typed.postal_address),
            ("emails", &self.typed.emails),
            ("telephones", &self.typed.telephones),
            ("line_address", &self.typed.line_address),
        ]
    }

    pub fn wrong(&self, field: &str) -> Option<&'static str> {
        self.wrong.iter().find(|(of, _)| *of == field).map(|(_, key)| *key)
    }

    pub fn sign(&mut self, office: &Office, desk: &AtDesk, reference: &str, version: u64) {
        let purpose = purpose("rectify", reference, version, &self.typed.disclosure);
        self.typed.version = version;
        self.typed.token = office.sessions.form_token(&desk.session, &purpose);
    }
}

/// What was typed is wrong: the form again.
#[derive(Template)]
#[template(path = "rights/mend.html")]
struct MendPage {
    page: Page,
    case: CaseView,
    mend: Mend,
}

/// What was typed, once more, before it is entered.
#[derive(Template)]
#[template(path = "rights/rectify.html")]
struct ConfirmPage {
    page: Page,
    case: CaseView,
    rows: Vec<Row>,
    mend: Mend,
}

/// There is nothing to read here: a page that held what was typed would have to open it.
pub(in crate::web::office) async fn back(desk: AtDesk, Path(reference): Path<String>) -> Redirect {
    Redirect::to(&Place::Rights(reference).path(desk.lang))
}

/// Shows what was typed; enters it once that is confirmed.
pub(in crate::web::office) async fn take(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let step = if typed.confirmed { "rectify confirmed" } else { "rectify" };
    let purpose = purpose(step, &reference, typed.version, &typed.disclosure);
    let fits = office.sessions.form_token_fits(&desk.session, &purpose, &typed.token);
    let disclosure = typed.disclosure.parse::<QuestionId>();
    let (true, Ok(disclosure)) = (fits, disclosure) else {
        let page = office.page(&desk, Place::Rights(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    };
    match identity(&typed) {
        Ok(right) if typed.confirmed => {
            enter(&office, &desk, reference, typed.version, (disclosure, right)).await
        }
        Ok(right) => confirm(&office, &desk, reference, typed, &right).await,
        Err(wrong) => again(&office, &desk, reference, typed, wrong).await,
    }
}

async fn confirm(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    mut typed: Typed,
    right: &Identity,
) -> Response {
    let case = match case(office, desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let purpose = purpose("rectify confirmed", &reference, typed.version, &typed.disclosure);
    typed.token = office.sessions.form_token(&desk.session, &purpose);
    let page = office.page(desk, Place::Rectification(reference));
    let title = page.t("rights.rectify.title");
    let rows = identity_rows(right, &page);
    let mend = Mend { typed, number: 0, wrong: Vec::new() };
    render(StatusCode::OK, &ConfirmPage { page: page.titled(title), case, rows, mend })
}

async fn again(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    typed: Typed,
    wrong: Vec<(&'static str, &'static str)>,
) -> Response {
    let case = match case(office, desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    let version = typed.version;
    let mut mend = Mend { typed, number: 0, wrong };
    mend.sign(office, desk, &reference, version);
    let page = office.page(desk, Place::Rectification(reference));
    let title = format!("{} – {}", page.t("error.title"), page.t("rights.rectify.title"));
    render(StatusCode::UNPROCESSABLE_ENTITY, &MendPage { page: page.titled(title), case, mend })
}

async fn enter(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    version: u64,
    (disclosure, right): (QuestionId, Identity),
) -> Response {
    let of = order(desk, &reference, version);
    let (order, now) = (RectifyOrder { of, disclosure, right }, desk.now);
    let page = office.page(desk, Place::Rights(reference.clone()));
    match with_rights(office, move |rights| rights.rectify(&order, now)).await {
        Ok(Some(RectifyOutcome::Replaced)) => said(StatusCode::OK, page, "rights.rectified"),
        Ok(Some(RectifyOutcome::NothingDisclosed)) => {
            said(StatusCode::UNPROCESSABLE_ENTITY, page, "rights.nothing_disclosed")
        }
        Ok(Some(RectifyOutcome::Not(not))) => not_done(office, desk, reference, not),
        other => trouble(office, desk, reference, other.is_ok()),
    }
}

/// The identity as typed, or the fields that are wrong.
fn identity(typed: &Typed) -> Result<Identity, Vec<(&'static str, &'static str)>> {
    let name = typed.name.trim();
    let right = Identity {
        name: (!name.is_empty()).then(|| name.to_owned()),
        postal_address: lines(&typed.postal_address),
        emails: lines(&typed.emails),
        telephones: lines(&typed.telephones),
        line_address: lines(&typed.line_address),
    };
    let mut wrong = Vec::new();
    if right == Identity::default() || name.chars().any(char::is_control) {
        wrong.push(("name", "rights.wrong.name"));
    }
    let address = &right.postal_address;
    if !address.is_empty() && PostalAddress::named(name, address).is_err() {
        wrong.push(("postal_address", "rights.wrong.postal_address"));
    }
    if !right.emails.iter().all(|email| is_email(email)) {
        wrong.push(("emails", "rights.wrong.emails"));
    }
    if wrong.is_empty() { Ok(right) } else { Err(wrong) }
}

fn lines(typed: &str) -> Vec<String> {
    typed.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Whether it can be one; that it is one, only a message shows.
fn is_email(text: &str) -> bool {
    let whole = |part: &str| !part.is_empty() && !part.contains(['@', ' ', ',', ';', '<', '>']);
    text.split_once('@').is_some_and(|(local, domain)| whole(local) && whole(domain))
}

fn purpose(step: &str, reference: &str, version: u64, disclosure: &str) -> String {
    format!("rights {step}\n{version}\n{reference}\n{disclosure}")
}

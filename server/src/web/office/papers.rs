//! What a person handed in: a list that opens nothing, and one document at a time, given as a file.
//!
//! Whoever wrote it may wish the house ill. A document is never shown within a page of ours: it
//! leaves as a file of a known kind, under a name of ours, and where a browser opens it nonetheless
//! nothing in it can run or reach anything.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::on_case::{ask_side, trouble};
use super::{AtDesk, Office};
use crate::access::Role;
use crate::web::defence::papers::{Opened, Paper, PapersView, ToRead};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

/// Nothing is fetched, nothing runs, nothing is sent; and the file is of no origin.
const CAN_DO_NOTHING: &str = "default-src 'none'; sandbox";

#[derive(Template)]
#[template(path = "defence/papers.html")]
struct PapersPage {
    page: Page,
    reference: String,
    view: PapersView,
    token: String,
}

impl PapersPage {
    fn kept(&self, paper: &Paper) -> String {
        self.page.instant(&paper.kept_at, &self.view.zone)
    }

    /// In whole kilobytes, and never none.
    fn size(&self, paper: &Paper) -> String {
        let kilobytes = self.page.number(paper.size_bytes.div_ceil(1024));
        self.page.with("papers.size", "count", kilobytes)
    }

    fn ending(&self, paper: &Paper) -> String {
        let ending = paper.name.rsplit('.').next().unwrap_or_default();
        self.page.named("papers.ending", ending)
    }

    /// Where the list leads back to.
    fn back(&self) -> String {
        if self.view.of_measure {
            self.page.measure_path(&self.reference)
        } else {
            self.page.case_path(&self.reference)
        }
    }
}

/// What there is. Opens nothing.
pub(super) async fn list(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
) -> Response {
    let asked = reference.clone();
    let view = match ask_side(&office.web.defence, move |house| house.papers(&asked)).await {
        Ok(Some(Some(view))) => view,
        Ok(Some(None)) => {
            return said(StatusCode::NOT_FOUND, office.page(&desk, Place::Work), "no_case");
        }
        other => return trouble(&office, &desk, reference, other.is_ok()),
    };
    let token = office.sessions.form_token(&desk.session, &purpose(&reference));
    let page = office.page(&desk, Place::Papers(reference.clone()));
    let title = page.t("papers.title");
    render(StatusCode::OK, &PapersPage { page: page.titled(title), reference, view, token })
}

#[derive(Deserialize, Default)]
pub(super) struct Wanted {
    #[serde(default)]
    token: String,
    #[serde(default)]
    document: String,
}

/// Opens one document, after the ledger has the look. For what follows from the desk.
pub(super) async fn open(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Response {
    let page = || office.page(&desk, Place::Papers(reference.clone()));
    if !office.sessions.form_token_fits(&desk.session, &purpose(&reference), &wanted.token) {
        return said(StatusCode::FORBIDDEN, page(), "foreign_form");
    }
    let why = if desk.seat.role == Role::Member { ToRead::Decide } else { ToRead::Answer };
    let (asked, name) = (reference.clone(), wanted.document.clone());
    let (by, now) = (desk.session.person.clone(), desk.now);
    let opened = ask_side(&office.web.defence, move |house| {
        house.open_paper((&asked, &name), &by, why, now)
    });
    match opened.await {
        Ok(Some(Some(opened))) => file(&wanted.document, opened),
        Ok(Some(None)) => said(StatusCode::NOT_FOUND, page(), "papers.none"),
        other => trouble(&office, &desk, reference, other.is_ok()),
    }
}

/// The bytes as they came, and nothing that a browser could take them for but what they are.
fn file(name: &str, opened: Opened) -> Response {
    let kind = match opened.ending {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        _ => "text/plain; charset=utf-8",
    };
    // The name is one that the list had: letters, digits, hyphens and one dot.
    let as_file = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_DISPOSITION, as_file.as_str()),
        (CONTENT_SECURITY_POLICY, CAN_DO_NOTHING),
    ];
    (headers, opened.bytes).into_response()
}

fn purpose(reference: &str) -> String {
    format!("papers\n{reference}")
}

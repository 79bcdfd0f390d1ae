//! What lies before a reviewer, and one request on one page: what is asked, what it rests on, until
//! when.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use entremise_core::authorisation::Ruling;
use entremise_core::deadline::Deadline;
use entremise_core::id::{AuthorisationId, PersonId};
use entremise_core::regime::rules::ChannelKind;
use entremise_store::{ProofShown, WorkShown};
use serde::Deserialize;

use super::desk::{BeforeView, RequestView};
use super::place::ReviewPlace;
use super::{AtDesk, Room, became};
use crate::web::office::{channel_name, ground_name};
use crate::web::page::{Page, render, said};

#[derive(Template)]
#[template(path = "review/list.html")]
struct ListPage {
    page: Page,
    before: BeforeView,
}

impl ListPage {
    fn request_path(&self, request: &AuthorisationId) -> String {
        ReviewPlace::Request(*request).path(self.page.lang)
    }

    fn instant(&self, at: &jiff::Timestamp) -> String {
        self.before.zone.as_ref().map_or_else(|| at.to_string(), |zone| self.page.instant(at, zone))
    }

    fn hand_in(&self) -> String {
        ReviewPlace::HandIn.path(self.page.lang)
    }
}

pub(super) async fn list(State(room): State<Room>, desk: AtDesk) -> Response {
    let (reviewer, now) = (desk.session.person.clone(), desk.now);
    match room.ask(move |house| house.before(&reviewer, now)).await {
        Ok(before) => {
            let page = room.page(&desk, ReviewPlace::Desk);
            let title = page.t("review.desk.title");
            render(StatusCode::OK, &ListPage { page: page.titled(title), before })
        }
        Err(_) => trouble(&room, &desk),
    }
}

/// The page of one request.
#[derive(Template)]
#[template(path = "review/request.html")]
pub(super) struct RequestPage {
    pub page: Page,
    pub view: RequestView,
    pub token: String,
    pub hand_over_token: String,
    /// What the form brought back, where something was missing in it.
    pub ruling: Option<Ruling>,
    pub reasons: String,
    pub ruling_missing: bool,
    pub reasons_missing: bool,
}

impl RequestPage {
    pub fn of(room: &Room, desk: &AtDesk, view: RequestView) -> Self {
        let id = view.row.request;
        let page = room.page(desk, ReviewPlace::Request(id));
        let title = page.with("review.request.title", "number", &view.row.file_number);
        let token = |purpose: &str| room.sessions.form_token(&desk.session, purpose);
        Self {
            token: token(&rule_purpose(id)),
            hand_over_token: token(&hand_over_purpose(id)),
            page: page.titled(title),
            view,
            ruling: None,
            reasons: String::new(),
            ruling_missing: false,
            reasons_missing: false,
        }
    }

    fn why<'a>(&self, deadline: &'a Deadline) -> &'a str {
        deadline.explanation.in_lang(self.page.lang)
    }

    fn grants(&self) -> bool {
        self.ruling == Some(Ruling::Granted)
    }

    fn refuses(&self) -> bool {
        self.ruling == Some(Ruling::Refused)
    }

    fn fields(&self) -> String {
        let fields = self.view.linking.fields.iter();
        let names: Vec<String> =
            fields.map(|field| self.page.named("review.field", field.name())).collect();
        names.join(", ")
    }

    fn text_path(&self) -> String {
        ReviewPlace::Text(self.view.row.request).path(self.page.lang)
    }

    fn file_path(&self) -> String {
        ReviewPlace::File(self.view.row.request).path(self.page.lang)
    }

    fn hand_over_path(&self) -> String {
        ReviewPlace::HandOver(self.view.row.request).path(self.page.lang)
    }

    fn hand_in(&self) -> String {
        ReviewPlace::HandIn.path(self.page.lang)
    }

    fn work(&self, work: &WorkShown) -> String {
        let parts = [&work.title, &work.artist, &work.work_id];
        let told: Vec<&str> = parts.into_iter().filter_map(Option::as_deref).collect();
        if told.is_empty() {
            self.page.t("review.dossier.no_title").to_owned()
        } else {
            told.join(" – ")
        }
    }

    fn proof(&self, proof: &ProofShown) -> String {
        let kind: ChannelKind = proof.channel;
        format!(
            "{} – {}",
            self.page.named("channel", channel_name(kind)),
            self.page.named("delivery", proof.status.name())
        )
    }

    fn ground(&self, ground: &entremise_core::event::Ground) -> String {
        self.page.named("ground", ground_name(*ground))
    }
}

pub(super) fn rule_purpose(request: AuthorisationId) -> String {
    format!("rule\n{request}")
}

fn hand_over_purpose(request: AuthorisationId) -> String {
    format!("hand over\n{request}")
}

/// The request that a form is about, if the form is this session's; else the page that says so.
pub(super) fn asked(
    room: &Room,
    desk: &AtDesk,
    request: &str,
    purpose: fn(AuthorisationId) -> String,
    token: &str,
) -> Result<AuthorisationId, Box<Response>> {
    let Ok(request) = request.parse() else { return Err(Box::new(no_request(room, desk))) };
    if room.sessions.form_token_fits(&desk.session, &purpose(request), token) {
        return Ok(request);
    }
    let page = room.page(desk, ReviewPlace::Desk);
    Err(Box::new(said(StatusCode::FORBIDDEN, page, "foreign_form")))
}

pub(super) async fn show(
    State(room): State<Room>,
    desk: AtDesk,
    Path(request): Path<String>,
) -> Response {
    let Some(request) = request.parse().ok() else { return no_request(&room, &desk) };
    match view(&room, &desk, request).await {
        Ok(view) => render(StatusCode::OK, &RequestPage::of(&room, &desk, view)),
        Err(response) => *response,
    }
}

/// The request with its dossier, or the page that says why not.
pub(super) async fn view(
    room: &Room,
    desk: &AtDesk,
    request: AuthorisationId,
) -> Result<RequestView, Box<Response>> {
    let (reviewer, now) = (desk.session.person.clone(), desk.now);
    match room.ask(move |house| house.request(&reviewer, request, now)).await {
        Ok(Some(view)) => Ok(view),
        Ok(None) => Err(Box::new(no_request(room, desk))),
        Err(_) => Err(Box::new(trouble(room, desk))),
    }
}

/// The request as a file, for `entremise review sign` on another machine.
pub(super) async fn file(
    State(room): State<Room>,
    desk: AtDesk,
    Path(request): Path<String>,
) -> Response {
    let Some(request) = request.parse().ok() else { return no_request(&room, &desk) };
    let (reviewer, now) = (desk.session.person.clone(), desk.now);
    match room.ask(move |house| house.file(&reviewer, request, now)).await {
        Ok(Some(file)) => {
            let name = format!("attachment; filename=\"request-{request}.json\"");
            let headers =
                [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_DISPOSITION, name)];
            (headers, file.to_json()).into_response()
        }
        Ok(None) => no_request(&room, &desk),
        Err(_) => trouble(&room, &desk),
    }
}

#[derive(Deserialize)]
pub(super) struct HandOver {
    #[serde(default)]
    to: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn hand_over(
    State(room): State<Room>,
    desk: AtDesk,
    Path(request): Path<String>,
    Form(form): Form<HandOver>,
) -> Response {
    let request = match asked(&room, &desk, &request, hand_over_purpose, &form.token) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    let Ok(to) = form.to.parse::<PersonId>() else {
        let page = room.page(&desk, ReviewPlace::Request(request));
        return said(StatusCode::UNPROCESSABLE_ENTITY, page, "review.no.no_substitute");
    };
    let (reviewer, now) = (desk.session.person.clone(), desk.now);
    let done = room.ask(move |house| house.hand_over(&reviewer, request, &to, now)).await;
    became(room.page(&desk, ReviewPlace::Desk), done)
}

pub(super) fn no_request(room: &Room, desk: &AtDesk) -> Response {
    said(StatusCode::NOT_FOUND, room.page(desk, ReviewPlace::Desk), "review.no.no_such_request")
}

pub(super) fn trouble(room: &Room, desk: &AtDesk) -> Response {
    said(StatusCode::SERVICE_UNAVAILABLE, room.page(desk, ReviewPlace::Desk), "trouble")
}

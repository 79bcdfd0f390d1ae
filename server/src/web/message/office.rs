//! The messages and the notes of one case: what was asked of whom, what they answered, and the
//! three forms: to a sender, to a provider, for the house.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use entremise_store::{NOTE_CHARS_MAX, Note, PartyMessage};
use serde::Deserialize;

use super::over_store::{OnCase, Sent};
use super::purpose::{Message, ToProvider, ToSender};
use super::{ask, trouble};
use crate::access::{Action, Resource};
use crate::web::office::{Office, SignedIn};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

#[derive(Template)]
#[template(path = "message/case.html")]
struct CasePage {
    page: Page,
    reference: String,
    view: OnCase,
    /// What the notes say, once somebody asked to read them.
    notes: Option<Vec<String>>,
    token: String,
    told: Option<Told>,
    /// What was typed and did not fit.
    typed: String,
}

/// What became of a form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Sent,
    Noted,
    Wrong(&'static str),
}

impl CasePage {
    fn to_sender(&self) -> [ToSender; 3] {
        ToSender::ALL
    }

    fn to_provider(&self) -> [ToProvider; 3] {
        ToProvider::ALL
    }

    fn note_chars_max(&self) -> usize {
        NOTE_CHARS_MAX
    }

    /// What a message asks, in the words that its addressee reads.
    fn asks(&self, message: &PartyMessage) -> String {
        self.page.named("message.asks", &message.purpose)
    }

    fn wrong(&self) -> Option<String> {
        match self.told {
            Some(Told::Wrong(why)) => Some(self.page.named("message.no", why)),
            _ => None,
        }
    }

    fn done(&self) -> Option<&'static str> {
        match self.told? {
            Told::Sent => Some(self.page.t("message.sent")),
            Told::Noted => Some(self.page.t("message.noted")),
            Told::Wrong(_) => None,
        }
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Sending {
    #[serde(default)]
    token: String,
    /// `sender`, `provider`, `note` or `read`.
    #[serde(default)]
    to: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    note: String,
}

pub(super) async fn show(
    State(office): State<Office>,
    desk: SignedIn,
    Path(reference): Path<String>,
) -> Response {
    if let Err(refused) = desk.may(&office, Action::ReadCase, Resource::Work).await {
        return *refused;
    }
    shown(&office, &desk, reference, None, None, String::new()).await
}

async fn shown(
    office: &Office,
    desk: &SignedIn,
    reference: String,
    notes: Option<Vec<String>>,
    told: Option<Told>,
    typed: String,
) -> Response {
    let asked = reference.clone();
    let view = match ask(office, move |house| house.on_case(&asked)).await {
        Ok(Some(view)) => view,
        Ok(None) => return said(StatusCode::NOT_FOUND, office.page(desk, Place::Work), "no_case"),
        Err(_) => return trouble(office, desk),
    };
    let is_wrong = matches!(told, Some(Told::Wrong(_)));
    let page = office.page(desk, Place::Messages(reference.clone()));
    let title = page.t("message.title");
    let page = page.titled(title).with_error(is_wrong);
    let token = office.sessions.form_token(&desk.session, &purpose(&reference));
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &CasePage { page, reference, view, notes, token, told, typed })
}

fn purpose(reference: &str) -> String {
    format!("messages\n{reference}")
}

/// Sends a message, keeps a note, or opens the notes.
pub(super) async fn act(
    State(office): State<Office>,
    desk: SignedIn,
    Path(reference): Path<String>,
    Form(sent): Form<Sending>,
) -> Response {
    if !office.sessions.form_token_fits(&desk.session, &purpose(&reference), &sent.token) {
        let page = office.page(&desk, Place::Case(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let action = match sent.to.as_str() {
        "note" => Action::WriteNote,
        "read" => Action::ReadCase,
        _ => Action::SendMessage,
    };
    if let Err(refused) = desk.may(&office, action, Resource::Work).await {
        return *refused;
    }
    if let Err(refused) = desk.acts_in_place(&office, &reference, action).await {
        return *refused;
    }
    match action {
        Action::WriteNote => note(&office, &desk, reference, sent.note).await,
        Action::ReadCase => read(&office, &desk, reference).await,
        _ => send(&office, &desk, reference, &sent).await,
    }
}

async fn send(office: &Office, desk: &SignedIn, reference: String, sent: &Sending) -> Response {
    let Some(message) = Message::read(&sent.to, &sent.purpose, &sent.about) else {
        let told = Some(Told::Wrong("choose"));
        return shown(office, desk, reference, None, told, String::new()).await;
    };
    let (case, by, now) = (reference.clone(), desk.session.person.clone(), desk.now);
    let told = match ask(office, move |house| house.send(&case, message, &by, now)).await {
        Ok(Sent::Done) => Told::Sent,
        Ok(Sent::Known) => Told::Wrong("known"),
        Ok(Sent::NotOfThisCase) => Told::Wrong("not_of_this_case"),
        Err(_) => return trouble(office, desk),
    };
    shown(office, desk, reference, None, Some(told), String::new()).await
}

async fn note(office: &Office, desk: &SignedIn, reference: String, typed: String) -> Response {
    let Some(note) = Note::new(&typed) else {
        let told = Some(Told::Wrong("note"));
        return shown(office, desk, reference, None, told, typed).await;
    };
    let (case, by, now) = (reference.clone(), desk.session.person.clone(), desk.now);
    match ask(office, move |house| house.note(&case, &note, &by, now)).await {
        Ok(true) => shown(office, desk, reference, None, Some(Told::Noted), String::new()).await,
        Ok(false) => said(StatusCode::NOT_FOUND, office.page(desk, Place::Work), "no_case"),
        Err(_) => trouble(office, desk),
    }
}

async fn read(office: &Office, desk: &SignedIn, reference: String) -> Response {
    let (case, by, now) = (reference.clone(), desk.session.person.clone(), desk.now);
    match ask(office, move |house| house.notes(&case, &by, now)).await {
        Ok(notes) => shown(office, desk, reference, Some(notes), None, String::new()).await,
        Err(_) => trouble(office, desk),
    }
}

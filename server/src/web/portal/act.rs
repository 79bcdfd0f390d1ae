//! What the person sends: observations, a challenge, their situation, a request to be heard. One
//! small page each, and one acknowledgement for all.

use askama::Template;
use axum::extract::State;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Lang;
use entremise_core::procedure::ladder::ChallengeGround;
use jiff::Timestamp;

use super::desk::{Act, FileView, MeasureTold, SendOutcome};
use super::form::{Sent, TEXT_CHARS_MAX, Wrong};
use super::place::PortalPlace;
use super::{AtFile, Portal};
use crate::web::entrance;
use crate::web::page::{Page, render, said};
use crate::web::public::lang_of;
use crate::web::words;

#[derive(Template)]
#[template(path = "portal/act.html")]
struct ActPage {
    page: Page,
    file: FileView,
    /// `observations`, `challenge`, `situation`, `hearing`, `postponement`, `appeal`.
    kind: &'static str,
    /// The measure that it is about.
    measure: Option<MeasureTold>,
    token: String,
    wrong: Option<Wrong>,
    /// What was typed stays where it must be typed again.
    text: String,
    grounds: Vec<ChallengeGround>,
    /// Slots to choose from: as sent, and in words.
    slots: Vec<(String, String)>,
}

impl ActPage {
    fn w(&self, key: &str) -> &'static str {
        self.page.t(&format!("portal.{}.{key}", self.kind))
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.is_some_and(|(of, _)| of == field)
    }

    fn all_grounds(&self) -> [ChallengeGround; 5] {
        ChallengeGround::ALL
    }

    fn is_ticked(&self, ground: &ChallengeGround) -> bool {
        self.grounds.contains(ground)
    }

    fn writes(&self) -> bool {
        self.kind != "hearing"
    }

    fn chars_max(&self) -> String {
        self.page.number(TEXT_CHARS_MAX as u64)
    }
}

/// The act of an address.
fn of_path(uri: &Uri, lang: Lang) -> (PortalPlace, &'static str) {
    match PortalPlace::of_measure(uri.path(), lang) {
        Some(place @ PortalPlace::Postponement(_)) => return (place, "postponement"),
        Some(place @ PortalPlace::Appeal(_)) => return (place, "appeal"),
        _ => {}
    }
    let places = [
        (PortalPlace::Challenge, "challenge"),
        (PortalPlace::Situation, "situation"),
        (PortalPlace::Hearing, "hearing"),
    ];
    let of = places.into_iter().find(|(place, _)| place.path(lang) == uri.path());
    of.unwrap_or((PortalPlace::Observations, "observations"))
}

fn allows(file: &FileView, place: PortalPlace) -> bool {
    let measure = measure_of(file, place);
    match place {
        PortalPlace::Challenge => file.can.challenge,
        PortalPlace::Situation => file.can.situation,
        PortalPlace::Hearing => file.can.hearing,
        PortalPlace::Postponement(_) => measure.is_some_and(|measure| measure.can_postpone),
        PortalPlace::Appeal(_) => measure.is_some_and(|measure| measure.can_appeal),
        _ => file.can.observations,
    }
}

/// The measure of a place, counted from one among those of the file.
fn measure_of(file: &FileView, place: PortalPlace) -> Option<&MeasureTold> {
    match place {
        PortalPlace::Postponement(number) | PortalPlace::Appeal(number) => {
            file.measures.get(number.checked_sub(1)?)
        }
        _ => None,
    }
}

/// What the token of a form is tied to.
fn purpose(place: PortalPlace, kind: &str) -> String {
    match place {
        PortalPlace::Postponement(number) | PortalPlace::Appeal(number) => {
            format!("{kind}-{number}")
        }
        _ => kind.to_owned(),
    }
}

pub(super) async fn show(State(portal): State<Portal>, at: AtFile, uri: Uri) -> Response {
    let of = of_path(&uri, at.lang);
    form(&portal, &at, of, None, &Sent::default()).await
}

/// The form, empty or with what was typed and what is wrong with it.
async fn form(
    portal: &Portal,
    at: &AtFile,
    (place, kind): (PortalPlace, &'static str),
    wrong: Option<Wrong>,
    sent: &Sent,
) -> Response {
    let file = match portal.file(at).await {
        Ok(file) => file,
        Err(response) => return *response,
    };
    let page = portal.page(at.lang, place, &format!("portal.{kind}.title"));
    if !allows(&file, place) {
        return said(StatusCode::CONFLICT, page, "portal.not_now");
    }
    let slots = match slots(portal, at, &file, kind).await {
        Ok(slots) => slots,
        Err(response) => return *response,
    };
    let told = |slot: &Timestamp| (slot.to_string(), words::instant(at.lang, *slot, &file.zone));
    let slots = slots.iter().map(told).collect();
    let token = portal.visits.form_token(&at.visit, &purpose(place, kind));
    let measure = measure_of(&file, place).cloned();
    let page = page.with_error(wrong.is_some());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (text, grounds) = (sent.text(), sent.grounds());
    let shown = ActPage { page, file, kind, measure, token, wrong, text, grounds, slots };
    portal.shown(at, render(status, &shown))
}

/// The slots that the person can choose from; none where only a request can be made.
async fn slots(
    portal: &Portal,
    at: &AtFile,
    file: &FileView,
    kind: &str,
) -> Result<Vec<Timestamp>, Box<Response>> {
    if kind != "hearing" || !file.can.slot {
        return Ok(Vec::new());
    }
    let now = at.now;
    let slots = portal.ask(move |desk| desk.slots(now)).await;
    slots.map_err(|_| Box::new(portal.trouble(at.lang)))
}

/// Keeps and enters what the form brings.
pub(super) async fn send(
    State(portal): State<Portal>,
    uri: Uri,
    headers: HeaderMap,
    form_sent: Result<Multipart, MultipartRejection>,
) -> Response {
    let lang = lang_of(&uri);
    let of = of_path(&uri, lang);
    let sent = match form_sent {
        Ok(form) => Sent::read(form).await,
        Err(_) => Err(("document", "unreadable")),
    };
    let Some(at) = portal.visit(&headers, lang) else {
        return too_late(&portal, lang, &headers, sent.unwrap_or_default());
    };
    let sent = match sent {
        Ok(sent) => sent,
        Err(wrong) => return form(&portal, &at, of, Some(wrong), &Sent::default()).await,
    };
    if !portal.visits.form_token_fits(&at.visit, &purpose(of.0, of.1), sent.field("token")) {
        return portal.foreign(lang);
    }
    let file = match portal.file(&at).await {
        Ok(file) => file,
        Err(response) => return *response,
    };
    let slots = match slots(&portal, &at, &file, of.1).await {
        Ok(slots) => slots,
        Err(response) => return *response,
    };
    let measure = measure_of(&file, of.0).map(|measure| measure.case);
    if matches!(of.0, PortalPlace::Postponement(_) | PortalPlace::Appeal(_)) && measure.is_none() {
        let page = portal.page(lang, PortalPlace::File, "portal.title");
        return said(StatusCode::NOT_FOUND, page, "not_found");
    }
    let act = match sent.act(of.0, &slots, measure) {
        Ok(act) => act,
        Err(wrong) => return form(&portal, &at, of, Some(wrong), &sent).await,
    };
    if let Err(refused) = portal.acts.count(&at.visit.case, at.now) {
        let page = portal.page(lang, of.0, "portal.title");
        let wait = said(StatusCode::TOO_MANY_REQUESTS, page, "portal.too_much");
        return entrance::wait(wait, refused);
    }
    done(&portal, &at, of, act, &sent).await
}

async fn done(
    portal: &Portal,
    at: &AtFile,
    of: (PortalPlace, &'static str),
    act: Act,
    sent: &Sent,
) -> Response {
    let (case, now) = (at.visit.case, at.now);
    match portal.ask(move |desk| desk.send(case, &act, now)).await {
        Ok(SendOutcome::Entered { entry }) => {
            let to = Redirect::to(&PortalPlace::Sent(entry).path(at.lang));
            portal.shown(at, to.into_response())
        }
        Ok(SendOutcome::TooMany) => {
            form(portal, at, of, Some(("document", "too_many")), sent).await
        }
        Ok(SendOutcome::SlotTaken) => form(portal, at, of, Some(("slot", "taken")), sent).await,
        Ok(SendOutcome::Refused(name)) => {
            let page = portal.page(at.lang, of.0, "portal.title");
            let known = words::known(at.lang, "portal.refused", &format!("{name}.heading"));
            let key =
                if known.is_some() { format!("portal.refused.{name}") } else { NOT_NOW.into() };
            said(StatusCode::CONFLICT, page, &key)
        }
        Ok(SendOutcome::NoSuchFile) => match portal.file(at).await {
            Err(response) => *response,
            Ok(_) => portal.trouble(at.lang),
        },
        Err(_) => portal.trouble(at.lang),
    }
}

const NOT_NOW: &str = "portal.not_now";

/// The visit is over, and what was written must not be lost with it.
#[derive(Template)]
#[template(path = "portal/too_late.html")]
struct TooLate {
    page: Page,
    text: String,
}

/// Only a browser that says that our own page sent the form gets its text back: nobody else's page
/// can put words on ours.
fn too_late(portal: &Portal, lang: Lang, headers: &HeaderMap, sent: Sent) -> Response {
    let ours = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    let text = if ours { sent.text() } else { String::new() };
    let page = portal.page(lang, PortalPlace::File, "portal.too_late.heading");
    render(StatusCode::FORBIDDEN, &TooLate { page, text })
}

//! The pages for everybody: who we are, and whether a message is genuine.
//!
//! No cookie, no name, no case. A wrong number and a wrong code get the same answer, and number and
//! code travel in the body of a form: they never stand in an address that a log would keep.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use entremise_core::deadline::{Lang, span_words};
use entremise_core::regime::rules::Gate;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::desk::{Checked, Genuine, PublicRung, ReceiptGiven, Sent};
use super::entrance::{self, From};
use super::ladder::{Figure, drawn};
use super::limit::{Limiter, TooOften};
use super::page::{Page, render, said};
use super::place::{self, Place};
use super::{Web, ask, portal};

/// A household behind one address may check its letters; a machine that guesses may not.
const TRIES_PER_ADDRESS: u32 = 20;
/// The same for one file number, from wherever.
const TRIES_PER_NUMBER: u32 = 10;
/// Unit: seconds.
const WINDOW_SECS: i64 = 60 * 60;
/// No number or code of this house is longer.
const TYPED_CHARS_MAX: usize = 64;

#[derive(Clone)]
struct Room {
    web: Web,
    addresses: Arc<Limiter>,
    numbers: Arc<Limiter>,
}

pub(super) fn rooms(web: Web) -> Router {
    let room = Room {
        web,
        addresses: Arc::new(Limiter::new(TRIES_PER_ADDRESS, WINDOW_SECS)),
        numbers: Arc::new(Limiter::new(TRIES_PER_NUMBER, WINDOW_SECS)),
    };
    let portal = portal::rooms(&room.web, &room.addresses, &room.numbers);
    let mut router = Router::new()
        .route("/", get(front))
        .route("/.well-known/security.txt", get(security))
        .route("/robots.txt", get(|| async { "User-agent: *\nDisallow: /\n" }));
    for lang in [Lang::Fr, Lang::En] {
        router = router
            .route(&Place::Home.path(lang), get(home))
            .route(&Place::Check.path(lang), get(form).post(check))
            .route(&Place::Receipt.path(lang), get(back).post(receipt))
            .route(&Place::Accessibility.path(lang), get(accessibility));
    }
    router.with_state(room).merge(portal)
}

/// The language of the page asked for, read from its path.
pub(super) fn lang_of(uri: &Uri) -> Lang {
    place::of_path(uri.path()).unwrap_or(place::preferred(None))
}

async fn front(headers: HeaderMap) -> Response {
    entrance::front(&headers, &Place::Home)
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    page: Page,
    figure: Figure,
    /// Stage, what it says today, whether a gate stands before it.
    rungs: Vec<(String, String, bool)>,
}

async fn home(State(room): State<Room>, uri: Uri) -> Response {
    let lang = lang_of(&uri);
    let page = Page::new(lang, Place::Home, &room.web.authority);
    let title = page.t("home.title");
    let now = (room.web.clock)();
    // The page stays up without its ladder.
    let ladder = ask(&room.web.desk, move |desk| desk.ladder(now)).await.unwrap_or_default();
    let figure = Figure::of(&drawn(&ladder));
    let rungs = ladder.iter().map(|rung| explained(rung, &page)).collect();
    render(StatusCode::OK, &Home { page: page.titled(title), figure, rungs })
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct Accessibility {
    page: Page,
}

async fn accessibility(State(room): State<Room>, uri: Uri) -> Response {
    let page = Page::new(lang_of(&uri), Place::Accessibility, &room.web.authority);
    let title = page.t("accessibility.title");
    render(StatusCode::OK, &Accessibility { page: page.titled(title) })
}

/// The page of the check, before and after an answer.
#[derive(Template)]
#[template(path = "check.html")]
struct Check {
    page: Page,
    answer: Answer,
    number: String,
    /// Kept where it was right, for the forms that fetch receipts.
    code: String,
    number_missing: bool,
    code_missing: bool,
}

enum Answer {
    None,
    Genuine(Box<Told>),
    NotKnown,
    TooOften { minutes: u64 },
}

/// What a genuine message is, in words.
struct Told {
    kind: String,
    says: String,
    next: String,
    sent: Vec<String>,
    /// The entry that proves a message, and which message in words.
    proofs: Vec<(u64, String)>,
}

impl Check {
    fn new(room: &Room, lang: Lang) -> Self {
        let page = Page::new(lang, Place::Check, &room.web.authority);
        let title = page.t("check.title");
        Self {
            page: page.titled(title),
            answer: Answer::None,
            number: String::new(),
            code: String::new(),
            number_missing: false,
            code_missing: false,
        }
    }

    /// What was typed stays where it must be typed again, and goes where it served.
    fn number_again(&self) -> &str {
        if matches!(self.answer, Answer::Genuine(_)) { "" } else { &self.number }
    }

    fn asks_first(&self) -> bool {
        matches!(self.answer, Answer::None)
    }

    fn answered(mut self, answer: Answer) -> Self {
        let heading = match &answer {
            Answer::None => None,
            Answer::Genuine(_) => Some("check.genuine.heading"),
            Answer::NotKnown => Some("check.unknown.heading"),
            Answer::TooOften { .. } => Some("check.often.heading"),
        };
        if let Some(heading) = heading {
            let title = format!("{} – {}", self.page.t(heading), self.page.t("check.title"));
            self.page.title = title;
        }
        self.answer = answer;
        self
    }
}

async fn form(State(room): State<Room>, uri: Uri) -> Response {
    render(StatusCode::OK, &Check::new(&room, lang_of(&uri)))
}

#[derive(Deserialize, Default)]
struct Typed {
    #[serde(default)]
    number: String,
    #[serde(default)]
    code: String,
    /// Whose receipt is fetched.
    #[serde(default)]
    entry: u64,
}

async fn check(
    State(room): State<Room>,
    from: From,
    uri: Uri,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    let lang = lang_of(&uri);
    let typed = typed.map(|Form(typed)| typed).unwrap_or_default();
    let (number, code) = (plain(&typed.number), plain(&typed.code));
    let mut page = Check::new(&room, lang);
    page.number = number.clone();
    if number.is_empty() || code.is_empty() {
        page.number_missing = number.is_empty();
        page.code_missing = code.is_empty();
        page.page = page.page.with_error(true);
        return render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let now = (room.web.clock)();
    if let Err(refused) = room.count(&from, &number, now) {
        return too_often(page, refused);
    }
    page.code.clone_from(&code);
    match ask(&room.web.desk, move |desk| desk.check(&number, &code, now)).await {
        Ok(Checked::Genuine(genuine)) => {
            let told = Told::of(&genuine, &page.page);
            render(StatusCode::OK, &page.answered(Answer::Genuine(Box::new(told))))
        }
        Ok(Checked::NotKnown) => render(StatusCode::OK, &page.answered(Answer::NotKnown)),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page.page, "trouble"),
    }
}

/// A receipt has no page: the form is where it was.
async fn back(uri: Uri) -> Redirect {
    Redirect::to(&Place::Check.path(lang_of(&uri)))
}

/// The receipt of one message as a file, for number and code as the check takes them.
async fn receipt(
    State(room): State<Room>,
    from: From,
    uri: Uri,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    let typed = typed.map(|Form(typed)| typed).unwrap_or_default();
    let (number, code, entry) = (plain(&typed.number), plain(&typed.code), typed.entry);
    let mut page = Check::new(&room, lang_of(&uri));
    page.number = number.clone();
    let now = (room.web.clock)();
    if let Err(refused) = room.count(&from, &number, now) {
        return too_often(page, refused);
    }
    match ask(&room.web.desk, move |desk| desk.message_receipt(&number, &code, entry)).await {
        Ok(ReceiptGiven::NotKnown) => render(StatusCode::OK, &page.answered(Answer::NotKnown)),
        given => super::page::receipt(given, entry, page.page),
    }
}

impl Room {
    /// Counts a try, from its address and for its number.
    fn count(&self, from: &From, number: &str, now: Timestamp) -> Result<(), TooOften> {
        from.count(&self.addresses, now)?;
        self.numbers.count(&number.to_lowercase(), now)
    }
}

fn too_often(page: Check, refused: TooOften) -> Response {
    let minutes = u64::try_from(refused.wait_secs).unwrap_or_default().div_ceil(60);
    let page = page.answered(Answer::TooOften { minutes });
    entrance::wait(render(StatusCode::TOO_MANY_REQUESTS, &page), refused)
}

/// What was typed, without the spaces that copying from paper brings.
pub(super) fn plain(typed: &str) -> String {
    typed.chars().filter(|char| !char.is_whitespace()).take(TYPED_CHARS_MAX).collect()
}

impl Told {
    fn of(genuine: &Genuine, page: &Page) -> Self {
        let words = |prefix: &str| {
            super::words::known(page.lang, prefix, &genuine.stage)
                .or_else(|| super::words::known(page.lang, prefix, "other"))
                .unwrap_or_default()
                .to_owned()
        };
        let told = |sent: &Sent| {
            let channel = page.named("channel", super::office::channel_name(sent.channel));
            let day = page.day(sent.day);
            let values = [("channel", channel.as_str()), ("day", &day)];
            super::words::filled(page.lang, "check.genuine.sent", &values)
        };
        let proofs = genuine.proofs.iter().map(|proof| {
            let stage = page.named("stage", &proof.stage);
            (proof.entry, format!("{stage} – {}", told(&proof.sent)))
        });
        Self {
            kind: words("stage"),
            says: words("check.says"),
            next: words("check.next"),
            sent: genuine.messages.iter().map(told).collect(),
            proofs: proofs.collect(),
        }
    }
}

/// RFC 9116. The file must name the day on which it grows stale: always half a year ahead.
async fn security(State(room): State<Room>) -> Response {
    let authority = &room.web.authority;
    let expires = (room.web.clock)() + SignedDuration::from_hours(180 * 24);
    let text = format!(
        "# SPECIMEN: a fictitious authority.\nContact: {}\nExpires: {}\n\
         Preferred-Languages: fr, en\nCanonical: {}/.well-known/security.txt\n",
        authority.security_contact,
        expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        authority.origin,
    );
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// A rung in words, with the values of the day.
fn explained(rung: &PublicRung, page: &Page) -> (String, String, bool) {
    let gate = match rung.gate {
        Some(Gate::ReviewerAuthorisation) => Some("reviewer_authorisation"),
        Some(Gate::Barred) => Some("barred"),
        None => None,
    };
    let text = match gate {
        Some(gate) => page.named("home.gate", gate),
        None => {
            let window = rung.within.map(|span| span_words(span, page.lang)).unwrap_or_default();
            let key = format!("home.rung.{}", rung.stage);
            // A rung that the catalogue has no words for is shown by its name alone.
            let known = super::words::known(page.lang, "home.rung", &rung.stage);
            known.map(|_| page.with(&key, "window", window)).unwrap_or_default()
        }
    };
    (rung.stage.clone(), text, gate.is_some())
}

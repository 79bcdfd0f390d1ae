//! What all pages share: language, titles, the frame around them, and how they become a response.

use std::borrow::Borrow;

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use axum::response::{Html, IntoResponse, Response};
use entremise_core::deadline::{Lang, Words, Zone};
use jiff::Timestamp;
use jiff::civil::Date;

use super::desk::{DeskTrouble, ReceiptGiven};
use super::place::{self, Place};
use super::portal::place::PortalPlace;
use super::review::place::ReviewPlace;
use super::seat_place::SeatPlace;
use super::{Authority, assets, words};
use crate::access::Role;

/// The frame of one page. Templates read their words from it.
pub struct Page {
    pub lang: Lang,
    pub place: Place,
    pub title: String,
    pub authority: Authority,
    /// Set where somebody is signed in: the token of the sign-out form.
    pub sign_out: Option<String>,
    pub frame: Frame,
    /// The query to keep when the language is switched, with its question mark.
    pub query: String,
}

/// Whose pages these are: what stands in their head, and where "home" leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    Public,
    Office,
    /// The desk of those who watch over the authority.
    Oversight,
    /// The desk of reviewers, who are not of the authority.
    Review,
    /// The desk of a member.
    Member,
    Sender,
    Provider,
    Operator,
}

impl Frame {
    /// The frame of a person's pages.
    pub fn of(role: Role) -> Self {
        match role {
            Role::Officer => Self::Office,
            Role::Member => Self::Member,
            Role::Reviewer => Self::Review,
            Role::Sender => Self::Sender,
            Role::Provider => Self::Provider,
            Role::Overseer => Self::Oversight,
            Role::Operator => Self::Operator,
        }
    }

    /// The first page of this frame.
    pub fn home(self) -> Place {
        match self {
            Self::Public => Place::Home,
            Self::Office => Place::Work,
            Self::Oversight => Place::Oversight,
            Self::Review => Place::Review(ReviewPlace::Desk),
            Self::Member => Place::Seat(SeatPlace::Member),
            Self::Sender => Place::Seat(SeatPlace::Sender),
            Self::Provider => Place::Seat(SeatPlace::Provider),
            Self::Operator => Place::Seat(SeatPlace::Operator),
        }
    }
}

impl Page {
    pub fn new(lang: Lang, place: Place, authority: &Authority) -> Self {
        let title = words::text(lang, "title").to_owned();
        let authority = authority.clone();
        Self {
            lang,
            place,
            title,
            authority,
            sign_out: None,
            frame: Frame::Public,
            query: String::new(),
        }
    }

    /// The title of the page, before the authority's name.
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Says in the title that something is wrong: whoever listens to a page hears its title first.
    pub fn with_error(mut self, wrong: bool) -> Self {
        if wrong {
            self.title = format!("{} – {}", self.t("error.title"), self.title);
        }
        self
    }

    /// The text of a key in the page's language.
    pub fn t(&self, key: &str) -> &'static str {
        words::text(self.lang, key)
    }

    /// The text of `prefix.name`; the bare name where the catalogue has none.
    pub fn named(&self, prefix: &str, name: impl AsRef<str>) -> String {
        let name = name.as_ref();
        words::known(self.lang, prefix, name).unwrap_or(name).to_owned()
    }

    /// Where something is, in what was sent: a line and its column in the reader's language; a
    /// path as it is.
    pub fn place_in(&self, place: &str) -> String {
        match self.lang {
            Lang::Fr if place.starts_with("line ") => {
                place.replacen("line ", "ligne ", 1).replacen(", column ", ", colonne ", 1)
            }
            _ => place.to_owned(),
        }
    }

    /// The text of a key with one place filled.
    pub fn with(&self, key: &str, name: &str, value: impl AsRef<str>) -> String {
        words::filled(self.lang, key, &[(name, value.as_ref())])
    }

    pub fn number(&self, count: impl Borrow<u64>) -> String {
        words::number(self.lang, *count.borrow())
    }

    pub fn day(&self, day: impl Borrow<Date>) -> String {
        words::day(self.lang, *day.borrow())
    }

    pub fn short_day(&self, day: Date) -> String {
        words::short_day(self.lang, day)
    }

    pub fn instant(&self, at: &Timestamp, zone: &Zone) -> String {
        words::instant(self.lang, *at, zone)
    }

    /// A text that came in both languages.
    pub fn told<'a>(&self, words: &'a Words) -> &'a str {
        words.in_lang(self.lang)
    }

    pub fn tag(&self) -> &'static str {
        place::tag(self.lang)
    }

    pub fn other_tag(&self) -> &'static str {
        place::tag(place::other(self.lang))
    }

    /// The authority's name in the page's language.
    pub fn name(&self) -> &str {
        self.authority.name.in_lang(self.lang)
    }

    /// The same page in the other language.
    pub fn other_path(&self) -> String {
        format!("{}{}", self.place.path(place::other(self.lang)), self.query)
    }

    pub fn home(&self) -> String {
        self.frame.home().path(self.lang)
    }

    pub fn is_public(&self) -> bool {
        self.frame == Frame::Public
    }

    /// The room's name beside the authority's.
    pub fn room(&self) -> &'static str {
        match self.frame {
            Frame::Public => "",
            Frame::Office => self.t("office"),
            Frame::Oversight => self.t("oversight.office"),
            Frame::Review => self.t("review.room"),
            Frame::Member => self.t("member.room"),
            Frame::Sender => self.t("sender.room"),
            Frame::Provider => self.t("provider.room"),
            Frame::Operator => self.t("operator.room"),
        }
    }

    /// What the home of this frame is called.
    pub fn home_name(&self) -> &'static str {
        match self.frame {
            Frame::Public => self.t("nav.home"),
            Frame::Office => self.t("nav.work"),
            Frame::Oversight => self.t("nav.oversight"),
            Frame::Review => self.t("review.desk.title"),
            Frame::Member => self.t("member.title"),
            Frame::Sender => self.t("sender.title"),
            Frame::Provider => self.t("provider.title"),
            Frame::Operator => self.t("operator.title"),
        }
    }

    pub fn path(&self) -> String {
        self.place.path(self.lang)
    }

    pub fn check_path(&self) -> String {
        Place::Check.path(self.lang)
    }

    /// Where a person's challenge is answered.
    pub fn challenge_path(&self, reference: &str) -> String {
        Place::Challenge(reference.to_owned()).path(self.lang)
    }

    /// Where a challenge that came by post is entered.
    pub fn posted_path(&self, reference: &str) -> String {
        Place::PostedChallenge(reference.to_owned()).path(self.lang)
    }

    /// What the person handed in.
    pub fn papers_path(&self, reference: &str) -> String {
        Place::Papers(reference.to_owned()).path(self.lang)
    }

    /// What was asked of senders and providers on a case, and the house's notes.
    pub fn messages_path(&self, reference: &str) -> String {
        Place::Messages(reference.to_owned()).path(self.lang)
    }

    /// Where a person says that they look after a case.
    pub fn charge_path(&self, reference: &str) -> String {
        Place::Charge(reference.to_owned()).path(self.lang)
    }

    /// When persons can be heard.
    pub fn slots_path(&self) -> String {
        Place::Slots.path(self.lang)
    }

    /// Where the person concerned reads their file.
    pub fn portal_path(&self) -> String {
        Place::Portal(PortalPlace::File).path(self.lang)
    }

    pub fn is_portal(&self) -> bool {
        matches!(self.place, Place::Portal(_))
    }

    pub fn accessibility_path(&self) -> String {
        Place::Accessibility.path(self.lang)
    }

    pub fn sign_out_path(&self) -> String {
        let out = match self.frame {
            Frame::Review => Place::Review(ReviewPlace::SignOut),
            _ => Place::SignOut,
        };
        out.path(self.lang)
    }

    pub fn alarm_path(&self) -> String {
        Place::Alarm.path(self.lang)
    }

    pub fn case_path(&self, reference: &str) -> String {
        Place::Case(reference.to_owned()).path(self.lang)
    }

    pub fn decision_path(&self, reference: &str) -> String {
        Place::Decision(reference.to_owned()).path(self.lang)
    }

    /// Where a member asks for a reviewer's authorisation.
    pub fn authorisation_path(&self, reference: &str) -> String {
        Place::Authorisation(reference.to_owned()).path(self.lang)
    }

    /// The receipt of one line of a case's history.
    pub fn line_path(&self, reference: &str, entry: impl Borrow<u64>) -> String {
        Place::Line(reference.to_owned(), entry.borrow().to_string()).path(self.lang)
    }

    /// Where the receipt of a message is fetched.
    pub fn receipt_path(&self) -> String {
        Place::Receipt.path(self.lang)
    }

    /// What the person behind a case may ask.
    pub fn rights_path(&self, reference: &str) -> String {
        Place::Rights(reference.to_owned()).path(self.lang)
    }

    /// Where the erasure that a person asks for is confirmed.
    pub fn erasure_path(&self, reference: &str) -> String {
        Place::Erasure(reference.to_owned()).path(self.lang)
    }

    /// The open measures.
    pub fn measures_path(&self) -> String {
        Place::Measures.path(self.lang)
    }

    /// One measure, by its own number.
    pub fn measure_path(&self, reference: &str) -> String {
        Place::Measure(reference.to_owned()).path(self.lang)
    }

    /// The person's side of a case.
    pub fn defence_path(&self, reference: &str) -> String {
        Place::Defence(reference.to_owned()).path(self.lang)
    }

    /// Where a member deliberates on a case.
    pub fn deliberation_path(&self, reference: &str) -> String {
        Place::Deliberation(reference.to_owned()).path(self.lang)
    }

    /// Where what a provider disclosed is mended.
    pub fn rectification_path(&self, reference: &str) -> String {
        Place::Rectification(reference.to_owned()).path(self.lang)
    }

    pub fn is_home(&self) -> bool {
        self.place == self.frame.home()
    }

    pub fn is_office(&self) -> bool {
        self.frame == Frame::Office
    }

    pub fn is_member(&self) -> bool {
        self.frame == Frame::Member
    }

    /// The further pages of this desk that its navigation names: address, name, and whether it is
    /// this page.
    pub fn nav(&self) -> Vec<(String, &'static str, bool)> {
        let places: &[(Place, &str)] = match self.frame {
            Frame::Oversight => &[
                (Place::Samples, "nav.samples"),
                (Place::Seat(SeatPlace::Decisions), "nav.decisions"),
            ],
            Frame::Office => &[
                (Place::Seat(SeatPlace::Batch), "batch.nav"),
                (Place::Measures, "measure.nav"),
                (Place::Seat(SeatPlace::Absences), "absence.nav"),
            ],
            Frame::Member => {
                &[(Place::Work, "nav.work"), (Place::Seat(SeatPlace::Absences), "absence.nav")]
            }
            Frame::Sender => &[(Place::Seat(SeatPlace::Messages), "message.party.nav")],
            Frame::Provider => &[
                (Place::Seat(SeatPlace::Breach), "nav.breach"),
                (Place::Seat(SeatPlace::Messages), "message.party.nav"),
            ],
            Frame::Operator => &[
                (Place::Seat(SeatPlace::Quarantine), "nav.quarantine"),
                (Place::Seat(SeatPlace::Parties), "nav.parties"),
            ],
            _ => &[],
        };
        let link = |(place, key): &(Place, &str)| {
            let is_here = self.place == *place || (*place == Place::Samples && self.is_samples());
            (place.path(self.lang), words::text(self.lang, key), is_here)
        };
        places.iter().map(link).collect()
    }

    pub fn quarantine_path(&self) -> String {
        SeatPlace::Quarantine.path(self.lang)
    }

    pub fn parties_path(&self) -> String {
        SeatPlace::Parties.path(self.lang)
    }

    pub fn samples_path(&self) -> String {
        Place::Samples.path(self.lang)
    }

    fn is_samples(&self) -> bool {
        matches!(self.place, Place::Samples | Place::Sample(_) | Place::Sampled(..))
    }

    pub fn is_check(&self) -> bool {
        self.place == Place::Check
    }

    pub fn style(&self) -> &'static str {
        assets::style_path()
    }
}

/// A page that only says something: not found, trouble, too often.
#[derive(Template)]
#[template(path = "said.html")]
struct Said<'a> {
    page: &'a Page,
    heading: &'a str,
    text: &'a str,
}

/// A page with a heading and a sentence, under a status.
pub fn said(status: StatusCode, mut page: Page, key: &str) -> Response {
    let heading = page.t(&format!("{key}.heading"));
    let text = page.t(&format!("{key}.text"));
    page.title = heading.to_owned();
    render(status, &Said { page: &page, heading, text })
}

/// The same with one place of the sentence filled.
pub fn said_with(
    status: StatusCode,
    mut page: Page,
    key: &str,
    (name, value): (&str, &str),
) -> Response {
    let heading = page.t(&format!("{key}.heading"));
    let text = page.with(&format!("{key}.text"), name, value);
    page.title = heading.to_owned();
    render(status, &Said { page: &page, heading, text: &text })
}

/// A receipt as a file, or the page that says why there is none. `page` is where it leads back to.
pub fn receipt(given: Result<ReceiptGiven, DeskTrouble>, entry: u64, page: Page) -> Response {
    match given {
        Ok(ReceiptGiven::Text(text)) => {
            let name = page.t("receipt.file_name");
            let as_file = format!("attachment; filename=\"{name}-{entry}.tlog-proof\"");
            let headers =
                [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CONTENT_DISPOSITION, &as_file)];
            (headers, text).into_response()
        }
        Ok(ReceiptGiven::NotYet) => {
            let page = said(StatusCode::SERVICE_UNAVAILABLE, page, "receipt.not_yet");
            ([(RETRY_AFTER, "60")], page).into_response()
        }
        Ok(ReceiptGiven::NotKnown) => said(StatusCode::NOT_FOUND, page, "receipt.none"),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"),
    }
}

/// A filled template as a response. A template writes into memory: it fails only if a `Display` of
/// our own does, and none does.
pub fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

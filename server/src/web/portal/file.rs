//! The file on one page: what is said to have happened, what happens next, what can be done. Then
//! its parts: works, acknowledgements, receipts, answers.

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::procedure::ladder::Hearing;
use entremise_core::regime::rules::Spared;
use jiff::Timestamp;

use super::desk::{
    Dated, FileView, MeasureTold, Reasons, SentAct, Told, Verdict, When, WorksOfFact,
};
use super::enter::{Enter, LEAVE, Token};
use super::place::PortalPlace;
use super::{AtFile, Portal};
use crate::web::office::{channel_name, terms_text};
use crate::web::page::{Page, receipt as receipt_of, render, said};
use crate::web::public::lang_of;
use crate::web::words;

/// What the forms that open something are for.
const WORKS: &str = "works";
const ANSWER: &str = "answer";

#[derive(Template)]
#[template(path = "portal/file.html")]
struct FilePage {
    page: Page,
    now: Timestamp,
    file: FileView,
    works: String,
    answer: String,
    leave: String,
}

impl FilePage {
    fn at(&self, instant: &Timestamp) -> String {
        self.page.instant(instant, &self.file.zone)
    }

    fn day(&self, instant: &Timestamp) -> String {
        self.page.day(self.file.zone.day_of(*instant))
    }

    /// How and when a message left, in a sentence for each way.
    fn left(&self, told: &Told) -> Vec<String> {
        let left = told.left.iter().map(|(channel, day)| {
            let channel = self.page.named("channel", channel_name(*channel));
            match day {
                Some(day) => words::filled(
                    self.page.lang,
                    "portal.file.left",
                    &[("channel", &channel), ("day", &self.page.day(day))],
                ),
                None => self.page.with("portal.file.leaving", "channel", channel),
            }
        });
        left.collect()
    }

    fn when(&self, dated: &Dated) -> String {
        when(&self.page, dated, &self.file)
    }

    fn is_past(&self, dated: &Dated) -> bool {
        is_past(dated, &self.file, self.now)
    }

    fn past(&self, dated: &Dated) -> String {
        past(&self.page, dated, &self.file)
    }

    fn path(&self, place: &str) -> String {
        let place = match place {
            "observations" => PortalPlace::Observations,
            "challenge" => PortalPlace::Challenge,
            "situation" => PortalPlace::Situation,
            "hearing" => PortalPlace::Hearing,
            "works" => PortalPlace::Works,
            "leave" => PortalPlace::Leave,
            _ => PortalPlace::File,
        };
        place.path(self.page.lang)
    }

    /// What can be done, in the order in which a person looks for it.
    fn acts(&self) -> Vec<&'static str> {
        let can = &self.file.can;
        let acts = [
            (can.challenge, "challenge"),
            (can.observations, "observations"),
            (can.hearing, "hearing"),
            (can.situation, "situation"),
        ];
        acts.into_iter().filter(|(can, _)| *can).map(|(_, act)| act).collect()
    }

    fn sent_path(&self, entry: &u64) -> String {
        PortalPlace::Sent(*entry).path(self.page.lang)
    }

    fn answer_path(&self, entry: &u64) -> String {
        PortalPlace::Answer(*entry).path(self.page.lang)
    }

    fn verdict(&self, verdict: &Verdict) -> String {
        verdict_text(&self.page, *verdict)
    }

    /// Whether the reasons of an answer can be read; a postponement that is granted needs none.
    fn has_reasons(&self, verdict: &Verdict) -> bool {
        !matches!(verdict, Verdict::Postponed { .. })
    }

    /// Where the file stands. With measures that are followed nothing is over.
    fn stands(&self) -> &'static str {
        match self.file.stands.name() {
            "judged" if !self.file.measures.is_empty() => "judged_followed",
            other => other,
        }
    }

    fn terms(&self, measure: &MeasureTold) -> String {
        terms_text(measure.terms, &self.page)
    }

    fn means(&self, measure: &MeasureTold) -> String {
        let of_kind = format!("{}_{}", measure.stands, measure.terms.kind().name());
        let special = words::known(self.page.lang, "portal.measure.means", &of_kind);
        let plain = || self.page.named("portal.measure.means", measure.stands);
        special.map_or_else(plain, str::to_owned)
    }

    /// What works still, in a sentence; none where nothing is cut.
    fn works_still(&self, measure: &MeasureTold) -> Option<&'static str> {
        let has = |spared| measure.spares.contains(&spared);
        match (has(Spared::Telephony), has(Spared::Television)) {
            (true, true) => Some(self.page.t("portal.measure.works_both")),
            (true, false) => Some(self.page.t("portal.measure.works_telephone")),
            (false, true) => Some(self.page.t("portal.measure.works_television")),
            (false, false) => None,
        }
    }

    /// First and last day, in a sentence.
    fn window(&self, measure: &MeasureTold) -> Option<String> {
        let (first, last) = measure.window?;
        let values = [("first", self.page.day(first)), ("last", self.page.day(last))];
        let values = values.each_ref().map(|(name, day)| (*name, day.as_str()));
        Some(words::filled(self.page.lang, "portal.measure.window", &values))
    }

    fn postponement_path(&self, place: &usize) -> String {
        PortalPlace::Postponement(*place).path(self.page.lang)
    }

    fn appeal_path(&self, place: &usize) -> String {
        PortalPlace::Appeal(*place).path(self.page.lang)
    }
}

/// What was answered, in a sentence.
fn verdict_text(page: &Page, verdict: Verdict) -> String {
    match verdict {
        Verdict::Challenge(verdict) => page.named("portal.verdict", verdict.name()),
        Verdict::NotPostponed => page.t("portal.verdict.not_postponed").to_owned(),
        Verdict::Postponed { until } => {
            page.with("portal.verdict.postponed", "day", page.day(until))
        }
    }
}

/// A day that counts, in words.
fn when(page: &Page, dated: &Dated, file: &FileView) -> String {
    match dated.on {
        When::Day(day) => page.day(day),
        When::Instant(at) => page.instant(&at, &file.zone),
    }
}

/// Whether a day that counts is behind: the whole of it.
fn is_past(dated: &Dated, file: &FileView, now: Timestamp) -> bool {
    match dated.on {
        When::Day(day) => day < file.zone.day_of(now),
        When::Instant(at) => at < now,
    }
}

/// A day that is behind, in a sentence that says so.
fn past(page: &Page, dated: &Dated, file: &FileView) -> String {
    page.with(&format!("portal.past.{}", dated.what), "when", when(page, dated, file))
}

/// The file, or where number and code are typed.
pub(super) async fn show(State(portal): State<Portal>, uri: Uri, headers: HeaderMap) -> Response {
    let lang = lang_of(&uri);
    let Some(at) = portal.visit(&headers, lang) else {
        return render(StatusCode::OK, &Enter::new(&portal, lang));
    };
    let file = match portal.file(&at).await {
        Ok(file) => file,
        Err(response) => return *response,
    };
    let token = |purpose| portal.visits.form_token(&at.visit, purpose);
    let (works, answer, leave) = (token(WORKS), token(ANSWER), token(LEAVE));
    let now = at.now;
    let page = portal.page(lang, PortalPlace::File, "portal.title");
    let title = page.with("portal.file.title", "number", &file.number);
    let page = page.titled(title);
    portal.shown(&at, render(StatusCode::OK, &FilePage { page, now, file, works, answer, leave }))
}

/// What is opened by a form has no page of its own.
pub(super) async fn back(uri: Uri) -> Redirect {
    Redirect::to(&PortalPlace::File.path(lang_of(&uri)))
}

#[derive(Template)]
#[template(path = "portal/works.html")]
struct WorksPage {
    page: Page,
    file: FileView,
    works: Vec<WorksOfFact>,
}

impl WorksPage {
    fn at(&self, instant: &Timestamp) -> String {
        self.page.instant(instant, &self.file.zone)
    }
}

/// The works that the facts are about. The form is the express request of the law; the look is
/// entered before.
pub(super) async fn works(
    State(portal): State<Portal>,
    at: AtFile,
    typed: Result<Form<Token>, FormRejection>,
) -> Response {
    let token = typed.map(|Form(typed)| typed.token).unwrap_or_default();
    if !portal.visits.form_token_fits(&at.visit, WORKS, &token) {
        return portal.foreign(at.lang);
    }
    let file = match portal.file(&at).await {
        Ok(file) => file,
        Err(response) => return *response,
    };
    let (case, now) = (at.visit.case, at.now);
    let Ok(works) = portal.ask(move |desk| desk.works(case, now)).await else {
        return portal.trouble(at.lang);
    };
    let page = portal.page(at.lang, PortalPlace::Works, "portal.works.title");
    portal.shown(&at, render(StatusCode::OK, &WorksPage { page, file, works }))
}

#[derive(Template)]
#[template(path = "portal/sent.html")]
struct SentPage {
    page: Page,
    now: Timestamp,
    file: FileView,
    act: SentAct,
    receipt: String,
}

impl SentPage {
    fn at(&self, instant: &Timestamp) -> String {
        self.page.instant(instant, &self.file.zone)
    }

    fn when(&self, dated: &Dated) -> String {
        when(&self.page, dated, &self.file)
    }

    fn is_past(&self, dated: &Dated) -> bool {
        is_past(dated, &self.file, self.now)
    }

    fn past(&self, dated: &Dated) -> String {
        past(&self.page, dated, &self.file)
    }

    fn slot(&self) -> Option<String> {
        match self.file.hearing {
            Some(Hearing::Convened { slot, .. }) if self.act.kind == "hearing" => {
                Some(self.at(&slot))
            }
            _ => None,
        }
    }
}

/// The acknowledgement of one act, to keep or to print.
pub(super) async fn sent(
    State(portal): State<Portal>,
    at: AtFile,
    entry: Result<Path<u64>, PathRejection>,
) -> Response {
    let file = match portal.file(&at).await {
        Ok(file) => file,
        Err(response) => return *response,
    };
    let entry = entry.map(|Path(entry)| entry).ok();
    let Some(act) = file.sent.iter().find(|act| Some(act.entry) == entry).cloned() else {
        return not_found(&portal, &at);
    };
    let page = portal.page(at.lang, PortalPlace::Sent(act.entry), "portal.sent.title");
    let receipt = PortalPlace::Receipt(act.entry).path(at.lang);
    portal.shown(&at, render(StatusCode::OK, &SentPage { page, now: at.now, file, act, receipt }))
}

/// The receipt of the ledger, as a file.
pub(super) async fn receipt(
    State(portal): State<Portal>,
    at: AtFile,
    entry: Result<Path<u64>, PathRejection>,
) -> Response {
    let Ok(Path(entry)) = entry else { return not_found(&portal, &at) };
    let case = at.visit.case;
    let given = portal.ask(move |desk| desk.receipt(case, entry)).await;
    let page = portal.page(at.lang, PortalPlace::File, "portal.title");
    portal.shown(&at, receipt_of(given, entry, page))
}

#[derive(Template)]
#[template(path = "portal/answer.html")]
struct AnswerPage {
    page: Page,
    file: FileView,
    verdict: String,
    at: String,
    reasons: Reasons,
    receipt: String,
    about_measure: bool,
}

impl AnswerPage {
    /// The reasons as they were written; none where they are a document.
    fn written(&self) -> Option<&str> {
        match &self.reasons {
            Reasons::Text(text) => Some(text),
            Reasons::Document => None,
        }
    }
}

/// The reasons of an answer to a challenge. The look is entered before.
pub(super) async fn answer(
    State(portal): State<Portal>,
    at: AtFile,
    entry: Result<Path<u64>, PathRejection>,
    typed: Result<Form<Token>, FormRejection>,
) -> Response {
    let token = typed.map(|Form(typed)| typed.token).unwrap_or_default();
    if !portal.visits.form_token_fits(&at.visit, ANSWER, &token) {
        return portal.foreign(at.lang);
    }
    let file = match portal.file(&at).await {
        Ok(file) => file,
        Err(response) => return *response,
    };
    let entry = entry.map(|Path(entry)| entry).ok();
    let Some(answered) = file.answers.iter().find(|one| Some(one.entry) == entry).copied() else {
        return not_found(&portal, &at);
    };
    let (case, now) = (at.visit.case, at.now);
    let reasons = match portal.ask(move |desk| desk.answer(case, answered.entry, now)).await {
        Ok(Some(reasons)) => reasons,
        Ok(None) => return not_found(&portal, &at),
        Err(_) => return portal.trouble(at.lang),
    };
    let page = portal.page(at.lang, PortalPlace::Answer(answered.entry), "portal.answer.title");
    let verdict = verdict_text(&page, answered.verdict);
    let told = page.instant(&answered.at, &file.zone);
    let receipt = PortalPlace::Receipt(answered.entry).path(at.lang);
    let about_measure = !matches!(answered.verdict, Verdict::Challenge(_));
    let shown = AnswerPage { page, file, verdict, at: told, reasons, receipt, about_measure };
    portal.shown(&at, render(StatusCode::OK, &shown))
}

fn not_found(portal: &Portal, at: &AtFile) -> Response {
    let page = portal.page(at.lang, PortalPlace::File, "portal.title");
    said(StatusCode::NOT_FOUND, page, "not_found").into_response()
}

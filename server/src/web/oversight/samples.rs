//! Samples: drawn by the auditor's own seed, each notice opened after its line in the ledger, each
//! finding entered.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Zone;
use entremise_store::oversight::{
    Drawing, EvidenceShown, Finding, Remark, Sample, SampleId, SampledNotice,
};
use serde::Deserialize;

use super::desk::{Drawn, Look};
use super::{AtOversight, ask, zone};
use crate::oversight::interval::share;
use crate::web::office::Office;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

/// What the form that draws is for.
const DRAW: &str = "draw a sample";

#[derive(Template)]
#[template(path = "samples.html")]
struct SamplesPage {
    page: Page,
    samples: Vec<Row>,
    token: String,
    typed: Typed,
    /// Keys of what is wrong with the form.
    wrong: Vec<(&'static str, &'static str)>,
}

/// One sample with its results.
struct Row {
    path: String,
    /// The days, how many of how many, by whom, by which text.
    about: String,
    sample: Sample,
    results: Vec<Tally>,
    checked: u64,
}

/// One finding: its count and its interval.
struct Tally {
    finding: Finding,
    n: u64,
    /// Unit: percent, to the nearest.
    share: Option<(u64, u64, u64)>,
}

impl Tally {
    /// Width of the interval in the drawing, at least one unit.
    fn width(&self) -> u64 {
        self.share.map_or(0, |(_, low, high)| (high - low).max(1))
    }
}

fn row(sample: Sample, page: &Page, zone: &Zone) -> Row {
    let count = |finding: Finding| {
        let is = |one: &&entremise_store::oversight::Sampled| {
            one.finding.is_some_and(|(found, _)| found == finding)
        };
        sample.notices.iter().filter(is).count() as u64
    };
    let checked = Finding::ALL.map(count).iter().sum();
    let percent = |share: f64| (share * 100.0).round() as u64;
    let result = |finding| {
        let n = count(finding);
        let share = share(n, checked);
        let share =
            share.map(|share| (percent(share.share), percent(share.low), percent(share.high)));
        Tally { finding, n, share }
    };
    Row {
        path: Place::Sample(sample.id.0.to_string()).path(page.lang),
        results: Finding::ALL.map(result).into_iter().collect(),
        checked,
        about: about(&sample, page, zone),
        sample,
    }
}

fn about(sample: &Sample, page: &Page, zone: &Zone) -> String {
    // A stretch ends at the midnight after its last day.
    let last = sample.drawing.ends_at - jiff::SignedDuration::from_secs(1);
    crate::web::words::filled(
        page.lang,
        "samples.about",
        &[
            ("first", &page.day(zone.day_of(sample.drawing.begins_at))),
            ("last", &page.day(zone.day_of(last))),
            ("drawn", &page.number(sample.notices.len() as u64)),
            ("population", &page.number(sample.population)),
            ("person", crate::oversight::bare(&sample.drawn_by)),
            ("legal_basis", &sample.legal_basis),
        ],
    )
}

pub(super) async fn all(State(office): State<Office>, desk: AtOversight) -> Response {
    samples_page(&office, &desk, StatusCode::OK, Typed::default(), Vec::new()).await
}

async fn samples_page(
    office: &Office,
    desk: &AtOversight,
    status: StatusCode,
    typed: Typed,
    wrong: Vec<(&'static str, &'static str)>,
) -> Response {
    let page = office.page(desk, Place::Samples);
    let Ok(samples) = ask(office, |desk| desk.samples()).await else {
        return said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble");
    };
    let title = page.t("samples.title");
    let mut typed = typed;
    if let (true, Some(last)) = (typed.token.is_empty(), samples.first()) {
        // Nothing was typed yet: an auditor's texts seldom change.
        typed.legal_basis = last.legal_basis.clone();
    }
    let zone = zone(office);
    let samples = samples.into_iter().map(|sample| row(sample, &page, &zone)).collect();
    let page = SamplesPage {
        page: page.titled(title).with_error(!wrong.is_empty()),
        samples,
        token: office.sessions.form_token(&desk.session, DRAW),
        typed,
        wrong,
    };
    render(status, &page)
}

/// The form that draws.
#[derive(Deserialize, Default, Clone)]
pub(super) struct Typed {
    #[serde(default)]
    seed: String,
    /// First and last day.
    #[serde(default)]
    first: String,
    #[serde(default)]
    last: String,
    #[serde(default)]
    size: String,
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn draw(
    State(office): State<Office>,
    desk: AtOversight,
    Form(typed): Form<Typed>,
) -> Response {
    if !office.sessions.form_token_fits(&desk.session, DRAW, &typed.token) {
        return said(StatusCode::FORBIDDEN, office.page(&desk, Place::Samples), "foreign_form");
    }
    let zone = zone(&office);
    let drawing = match drawing(&typed, &zone) {
        Ok(drawing) => drawing,
        Err(wrong) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return samples_page(&office, &desk, status, typed, wrong).await;
        }
    };
    let (by, now) = (desk.session.person.clone(), desk.now);
    let basis = typed.legal_basis.trim().to_owned();
    let wrong = match ask(&office, move |desk| desk.draw((&drawing, &basis), &by, now)).await {
        Ok(Drawn::Entered(id)) => {
            return Redirect::to(&Place::Sample(id.0.to_string()).path(desk.lang)).into_response();
        }
        Ok(Drawn::BadSeed) => ("seed", "samples.wrong.seed"),
        Ok(Drawn::BadSize) => ("size", "samples.wrong.size"),
        Ok(Drawn::NoLegalBasis) => ("legal_basis", "samples.wrong.legal_basis"),
        Ok(Drawn::NothingToDraw) => ("first", "samples.wrong.nothing"),
        Err(_) => {
            let page = office.page(&desk, Place::Samples);
            return said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble");
        }
    };
    samples_page(&office, &desk, StatusCode::UNPROCESSABLE_ENTITY, typed, vec![wrong]).await
}

/// Whole days of the rules, the last one included.
fn drawing(typed: &Typed, zone: &Zone) -> Result<Drawing, Vec<(&'static str, &'static str)>> {
    let day = |text: &str| text.trim().parse::<jiff::civil::Date>().ok();
    let (first, last) = (day(&typed.first), day(&typed.last));
    let size = typed.size.trim().parse().ok();
    let mut wrong = Vec::new();
    if typed.seed.is_empty() {
        wrong.push(("seed", "samples.wrong.seed"));
    }
    if first.is_none() {
        wrong.push(("first", "samples.wrong.day"));
    }
    if last.is_none() || first.zip(last).is_some_and(|(first, last)| last < first) {
        wrong.push(("last", "samples.wrong.day"));
    }
    if size.is_none() {
        wrong.push(("size", "samples.wrong.size"));
    }
    if typed.legal_basis.trim().is_empty() {
        wrong.push(("legal_basis", "samples.wrong.legal_basis"));
    }
    match (first, last, size) {
        (Some(first), Some(last), Some(size)) if wrong.is_empty() => Ok(Drawing {
            seed: typed.seed.clone(),
            begins_at: zone.start_of(first),
            ends_at: zone.end_of(last),
            size,
        }),
        _ => Err(wrong),
    }
}

impl SamplesPage {
    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.iter().any(|(name, _)| *name == field)
    }

    fn fields(&self) -> [(&'static str, &str); 5] {
        let typed = &self.typed;
        [
            ("seed", &typed.seed),
            ("first", &typed.first),
            ("last", &typed.last),
            ("size", &typed.size),
            ("legal_basis", &typed.legal_basis),
        ]
    }
}

#[derive(Template)]
#[template(path = "sample.html")]
struct SamplePage {
    page: Page,
    zone: Zone,
    row: Row,
    entered: bool,
}

impl SamplePage {
    fn notice_path(&self, place: &usize) -> String {
        let id = self.row.sample.id.0.to_string();
        Place::Sampled(id, (place + 1).to_string()).path(self.page.lang)
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Told {
    #[serde(default)]
    entered: bool,
}

pub(super) async fn one(
    State(office): State<Office>,
    desk: AtOversight,
    Path(id): Path<String>,
    told: Result<Query<Told>, QueryRejection>,
) -> Response {
    let page = office.page(&desk, Place::Sample(id.clone()));
    match ask(&office, |desk| desk.samples()).await {
        Ok(samples) => match samples.into_iter().find(|sample| sample.id.0.to_string() == id) {
            Some(sample) => {
                let zone = zone(&office);
                let row = row(sample, &page, &zone);
                let title = page.with("samples.one", "seed", &row.sample.drawing.seed);
                let entered = told.is_ok_and(|Query(told)| told.entered);
                let page = page.titled(title);
                render(StatusCode::OK, &SamplePage { page, zone, row, entered })
            }
            None => no_place(&office, &desk),
        },
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"),
    }
}

fn no_place(office: &Office, desk: &AtOversight) -> Response {
    said(StatusCode::NOT_FOUND, office.page(desk, Place::Samples), "no_sample")
}

#[derive(Template)]
#[template(path = "sampled.html")]
struct SampledPage {
    page: Page,
    heading: String,
    zone: Zone,
    notice: SampledNotice,
    back: String,
    token: String,
    /// What was opened just now; none before, and none where it is erased.
    shown: Option<EvidenceShown>,
    /// It was asked for.
    opened: bool,
    choice_missing: bool,
    remarks: [Remark; 7],
    findings: [Finding; 3],
}

/// A place as it stands in an address: counted from 1.
fn place_of(id: &str, place: &str) -> Option<(SampleId, usize)> {
    let id = SampleId(id.parse().ok()?);
    Some((id, place.parse::<usize>().ok()?.checked_sub(1)?))
}

fn sampled_page(
    office: &Office,
    desk: &AtOversight,
    (id, place): (String, String),
    notice: SampledNotice,
) -> SampledPage {
    let purpose = purpose(&id, &place);
    let page = office.page(desk, Place::Sampled(id.clone(), place.clone()));
    let title = page.with("samples.notice", "place", place);
    let back = Place::Sample(id).path(desk.lang);
    SampledPage {
        heading: title.clone(),
        page: page.titled(title),
        zone: zone(office),
        notice,
        back,
        token: office.sessions.form_token(&desk.session, &purpose),
        shown: None,
        opened: false,
        choice_missing: false,
        remarks: Remark::ALL,
        findings: Finding::ALL,
    }
}

/// What the form's token is tied to: this place of this sample.
fn purpose(id: &str, place: &str) -> String {
    format!("sampled\n{id}\n{place}")
}

pub(super) async fn notice(
    State(office): State<Office>,
    desk: AtOversight,
    Path((id, place)): Path<(String, String)>,
) -> Response {
    let Some(wanted) = place_of(&id, &place) else { return no_place(&office, &desk) };
    match ask(&office, move |desk| desk.sampled(wanted)).await {
        Ok(Some(notice)) => {
            render(StatusCode::OK, &sampled_page(&office, &desk, (id, place), notice))
        }
        Ok(None) => no_place(&office, &desk),
        Err(_) => {
            let page = office.page(&desk, Place::Sampled(id, place));
            said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
        }
    }
}

/// The two forms of a sampled notice: to open it, and to say what was found.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    open: String,
    #[serde(default)]
    finding: String,
    #[serde(default)]
    remark: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn look_or_record(
    State(office): State<Office>,
    desk: AtOversight,
    Path((id, place)): Path<(String, String)>,
    Form(answer): Form<Answer>,
) -> Response {
    let Some(wanted) = place_of(&id, &place) else { return no_place(&office, &desk) };
    if !office.sessions.form_token_fits(&desk.session, &purpose(&id, &place), &answer.token) {
        let page = office.page(&desk, Place::Sampled(id, place));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    if !answer.open.is_empty() {
        return look(&office, &desk, (id, place), wanted).await;
    }
    let found = Finding::named(&answer.finding).zip(Remark::named(&answer.remark));
    let Some(found) = found else {
        let Ok(Some(notice)) = ask(&office, move |desk| desk.sampled(wanted)).await else {
            return no_place(&office, &desk);
        };
        let mut page = sampled_page(&office, &desk, (id, place), notice);
        page.choice_missing = true;
        page.page = page.page.with_error(true);
        return render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let (by, now) = (desk.session.person.clone(), desk.now);
    match ask(&office, move |desk| desk.record(wanted, found, &by, now)).await {
        Ok(true) => {
            let to = format!("{}?entered=true", Place::Sample(id).path(desk.lang));
            Redirect::to(&to).into_response()
        }
        Ok(false) => no_place(&office, &desk),
        Err(_) => {
            let page = office.page(&desk, Place::Sampled(id, place));
            said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
        }
    }
}

async fn look(
    office: &Office,
    desk: &AtOversight,
    (id, place): (String, String),
    wanted: (SampleId, usize),
) -> Response {
    let (by, now) = (desk.session.person.clone(), desk.now);
    let (notice, shown) = match ask(office, move |desk| desk.look(wanted, &by, now)).await {
        Ok(Look::Shown(shown)) => (shown.0, Some(shown.1)),
        Ok(Look::Erased(notice)) => (notice, None),
        Ok(Look::NoSuchPlace) => return no_place(office, desk),
        Err(_) => {
            let page = office.page(desk, Place::Sampled(id, place));
            return said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble");
        }
    };
    let mut page = sampled_page(office, desk, (id, place.clone()), notice);
    // Another title: whoever listens to the page hears that it is another one.
    page.heading = match shown {
        Some(_) => page.page.with("samples.notice_open", "place", place),
        None => page.page.with("samples.notice_erased", "place", place),
    };
    page.page.title = page.heading.clone();
    page.shown = shown;
    page.opened = true;
    render(StatusCode::OK, &page)
}

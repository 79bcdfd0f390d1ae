//! One page of figures, with what should be looked at first, and the yearly report to take away.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::chart::{Bar, bars};
use super::desk::Overview;
use super::{AtOversight, ask, zone};
use crate::oversight::Figures;
use crate::oversight::report::Report;
use crate::web::office::Office;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

#[derive(Deserialize, Default)]
pub(super) struct Wanted {
    year: Option<i16>,
}

#[derive(Template)]
#[template(path = "oversight.html")]
struct OverviewPage {
    page: Page,
    view: Overview,
    alarms: Vec<String>,
    /// Name and number.
    key_figures: Vec<(&'static str, u64)>,
    path: Vec<Bar>,
    /// Of each month: notices, and warnings. Each has a scale of its own.
    months: Vec<(Bar, Bar)>,
    rungs: Vec<Rung>,
    providers: Vec<Provider>,
    answers: Vec<Bar>,
    reviewers: Vec<Reviewer>,
    linkings: Vec<Bar>,
    readers: Vec<(String, String, u64)>,
    grounds: Vec<Bar>,
    closings: Vec<Bar>,
}

/// One rung of the ladder.
struct Rung {
    name: String,
    proposed: u64,
    sent: u64,
    closed: u64,
    warned: u64,
    barred: u64,
}

struct Provider {
    name: String,
    notices: u64,
    answers: u64,
    identified: u64,
    /// Unit: percent of the answers.
    share: Option<u64>,
    silent: u64,
}

struct Reviewer {
    name: String,
    asked: u64,
    granted: u64,
    refused: u64,
    lapsed: u64,
    handed_over: u64,
}

pub(super) async fn show(
    State(office): State<Office>,
    desk: AtOversight,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let year = wanted.ok().and_then(|Query(wanted)| wanted.year);
    let now = desk.now;
    let mut page = office.page(&desk, Place::Oversight);
    match ask(&office, move |desk| desk.overview(year, now)).await {
        Ok(view) => {
            if year.is_some() {
                page.query = format!("?year={}", view.year);
            }
            let title = page.with("oversight.title", "year", view.year.to_string());
            render(StatusCode::OK, &OverviewPage::of(page.titled(title), view))
        }
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"),
    }
}

pub(super) async fn csv(
    State(office): State<Office>,
    desk: AtOversight,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    report(office, desk, wanted, "csv").await
}

pub(super) async fn json(
    State(office): State<Office>,
    desk: AtOversight,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    report(office, desk, wanted, "json").await
}

/// The yearly report as a file to keep.
async fn report(
    office: Office,
    desk: AtOversight,
    wanted: Result<Query<Wanted>, QueryRejection>,
    ending: &'static str,
) -> Response {
    let year = wanted.ok().and_then(|Query(wanted)| wanted.year);
    let now = desk.now;
    let year = year.unwrap_or_else(|| zone(&office).day_of(now).year());
    let made: Result<Report, _> = ask(&office, move |desk| desk.report(year, now)).await;
    let Ok(made) = made else {
        let page = office.page(&desk, Place::Oversight);
        return said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble");
    };
    let (kind, text) = match ending {
        "csv" => ("text/csv; charset=utf-8", made.to_csv()),
        _ => ("application/json", format!("{:#}\n", made.to_json())),
    };
    let name = format!("attachment; filename=\"oversight-{year}-SPECIMEN.{ending}\"");
    let name = HeaderValue::from_str(&name).expect("a number fits a header");
    ([(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, name)], text)
        .into_response()
}

impl OverviewPage {
    fn of(page: Page, view: Overview) -> Self {
        let figures = &view.figures;
        let named = |prefix: &str, counts: crate::oversight::Counts| {
            bars(counts.into_iter().map(|(name, n)| (page.named(prefix, &name), n)))
        };
        let grounds = named("ground", figures.details("ground"));
        let closings = named("state.ladder", figures.details("closed"));
        let linkings = named("purpose", figures.linkings());
        let answers = named("oversight.answer", figures.details("answer"));
        let looks = figures.looks().into_iter();
        let readers = looks
            .map(|((person, purpose), n)| (person, page.named("purpose", &purpose), n))
            .collect();
        Self {
            alarms: alarms(&view, &page),
            key_figures: key_figures(figures),
            path: path(&view, &page),
            months: by_month(&view, &page),
            rungs: rungs(&view, &page),
            providers: providers(figures),
            answers,
            reviewers: reviewers(figures),
            linkings,
            readers,
            grounds,
            closings,
            page,
            view,
        }
    }

    /// The small charts: an anchor, a heading, bars.
    fn charts(&self) -> Vec<(&'static str, &'static str, &Vec<Bar>)> {
        let heading = |key: &str| self.page.t(key);
        vec![
            ("answers", heading("oversight.answers"), &self.answers),
            ("linkings", heading("oversight.linkings"), &self.linkings),
            ("grounds", heading("oversight.grounds"), &self.grounds),
            ("closings", heading("oversight.closings"), &self.closings),
        ]
    }

    fn report_path(&self, ending: &'static str) -> String {
        format!("{}?year={}", Place::Report(ending).path(self.page.lang), self.view.year)
    }

    fn year_path(&self, year: &i16) -> String {
        format!("{}?year={year}", self.page.path())
    }
}

fn key_figures(figures: &Figures) -> Vec<(&'static str, u64)> {
    let linkings = figures.linkings();
    let identities = ["warn", "finding"].iter().filter_map(|purpose| linkings.get(*purpose)).sum();
    vec![
        ("notices", figures.total("event.notice_accepted")),
        ("answers", figures.total("answer")),
        ("warnings", figures.total("stage.warned")),
        ("identities", identities),
        ("reviews", figures.of("review", "requested")),
    ]
}

/// From the notice to the warning, narrowing.
fn path(view: &Overview, page: &Page) -> Vec<Bar> {
    let figures = &view.figures;
    let mut rows = vec![
        (page.t("oversight.path.notices").to_owned(), figures.total("event.notice_accepted")),
        (page.t("oversight.path.answers").to_owned(), figures.total("answer")),
        (page.t("oversight.path.identified").to_owned(), figures.of("answer", "identified")),
    ];
    for stage in &view.stages {
        let name = page.named("stage", stage);
        rows.push((name, figures.of("stage.warned", stage)));
    }
    bars(rows)
}

fn by_month(view: &Overview, page: &Page) -> Vec<(Bar, Bar)> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for figure in &view.months {
        let month = counts.entry(&figure.month).or_default();
        match figure.what.as_str() {
            "event.notice_accepted" => month.0 += figure.n,
            "stage.warned" => month.1 += figure.n,
            _ => {}
        }
    }
    let last = if view.last.year() == view.year { view.last.month() } else { 12 };
    let row = |month: i8| {
        let key = format!("{:04}-{month:02}", view.year);
        let name = page.t(&format!("oversight.month.{month}")).to_owned();
        (name, counts.get(key.as_str()).copied().unwrap_or_default())
    };
    let rows: Vec<(String, (u64, u64))> = (1..=last).map(row).collect();
    let notices = bars(rows.iter().map(|(name, (notices, _))| (name.clone(), *notices)));
    let warnings = bars(rows.iter().map(|(name, (_, warnings))| (name.clone(), *warnings)));
    notices.into_iter().zip(warnings).collect()
}

fn rungs(view: &Overview, page: &Page) -> Vec<Rung> {
    let of = |what: &str, stage: &str| view.figures.of(what, stage);
    let rung = |stage: &String| Rung {
        name: page.named("stage", stage),
        proposed: of("stage.proposed", stage),
        sent: of("stage.decided_send", stage),
        closed: of("stage.decided_close", stage),
        warned: of("stage.warned", stage),
        barred: of("stage.barred", stage),
    };
    view.stages.iter().map(rung).collect()
}

fn providers(figures: &Figures) -> Vec<Provider> {
    let mut names = figures.actors("notice");
    names.extend(figures.actors("answer"));
    let provider = |name: String| {
        let answers = figures.by("answer", None, &name);
        let identified = figures.by("answer", Some("identified"), &name);
        Provider {
            notices: figures.by("notice", None, &name),
            answers,
            identified,
            share: (identified * 100).checked_div(answers),
            silent: figures.by("alarm", Some("provider_silent"), &name),
            name,
        }
    };
    names.into_keys().map(provider).collect()
}

fn reviewers(figures: &Figures) -> Vec<Reviewer> {
    let reviewer = |name: String| {
        let of = |what: &str| figures.by("review", Some(what), &name);
        Reviewer {
            asked: of("requested"),
            granted: of("granted"),
            refused: of("refused"),
            lapsed: of("lapsed"),
            handed_over: of("handed_over"),
            name,
        }
    };
    figures.actors("review").into_keys().map(reviewer).collect()
}

/// What should be looked at, in sentences.
fn alarms(view: &Overview, page: &Page) -> Vec<String> {
    let filled =
        |key: &str, values: &[(&str, &str)]| crate::web::words::filled(page.lang, key, values);
    let mut alarms = Vec::new();
    for line in &view.often_named {
        let on_average = format!("{:.1}", line.on_average);
        let on_average = match page.lang {
            entremise_core::deadline::Lang::Fr => on_average.replace('.', ","),
            entremise_core::deadline::Lang::En => on_average,
        };
        alarms.push(filled(
            "oversight.alarm.often_named",
            &[
                ("provider", line.provider.as_str()),
                ("times", &page.number(line.times)),
                ("average", &on_average),
                ("case", &line.case.to_string()),
            ],
        ));
    }
    for (person, day, looks) in &view.unusual_readers {
        let day = day.parse().map_or_else(|_| day.clone(), |day: jiff::civil::Date| page.day(day));
        let person = crate::oversight::bare(person);
        let values = [("person", person), ("day", &day), ("looks", &page.number(*looks))];
        alarms.push(filled("oversight.alarm.unusual_reader", &values));
    }
    for (name, n) in &view.open_alarms {
        let what = page.named("oversight.open_alarm", name);
        let n = page.number(*n);
        alarms.push(filled("oversight.alarm.open", &[("what", &what), ("count", &n)]));
    }
    alarms
}

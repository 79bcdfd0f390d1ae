//! Today's work: what is late, what ends today, what ends this week; oldest deadline first.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Zone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::on_case;
use super::told::alarm_text;
use super::{AtDesk, Office};
use crate::access::{Action, Resource};
use crate::web::absence::owed::{Owed, owed};
use crate::web::ask;
use crate::web::chart::{Bar, Share, bars, shares};
use crate::web::desk::{AlarmView, Asked, TodayView, WorkQuery, WorkRow};
use crate::web::page::{Page, render, said};
use crate::web::place::{Place, encoded};

/// What a person can look through before the next page.
const ROWS_MAX: usize = 50;
/// "This week" is what ends within seven days from today. Unit: hours.
const WEEK_HOURS: i64 = 7 * 24;

#[derive(Deserialize, Default)]
pub(super) struct Wanted {
    asked: Option<String>,
    after: Option<String>,
    /// A file number to be found.
    number: Option<String>,
}

#[derive(Template)]
#[template(path = "work.html")]
struct Work {
    page: Page,
    zone: Zone,
    now: Timestamp,
    groups: Vec<Group>,
    filters: Vec<Filter>,
    bars: Vec<Bar>,
    /// How late the late ones are; none where nothing is late.
    delays: Vec<Share>,
    /// Not every case of the desk was counted for the bars.
    load_cut: bool,
    /// All open cases, by what they wait for.
    open: Vec<(String, u64)>,
    alarms: Vec<Alarm>,
    alarms_more: u64,
    /// The address of the next page.
    next: Option<String>,
    /// The address of the first page, when this is a later one.
    first: Option<String>,
    empty: bool,
    /// What is owed in the place of those who are away.
    owed: Vec<Owed>,
}

/// Rows under one heading.
struct Group {
    name: &'static str,
    rows: Vec<WorkRow>,
}

/// A link that narrows the list.
struct Filter {
    path: String,
    name: String,
    /// How many there are; none where nobody counts them.
    count: Option<u64>,
    current: bool,
}

struct Alarm {
    id: String,
    /// Of the form that takes it off the board.
    token: String,
    text: String,
    at: Timestamp,
    reference: Option<String>,
    name: Option<String>,
}

pub(super) async fn today(
    State(office): State<Office>,
    desk: AtDesk,
    Query(wanted): Query<Wanted>,
) -> Response {
    if let Some(number) = wanted.number.filter(|number| !number.trim().is_empty()) {
        return find(&office, &desk, number.trim()).await;
    }
    let asked = wanted.asked.as_deref().and_then(Asked::named);
    let query = WorkQuery { asked, after: wanted.after.clone(), rows_max: ROWS_MAX };
    let now = desk.now;
    let mut page = office.page(&desk, Place::Work);
    page.query = query_text(asked, wanted.after.as_deref());
    let title = page.t("work.title");
    let page = page.titled(title);
    let owed = owed(&office, &desk).await;
    match (ask(&office.web.desk, move |desk| desk.today(&query, now)).await, owed) {
        (Ok(view), Ok(owed)) => {
            let later = wanted.after.is_some();
            let token =
                |alarm: &str| office.sessions.form_token(&desk.session, &alarm_purpose(alarm));
            let shown = Work { owed, ..Work::of(page, view, asked, later, now, token) };
            render(StatusCode::OK, &shown)
        }
        _ => said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"),
    }
}

/// Goes to the case of a file number. There is no looking for a name: whom a case is about is not
/// known here, and is read only after the ledger has it.
async fn find(office: &Office, desk: &AtDesk, number: &str) -> Response {
    if let Err(refused) = desk.may(office, Action::Search, Resource::Work).await {
        return *refused;
    }
    match on_case::case(office, desk, number).await {
        Ok(case) => Redirect::to(&Place::Case(case.reference).path(desk.lang)).into_response(),
        Err(response) => *response,
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Seen {
    #[serde(default)]
    alarm: String,
    #[serde(default)]
    token: String,
}

/// Takes one alarm off the board.
pub(super) async fn settle_alarm(
    State(office): State<Office>,
    desk: AtDesk,
    Form(seen): Form<Seen>,
) -> Response {
    let page = office.page(&desk, Place::Work);
    if !office.sessions.form_token_fits(&desk.session, &alarm_purpose(&seen.alarm), &seen.token) {
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    let (by, now, to) = (desk.session.person.clone(), desk.now, page.path());
    match ask(&office.web.desk, move |desk| desk.settle_alarm(&seen.alarm, &by, now)).await {
        // Somebody else was quicker: it is off the board either way.
        Ok(_) => Redirect::to(&to).into_response(),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"),
    }
}

fn alarm_purpose(alarm: &str) -> String {
    format!("alarm\n{alarm}")
}

impl Work {
    fn of(
        page: Page,
        view: TodayView,
        asked: Option<Asked>,
        later: bool,
        now: Timestamp,
        token: impl Fn(&str) -> String,
    ) -> Self {
        let path = page.path();
        let bars = bars(&view, &page);
        let delays = view.delays.iter().filter(|_| view.late > 0);
        let delays = delays.map(|(delay, n)| (page.named("provider.delay", delay.name()), *n));
        let delays = shares(delays);
        let filters = filters(&page, asked, &view.open);
        let open = view
            .open
            .iter()
            .map(|(asked, count)| (page.named("work.filter", asked.name()), *count));
        let open = open.collect();
        let alarms = view.alarms.iter().map(|alarm| told(alarm, &page, token(&alarm.id))).collect();
        let next =
            view.next.as_deref().map(|after| format!("{path}{}", query_text(asked, Some(after))));
        let first = later.then(|| format!("{path}{}", query_text(asked, None)));
        let empty = view.rows.is_empty();
        let groups = groups(view.rows, &view.zone, now);
        Self {
            page,
            zone: view.zone,
            now,
            groups,
            filters,
            bars,
            delays,
            load_cut: !view.load_whole,
            open,
            alarms,
            alarms_more: view.alarms_more,
            next,
            first,
            empty,
            owed: Vec::new(),
        }
    }

    /// A file number as it is; the long number of an identification by its beginning.
    fn name(&self, row: &WorkRow) -> String {
        match short_name(&row.reference) {
            Some(number) => self.page.with("work.identification", "number", number),
            None => row.reference.clone(),
        }
    }

    /// How long the case has been open, in days of the calendar.
    fn age(&self, row: &WorkRow) -> String {
        let opened = self.zone.day_of(row.opened_at);
        let days = (self.zone.day_of(self.now) - opened).get_days();
        let key = if days == 1 { "work.age.one" } else { "work.age.many" };
        let days = u64::try_from(days).unwrap_or_default();
        self.page.with(key, "days", self.page.number(days))
    }
}

/// The beginning of a case's own number, enough to tell it from its neighbours.
fn short_name(reference: &str) -> Option<String> {
    let number: uuid::Uuid = reference.parse().ok()?;
    let number = number.simple().to_string();
    // Version 7 numbers of one minute share their first digits; the last ones are random.
    Some(format!("…{}", &number[number.len() - 8..]))
}

fn told(alarm: &AlarmView, page: &Page, token: String) -> Alarm {
    Alarm {
        id: alarm.id.clone(),
        token,
        text: alarm_text(&alarm.what, page),
        at: alarm.raised_at,
        name: alarm.reference.as_ref().map(|reference| {
            let name = short_name(reference).unwrap_or_else(|| reference.clone());
            page.with("work.case", "reference", name)
        }),
        reference: alarm.reference.clone(),
    }
}

/// Rows come in order of deadline, so each group is one run of them.
fn groups(rows: Vec<WorkRow>, zone: &Zone, now: Timestamp) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let name = group_of(&row, zone, now);
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { name, rows: vec![row] }),
        }
    }
    groups
}

fn group_of(row: &WorkRow, zone: &Zone, now: Timestamp) -> &'static str {
    let Some(deadline) = &row.deadline else {
        return "none";
    };
    let today = zone.day_of(now);
    let week = zone.day_of(now + SignedDuration::from_hours(WEEK_HOURS));
    if deadline.ends_at <= now {
        "late"
    } else if deadline.last_day <= today {
        "today"
    } else if deadline.last_day <= week {
        "week"
    } else {
        "later"
    }
}

fn filters(page: &Page, asked: Option<Asked>, open: &[(Asked, u64)]) -> Vec<Filter> {
    let path = page.path();
    let one = |name: String, which: Option<Asked>| Filter {
        path: format!("{path}{}", query_text(which, None)),
        name,
        count: which
            .and_then(|which| open.iter().find(|(of, _)| *of == which))
            .map(|(_, count)| *count),
        current: which == asked,
    };
    std::iter::once(one(page.t("work.all").to_owned(), None))
        .chain(Asked::LISTED.map(|which| one(page.named("work.filter", which.name()), Some(which))))
        .collect()
}

fn query_text(asked: Option<Asked>, after: Option<&str>) -> String {
    let asked = asked.map(|asked| format!("asked={}", asked.name()));
    let after = after.map(|after| format!("after={}", encoded(after)));
    let parts: Vec<String> = asked.into_iter().chain(after).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

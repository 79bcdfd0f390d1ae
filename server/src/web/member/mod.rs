//! The member's desk: what awaits deliberation, which findings wait for a decision, who is being
//! heard; the nearest deadline first. Cases are opened on the pages of the office.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use entremise_core::deadline::{Lang, Zone};
use jiff::Timestamp;

use super::absence::owed::{Owed, owed};
use super::ask;
use super::chart::{Share, shares};
use super::desk::{Asked, TodayView, WorkQuery, WorkRow};
use super::office::{Office, SignedIn};
use super::page::{Page, render, said};
use super::place::Place;
use super::seat_place::SeatPlace;
use crate::access::{Action, Resource};

/// What a person can look through at once, of each kind.
const ROWS_MAX: usize = 50;

/// Adds the page to those of the house.
pub(super) fn rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        router = router.route(&Place::Seat(SeatPlace::Member).path(lang), get(show));
    }
    router
}

#[derive(Template)]
#[template(path = "member.html")]
struct MemberPage {
    page: Page,
    zone: Zone,
    now: Timestamp,
    groups: Vec<Group>,
    /// All cases that wait for the member or will, by what they wait for.
    counts: Vec<Share>,
    alarms: u64,
    /// What is owed in the place of those who are away.
    owed: Vec<Owed>,
    /// Where they register a passkey to sign with, who came in by another way.
    signing_key: Option<String>,
}

/// Rows under one heading.
struct Group {
    name: &'static str,
    rows: Vec<WorkRow>,
    /// How many more there are than are shown; one page is enough for a person's day.
    more: bool,
}

async fn show(State(office): State<Office>, desk: SignedIn) -> Response {
    if let Err(refused) = desk.may(&office, Action::SeeDeliberations, Resource::Work).await {
        return *refused;
    }
    let page = office.page(&desk, Place::Seat(SeatPlace::Member));
    let title = page.t("member.title");
    let page = page.titled(title);
    let now = desk.now;
    let asked = ask(&office.web.desk, move |desk| {
        let of = |asked| {
            let query = WorkQuery { asked: Some(asked), after: None, rows_max: ROWS_MAX };
            desk.today(&query, now)
        };
        Ok((of(Asked::Deliberate)?, of(Asked::Decide)?, of(Asked::Hear)?, of(Asked::Barred)?))
    });
    let owed = owed(&office, &desk).await;
    match (asked.await, owed) {
        (Ok((deliberate, decide, hear, barred)), Ok(owed)) => {
            let counts = counts(&deliberate, &page);
            let alarms = deliberate.alarms.len() as u64 + deliberate.alarms_more;
            let zone = deliberate.zone.clone();
            let findings = TodayView {
                rows: decide.rows.into_iter().filter(|row| row.finding).collect(),
                ..decide
            };
            let groups = [
                ("deliberate", deliberate),
                ("decide", findings),
                ("barred", barred),
                ("hear", hear),
            ];
            let groups = groups
                .into_iter()
                .map(|(name, view)| Group { name, more: view.next.is_some(), rows: view.rows })
                .collect();
            let signing_key = signing_key(&office, &desk);
            let shown = MemberPage { page, zone, now, groups, counts, alarms, owed, signing_key };
            render(StatusCode::OK, &shown)
        }
        _ => said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"),
    }
}

/// Where this person registers a passkey to sign with; none for whoever does not sign so.
pub(super) fn signing_key(office: &Office, desk: &SignedIn) -> Option<String> {
    office.sides.passkeys.as_ref()?;
    office.sessions.seat_signing(&desk.session.person)?;
    Some(Place::Seat(SeatPlace::SigningKey).path(desk.lang))
}

/// What stands before a deliberation, from far to near.
fn counts(view: &TodayView, page: &Page) -> Vec<Share> {
    let steps = [Asked::Barred, Asked::Review, Asked::Hear, Asked::Deliberate, Asked::Court];
    shares(steps.map(|asked| {
        let n = view.open.iter().find(|(of, _)| *of == asked).map_or(0, |(_, n)| *n);
        (page.named("work.filter", asked.name()), n)
    }))
}

impl MemberPage {
    fn is_late(&self, row: &WorkRow) -> bool {
        row.deadline.as_ref().is_some_and(|deadline| deadline.ends_at <= self.now)
    }

    /// Where the work on a case is done.
    fn path(&self, group: &Group, row: &WorkRow) -> String {
        match group.name {
            "deliberate" => self.page.deliberation_path(&row.reference),
            _ => self.page.case_path(&row.reference),
        }
    }
}

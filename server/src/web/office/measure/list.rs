//! The open measures, by what is due next.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use entremise_core::deadline::Zone;
use entremise_core::procedure::measure::Told;
use jiff::Timestamp;

use super::{AtDesk, Office, trouble, with_measures};
use crate::web::measure::desk::{MeasureRow, OpenMeasures};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;

#[derive(Template)]
#[template(path = "measure/list.html")]
struct ListPage {
    page: Page,
    zone: Zone,
    groups: Vec<Group>,
    more: bool,
    now: Timestamp,
}

/// Measures of the same urgency.
struct Group {
    /// The name in the catalogue and in the style: `late`, `asked`, `running`.
    name: &'static str,
    rows: Vec<MeasureRow>,
}

impl ListPage {
    fn told(&self, told: &Told) -> String {
        self.page.named("measure.told", told.name())
    }

    fn state(&self, row: &MeasureRow) -> String {
        self.page.named("state.measure", row.link.state)
    }
}

pub(in crate::web::office) async fn show(State(office): State<Office>, desk: AtDesk) -> Response {
    let now = desk.now;
    let open = match with_measures(&office, move |side| side.open(now)).await {
        Ok(Some(open)) => open,
        Ok(None) => {
            return said(StatusCode::NOT_FOUND, office.page(&desk, Place::Work), "not_found");
        }
        Err(_) => return trouble(&office, &desk),
    };
    let page = office.page(&desk, Place::Measures);
    let title = page.t("measure.list.title");
    let page = page.titled(title);
    let OpenMeasures { zone, rows, more } = open;
    let groups = groups(rows);
    render(StatusCode::OK, &ListPage { page, zone, groups, more, now })
}

/// What somebody was alarmed about first, then what the person asked, then what runs by itself.
/// Each keeps the order of the deadlines.
fn groups(rows: Vec<MeasureRow>) -> Vec<Group> {
    let (late, rest): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.waits_for_a_person && !row.request);
    let (asked, running): (Vec<_>, Vec<_>) = rest.into_iter().partition(|row| row.request);
    [("late", late), ("asked", asked), ("running", running)]
        .into_iter()
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(name, rows)| Group { name, rows })
        .collect()
}

//! Today's work out of the store, with work that does not grow with the number of cases.

use entremise_core::case::State;
use entremise_core::deadline::Zone;
use entremise_core::effect::Alarm;
use entremise_core::id::CaseId;
use entremise_core::regime::embedded;
use entremise_core::step::due;
use entremise_store::{AlarmRow, Trouble, WorkOrder, WorkPlace, WorkRow as Stored};
use jiff::{SignedDuration, Timestamp};

use super::StoreDesk;
use crate::web::desk::{
    AlarmKind, AlarmView, Asked, DayLoad, Delay, TodayView, WorkQuery, WorkRow,
};

/// How many deadlines of the desk are looked at for the load of the coming days.
const ROWS_SEEN_MAX: usize = 2_000;
/// Alarms shown at once; how many more there are is said.
const ALARMS_MAX: usize = 10;
const DAYS_AHEAD: i64 = 7;

pub(super) fn today(
    desk: &StoreDesk,
    query: &WorkQuery,
    now: Timestamp,
) -> Result<TodayView, Trouble> {
    let (rows, next) = page(desk, query, now)?;
    let seen = desk.store.desk_deadlines(&desk.authority, ROWS_SEEN_MAX)?;
    let zone = zone_of(desk)?;
    let cases = desk.store.case_counts(&desk.authority)?;
    let open = Asked::ALL.map(|asked| {
        let of = cases.iter().filter(|(name, _)| asked_of_name(name) == Some(asked));
        (asked, of.map(|(_, count)| count).sum())
    });
    let board = desk.store.alarm_board(&desk.authority, ALARMS_MAX)?;
    Ok(TodayView {
        late: seen.iter().flatten().filter(|due| **due <= now).count() as u64,
        load: load(&seen, &zone, now),
        delays: Delay::counted(seen.iter().flatten().copied(), now),
        load_whole: seen.len() < ROWS_SEEN_MAX,
        zone,
        rows,
        next,
        open: open.to_vec(),
        alarms_more: board.total.saturating_sub(board.newest.len() as u64),
        alarms: board.newest.iter().map(alarm).collect(),
    })
}

/// One page of rows, and the place after it where there are more.
fn page(
    desk: &StoreDesk,
    query: &WorkQuery,
    now: Timestamp,
) -> Result<(Vec<WorkRow>, Option<String>), Trouble> {
    let after = query.after.as_deref().and_then(read_place);
    let order = WorkOrder { limit: query.rows_max + 1, after };
    let mut found = match query.asked {
        None => desk.store.work(&desk.authority, order)?,
        Some(asked) => match off_desk(asked) {
            Some(state) => desk.store.standing(&desk.authority, state, order)?,
            None => desk.store.work_asking(&desk.authority, asked, order)?,
        },
    };
    let more = found.len() > query.rows_max;
    found.truncate(query.rows_max);
    let next = found.last().filter(|_| more).map(|row| write_place(row.place));
    let rows = found.iter().map(|row| view(desk, row, now)).collect();
    Ok((rows, next))
}

fn view(desk: &StoreDesk, row: &Stored, now: Timestamp) -> WorkRow {
    let regime = desk.store.regime(&row.case.regime);
    let stage = match &row.case.state {
        State::Ladder(state) => state.stage(),
        State::Identification(_) | State::Measure(_) => None,
    };
    let rung = stage.and_then(|stage| regime?.at(now).ok()?.stages.get(stage));
    WorkRow {
        reference: row.file_number.clone().unwrap_or_else(|| row.case.id.to_string()),
        asked: Asked::of(&row.case.state),
        stage: rung.map(|rung| rung.id.clone()),
        finding: rung.is_some_and(|rung| rung.hears.is_some()),
        deadline: regime
            .and_then(|regime| due(&row.case, regime).ok().flatten())
            .map(|due| due.deadline),
        opened_at: row.case.opened_at,
    }
}

/// The state of cases that lie on no desk and can be listed all the same.
fn off_desk(asked: Asked) -> Option<&'static str> {
    match asked {
        Asked::Barred => Some("barred"),
        Asked::Review => Some("under_review"),
        _ => None,
    }
}

/// The same by the name under which the store counts open states; closed ones are none.
fn asked_of_name(name: &str) -> Option<Asked> {
    match name {
        "identification.waiting" | "identification.asked" | "ladder.asking" => {
            Some(Asked::Provider)
        }
        "ladder.proposed" => Some(Asked::Decide),
        "ladder.sending" => Some(Asked::Message),
        "ladder.barred" => Some(Asked::Barred),
        "ladder.under_review" => Some(Asked::Review),
        "ladder.contradictory" => Some(Asked::Hear),
        "ladder.deliberating" => Some(Asked::Deliberate),
        "ladder.transmitted" => Some(Asked::Court),
        "ladder.warned" => Some(Asked::Keep),
        _ => None,
    }
}

/// How many deadlines end on each coming day. Days beyond the last row seen are left out.
fn load(seen: &[Option<Timestamp>], zone: &Zone, now: Timestamp) -> Vec<DayLoad> {
    let today = zone.day_of(now);
    let days: Vec<_> = seen
        .iter()
        .flatten()
        .filter(|due| **due > now)
        // A deadline ends at the midnight after its last day.
        .map(|due| zone.day_of(*due - SignedDuration::from_nanos(1)))
        .collect();
    let known_until = match days.last() {
        Some(last) if seen.len() == ROWS_SEEN_MAX => Some(*last),
        _ => None,
    };
    (0..DAYS_AHEAD)
        .filter_map(|ahead| today.checked_add(SignedDuration::from_hours(24 * ahead)).ok())
        .filter(|day| known_until.is_none_or(|until| *day < until))
        .map(|day| DayLoad { day, cases: days.iter().filter(|due| **due == day).count() as u64 })
        .collect()
}

fn alarm(row: &AlarmRow) -> AlarmView {
    let text = |name: &str| row.body.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let what = match serde_json::from_value::<Alarm>(row.body.clone()) {
        Ok(alarm) => AlarmKind::Rules(alarm),
        Err(_) if row.name == "given_up" => AlarmKind::GivenUp {
            effect: text("queue").unwrap_or_default(),
            trouble: text("trouble").unwrap_or_default(),
        },
        Err(_) => AlarmKind::Other(row.name.clone()),
    };
    AlarmView {
        id: row.id.0.to_string(),
        raised_at: row.raised_at,
        reference: Some(row.case.to_string()),
        what,
    }
}

/// The zone of the rules under which the first case runs; on an empty desk, of any rules here.
fn zone_of(desk: &StoreDesk) -> Result<Zone, Trouble> {
    let first = desk.store.work(&desk.authority, WorkOrder { limit: 1, after: None })?;
    let regime = first.first().and_then(|row| desk.store.regime(&row.case.regime));
    let any = || embedded::ids().into_iter().find_map(|id| desk.store.regime(&id.parse().ok()?));
    Ok(match regime.or_else(any) {
        Some(regime) => regime.zone().clone(),
        None => Zone::named("UTC").expect("UTC is part of every time-zone database"),
    })
}

fn write_place(place: WorkPlace) -> String {
    format!("{}.{}", place.desk_at, place.case)
}

fn read_place(text: &str) -> Option<WorkPlace> {
    let (desk_at, case) = text.split_once('.')?;
    Some(WorkPlace { desk_at: desk_at.parse().ok()?, case: case.parse::<CaseId>().ok()? })
}

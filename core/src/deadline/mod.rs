//! Calendar windows, working days and time zones, each computed date with its reason in words.
//!
//! A deadline is derived from a proven start, a span of the regime and a calendar, each time it is
//! asked for. It is never stored as truth: a holiday added later moves what is still open.
//! This room knows no regime, no article and no clock.

mod calendar;
mod words;
mod zone;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use calendar::hex;
pub use calendar::{BadCalendar, Calendar};
pub(crate) use words::of;
pub use words::{Lang, Words, date_words, instant_words, span_words, start_words};
pub use zone::{UnknownZone, Zone};

use crate::regime::rules::Span;

/// Until when something may be done, and why until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The first instant that is too late (exclusive): midnight *after* the last day where the law
    /// counts days or months; the instant itself where it counts hours.
    pub ends_at: Timestamp,
    /// The local day on which the last instant falls.
    pub last_day: Date,
    pub explanation: Explanation,
}

impl Deadline {
    /// Whether something done at this instant is still in time.
    pub fn covers(&self, instant: Timestamp) -> bool {
        instant < self.ends_at
    }
}

/// The date in words, so that a person can redo the count by hand.
pub type Explanation = Words;

/// The deadline that lies one span after a proven start.
///
/// `started_by` is the name of the proof (`handed_over`, `presented`, `received` …; any other text
/// is shown as it stands), `cite` the article the span rests on.
///
/// Hours are elapsed hours: summer time does not stretch them. Days, working days and months are
/// counted from the local day of the start, which itself is not counted; the last day is whole.
/// Months go from date to date, and end with the month where that date is missing: 31 August and
/// six months is 28 (29) February.
pub fn after(
    start: Timestamp,
    span: Span,
    started_by: &str,
    cite: &str,
    zone: &Zone,
    calendar: &Calendar,
) -> Deadline {
    after_event(start, span, &start_words(started_by), cite, zone, calendar)
}

/// As `after`, for an event that brings its own name in both languages.
pub fn after_event(
    start: Timestamp,
    span: Span,
    started_by: &Words,
    cite: &str,
    zone: &Zone,
    calendar: &Calendar,
) -> Deadline {
    let (ends_at, last_day, skipped) = count(start, span, zone, calendar);
    let reason = words::Reason {
        start,
        first_day: zone.day_of(start),
        span,
        started_by,
        cite,
        ends_at,
        last_day,
        skipped: &skipped,
    };
    Deadline { ends_at, last_day, explanation: words::explain(&reason, zone, calendar) }
}

/// As `after`, with nothing said about why.
pub(crate) fn unexplained(
    start: Timestamp,
    span: Span,
    zone: &Zone,
    calendar: &Calendar,
) -> Deadline {
    let (ends_at, last_day, _) = count(start, span, zone, calendar);
    Deadline { ends_at, last_day, explanation: Words::default() }
}

/// As `after`, without the words: for screening, which asks it of every notice.
pub fn ends_at(start: Timestamp, span: Span, zone: &Zone, calendar: &Calendar) -> Timestamp {
    count(start, span, zone, calendar).0
}

/// The exclusive end, the last day, and the holidays passed over on the way.
fn count(
    start: Timestamp,
    span: Span,
    zone: &Zone,
    calendar: &Calendar,
) -> (Timestamp, Date, Vec<Date>) {
    let first_day = zone.day_of(start);
    let (last_day, skipped) = match span {
        Span::Hours(hours) => {
            let elapsed = SignedDuration::from_hours(i64::from(hours));
            let ends_at = start.checked_add(elapsed).unwrap_or(Timestamp::MAX);
            return (ends_at, zone.day_of(last_instant(ends_at, start)), Vec::new());
        }
        Span::Days(days) => (later(first_day, i64::from(days)), Vec::new()),
        Span::Months(months) => (months_later(first_day, months), Vec::new()),
        Span::WorkingDays(days) => calendar.working_days_after(first_day, days),
    };
    // The whole of the last day: its last instant is still in time.
    (zone.end_of(last_day), last_day, skipped)
}

/// An exclusive end at local midnight belongs to the day before; never earlier than the start.
fn last_instant(ends_at: Timestamp, start: Timestamp) -> Timestamp {
    ends_at.checked_sub(SignedDuration::from_nanos(1)).map_or(start, |instant| instant.max(start))
}

fn later(day: Date, days: i64) -> Date {
    day.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Date::MAX)
}

fn months_later(day: Date, months: i32) -> Date {
    jiff::Span::new().try_months(months).and_then(|span| day.checked_add(span)).unwrap_or(Date::MAX)
}

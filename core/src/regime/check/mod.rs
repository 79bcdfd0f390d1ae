//! What makes a regime file unfit to run: each finding with its place and how to mend it.
//!
//! A regime with a finding is not loaded. Here are the rules about single values (dates, citations,
//! units, words); `lawful` has those about the procedure as a whole.

mod lawful;
mod measure;

use jiff::civil::Date;
use serde::Serialize;
use toml::Spanned;

use super::build::{DatedValue, Kind, values};
use super::file::{RegimeFile, Row, line_of};
use crate::deadline::Zone;

/// One thing that must be mended before the regime can run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}: {at}: {why}; {how}", .code.name())]
pub struct Finding {
    pub code: FindingCode,
    /// The file's line where there is one, and the path of the value.
    pub at: String,
    pub why: String,
    pub how: String,
}

/// The closed list of findings. The wire name is the snake_case of the variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    // -- one value --
    /// A row without a first day.
    Undated,
    /// A row whose last day lies before its first.
    Backwards,
    /// A day on which the value is not given.
    Gap,
    /// A day on which it is given twice.
    Overlap,
    MissingCite,
    MissingSureness,
    /// A length of time without a unit, or with two.
    MissingUnit,
    /// Not a value this house knows: a channel, a word, a number where there is none.
    UnknownValue,
    // -- the whole --
    UnknownZone,
    UnknownCalendar,
    /// A stage names a template that the regime does not list.
    UnknownLetter,
    /// Two stages, measures or retentions with one name.
    Duplicate,
    /// A stage that follows an unknown or a later stage, or counts its linking out of order.
    OutOfOrder,
    /// A stage that a case can enter and never leave.
    NoWayOut,
    /// A clock that starts with a proof that none of the stage's channels can bring.
    ClockWithoutProof,
    /// A stage whose message the provider relays asks for what only a disclosure could bring.
    RelayImpossible,
    /// A letter can leave, and no time says when somebody looks after it.
    PostUnwatched,
    /// A letter can come back for a reason that has no consequence.
    ReturnUnanswered,
    /// A personal datum that nothing ever lets go of.
    NoRetention,
    /// A third linking without the prior review that C-470/21 demands.
    GateMissing,
    /// A stage that nobody is said to decide, or a finding that no person decides.
    DeciderMissing,
    /// A measure that nothing ends: no length, no time to begin, no prescription, no milder law.
    MeasureWithoutEnd,
    /// Measures, and nobody looks after their lifting.
    MeasureWithoutLift,
    /// A suspension that does not say what must run on.
    MeasureWithoutSpares,
    /// A measure that an authority pronounces by itself in a law that is lived by.
    CourtMissing,
    // -- duties (`core/src/duties/check.rs`) --
    /// A duty whose value points to a path that the regime file does not have.
    UnknownPath,
    /// A party that the file does not declare.
    UnknownParty,
    /// An event that the file does not declare.
    UnknownEvent,
    /// An order, a duty or an appeal that is named and is not there.
    UnknownOrder,
    /// An event that no party brings about.
    EventWithoutParty,
    /// An event from which nothing begins and with which nothing ends.
    EventWithoutEffect,
    /// A party that owes nothing, receives nothing and watches over nothing.
    PartyWithoutPart,
    /// A duty that states no time, or two that contradict each other.
    DutyWithoutTime,
    /// A duty that nobody oversees on some day.
    DutyUnwatched,
    /// A right to refuse without a reason in words, or without a text.
    RefusalWithoutReason,
    /// A refusal that stops the clock, and nothing lets it run again.
    RefusalWithoutEnd,
    /// An order that nothing ends by itself.
    OrderWithoutExpiry,
    /// An order that nobody may contest.
    OrderWithoutRedress,
}

impl FindingCode {
    /// The wire name.
    pub fn name(self) -> &'static str {
        use FindingCode::*;
        match self {
            Undated => "undated",
            Backwards => "backwards",
            Gap => "gap",
            Overlap => "overlap",
            MissingCite => "missing_cite",
            MissingSureness => "missing_sureness",
            MissingUnit => "missing_unit",
            UnknownValue => "unknown_value",
            UnknownZone => "unknown_zone",
            UnknownCalendar => "unknown_calendar",
            UnknownLetter => "unknown_letter",
            Duplicate => "duplicate",
            OutOfOrder => "out_of_order",
            NoWayOut => "no_way_out",
            ClockWithoutProof => "clock_without_proof",
            RelayImpossible => "relay_impossible",
            PostUnwatched => "post_unwatched",
            ReturnUnanswered => "return_unanswered",
            NoRetention => "no_retention",
            GateMissing => "gate_missing",
            DeciderMissing => "decider_missing",
            MeasureWithoutEnd => "measure_without_end",
            MeasureWithoutLift => "measure_without_lift",
            MeasureWithoutSpares => "measure_without_spares",
            CourtMissing => "court_missing",
            UnknownPath => "unknown_path",
            UnknownParty => "unknown_party",
            UnknownEvent => "unknown_event",
            UnknownOrder => "unknown_order",
            EventWithoutParty => "event_without_party",
            EventWithoutEffect => "event_without_effect",
            PartyWithoutPart => "party_without_part",
            DutyWithoutTime => "duty_without_time",
            DutyUnwatched => "duty_unwatched",
            RefusalWithoutReason => "refusal_without_reason",
            RefusalWithoutEnd => "refusal_without_end",
            OrderWithoutExpiry => "order_without_expiry",
            OrderWithoutRedress => "order_without_redress",
        }
    }
}

impl Finding {
    pub(crate) fn new(
        code: FindingCode,
        at: impl Into<String>,
        why: impl Into<String>,
        how: impl Into<String>,
    ) -> Self {
        Self { code, at: at.into(), why: why.into(), how: how.into() }
    }
}

/// All findings of a file, in the order of the file. None means that the regime can run.
pub fn check(file: &RegimeFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    zone(&file.time_zone, &mut findings);
    let life = &file.in_force;
    dated(&file.text, life, values(file), &mut findings);
    lawful::check(file, &mut findings);
    measure::check(file, &mut findings);
    findings
}

/// The time zone must be one that there is.
pub(crate) fn zone(name: &str, findings: &mut Vec<Finding>) {
    if Zone::named(name).is_err() {
        findings.push(Finding::new(
            FindingCode::UnknownZone,
            "time_zone",
            format!("no time zone is called {name:?}"),
            "write an IANA name such as Europe/Paris",
        ));
    }
}

/// What each dated value of a file must have by itself, and on each day of the file's life.
pub(crate) fn dated(
    text: &str,
    life: &Spanned<Row>,
    values: Vec<DatedValue<'_>>,
    findings: &mut Vec<Finding>,
) {
    rows(text, "in_force", std::slice::from_ref(life), None, findings);
    for value in values {
        rows(text, &value.path, value.rows, Some(value.kind), findings);
        if value.rows.iter().all(|row| row.get_ref().from.is_some()) {
            days(text, life.get_ref(), &value, findings);
        }
    }
}

/// The file names a calendar that is not at hand.
pub(crate) fn unknown_calendar(id: &str) -> Finding {
    Finding::new(
        FindingCode::UnknownCalendar,
        "calendar",
        format!("no calendar is called {id:?}"),
        "add regimes/calendars/<id>.toml, or name one that is there",
    )
}

/// A value that a day needs and the file does not give.
pub(super) fn missing_on(path: &str, day: Date) -> Finding {
    Finding::new(
        FindingCode::Gap,
        path,
        format!("the value is not given on {day}"),
        "add a row that covers the day",
    )
}

/// What every row must have by itself.
fn rows(
    text: &str,
    path: &str,
    rows: &[Spanned<Row>],
    kind: Option<Kind>,
    findings: &mut Vec<Finding>,
) {
    for spanned in rows {
        let at = format!("line {}: {path}", line_of(text, spanned));
        let row = spanned.get_ref();
        let mut found = |code, why: &str, how: &str| {
            findings.push(Finding::new(code, at.clone(), why, how));
        };
        if row.from.is_none() {
            found(
                FindingCode::Undated,
                "the value has no first day in force",
                "add from = and the day on which the text came into force",
            );
        }
        if row.from.zip(row.until).is_some_and(|(from, until)| until < from) {
            found(
                FindingCode::Backwards,
                "the last day in force lies before the first",
                "until is the last day on which the value is the law",
            );
        }
        if row.cite.as_ref().is_none_or(|cite| cite.trim().is_empty()) {
            found(
                FindingCode::MissingCite,
                "the value cites no text",
                "add cite = and the article or decision it rests on",
            );
        }
        if row.sure.is_none() {
            found(
                FindingCode::MissingSureness,
                "nobody says how sure the value is",
                "add sure = \"H\" (primary text read), \"M\" (secondary) or \"L\" (our reading)",
            );
        }
        if let Some((code, why, how)) = kind.and_then(|kind| misfit(row, kind)) {
            found(code, &why, how);
        }
    }
}

/// Why a row doesn't hold what its value is made of.
fn misfit(row: &Row, kind: Kind) -> Option<(FindingCode, String, &'static str)> {
    const UNIT: &str = "write hours =, days =, working_days = or months = instead of value =";
    const VALUE: &str = "write value = and one of the words or the number asked for";
    let units = [row.hours, row.days, row.working_days, row.months];
    match kind {
        Kind::Span if row.span().is_none() || row.value.is_some() => {
            let why = "a length of time needs exactly one unit, and nothing else";
            Some((FindingCode::MissingUnit, why.to_owned(), UNIT))
        }
        Kind::Span | Kind::SpanOr(_) if units.iter().flatten().any(|count| *count < 0) => {
            let why = "a length of time cannot be negative";
            Some((FindingCode::UnknownValue, why.to_owned(), "count from the start forwards"))
        }
        Kind::SpanOr(words) => {
            let word = row.value.as_ref().and_then(toml::Value::as_str);
            let known = word.is_some_and(|word| words.contains(&word));
            let counted = row.span().is_some_and(|_| row.value.is_none());
            let why = format!("neither a length of time with its unit nor {}", words.join(", "));
            let fits = counted || (known && units.iter().all(Option::is_none));
            (!fits).then_some((FindingCode::MissingUnit, why, UNIT))
        }
        Kind::Span => None,
        Kind::Value(_) if units.iter().any(Option::is_some) => {
            let why = "this value is no length of time";
            Some((FindingCode::UnknownValue, why.to_owned(), VALUE))
        }
        Kind::Value(fits) => {
            let why = match &row.value {
                Some(value) => fits(value).err(),
                None => Some("the row has no value".to_owned()),
            };
            why.map(|why| (FindingCode::UnknownValue, why, VALUE))
        }
    }
}

/// Whether the rows of a value cover every day of the regime, each once.
fn days(text: &str, life: &Row, value: &DatedValue<'_>, findings: &mut Vec<Finding>) {
    let mut rows: Vec<&Spanned<Row>> = value.rows.iter().collect();
    rows.sort_by_key(|row| row.get_ref().from);
    let mut found = |code, row: Option<&Spanned<Row>>, why: String, how: &str| {
        let at = match row {
            Some(row) => format!("line {}: {}", line_of(text, row), value.path),
            None => value.path.clone(),
        };
        findings.push(Finding::new(code, at, why, how));
    };
    // The first day that no row has covered yet; None once a row runs on without end.
    let mut uncovered = life.from;
    for (place, row) in rows.iter().enumerate() {
        // Before it exists and after its abolition a value may be absent; in between it may not.
        let may_be_absent = value.lapses && place == 0;
        let (from, until) = (row.get_ref().from.unwrap_or(Date::MIN), row.get_ref().until);
        match uncovered {
            None => found(
                FindingCode::Overlap,
                Some(row),
                format!("from {from} on, the row before is still in force"),
                "give the row before its last day: until =",
            ),
            Some(day) if from < day && Some(day) != life.from => found(
                FindingCode::Overlap,
                Some(row),
                format!("from {from} on, two rows are in force"),
                "let until be the day before the next from",
            ),
            Some(day) if day < from && !may_be_absent => found(
                FindingCode::Gap,
                Some(row),
                format!("from {day} until {from} no row is in force"),
                "add the row of that time, or move from",
            ),
            Some(_) => {}
        }
        uncovered = match (uncovered, until) {
            (None, _) | (_, None) => None,
            (Some(day), Some(until)) => Some(day.max(until.tomorrow().unwrap_or(Date::MAX))),
        };
    }
    let open = uncovered.filter(|day| life.until.is_none_or(|end| *day <= end));
    if let (Some(day), false) = (open, value.lapses) {
        found(
            FindingCode::Gap,
            rows.last().copied(),
            format!("from {day} on no row is in force"),
            "add the row that follows, or take until away",
        );
    }
}

//! A regime: one body of rules, as dated data. The file is the law; this room reads and checks it.
//!
//! A regime is read once, checked whole, and then answers `on(day)` from versions made beforehand:
//! one for each day on which anything changes.

pub mod address;
pub(crate) mod build;
pub(crate) mod check;
pub mod diff;
pub mod embedded;
pub(crate) mod file;
mod measure;
pub mod rules;
pub mod screening;
pub mod show;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

pub use check::{Finding, FindingCode, check};
pub use embedded::embedded;
pub use file::{Dated, RegimeFile, Row, Sure};
pub use rules::Rules;

use crate::deadline::{self, Calendar, Deadline, Words, Zone};
use crate::regime::rules::Span;

/// One body of rules, checked and ready to be asked.
#[derive(Clone, Debug)]
pub struct Regime {
    file: RegimeFile,
    zone: Zone,
    calendar: Calendar,
    digest: String,
    /// In order of days, without a hole, from the first day in force.
    versions: Vec<Version>,
    /// Whether its deadlines say why they fall when they do.
    explains: bool,
}

/// What is in force between two changes of the law.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Version {
    pub from: Date,
    /// The last day; `None` for the version in force until further notice.
    pub until: Option<Date>,
    pub rules: Rules,
    /// Every value in force, by its path in the file, with its citation.
    pub values: BTreeMap<String, InForce>,
}

/// One value as it stands on a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InForce {
    pub value: serde_json::Value,
    #[serde(flatten)]
    pub citation: Citation,
}

/// The text a value rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Citation {
    pub cite: String,
    pub sure: Sure,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// First day in force.
    pub from: Date,
    /// Last day in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// The regime was not the law on that day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("regime {regime} has no rules on {day}: it is in force from {from}")]
pub struct NoRulesOnThatDay {
    pub regime: String,
    pub day: Date,
    pub from: Date,
}

/// Why a regime file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegimeError {
    #[error("{file}, line {line}, column {column}: {why}; {how}")]
    Unreadable { file: String, line: usize, column: usize, why: String, how: String },
    #[error("{file}: {} finding(s); the first: {}", .findings.len(), .findings[0])]
    Unlawful { file: String, findings: Vec<Finding> },
    #[error("no regime is called {id:?}; there are {}", .known.join(", "))]
    Unknown { id: String, known: Vec<&'static str> },
    #[error(transparent)]
    Calendar(#[from] deadline::BadCalendar),
}

impl Regime {
    /// Reads and checks a regime file. `name` is what errors call it; `calendars` are at hand.
    pub fn parse(name: &str, text: &str, calendars: &[Calendar]) -> Result<Self, RegimeError> {
        Self::from_file(RegimeFile::parse(name, text)?, calendars)
    }

    /// As `parse`, for a file that is already read.
    pub fn from_file(file: RegimeFile, calendars: &[Calendar]) -> Result<Self, RegimeError> {
        let mut findings = check(&file);
        let calendar = calendars.iter().find(|calendar| calendar.id() == file.calendar);
        if calendar.is_none() {
            findings.push(check::unknown_calendar(&file.calendar));
        }
        let unlawful = |findings| RegimeError::Unlawful { file: file.name.clone(), findings };
        let (Some(calendar), Ok(zone)) = (calendar, Zone::named(&file.time_zone)) else {
            return Err(unlawful(findings));
        };
        if !findings.is_empty() {
            return Err(unlawful(findings));
        }
        let versions = versions(&file)
            .map_err(|missing| unlawful(vec![check::missing_on(&missing.path, missing.day)]))?;
        Ok(Self {
            zone,
            calendar: calendar.clone(),
            digest: digest(&file.text),
            versions,
            explains: true,
            file,
        })
    }

    /// The rules of a day. Cheap: a search among versions made beforehand.
    pub fn on(&self, day: Date) -> Result<&Rules, NoRulesOnThatDay> {
        self.version_on(day).map(|version| &version.rules)
    }

    /// The rules of the local day on which an instant falls.
    pub fn at(&self, instant: Timestamp) -> Result<&Rules, NoRulesOnThatDay> {
        self.on(self.zone.day_of(instant))
    }

    pub fn version_on(&self, day: Date) -> Result<&Version, NoRulesOnThatDay> {
        let after = self.versions.partition_point(|version| version.from <= day);
        after
            .checked_sub(1)
            .map(|index| &self.versions[index])
            .filter(|version| version.until.is_none_or(|until| day <= until))
            .ok_or_else(|| NoRulesOnThatDay {
                regime: self.file.id.clone(),
                day,
                from: self.versions.first().map_or(Date::MAX, |version| version.from),
            })
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The text that a value of the file rests on, on a day: `stage.first.clock.repeat_within`.
    pub fn cites(&self, path: &str, day: Date) -> Option<&Citation> {
        let version = self.version_on(day).ok()?;
        version.values.get(path).map(|in_force| &in_force.citation)
    }

    /// The deadline one span after a proven start, in this regime's zone and calendar. `started_by`
    /// names the proof; `path` is the value the span comes from, whose citation of the day of the
    /// start goes into the explanation.
    pub fn deadline(&self, start: Timestamp, span: Span, started_by: &str, path: &str) -> Deadline {
        if !self.explains {
            return deadline::unexplained(start, span, &self.zone, &self.calendar);
        }
        let cite = self.cites(path, self.zone.day_of(start)).map_or("", |text| &text.cite);
        deadline::after(start, span, started_by, cite, &self.zone, &self.calendar)
    }

    pub fn id(&self) -> &str {
        &self.file.id
    }

    pub fn title(&self) -> &Words {
        &self.file.title
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The same regime under another edition of its calendar: open deadlines move with it.
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// The same regime for whoever only asks when: its deadlines come without their sentences,
    /// which cost many times the date.
    pub fn without_words(mut self) -> Self {
        self.explains = false;
        self
    }

    /// SHA-256 of the canonical file text, hexadecimal. The calendar has a digest of its own.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The file as read, for `show`.
    pub fn file(&self) -> &RegimeFile {
        &self.file
    }

    /// The canonical text: what the ledger keeps, and what `digest` is the digest of.
    pub fn text(&self) -> String {
        canonical(&self.file.text)
    }
}

/// Line ends are LF, no byte-order mark, no blanks at line ends, one newline at the end.
pub(crate) fn canonical(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines.join("\n") + "\n"
}

pub(crate) fn digest(text: &str) -> String {
    deadline::hex(&Sha256::digest(canonical(text).as_bytes()))
}

/// One version for each day on which a value comes into force or goes out of it.
fn versions(file: &RegimeFile) -> Result<Vec<Version>, build::Missing> {
    let in_force = file.in_force.get_ref();
    let first = in_force.from.unwrap_or(Date::MIN);
    let mut days = vec![first];
    for value in build::values(file) {
        for row in value.rows {
            let row = row.get_ref();
            days.extend(row.from);
            days.extend(row.until.and_then(|until| until.tomorrow().ok()));
        }
    }
    days.retain(|day| *day >= first && in_force.until.is_none_or(|until| *day <= until));
    days.sort_unstable();
    days.dedup();
    days.iter()
        .enumerate()
        .map(|(index, day)| {
            let (rules, values) = build::rules_on(file, *day)?;
            let until = match days.get(index + 1) {
                Some(next) => next.yesterday().ok(),
                None => in_force.until,
            };
            Ok(Version { from: *day, until, rules, values })
        })
        .collect()
}

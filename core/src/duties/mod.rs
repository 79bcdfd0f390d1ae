//! What each party owes the others, as dated data: `regimes/<id>/duties.toml`.
//!
//! A regime's ladder says what this house does next; its duties say what *every* party owes, to
//! whom and within what time from which proven event. This room reads and checks such a file, says
//! from the events of a matter what is owed at an instant, and draws the table of who does what by
//! when. It opens no case and sends nothing.

mod check;
mod clock;
mod diff;
pub mod embedded;
mod engine;
mod file;
pub mod show;
pub mod situations;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use toml::Spanned;

pub use check::check;
pub use diff::{changes, diff_json, diff_text};
pub use embedded::embedded;
pub use engine::{Happened, Kind, Owed, Part, SetAside, Standing, Unheard, owed};
pub use file::{Clock, DutiesFile, DutyFile, OrderFile, Time};

use crate::deadline::{Calendar, Words, Zone};
use crate::regime::build::{DatedValue, Kind as RowKind, fits, in_force_of};
use crate::regime::file::{Dated, Row};
use crate::regime::{InForce, Regime, RegimeError, canonical, digest};

/// The duties of one body of rules, checked and ready to be asked.
#[derive(Clone, Debug)]
pub struct Duties {
    file: DutiesFile,
    zone: Zone,
    calendar: Calendar,
    digest: String,
    /// The ladder of the same law, where a duty's value stands there.
    regime: Option<Regime>,
}

impl Duties {
    /// Reads and checks a duties file. `name` is what errors call it.
    pub fn parse(
        name: &str,
        text: &str,
        regime: Option<Regime>,
        calendars: &[Calendar],
    ) -> Result<Self, RegimeError> {
        let file = DutiesFile::parse(name, text)?;
        let mut findings = check(&file, regime.as_ref());
        let calendar = calendars.iter().find(|calendar| calendar.id() == file.calendar);
        if calendar.is_none() {
            findings.push(crate::regime::check::unknown_calendar(&file.calendar));
        }
        match (calendar, Zone::named(&file.time_zone)) {
            (Some(calendar), Ok(zone)) if findings.is_empty() => Ok(Self {
                zone,
                calendar: calendar.clone(),
                digest: digest(&file.text),
                regime,
                file,
            }),
            _ => Err(RegimeError::Unlawful { file: file.name, findings }),
        }
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

    /// The file as read.
    pub fn file(&self) -> &DutiesFile {
        &self.file
    }

    /// SHA-256 of the canonical file text, hexadecimal: what a party signs when it adopts them.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The canonical text: what `digest` is the digest of.
    pub fn text(&self) -> String {
        canonical(&self.file.text)
    }

    /// Every value in force on a day, by its path, with its citation. Empty on a day on which these
    /// duties are owed by nobody.
    pub fn values_on(&self, day: Date) -> BTreeMap<String, InForce> {
        if !self.file.in_force.get_ref().holds_on(day) {
            return BTreeMap::new();
        }
        let own = values(&self.file)
            .into_iter()
            .filter_map(|value| row_on(value.rows, day).map(|row| (value.path, in_force_of(row))));
        let pointed = self.file.all().filter_map(|(word, duty)| {
            let value = self.pointed(duty, day)?;
            Some((format!("{word}.{}.within", duty.id), value))
        });
        own.chain(pointed).collect()
    }

    /// The days on which anything changes, in order, from the first day in force.
    pub fn days(&self) -> Vec<Date> {
        let life = self.file.in_force.get_ref();
        let rows = values(&self.file).into_iter().flat_map(|value| value.rows.iter());
        let own = rows.map(Spanned::get_ref).chain([life]).flat_map(|row| {
            row.from.into_iter().chain(row.until.and_then(|until| until.tomorrow().ok()))
        });
        let ladder = self.regime.iter().flat_map(Regime::versions).map(|version| version.from);
        let mut days: Vec<Date> = own.chain(ladder).filter(|day| life.holds_on(*day)).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// How long a duty has on a day; none on a day on which it isn't owed.
    fn within(&self, duty: &DutyFile, day: Date) -> Option<InForce> {
        self.in_force(&duty.within, day).or_else(|| self.pointed(duty, day))
    }

    /// One value on a day, if these duties are owed on it at all.
    fn in_force(&self, rows: &Dated, day: Date) -> Option<InForce> {
        let holds = self.file.in_force.get_ref().holds_on(day);
        row_on(rows, day).filter(|_| holds).map(in_force_of)
    }

    /// The value of the ladder that a duty names instead of repeating it.
    fn pointed(&self, duty: &DutyFile, day: Date) -> Option<InForce> {
        let version = self.regime.as_ref()?.version_on(day).ok()?;
        version.values.get(duty.within_of.as_ref()?).cloned()
    }

    fn day_of(&self, instant: Timestamp) -> Date {
        self.zone.day_of(instant)
    }
}

fn row_on(rows: &Dated, day: Date) -> Option<&Row> {
    rows.iter().map(Spanned::get_ref).find(|row| row.holds_on(day))
}

/// Every dated value of the file, by its path, in the order of the file.
fn values(file: &DutiesFile) -> Vec<DatedValue<'_>> {
    let mut list = Vec::new();
    let mut add = |path: String, rows, kind, lapses| {
        list.push(DatedValue { path, rows, kind, lapses });
    };
    let word = || RowKind::Value(fits::<String>);
    let words = || RowKind::Value(fits::<Vec<String>>);
    add("overseen_by".to_owned(), &file.overseen_by, words(), true);
    add("pays".to_owned(), &file.pays, word(), true);
    for order in &file.order {
        let at = |rest: &str| format!("order.{}.{rest}", order.id);
        let until = RowKind::SpanOr(&["stated", "once_done"]);
        add(at("expires"), &order.expires, until, true);
        add(at("renewals_max"), &order.renewals_max, RowKind::Value(fits::<u32>), true);
    }
    for (name, duty) in file.all() {
        let at = |rest: &str| format!("{name}.{}.{rest}", duty.id);
        add(at("within"), &duty.within, RowKind::SpanOr(&["at_once", "stated"]), true);
        add(at("at_least"), &duty.at_least, RowKind::Span, true);
        add(at("not_before"), &duty.not_before, RowKind::Span, true);
        add(at("overseen_by"), &duty.overseen_by, words(), true);
        add(at("pays"), &duty.pays, word(), true);
        for refuse in &duty.refuse {
            let path = at(&format!("refuse.{}.clock", refuse.reason));
            add(path, &refuse.clock, RowKind::Value(fits::<Clock>), true);
        }
    }
    list
}

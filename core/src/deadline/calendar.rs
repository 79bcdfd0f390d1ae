//! Which days are worked. A calendar is a versioned data file, so that a holiday decreed next year
//! is one line of data and moves every open deadline with it.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Words;

/// The days on which an authority does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    id: String,
    version: String,
    weekend: Vec<Weekday>,
    covers_from: Date,
    covers_until: Date,
    holidays: BTreeMap<Date, Words>,
    digest: String,
}

/// A calendar file that cannot be used, with the place and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {why}")]
pub struct BadCalendar {
    pub file: String,
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    version: String,
    weekend: Vec<String>,
    covers_from: toml::value::Datetime,
    covers_until: toml::value::Datetime,
    holiday: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    fr: String,
    en: String,
    #[serde(rename = "cite")]
    _cite: String,
    days: Vec<toml::value::Datetime>,
}

impl Calendar {
    /// Reads a calendar file. `file` is only its name, for the error.
    pub fn parse(file: &str, text: &str) -> Result<Self, BadCalendar> {
        let bad = |why: String| BadCalendar { file: file.to_owned(), why };
        let read: File = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        let day = |given: &toml::value::Datetime| {
            given
                .to_string()
                .parse::<Date>()
                .map_err(|_| bad(format!("{given} is not a day; write 2026-05-01")))
        };
        let weekend = read
            .weekend
            .iter()
            .map(|name| weekday(name).ok_or_else(|| bad(format!("{name:?} is no day of the week"))))
            .collect::<Result<_, _>>()?;
        let mut holidays = BTreeMap::new();
        for holiday in &read.holiday {
            for given in &holiday.days {
                let words = Words { fr: holiday.fr.clone(), en: holiday.en.clone() };
                // Two holidays may fall on one day (1 May 2008 was Ascension): one is kept.
                holidays.entry(day(given)?).or_insert(words);
            }
        }
        Ok(Self {
            id: read.id,
            version: read.version,
            weekend,
            covers_from: day(&read.covers_from)?,
            covers_until: day(&read.covers_until)?,
            holidays,
            digest: hex(&Sha256::digest(text.replace("\r\n", "\n").as_bytes())),
        })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// SHA-256 of the file's text, hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether the file knows the holidays of this day's year. Outside, only week-ends are known.
    pub fn covers(&self, day: Date) -> bool {
        (self.covers_from..=self.covers_until).contains(&day)
    }

    pub fn holiday(&self, day: Date) -> Option<&Words> {
        self.holidays.get(&day)
    }

    pub fn holidays(&self) -> impl Iterator<Item = (Date, &Words)> {
        self.holidays.iter().map(|(day, words)| (*day, words))
    }

    pub fn is_working_day(&self, day: Date) -> bool {
        !self.weekend.contains(&day.weekday()) && !self.holidays.contains_key(&day)
    }

    /// The same calendar with one more holiday: what a decree would do to open deadlines.
    pub fn with_holiday(mut self, day: Date, name: Words, version: &str) -> Self {
        self.holidays.insert(day, name);
        version.clone_into(&mut self.version);
        self
    }

    /// The n-th working day after a day, and the holidays passed over on the way.
    pub(super) fn working_days_after(&self, start: Date, days: i32) -> (Date, Vec<Date>) {
        let mut day = start;
        let mut left = days;
        let mut skipped = Vec::new();
        while left > 0 {
            let Ok(next) = day.tomorrow() else { break };
            day = next;
            if self.is_working_day(day) {
                left -= 1;
            } else if self.holidays.contains_key(&day) {
                skipped.push(day);
            }
        }
        (day, skipped)
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

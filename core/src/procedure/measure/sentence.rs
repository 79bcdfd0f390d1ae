//! What was pronounced, against whom, and whether the law of that day let it be pronounced.

use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Line;
use crate::id::{CaseId, Digest};
use crate::regime::Regime;
use crate::regime::rules::{Measure, MeasureKind, Mode, Pronouncer, Span};
use crate::step::Refusal;

/// One measure of one judgment against the holder of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pronounced {
    pub line: Line,
    /// The case on the ladder whose file was judged: its number and code are the person's.
    pub file: CaseId,
    pub sentence: Sentence,
    /// SHA-256 of the judgment.
    pub decision: Digest,
}

/// One measure as its judgment has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The regime's measure, by its id.
    pub measure: String,
    pub by: Pronouncer,
    /// None where the authority pronounced, or nobody said which court it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub court: Option<CourtName>,
    pub pronounced_at: Timestamp,
    pub terms: Terms,
}

/// What a court is called: `tribunal judiciaire de Spécimen`. A line of 3 to 120 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CourtName(String);

/// Unit: characters.
const COURT_NAME: RangeInclusive<usize> = 3..=120;

/// Why a text is no court's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a court's name is one line of 3 to 120 characters")]
pub struct NoCourtName;

impl CourtName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CourtName {
    type Err = NoCourtName;

    fn from_str(text: &str) -> Result<Self, NoCourtName> {
        let text = text.trim();
        let is_line = !text.chars().any(char::is_control);
        match is_line && COURT_NAME.contains(&text.chars().count()) {
            true => Ok(Self(text.to_owned())),
            false => Err(NoCourtName),
        }
    }
}

impl TryFrom<String> for CourtName {
    type Error = NoCourtName;

    fn try_from(text: String) -> Result<Self, NoCourtName> {
        text.parse()
    }
}

impl From<CourtName> for String {
    fn from(name: CourtName) -> Self {
        name.0
    }
}

impl std::fmt::Display for CourtName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What is to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Terms {
    /// Unit: days, from midnight to midnight.
    Suspension {
        days: u32,
    },
    /// Unit: euros.
    Fine {
        euros: u32,
    },
    Injunction,
}

impl Terms {
    pub fn kind(self) -> MeasureKind {
        match self {
            Self::Suspension { .. } => MeasureKind::Suspension,
            Self::Fine { .. } => MeasureKind::Fine,
            Self::Injunction => MeasureKind::Injunction,
        }
    }

    /// The days of a suspension; 0 of what lasts no time.
    pub fn days(self) -> u32 {
        match self {
            Self::Suspension { days } => days,
            Self::Fine { .. } | Self::Injunction => 0,
        }
    }
}

impl Sentence {
    /// Whether the law of the day on which it was pronounced knows such a measure, lets this body
    /// pronounce it, and allows this much.
    pub fn check(&self, regime: &Regime) -> Result<(), Refusal> {
        let rule = self.rule(regime)?;
        if rule.pronounced_by != self.by {
            return Err(Refusal::NotTheirsToPronounce { by: self.by.name() });
        }
        let lived_by = regime.rules_at(self.pronounced_at)?.mode == Mode::Live;
        if lived_by && (rule.simulation || self.by == Pronouncer::Authority) {
            return Err(Refusal::OnlySimulated { measure: self.measure.clone() });
        }
        self.within(self.terms, regime)
    }

    /// The measure as the law of the day on which it was pronounced has it.
    pub(super) fn rule<'r>(&self, regime: &'r Regime) -> Result<&'r Measure, Refusal> {
        let measures = &regime.rules_at(self.pronounced_at)?.measures;
        let found = measures.iter().find(|rule| rule.id == self.measure);
        found.ok_or_else(|| Refusal::NoSuchMeasure { measure: self.measure.clone() })
    }

    /// Whether these terms are within what the law of that day allows.
    pub(super) fn within(&self, terms: Terms, regime: &Regime) -> Result<(), Refusal> {
        let rule = self.rule(regime)?;
        if terms.kind() != rule.kind {
            return Err(Refusal::NoSuchMeasure { measure: self.measure.clone() });
        }
        let at_most = at_most(rule, self.pronounced_at, regime);
        match terms {
            Terms::Suspension { days } if days == 0 || at_most.is_none_or(|most| days > most) => {
                Err(Refusal::BeyondTheLaw { at_most: at_most.unwrap_or(0) })
            }
            Terms::Fine { euros } if rule.fine_euros_max.is_none_or(|most| euros > most) => {
                Err(Refusal::BeyondTheLaw { at_most: rule.fine_euros_max.unwrap_or(0) })
            }
            _ => Ok(()),
        }
    }
}

/// The longest a measure may last, counted from a day of that law. Unit: days.
pub fn at_most(rule: &Measure, from: Timestamp, regime: &Regime) -> Option<u32> {
    days_of(rule.duration_max?, from, regime)
}

/// How many days a time is that is counted from a day on: a month of January is 31. Unit: days.
pub fn days_of(length: Span, from: Timestamp, regime: &Regime) -> Option<u32> {
    let end = regime.deadline(from, length, "pronounced", "measure");
    let days = end.last_day.since(regime.zone().day_of(from)).ok()?.get_days();
    u32::try_from(days).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_courts_name_is_one_line_of_a_bounded_length() {
        let name: CourtName = "  tribunal judiciaire de Spécimen ".parse().unwrap();
        assert_eq!(name.as_str(), "tribunal judiciaire de Spécimen");
        for bad in ["", " x ", "tribunal\nde Spécimen", &"é".repeat(121)] {
            assert_eq!(bad.parse::<CourtName>(), Err(NoCourtName), "{bad:?}");
        }
        assert!("é".repeat(120).parse::<CourtName>().is_ok());
    }

    #[test]
    fn a_sentence_that_was_entered_before_courts_were_named_is_read_still() {
        let old = r#"{"measure":"fine","by":"court","pronounced_at":"2024-01-12T00:00:00Z",
            "terms":{"kind":"fine","euros":300}}"#;
        let read: Sentence = serde_json::from_str(old).unwrap();
        assert_eq!(read.court, None);
        assert!(!serde_json::to_string(&read).unwrap().contains("court\":null"));
        let strange = old.replace("\"by\"", "\"court\":\"x\",\"by\"");
        assert!(serde_json::from_str::<Sentence>(&strange).is_err());
    }
}

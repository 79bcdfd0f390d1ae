//! The shape of `regimes/<id>/regime.toml`, read as it stands. Nothing here judges the values:
//! that is `check`; nothing reads them for a day: that is `build`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::RegimeError;
use super::rules::{MeasureKind, Span};
use crate::deadline::Words;

/// A whole regime file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegimeFile {
    pub id: String,
    pub title: Words,
    pub time_zone: String,
    /// The calendar's id: `regimes/calendars/<id>.toml`.
    pub calendar: String,
    /// The templates in `letters/`, by name.
    pub letters: Vec<String>,
    /// From which day this regime runs at all, and until when.
    pub in_force: Spanned<Row>,
    /// `live` or `pilot`; absent where the regime was never only tried.
    #[serde(default)]
    pub mode: Dated,
    pub intake: IntakeFile,
    pub provider: ProviderFile,
    /// How long the post may take; absent where no message goes by letter.
    pub post: Option<PostFile>,
    pub review: Option<ReviewFile>,
    pub challenge: Option<ChallengeFile>,
    pub stage: Vec<StageFile>,
    #[serde(default)]
    pub deliberation: Vec<DeliberationFile>,
    #[serde(default)]
    pub measure: Vec<MeasureFile>,
    /// How the execution of every measure is followed; absent where there is none.
    pub execution: Option<ExecutionFile>,
    pub retention: Vec<RetentionFile>,
    /// Times and terms that the law sets and no procedure of this house runs by itself.
    #[serde(default)]
    pub duty: Vec<DutyFile>,
    /// The file's own text, for line numbers and the digest.
    #[serde(skip)]
    pub text: String,
    /// What the file is called in messages.
    #[serde(skip)]
    pub name: String,
}

/// The dated rows of one value.
pub type Dated = Vec<Spanned<Row>>;

/// One value and the days on which it is the law.
///
/// A length of time is written with its unit as the key (`months = 6`), anything else as `value`.
/// All parts are optional here, so that `check` can say what is missing and where.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub value: Option<toml::Value>,
    pub hours: Option<i32>,
    pub days: Option<i32>,
    pub working_days: Option<i32>,
    pub months: Option<i32>,
    /// First day in force.
    #[serde(default, deserialize_with = "day")]
    pub from: Option<Date>,
    /// Last day in force; absent while it still is.
    #[serde(default, deserialize_with = "day")]
    pub until: Option<Date>,
    pub cite: Option<String>,
    pub sure: Option<Sure>,
    pub href: Option<String>,
    /// Our reading, or what a reader must know.
    pub note: Option<String>,
}

/// How sure the value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
pub enum Sure {
    /// The primary text was read.
    H,
    /// Press, or a secondary page.
    M,
    /// Recalled, or our own reading. Never shown as settled law.
    L,
}

impl Row {
    /// The length of time, if the row is one with exactly one unit.
    pub fn span(&self) -> Option<Span> {
        match (self.hours, self.days, self.working_days, self.months) {
            (Some(count), None, None, None) => Some(Span::Hours(count)),
            (None, Some(count), None, None) => Some(Span::Days(count)),
            (None, None, Some(count), None) => Some(Span::WorkingDays(count)),
            (None, None, None, Some(count)) => Some(Span::Months(count)),
            _ => None,
        }
    }

    /// Whether the row is the law on a day. A row without a first day never is.
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_some_and(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntakeFile {
    pub classes: Dated,
    /// By kind of sender.
    pub facts_at_most: BTreeMap<String, Dated>,
    pub notices_per_day_max: Dated,
    pub must_carry: Dated,
    #[serde(default)]
    pub clock_error_ms_max: Dated,
    pub future_tolerance_secs: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderFile {
    pub answers_within: Dated,
    pub relays_within: Dated,
    pub batch_addresses_max: Dated,
    #[serde(default)]
    pub breach_fine_euros: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostFile {
    #[serde(default)]
    pub taken_over_within: Dated,
    #[serde(default)]
    pub presented_within: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewFile {
    pub answers_within: Dated,
    pub grant_valid_for: Dated,
    pub shows: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeFile {
    #[serde(default)]
    pub received_within: Dated,
    pub answered_within: Dated,
    pub unanswered: Dated,
    pub meanwhile: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageFile {
    pub id: String,
    pub title: Words,
    /// The stage whose open window leads here; absent for the first rung.
    pub after: Option<String>,
    pub letter: String,
    #[serde(default)]
    pub decides: Dated,
    #[serde(default)]
    pub decide_within: Dated,
    pub gate: Dated,
    pub channels: Dated,
    /// Channels used only when no other reached the person.
    #[serde(default)]
    pub fallback: Dated,
    #[serde(default)]
    pub must_say: Dated,
    pub linking: LinkingFile,
    pub clock: Option<ClockFile>,
    pub hears: Option<HearsFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkingFile {
    /// Absent: the provider discloses.
    #[serde(default)]
    pub means: Dated,
    pub purpose: Dated,
    pub sequence: Dated,
    pub fields: Dated,
    pub names_works: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFile {
    pub starts_at: Dated,
    #[serde(default)]
    pub repeat_within: Dated,
    /// By the reason for which a letter came back.
    #[serde(default)]
    pub returned: BTreeMap<String, Dated>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HearsFile {
    pub observations_within: Dated,
    pub hearing: Dated,
    pub counsel: Dated,
    #[serde(default)]
    pub convene_within: Dated,
    #[serde(default)]
    pub record_within: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliberationFile {
    pub id: String,
    pub title: Words,
    pub after_stage: String,
    #[serde(default)]
    pub decides: Dated,
    #[serde(default)]
    pub decide_within: Dated,
    #[serde(default)]
    pub outcomes: Dated,
    #[serde(default)]
    pub outcome_within: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureFile {
    pub id: String,
    pub title: Words,
    pub kind: MeasureKind,
    /// No law that is lived by: what it would have done can be simulated.
    #[serde(default)]
    pub simulation: bool,
    /// The template of the letter to the person; absent where somebody else notifies.
    pub letter: Option<String>,
    /// The measure exists on the days on which somebody may pronounce it.
    pub pronounced_by: Dated,
    #[serde(default)]
    pub duration_max: Dated,
    #[serde(default)]
    pub fine_euros_max: Dated,
    #[serde(default)]
    pub appeal_within: Dated,
    #[serde(default)]
    pub implement_within: Dated,
    #[serde(default)]
    pub comply_within: Dated,
    #[serde(default)]
    pub prescribed_after: Dated,
    #[serde(default)]
    pub spares: Dated,
    #[serde(default)]
    pub milder_law: Dated,
}

/// How measures are followed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecutionFile {
    pub notify_by: Dated,
    /// By the reason for which the letter came back.
    pub returned: BTreeMap<String, Dated>,
    pub enforceable_known_within: Dated,
    pub appeal_decided_within: Dated,
    pub notified_within: Dated,
    pub confirmed_within: Dated,
    pub end_watched_before: Dated,
    pub lift_proven_within: Dated,
    pub lift_given_up_after: Dated,
    pub postponement_decided_within: Dated,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionFile {
    pub data: String,
    /// The last stage reached; `none` before the first warning; or a measure's id.
    pub after_stage: String,
    pub starts_at: String,
    /// The personal data that this row lets go of, by field name.
    pub holds: Vec<String>,
    pub keep: Dated,
}

/// A time that binds a party and that the party itself must keep.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyFile {
    pub id: String,
    pub title: Words,
    /// Whom it binds: `sender`, `provider`, `authority`.
    pub who: String,
    /// The name of the event it runs from.
    pub starts_at: String,
    pub within: Dated,
}

impl RegimeFile {
    /// Reads a file's text. `name` is only what errors call it.
    pub fn parse(name: &str, text: &str) -> Result<Self, RegimeError> {
        let mut file: Self = read(name, text)?;
        text.clone_into(&mut file.text);
        name.clone_into(&mut file.name);
        Ok(file)
    }

    /// The line on which a row stands, from 1.
    pub fn line_of(&self, row: &Spanned<Row>) -> usize {
        line_of(&self.text, row)
    }
}

/// Reads a TOML file of the law, or says where it cannot be read and how to mend it.
pub(crate) fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, RegimeError> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or((1, 1), |span| place(text, span.start));
        RegimeError::Unreadable {
            file: name.to_owned(),
            line: at.0,
            column: at.1,
            why: error.message().to_owned(),
            how: mend(error.message()),
        }
    })
}

/// The line of a text on which a row stands, from 1.
pub(crate) fn line_of(text: &str, row: &Spanned<Row>) -> usize {
    place(text, row.span().start).0
}

/// Line and column of a byte, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

fn mend(message: &str) -> String {
    if message.contains("unknown field") {
        "remove the key or spell it as one of those listed"
    } else if message.contains("missing field") {
        "add the key; docs and regimes/xx-specimen/regime.toml show a complete file"
    } else if message.contains("expected a sequence") {
        "write dated rows: [{ value = …, from = 2026-01-01, cite = \"…\", sure = \"H\" }]"
    } else {
        "mend the TOML at this place"
    }
    .to_owned()
}

/// A TOML day, as a civil date.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let given = Option::<toml::value::Datetime>::deserialize(deserializer)?;
    given
        .map(|given| {
            given.to_string().parse::<Date>().map_err(|_| {
                serde::de::Error::custom(format!("{given} is not a day; write 2026-01-31"))
            })
        })
        .transpose()
}

//! The shape of `regimes/<id>/duties.toml`, read as it stands. Nothing here judges the values: that
//! is `check`; nothing reads them for a day: that is `Duties`.

use serde::Deserialize;
use toml::Spanned;

use crate::deadline::Words;
use crate::regime::file::{Dated, Row, read};
use crate::regime::{RegimeError, rules::Span};

/// A whole duties file: who owes what to whom, from which proven event, within what time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutiesFile {
    pub id: String,
    pub title: Words,
    pub time_zone: String,
    /// The calendar's id: `regimes/calendars/<id>.toml`.
    pub calendar: String,
    /// From which day these duties are owed at all, and until when.
    pub in_force: Spanned<Row>,
    /// Who oversees every duty that names nobody of its own: ids of parties.
    #[serde(default)]
    pub overseen_by: Dated,
    /// Who bears the expense of every duty that names nobody of its own: the id of a party.
    #[serde(default)]
    pub pays: Dated,
    pub party: Vec<PartyFile>,
    pub event: Vec<EventFile>,
    #[serde(default)]
    pub order: Vec<OrderFile>,
    pub duty: Vec<DutyFile>,
    /// What a party may do against an order or a duty, and until when.
    #[serde(default)]
    pub appeal: Vec<DutyFile>,
    /// The file's own text, for line numbers and the digest.
    #[serde(skip)]
    pub text: String,
    /// What the file is called in messages.
    #[serde(skip)]
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyFile {
    pub id: String,
    pub title: Words,
}

/// Something that happens and that can be proven.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFile {
    pub id: String,
    /// With its article, as it stands after `à compter de`: `la réception de l’injonction`.
    pub title: Words,
    /// The party that brings it about.
    pub by: Option<String>,
    /// What proves it.
    pub proof: Words,
}

/// A request that binds whom it reaches until it ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFile {
    pub id: String,
    pub title: Words,
    pub by: String,
    pub to: String,
    pub starts_at: String,
    /// A length of time, `stated` (the order says its own last day) or `once_done` (one act, and
    /// nothing of it lasts).
    #[serde(default)]
    pub expires: Dated,
    /// The event by which a new term begins; it counts only while the old one runs.
    pub renewed_by: Option<String>,
    /// How often; without a row, as often as it is needed.
    #[serde(default)]
    pub renewals_max: Dated,
    pub lifted_by: Option<String>,
    /// With which event an order that is `once_done` is spent.
    pub spent_by: Option<String>,
}

/// What one party owes, or (under `appeal`) may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyFile {
    pub id: String,
    pub title: Words,
    pub who: String,
    pub to: Option<String>,
    /// The order that it is owed under: when that ends, so does the duty.
    pub under: Option<String>,
    /// The orders and duties that an appeal is against.
    #[serde(default)]
    pub against: Vec<String>,
    /// Each of these events begins it anew.
    pub starts_at: Vec<String>,
    pub done_by: String,
    /// At the latest: a length of time, `at_once` (no figure) or `stated` (the event says it).
    #[serde(default)]
    pub within: Dated,
    /// Where the value stands in `regime.toml` instead: `provider.answers_within`.
    pub within_of: Option<String>,
    /// A stated time that is shorter counts as this one.
    #[serde(default)]
    pub at_least: Dated,
    /// At the earliest: `done_by` may happen only when this much has gone by.
    #[serde(default)]
    pub not_before: Dated,
    #[serde(default)]
    pub overseen_by: Dated,
    #[serde(default)]
    pub pays: Dated,
    #[serde(default)]
    pub refuse: Vec<RefuseFile>,
}

/// A reason for which a party may say that it does not, or cannot.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefuseFile {
    pub reason: String,
    pub title: Option<Words>,
    /// The event by which it is told.
    pub event: String,
    /// The event that lets the clock run again.
    pub resumes_at: Option<String>,
    /// What becomes of the time meanwhile.
    #[serde(default)]
    pub clock: Dated,
}

/// What a refusal does to the time that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The time that went by counts; the rest runs when the reason is gone.
    Stops,
    /// The whole time runs anew when the reason is gone.
    Restarts,
    /// Nothing is owed any more.
    Ends,
    /// The time runs on.
    RunsOn,
}

/// How long, as a row of `within` or `expires` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    Span(Span),
    AtOnce,
    Stated,
    OnceDone,
}

impl Time {
    /// Reads the value of a row in force.
    pub fn of(value: &serde_json::Value) -> Option<Self> {
        match value.as_str() {
            Some("at_once") => Some(Self::AtOnce),
            Some("stated") => Some(Self::Stated),
            Some("once_done") => Some(Self::OnceDone),
            Some(_) => None,
            None => serde_json::from_value(value.clone()).ok().map(Self::Span),
        }
    }
}

impl DutiesFile {
    /// Reads a file's text. `name` is only what errors call it.
    pub fn parse(name: &str, text: &str) -> Result<Self, RegimeError> {
        let mut file: Self = read(name, text)?;
        text.clone_into(&mut file.text);
        name.clone_into(&mut file.name);
        Ok(file)
    }

    /// Duties and appeals, each with the word under which it stands in the file.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &DutyFile)> {
        let appeals = self.appeal.iter().map(|duty| ("appeal", duty));
        self.duty.iter().map(|duty| ("duty", duty)).chain(appeals)
    }
}

//! The shape of `cases.toml`.

use serde::Deserialize;
use toml::value::Datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    situation: Vec<Situation>,
}

/// One story: a sentence that says the rule, its source, and what happens in order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    pub title: String,
    /// The text, or the real failure, that it comes from.
    pub cite: String,
    pub on: Vec<Step>,
}

/// One thing that happens. Instants without an offset are local; a day alone means its noon.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub at: Datetime,
    pub event: String,
    /// When the fact was observed; the instant of the step where absent.
    pub fact: Option<Datetime>,
    /// When a delivery happened out there; the instant of the step where absent.
    pub happened: Option<Datetime>,
    pub sender: Option<String>,
    /// What the notice does not carry.
    #[serde(default)]
    pub without: Vec<String>,
    pub ip: Option<String>,
    pub class: Option<String>,
    #[serde(default)]
    pub retraction: bool,
    pub outcome: Option<String>,
    pub verdict: Option<String>,
    #[serde(default)]
    pub fields: Vec<String>,
    pub reason: Option<String>,
    /// The stage's id.
    pub stage: Option<String>,
    pub channel: Option<String>,
    pub status: Option<String>,
    /// Who acts, where the story depends on it.
    pub by: Option<String>,
    /// Another linking than the one that was asked for.
    pub sequence: Option<u32>,
    /// Until when a court's order runs.
    pub until: Option<Datetime>,
    /// When a hearing is convened for; when the challenge came whose answer is reported on.
    pub slot: Option<Datetime>,
    /// Whether the person got a copy of the record; left out, they did.
    pub copied: Option<bool>,
    /// Why a message is said to be wrong.
    #[serde(default)]
    pub grounds: Vec<String>,
    /// A path of the regime file, for `rules_read` and `counted`.
    pub value: Option<String>,
    pub started_by: Option<String>,
    pub holiday: Option<String>,
    pub day: Option<Datetime>,
    /// Which case a deadline belongs to: `identification` or `ladder`.
    pub of: Option<String>,
    /// A measure of the rules, by its id, and how much of it was pronounced or varied to.
    pub measure: Option<String>,
    pub days: Option<u32>,
    pub euros: Option<u32>,
    /// When the measure ends by itself, as the provider says.
    pub ends: Option<Datetime>,
    /// What it leaves working, as the provider says.
    #[serde(default)]
    pub spared: Vec<String>,
    /// The version of the order that the provider speaks of; the last one where absent.
    pub version: Option<u32>,
    pub then: Option<Then>,
}

/// What must follow. What is not named is not looked at.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    pub state: Option<String>,
    /// The stage on which the case now is, by id.
    pub stage: Option<String>,
    /// Names of all effects, in order.
    pub effects: Option<Vec<String>>,
    pub alarm: Option<String>,
    pub refused: Option<String>,
    /// Codes, in order; an empty list means accepted.
    pub rejected: Option<Vec<String>>,
    /// What is asked of the provider.
    pub fields: Option<Vec<String>>,
    pub sequence: Option<u32>,
    /// By which channels messages leave, in order.
    pub channels: Option<Vec<String>>,
    pub names_works: Option<bool>,
    pub attempt: Option<u32>,
    pub further_facts: Option<u32>,
    pub gate: Option<String>,
    /// Last day of the window in which a new fact is a repeat.
    pub window: Option<Datetime>,
    /// Last day of what the case waits for next.
    pub due: Option<Datetime>,
    /// The first instant that is too late.
    pub due_at: Option<Datetime>,
    /// `alarm`, `next` or `end`.
    pub due_what: Option<String>,
    /// In the explanation, in either language.
    pub says: Option<String>,
    /// A value of the rules; `"absent"` when it is not in force.
    pub is: Option<toml::Value>,
    /// A list of the rules has this word, or has it not.
    pub contains: Option<String>,
    pub lacks: Option<String>,
    /// The text a value rests on contains this.
    pub cite: Option<String>,
    pub sure: Option<String>,
    /// Last day of a counted time.
    pub last_day: Option<Datetime>,
    /// `carry` or `lift`, in what is ordered of the provider; with its version, its first day and
    /// its last.
    pub demand: Option<String>,
    pub version: Option<u32>,
    pub first_day: Option<Datetime>,
    pub until: Option<Datetime>,
    /// Whether a closed measure was ever in force.
    pub executed: Option<bool>,
}

pub fn parse(text: &str) -> Vec<Situation> {
    let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    file.situation
}

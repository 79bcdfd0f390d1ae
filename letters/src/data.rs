//! What a letter is filled with. Every text arrives in the language of the letter.
//!
//! Field names are those the templates read (`data.json`); a field that is removed here breaks
//! the templates' tests, not a letter on its way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::PostalAddress;

/// The languages in which letters and mails are worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Fr,
    En,
}

impl Language {
    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }
}

/// Who writes, and where it can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    pub name: String,
    /// The sender's postal address, a line each, without the name.
    pub address_lines: Vec<String>,
    /// Where observations may be sent.
    pub email: String,
    /// The known page where file number and code are typed. Printed, never linked.
    pub verify_at: String,
    /// Where lawful offers are listed.
    pub offers_at: String,
    /// In what quality the letter is signed. No person's name: it travels to strangers.
    pub signatory: String,
}

/// All a letter says about one case. Holds identity: it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct LetterData {
    pub authority: Authority,
    pub file_number: String,
    /// As printed, in groups.
    pub verification_code: String,
    /// The day of the letter, in words of its language.
    pub date: String,
    pub recipient: PostalAddress,
    /// The provider through whose network the access was used.
    pub provider: String,
    pub facts: Vec<Fact>,
    pub deadlines: Vec<Deadline>,
    /// The articles the letter rests on.
    pub cites: Vec<String>,
    /// What became of a challenge, where the letter answers one. A mail never says it.
    #[serde(default)]
    pub answer: Option<Answer>,
    /// The post's number of a registered letter, once it is known.
    #[serde(default)]
    pub registered_number: Option<String>,
}

/// One observed fact, as the person concerned may read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The instant itself, for the attached data.
    pub observed_at: Timestamp,
    /// The same instant in words, in the regime's time zone, with the zone's name.
    pub observed_at_text: String,
    /// The IP address, where the law lets the letter show it. Never in a mail.
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub protocol: Option<String>,
    /// Titles; empty where the rules of the day give them on request only (2009–2021).
    #[serde(default)]
    pub works: Vec<String>,
}

/// The answer to a challenge, as the person who challenged reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub outcome: Outcome,
    /// The message that was challenged, as the regime calls it.
    pub about: String,
    /// The day on which the challenge came, in words.
    pub challenged_on: String,
    /// As they were written, a paragraph each; none where nobody answered.
    pub reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Upheld,
    Rejected,
    /// Nobody answered in time, and the rules let the message fall.
    Annulled,
}

/// A date that matters to the reader, and why it is that date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What can happen, as the beginning of a sentence.
    pub what: String,
    /// Until when, in words.
    pub until: String,
    /// How the date was computed, in a sentence.
    pub why: String,
}

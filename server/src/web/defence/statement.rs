//! What a member signs when they decide on a finding, and the two files that travel between the
//! desk and the member's own machine. JSON, so that a person can read them and another program
//! make them.
//!
//! The text that is signed names the case, the outcome, what was looked at and the reasons: a
//! signature on it is good for this decision and for no other.

use std::fmt::Write as _;

use entremise_core::authorisation::{PublicKey, Signature};
use entremise_core::id::{AuthorityId, CaseId, Digest, PersonId, ReviewerKeyId};
use entremise_core::ledger;
use entremise_core::regime::rules::DeliberationOutcome;
use entremise_wire::authorisation::key_holds;
use serde::{Deserialize, Serialize};

/// The largest file that is read. Unit: bytes.
pub const FILE_BYTES_MAX: usize = 128 * 1024;

const TO_SIGN: &str = "entremise deliberation v1";
const SIGNED: &str = "entremise deliberation signed v1";

/// A member's key, by which their signature is known. Public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberKey {
    pub member: PersonId,
    pub id: ReviewerKeyId,
    pub key: PublicKey,
}

/// A decision, as it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    pub authority: AuthorityId,
    pub case: CaseId,
    pub file_number: String,
    pub by: PersonId,
    pub outcome: DeliberationOutcome,
    /// SHA-256 of the facts as they were shown.
    pub examined: Digest,
    /// SHA-256 of the reasons in words, UTF-8.
    pub reasons: Digest,
}

impl Statement {
    /// The text that is signed, UTF-8: one line a field, in this order, each ended by a line feed.
    /// No value holds a line feed: it reads one way only.
    pub fn text(&self) -> String {
        let mut text = format!("{TO_SIGN}\n");
        for (name, value) in [
            ("authority", &self.authority as &dyn std::fmt::Display),
            ("case", &self.case),
            ("file", &self.file_number),
            ("by", &self.by),
            ("outcome", &self.outcome.name()),
            ("examined", &self.examined),
            ("reasons", &self.reasons),
        ] {
            writeln!(text, "{name} {value}").expect("writing to a String does not fail");
        }
        text
    }
}

/// A decision on its way to the member's machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionFile {
    form: String,
    pub statement: Statement,
    /// In words; their SHA-256 is what is signed.
    pub reasons: String,
}

/// The same on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedDecision {
    form: String,
    pub statement: Statement,
    pub reasons: String,
    pub key: ReviewerKeyId,
    pub signature: Signature,
}

/// Why a file is not what it says.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    #[error("the file is not of the form it should have")]
    Form,
    #[error("the reasons in the file are not those that its digest names")]
    OtherReasons,
}

impl DecisionFile {
    pub fn new(statement: Statement, reasons: String) -> Self {
        Self { form: TO_SIGN.to_owned(), statement, reasons }
    }

    /// # Errors
    /// It is none, or its reasons were exchanged.
    pub fn read(text: &str) -> Result<Self, BadFile> {
        let file: Self = serde_json::from_str(text).map_err(|_| BadFile::Form)?;
        if file.form != TO_SIGN {
            return Err(BadFile::Form);
        }
        if ledger::digest(file.reasons.as_bytes()) != file.statement.reasons {
            return Err(BadFile::OtherReasons);
        }
        Ok(file)
    }

    pub fn signed(self, key: ReviewerKeyId, signature: Signature) -> SignedDecision {
        let Self { statement, reasons, .. } = self;
        SignedDecision { form: SIGNED.to_owned(), statement, reasons, key, signature }
    }

    pub fn to_json(&self) -> String {
        pretty(self)
    }
}

impl SignedDecision {
    /// # Errors
    /// It is none, or its reasons were exchanged.
    pub fn read(text: &str) -> Result<Self, BadFile> {
        let file: Self = serde_json::from_str(text).map_err(|_| BadFile::Form)?;
        if file.form != SIGNED {
            return Err(BadFile::Form);
        }
        if ledger::digest(file.reasons.as_bytes()) != file.statement.reasons {
            return Err(BadFile::OtherReasons);
        }
        Ok(file)
    }

    pub fn to_json(&self) -> String {
        pretty(self)
    }

    /// Whether the member it names made the signature, with a key of theirs.
    pub fn holds(&self, keys: &[MemberKey]) -> bool {
        let key = keys.iter().find(|key| key.id == self.key && key.member == self.statement.by);
        key.is_some_and(|key| key_holds(&key.key, &self.statement.text(), &self.signature))
    }
}

fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value)
        .expect("types with string keys and finite numbers always serialise");
    text.push('\n');
    text
}

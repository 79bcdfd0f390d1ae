//! What a member signs when they decide on a finding, and the two files that travel between the
//! desk and the member's own machine. JSON, so that a person can read them and another program
//! make them.
//!
//! The text that is signed names the case, the outcome, what was looked at and the reasons: a
//! signature on it is good for this decision and for no other. A passkey signs it with words of the
//! house after it, which are fresh, soon stale and used once.

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
    /// The house's own words that a passkey signed after the statement; a key file signs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh: Option<String>,
    /// The key as the house knew it when it took the decision, for whoever verifies later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<PublicKey>,
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
        SignedDecision {
            form: SIGNED.to_owned(),
            statement,
            reasons,
            key,
            signature,
            fresh: None,
            public_key: None,
        }
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

    /// The text that was signed. The statement's lines are always the same eight, so it reads one
    /// way only.
    pub fn text(&self) -> String {
        self.statement.text() + self.fresh.as_deref().unwrap_or_default()
    }

    /// The key with which the member it names made the signature; none where they did not.
    pub fn signed_with<'k>(&self, keys: &'k [MemberKey]) -> Option<&'k PublicKey> {
        let key = keys.iter().find(|key| key.id == self.key && key.member == self.statement.by);
        key.map(|key| &key.key).filter(|key| self.holds_under(key))
    }

    /// Whether the signature holds under this key, whoever's it is. Only a passkey signs words of
    /// the house, and it never signs without them.
    pub fn holds_under(&self, key: &PublicKey) -> bool {
        let is_fresh = matches!(key, PublicKey::Passkey { .. });
        is_fresh == self.fresh.is_some() && key_holds(key, &self.text(), &self.signature)
    }
}

fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value)
        .expect("types with string keys and finite numbers always serialise");
    text.push('\n');
    text
}

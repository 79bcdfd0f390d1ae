//! The two files that travel between the desk and a reviewer's own machine: the request, and the
//! signed ruling. JSON, so that a person can read them and another program can make them.

use entremise_core::authorisation::{LinkingAsked, Ruling, SignedStatement, Statement};
use entremise_core::id::{AuthorisationId, Digest, PersonId};
use entremise_core::ledger;
use entremise_store::Dossier;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Largest file that is read. Unit: bytes.
pub const FILE_BYTES_MAX: usize = 256 * 1024;
/// Longest reasons. Unit: characters.
pub const REASONS_CHARS_MAX: usize = 20_000;

const REQUEST: &str = "entremise review request v1";
const RULING: &str = "entremise review ruling v1";

/// A request for another machine: all that is needed to read it and to rule on it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFile {
    pub form: String,
    /// The authority's name, for the reader.
    pub authority: String,
    pub request: AuthorisationId,
    pub reviewer: PersonId,
    pub linking: LinkingAsked,
    /// SHA-256 of `dossier`.
    pub evidence: Digest,
    /// Unanswered, the request lapses from this instant on.
    pub lapses_at: Option<Timestamp>,
    /// When a grant expires, if it is given on this file.
    pub grant_expires_at: Timestamp,
    /// Canonical JSON, character for character as it was digested.
    pub dossier: String,
}

/// A ruling on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulingFile {
    pub form: String,
    pub signed: SignedStatement,
    /// In words; their SHA-256 is what was signed.
    pub reasons: String,
}

/// Why a file is not what it says.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    #[error("the file is not of the form it should have")]
    Form,
    #[error("the dossier in the file is not the one that its digest names")]
    OtherDossier,
}

impl RequestFile {
    pub fn form() -> String {
        REQUEST.to_owned()
    }

    /// Reads a file and checks that the dossier in it is the one the request is about.
    pub fn read(text: &str) -> Result<Self, BadFile> {
        let file: Self = serde_json::from_str(text).map_err(|_| BadFile::Form)?;
        if file.form != REQUEST {
            return Err(BadFile::Form);
        }
        if ledger::digest(file.dossier.as_bytes()) != file.evidence {
            return Err(BadFile::OtherDossier);
        }
        Ok(file)
    }

    pub fn to_json(&self) -> String {
        pretty(self)
    }

    /// The dossier, where it has the form that this release knows.
    pub fn dossier(&self) -> Option<Dossier> {
        Dossier::of_bytes(self.dossier.as_bytes())
    }

    /// What is signed for a ruling with these reasons.
    pub fn statement(&self, ruling: Ruling, reasons: &str) -> Statement {
        Statement {
            request: self.request,
            ruling,
            reviewer: self.reviewer.clone(),
            linking: self.linking.clone(),
            evidence: self.evidence.clone(),
            reasons: ledger::digest(reasons.as_bytes()),
            expires_at: self.grant_expires_at,
        }
    }
}

impl RulingFile {
    pub fn new(signed: SignedStatement, reasons: String) -> Self {
        Self { form: RULING.to_owned(), signed, reasons }
    }

    pub fn read(text: &str) -> Result<Self, BadFile> {
        let file: Self = serde_json::from_str(text).map_err(|_| BadFile::Form)?;
        let is_ours = file.form == RULING && file.reasons.chars().count() <= REASONS_CHARS_MAX;
        if is_ours { Ok(file) } else { Err(BadFile::Form) }
    }

    pub fn to_json(&self) -> String {
        pretty(self)
    }
}

fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value)
        .expect("types with string keys and finite numbers always serialise");
    text.push('\n');
    text
}

//! The provider's own journal of what it disclosed, handed over and refused. Each line carries the
//! SHA-256 of the line before it: nothing can be taken out, put in or changed without every later
//! line saying so.
//!
//! A line names no subscriber and no handle. What belongs to one handle lies in an erasable file
//! beside it (`disclosures.jsonl`), and the line holds that record's SHA-256, which a random salt
//! in the record makes useless for finding out whose it was. So the handle can be forgotten and
//! the journal still be proven whole.
//!
//! What it cannot prove: that lines at its end were not cut off. Note the head that `journal
//! verify` prints, or send it to somebody.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use entremise_core::id::{AuthorisationId, AuthorityId, QuestionId, RegimeId};
use entremise_core::identification::{IdentityField, Purpose};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::Journal;
use crate::read::digest;

/// The file in the index directory.
pub const FILE: &str = "journal.jsonl";

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// An identity was asked for.
    Disclosure,
    /// A message was to be handed over.
    Relay,
}

/// One thing that was asked of the provider, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    pub act: Act,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub request: QuestionId,
    pub purpose: Purpose,
    /// The authority's own count, as it was claimed.
    pub sequence: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<IdentityField>,
    /// The wire name of the outcome; with the reason where it was refused.
    pub outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The grant that was used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<AuthorisationId>,
    /// SHA-256 of the erasable record, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// A line as it stands in the file.
#[derive(Serialize, Deserialize)]
struct Line {
    number: u64,
    /// SHA-256 of the line before, hexadecimal; zeros in the first.
    before: String,
    #[serde(flatten)]
    entry: Entry,
}

/// Where a chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many lines there are.
    pub lines: u64,
    /// SHA-256 of the last one, hexadecimal; zeros where there is none.
    pub digest: String,
}

/// The journal, open for writing.
pub struct Chain {
    journal: Journal,
    head: Mutex<Head>,
}

impl Head {
    fn of_nothing() -> Self {
        Self { lines: 0, digest: "0".repeat(64) }
    }

    /// Takes the next line; fails where it does not follow.
    fn follow(&mut self, bytes: &[u8]) -> anyhow::Result<Entry> {
        let line: Line = serde_json::from_slice(bytes)
            .with_context(|| format!("line {} cannot be read", self.lines + 1))?;
        ensure!(
            line.number == self.lines + 1,
            "line {} says it is line {}: lines were taken out, put in or moved",
            self.lines + 1,
            line.number
        );
        ensure!(
            line.before == self.digest,
            "line {} does not follow line {}: one of them was changed",
            line.number,
            self.lines
        );
        self.lines = line.number;
        self.digest = hex::encode(digest(bytes));
        Ok(line.entry)
    }
}

impl Chain {
    /// Opens or begins the journal of a directory and gives each entry to `replay`. A broken chain
    /// is not gone on with.
    pub fn open(directory: &Path, mut replay: impl FnMut(Entry)) -> anyhow::Result<Self> {
        let mut head = Head::of_nothing();
        let journal = Journal::open_bytes(&directory.join(FILE), |bytes, _| {
            replay(head.follow(bytes)?);
            Ok(())
        })?;
        Ok(Self { journal, head: Mutex::new(head) })
    }

    /// Adds an entry, durably. Only then may what it speaks of leave.
    pub fn enter(&self, entry: Entry) -> anyhow::Result<()> {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let line = Line { number: head.lines + 1, before: head.digest.clone(), entry };
        let mut bytes = serde_json::to_vec(&line)?;
        let digest = hex::encode(digest(&bytes));
        bytes.push(b'\n');
        self.journal.append_bytes(&bytes, &[u32::try_from(bytes.len())?])?;
        *head = Head { lines: line.number, digest };
        drop(head);
        self.journal.make_durable()
    }
}

/// What a journal that holds together says.
#[derive(Debug)]
pub struct Verified {
    pub head: Head,
    /// How many of each kind, in the words of the journal.
    pub counts: BTreeMap<(AuthorityId, Act, &'static str, String), u64>,
    /// Records that were erased since: their handles are forgotten.
    pub erased: u64,
    pub kept: u64,
}

/// Reads a journal as a stranger would, and the records beside it. `records` are the lines of the
/// erasable file.
pub fn verify<'a>(
    journal: &[u8],
    records: impl Iterator<Item = &'a [u8]>,
) -> anyhow::Result<Verified> {
    let mut head = Head::of_nothing();
    let mut counts = BTreeMap::new();
    let mut known = HashSet::new();
    let mut lines: Vec<&[u8]> = journal.split(|byte| *byte == b'\n').collect();
    if lines.pop().is_some_and(|rest| !rest.is_empty()) {
        bail!("the last line is not whole");
    }
    for bytes in lines {
        let entry = head.follow(bytes)?;
        let purpose = match entry.purpose {
            Purpose::Warn => "warn",
            Purpose::Finding => "finding",
        };
        let outcome = match entry.reason {
            Some(reason) => format!("{} ({reason})", entry.outcome),
            None => entry.outcome,
        };
        *counts.entry((entry.authority, entry.act, purpose, outcome)).or_insert(0) += 1;
        known.extend(entry.record);
    }
    let total = known.len() as u64;
    for record in records {
        if !known.remove(&hex::encode(digest(record))) {
            bail!("a record of disclosures.jsonl is not the one the journal speaks of");
        }
    }
    let erased = known.len() as u64;
    Ok(Verified { head, counts, erased, kept: total - erased })
}

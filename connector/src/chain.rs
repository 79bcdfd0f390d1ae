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

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use entremise_core::id::{
    AuthorisationId, AuthorityId, Digest, OrderId, PersonId, QuestionId, RegimeId,
};
use entremise_core::identification::{IdentityField, Purpose};
use entremise_wire::measure::{Acknowledgement, JournalLine};
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

/// What a line of a measure is about; see [`MeasureEntry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureAct {
    Measure,
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

/// One thing that happened to an order, or to an authority's measures altogether.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureEntry {
    pub at: Timestamp,
    pub act: MeasureAct,
    pub authority: AuthorityId,
    /// `ordered`, `refused`, `approved`, `declined`, `carrying`, `implemented`, `lifted`, `ended`,
    /// `stopped`, `resumed`.
    pub step: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regime: Option<RegimeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The provider's person, and the signature by which it can be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledgements: Vec<Acknowledgement>,
}

/// What a line says. Told apart by what each must have: `step`, or `purpose`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Said {
    Measure(MeasureEntry),
    Asked(Entry),
}

/// A line as it stands in the file.
#[derive(Serialize, Deserialize)]
struct Line {
    number: u64,
    /// SHA-256 of the line before, hexadecimal; zeros in the first.
    before: String,
    #[serde(flatten)]
    said: Said,
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
    fn follow(&mut self, bytes: &[u8]) -> anyhow::Result<Said> {
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
        Ok(line.said)
    }
}

impl Chain {
    /// Opens or begins the journal of a directory and gives what was asked for to `replay`; of
    /// measures there are records elsewhere. A broken chain is not gone on with.
    pub fn open(directory: &Path, mut replay: impl FnMut(Entry)) -> anyhow::Result<Self> {
        let mut head = Head::of_nothing();
        let journal = Journal::open_bytes(&directory.join(FILE), |bytes, _| {
            if let Said::Asked(entry) = head.follow(bytes)? {
                replay(entry);
            }
            Ok(())
        })?;
        Ok(Self { journal, head: Mutex::new(head) })
    }

    /// Adds an entry, durably. Only then may what it speaks of leave.
    pub fn enter(&self, entry: Entry) -> anyhow::Result<()> {
        self.add(Said::Asked(entry)).map(|_| ())
    }

    /// The same for a measure; the line is what the authority gets as proof.
    pub fn enter_measure(&self, entry: MeasureEntry) -> anyhow::Result<JournalLine> {
        self.add(Said::Measure(entry))
    }

    fn add(&self, said: Said) -> anyhow::Result<JournalLine> {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let line = Line { number: head.lines + 1, before: head.digest.clone(), said };
        let mut bytes = serde_json::to_vec(&line)?;
        let digest = hex::encode(digest(&bytes));
        let entered = JournalLine {
            line: String::from_utf8(bytes.clone())?,
            digest: Digest::try_from(digest.clone())?,
        };
        bytes.push(b'\n');
        self.journal.append_bytes(&bytes, &[u32::try_from(bytes.len())?])?;
        *head = Head { lines: line.number, digest };
        drop(head);
        self.journal.make_durable()?;
        Ok(entered)
    }
}

/// How many orders each authority sent on the last day (UTC) on which it sent any: those taken and
/// those refused, each of which has its line. Days since 1970.
pub fn ordered_on_last_days(directory: &Path) -> anyhow::Result<HashMap<AuthorityId, (i64, u32)>> {
    let mut days: HashMap<AuthorityId, (i64, u32)> = HashMap::new();
    let file = match File::open(directory.join(FILE)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(days),
        outcome => outcome.with_context(|| format!("reading {FILE}"))?,
    };
    for bytes in BufReader::new(file).split(b'\n') {
        let line: Line = serde_json::from_slice(&bytes?).with_context(|| format!("in {FILE}"))?;
        let Said::Measure(entry) = line.said else { continue };
        if !matches!(entry.step.as_str(), "ordered" | "refused") {
            continue;
        }
        let day = entry.at.as_second().div_euclid(86_400);
        let known = days.entry(entry.authority).or_insert((day, 0));
        if known.0 < day {
            *known = (day, 0);
        }
        known.1 += u32::from(known.0 == day);
    }
    Ok(days)
}

/// Authority, act, purpose and outcome; of a measure, the step and its reason.
pub type Kind = (AuthorityId, &'static str, &'static str, String);

/// What a journal that holds together says.
#[derive(Debug)]
pub struct Verified {
    pub head: Head,
    /// How many of each kind, in the words of the journal.
    pub counts: BTreeMap<Kind, u64>,
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
        let (key, record) = counted(head.follow(bytes)?);
        *counts.entry(key).or_insert(0) += 1;
        known.extend(record);
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

/// What a line is counted as, and the record that it speaks of.
fn counted(said: Said) -> (Kind, Option<String>) {
    let with = |outcome: String, reason: Option<String>| match reason {
        Some(reason) => format!("{outcome} ({reason})"),
        None => outcome,
    };
    match said {
        Said::Measure(entry) => {
            let outcome = with(entry.step, entry.reason);
            ((entry.authority, "measure", "-", outcome), None)
        }
        Said::Asked(entry) => {
            let purpose = match entry.purpose {
                Purpose::Warn => "warn",
                Purpose::Finding => "finding",
            };
            let act = match entry.act {
                Act::Disclosure => "disclosure",
                Act::Relay => "relay",
            };
            let outcome = with(entry.outcome, entry.reason);
            ((entry.authority, act, purpose, outcome), entry.record)
        }
    }
}

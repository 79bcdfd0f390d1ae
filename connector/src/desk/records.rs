//! What belongs to one handle: each answer that was given about it, so that the same request gets
//! the same answer and the count survives a restart. Erased with the handle; the chained journal
//! keeps only the digest.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::bail;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::id::{AuthorisationId, AuthorityId, Handle, QuestionId};
use entremise_core::identification::Disclosure;
use entremise_wire::message::Relayed;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::given::{Given, Part};
use crate::journal::{Journal, LinePlace};
use crate::keys::random;
use crate::read::digest;

/// The file in the index directory.
pub const FILE: &str = "disclosures.jsonl";

/// One line. What was disclosed is sealed; the provider cannot read it again either.
#[derive(Clone, Serialize, Deserialize)]
pub struct Record {
    /// Random, so that the journal's digest tells nothing once the record is erased.
    salt: String,
    pub handle: Handle,
    /// SHA-256 of the request, hexadecimal.
    pub asked: String,
    pub sequence: u32,
    pub parts: Vec<Part>,
    /// When it was given.
    pub at: Timestamp,
    pub answered: Answered,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    Disclosure(Disclosure),
    Relay(Relayed),
}

/// The records, open for writing, and what is remembered of them.
pub struct Records {
    pub journal: Journal,
    pub memory: RecordMemory,
    /// Grants are good once. The journal knows them; they outlive the records.
    pub grants_used: HashSet<(AuthorityId, AuthorisationId)>,
}

#[derive(Default)]
pub struct RecordMemory {
    answered: HashMap<QuestionId, LinePlace>,
    pub given: HashMap<Handle, Given>,
}

impl Record {
    pub fn new(
        handle: &Handle,
        asked: &str,
        sequence: u32,
        parts: Vec<Part>,
        at: Timestamp,
        answered: Answered,
    ) -> anyhow::Result<Self> {
        let salt = STANDARD.encode(random::<16>()?);
        Ok(Self {
            salt,
            handle: handle.clone(),
            asked: asked.to_owned(),
            sequence,
            parts,
            at,
            answered,
        })
    }

    fn id(&self) -> QuestionId {
        match &self.answered {
            Answered::Disclosure(
                Disclosure::Disclosed { id, .. }
                | Disclosure::HandleUnknown { id }
                | Disclosure::Refused { id, .. },
            ) => *id,
            Answered::Relay(relayed) => relayed.id(),
        }
    }
}

impl RecordMemory {
    pub fn remember(&mut self, record: Record, place: LinePlace) {
        let given = self.given.entry(record.handle.clone()).or_default();
        given.note(record.sequence, &record.parts, record.at);
        self.answered.insert(record.id(), place);
    }
}

impl Records {
    /// Opens the records of a directory. `entered` are the digests that the journal speaks of. One
    /// more at the end was written by a call that never answered, and is dropped; anything else
    /// that it does not speak of means that journal and records were parted.
    pub fn open(
        directory: &Path,
        entered: &HashSet<String>,
        grants_used: HashSet<(AuthorityId, AuthorisationId)>,
    ) -> anyhow::Result<Self> {
        let mut memory = RecordMemory::default();
        let mut cut = None;
        let journal = Journal::open_bytes(&directory.join(FILE), |bytes, place| {
            if cut.is_some() {
                bail!("the journal does not speak of the record before it");
            }
            if entered.contains(&hex::encode(digest(bytes))) {
                memory.remember(serde_json::from_slice(bytes)?, place);
            } else {
                cut = Some(place);
            }
            Ok(())
        })?;
        if let Some(place) = cut {
            journal.cut(place)?;
        }
        Ok(Self { journal, memory, grants_used })
    }

    /// What was answered under this id.
    pub fn of(&self, id: QuestionId) -> anyhow::Result<Option<Record>> {
        let place = self.memory.answered.get(&id).copied();
        place.map(|place| self.journal.read(place)).transpose()
    }

    /// Writes a record durably; gives the digest for the journal and where it lies. It counts once
    /// it is remembered, behind the journal's entry.
    pub fn write(&self, record: &Record) -> anyhow::Result<(String, LinePlace)> {
        let mut bytes = serde_json::to_vec(record)?;
        let digest = hex::encode(digest(&bytes));
        bytes.push(b'\n');
        let places = self.journal.append_bytes(&bytes, &[u32::try_from(bytes.len())?])?;
        self.journal.make_durable()?;
        match places[..] {
            [place] => Ok((digest, place)),
            _ => bail!("one record was written, and it lies in {} places", places.len()),
        }
    }

    /// Erases the records of handles that are forgotten, and their counts with them.
    pub fn erase(&mut self, is_known: impl Fn(&Handle) -> bool) -> anyhow::Result<()> {
        if self.memory.given.keys().all(&is_known) {
            return Ok(());
        }
        let mut kept = RecordMemory::default();
        self.journal.erase(|bytes, place| {
            let record: Record = serde_json::from_slice(bytes)?;
            let keep = is_known(&record.handle);
            if keep {
                kept.remember(record, place);
            }
            Ok(keep)
        })?;
        self.memory = kept;
        Ok(())
    }
}

//! The second request: from a handle to the means to reach the subscriber, sealed for the
//! authority's identity compartment. The provider keeps its own count of disclosures per handle.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::id::{AuthorityId, BatchId, Handle, RegimeId};
use entremise_core::identification::{Disclosure, DisclosureRequest, Purpose};
use entremise_wire::message::{DisclosureAnswers, DisclosureBatch, QUESTIONS_MAX};
use entremise_wire::sealing;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CallRefused, Desk, HandleLine, Memory, TOO_OFTEN};
use crate::directory::only;
use crate::journal::Journal;
use crate::read::digest;

/// One line of `disclosures.jsonl`. What was disclosed is sealed; the provider cannot read it
/// again either.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Disclosure {
        authority: AuthorityId,
        at: Timestamp,
        handle: Handle,
        /// The authority's own count, and ours.
        sequence: u32,
        count: u32,
        asked: String,
        disclosure: Disclosure,
    },
    Batch {
        batch: BatchId,
        asked: String,
    },
}

pub(super) fn open_journal(directory: &Path, memory: &mut Memory) -> anyhow::Result<Journal> {
    Journal::open(&directory.join("disclosures.jsonl"), |line: Line, place| match line {
        Line::Disclosure { handle, count, asked, disclosure, .. } => {
            memory.disclosed.insert(id_of(&disclosure), (asked, place));
            memory.disclosure_counts.insert(handle, count);
        }
        Line::Batch { batch, asked } => {
            memory.disclosed_batches.insert(batch, asked);
        }
    })
}

impl Desk {
    /// Answers disclosure requests. A repeated request gets the same sealed bytes.
    pub fn disclosures(
        &self,
        batch: &DisclosureBatch,
        asked: &str,
        now: Timestamp,
    ) -> Result<DisclosureAnswers, CallRefused> {
        self.agreed(&batch.authority, &batch.regime)?;
        if batch.requests.len() > QUESTIONS_MAX {
            return Err(CallRefused::TooMany);
        }
        if self.memory().disclosed_batches.get(&batch.batch).is_some_and(|known| known != asked) {
            return Err(CallRefused::BatchChanged);
        }
        let mut disclosures = Vec::with_capacity(batch.requests.len());
        for request in &batch.requests {
            disclosures.push(self.disclosure(batch, request, now)?);
        }
        self.disclosures.append(&[Line::Batch { batch: batch.batch, asked: asked.to_owned() }])?;
        self.disclosures.make_durable()?;
        self.memory().disclosed_batches.insert(batch.batch, asked.to_owned());
        Ok(DisclosureAnswers { batch: batch.batch, disclosures })
    }

    fn disclosure(
        &self,
        batch: &DisclosureBatch,
        request: &DisclosureRequest,
        now: Timestamp,
    ) -> Result<Disclosure, CallRefused> {
        let id = request.id;
        let text = serde_json::to_vec(&(&batch.authority, &batch.regime, request))
            .map_err(anyhow::Error::from)?;
        let asked = hex::encode(digest(&text));
        let known = self.memory().disclosed.get(&id).cloned();
        if let Some((before, place)) = known {
            if before != asked {
                return Ok(refused(request, "question_changed"));
            }
            return match self.disclosures.read(place)? {
                Line::Disclosure { disclosure, .. } => Ok(disclosure),
                Line::Batch { .. } => Ok(refused(request, "journal_damaged")),
            };
        }
        // Not journalled: a refusal for a reason that passes must not stick to the id.
        if request.expires_at <= now {
            return Ok(refused(request, "request_expired"));
        }
        if request.purpose == Purpose::Finding {
            return Ok(refused(request, "authorisation_missing"));
        }
        let Some(account) = self.account_of(&request.handle, &batch.authority, &batch.regime)?
        else {
            return Ok(Disclosure::HandleUnknown { id });
        };
        if self.is_alarmed(&account)? {
            return Ok(refused(request, TOO_OFTEN));
        }
        let account = String::from_utf8_lossy(&account).into_owned();
        let (identity, fields) = only(self.subscribers.identity(&account)?, &request.fields);
        let Ok(sealed) = sealing::seal(&identity, &request.seal_to, id, request.purpose) else {
            return Ok(refused(request, "seal_to_is_no_key"));
        };
        let disclosure = Disclosure::Disclosed {
            id,
            fields,
            encapsulated_key: sealed.encapsulated_key,
            sealed: sealed.ciphertext,
        };
        self.keep_disclosure(batch, request, asked, disclosure, now)
    }

    fn keep_disclosure(
        &self,
        batch: &DisclosureBatch,
        request: &DisclosureRequest,
        asked: String,
        disclosure: Disclosure,
        now: Timestamp,
    ) -> Result<Disclosure, CallRefused> {
        // Held to the end: two calls for one id must not both seal.
        let mut memory = self.memory();
        if let Some((before, place)) = memory.disclosed.get(&request.id)
            && *before == asked
            && let Line::Disclosure { disclosure, .. } = self.disclosures.read(*place)?
        {
            return Ok(disclosure);
        }
        let count = memory.disclosure_counts.get(&request.handle).copied().unwrap_or(0) + 1;
        let lines = [Line::Disclosure {
            authority: batch.authority.clone(),
            at: now,
            handle: request.handle.clone(),
            sequence: request.sequence,
            count,
            asked: asked.clone(),
            disclosure: disclosure.clone(),
        }];
        let places = self.disclosures.append(&lines)?;
        self.disclosures.make_durable()?;
        memory.disclosure_counts.insert(request.handle.clone(), count);
        for place in places {
            memory.disclosed.insert(request.id, (asked.clone(), place));
        }
        Ok(disclosure)
    }

    /// The account behind a handle that was given to this authority under this regime.
    fn account_of(
        &self,
        handle: &Handle,
        authority: &AuthorityId,
        regime: &RegimeId,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(place) = self.memory().handles.get(handle).copied() else { return Ok(None) };
        let line: HandleLine = self.handles.read(place)?;
        if line.authority != *authority || line.regime != *regime {
            return Ok(None);
        }
        let sealed = STANDARD.decode(&line.account)?;
        Ok(self.sealer.open(&sealed, handle.as_str().as_bytes()))
    }

    fn is_alarmed(&self, account: &[u8]) -> anyhow::Result<bool> {
        let id = hex::encode(self.seal.keyed(account));
        let mut memory = self.memory();
        memory.alarms.refresh()?;
        Ok(memory.alarms.is_raised(&id))
    }

    /// How often a handle was disclosed, by the provider's own count.
    pub fn disclosure_count(&self, handle: &Handle) -> u32 {
        self.memory().disclosure_counts.get(handle).copied().unwrap_or(0)
    }
}

fn refused(request: &DisclosureRequest, reason: &str) -> Disclosure {
    Disclosure::Refused { id: request.id, reason: reason.to_owned() }
}

fn id_of(disclosure: &Disclosure) -> entremise_core::id::QuestionId {
    match disclosure {
        Disclosure::Disclosed { id, .. }
        | Disclosure::HandleUnknown { id }
        | Disclosure::Refused { id, .. } => *id,
    }
}

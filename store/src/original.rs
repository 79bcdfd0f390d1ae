//! What came in, of one notice alone: carved out of its batch before the batch goes, and kept with
//! the case of the line that it stands against, for a court that wants to see the fact as received.
//!
//! A batch holds many people's notices and is erased by its own time; a case keeps its own.

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, BatchId, CaseId, NoticeId, PartyId, RegimeId};
use entremise_core::ledger::Actor;
use jiff::Timestamp;

use crate::Store;
use crate::conn::Value;
use crate::intake::ItemVerdict;
use crate::look::{About, Asked, LookError, LookField, LookPurpose};
use crate::trouble::Trouble;

/// A notice of a batch that stands against a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactOfBatch {
    pub notice: NoticeId,
    /// The line's case.
    pub case: CaseId,
    pub regime: RegimeId,
    /// Where in the batch, as its report says.
    pub place: String,
}

impl Store {
    /// Which notices of a batch stand against a line. Opens nothing but the batch's report.
    pub fn facts_of_batch(
        &self,
        authority: &AuthorityId,
        batch: BatchId,
    ) -> Result<Vec<FactOfBatch>, Trouble> {
        let Some(sender) = self.sender_of(authority, batch)? else { return Ok(Vec::new()) };
        let report = self.batch_report(authority, &sender, &batch)?;
        let accepted =
            report.into_iter().flat_map(|report| report.results).filter_map(|result| match result
                .verdict
            {
                ItemVerdict::Accepted { notice } => Some((notice, result.place)),
                _ => None,
            });
        let mut places: BTreeMap<NoticeId, String> = accepted.collect();
        let keys: Vec<[u8; 16]> = places.keys().map(|notice| notice.0.into_bytes()).collect();
        let keys: Vec<&[u8]> = keys.iter().map(<[u8; 16]>::as_slice).collect();
        let rows = self.inner.cases.read(|tx| {
            tx.query_each(
                "-- facts-of-batch
                 SELECT fact.notice_id, fact.case_id, cases.regime FROM fact
                 JOIN cases ON cases.case_id = fact.case_id
                 WHERE fact.notice_id = $1[] AND cases.authority = $2",
                &keys,
                &[authority.as_str().into()],
            )
        })?;
        let mut facts = Vec::with_capacity(rows.len());
        for row in &rows {
            let (notice, case) = (NoticeId(row.id(0)?), CaseId(row.id(1)?));
            let Some(place) = places.remove(&notice) else { continue };
            facts.push(FactOfBatch { notice, case, regime: row.word(2)?, place });
        }
        Ok(facts)
    }

    fn sender_of(
        &self,
        authority: &AuthorityId,
        batch: BatchId,
    ) -> Result<Option<PartyId>, Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- sender-of-batch
                 SELECT sender FROM batch
                 WHERE batch_id = $1 AND authority = $2 AND erased_at IS NULL",
                &[Value::id(&batch.0), authority.as_str().into()],
            )
        })?;
        row.map(|row| row.word(0)).transpose()
    }

    /// The bytes of a batch as they came, for the house itself: what is carved out of it goes to
    /// the cases it belongs to. Stands in the ledger before. None once the batch is erased.
    pub fn open_batch(
        &self,
        authority: &AuthorityId,
        batch: BatchId,
        legal_basis: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let asked = Asked {
            authority,
            about: About::Batch(batch),
            purpose: LookPurpose::Keep,
            legal_basis,
            fields: &[LookField::Evidence],
        };
        let content = match self.look_by(Actor::House, asked, now) {
            Ok(seen) => seen.raw,
            Err(LookError::NoSuchThing) => None,
            Err(LookError::NoLegalBasis) => return Err(Trouble::never("a look has no basis")),
            Err(LookError::Trouble(trouble)) => return Err(trouble),
        };
        content.map(crate::intake::raw_of).transpose()
    }
}

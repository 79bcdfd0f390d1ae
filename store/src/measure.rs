//! Cases of measures: which file each came from, what its letter needs, and their lists.
//!
//! The identity is the one that was disclosed for the file: a measure links nobody anew.

use entremise_core::case::Case;
use entremise_core::id::{AuthorityId, CaseId, PartyId};
use entremise_core::identification::Identity;
use entremise_core::ledger::{self as form, Actor};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::conn::{Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::linking::{self, LinkError};
use crate::outbox::Claimed;
use crate::rows;
use crate::trouble::Trouble;

/// What a letter about a measure needs. No `Debug`: it names a person.
pub struct MeasureMaterial {
    pub identity: Identity,
    pub provider: PartyId,
    /// The number of the file that was judged: the person knows it.
    pub file_number: String,
}

/// The open case of a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureRow {
    pub case: Case,
    pub due_at: Option<Timestamp>,
}

/// Notes where the case of a measure came from, as it is opened.
pub(crate) fn note(tx: &mut Tx, case: CaseId, file: CaseId) -> Result<(), Trouble> {
    tx.execute(
        "-- measure-note
         INSERT INTO measure_of (case_id, file, question_id) VALUES ($1, $2,
             (SELECT question_id FROM disclosure WHERE case_id = $2
              ORDER BY kept_at DESC, question_id DESC LIMIT 1))",
        &[Value::id(&case.0), Value::id(&file.0)],
    )
    .map(|_| ())
}

/// Disclosures of a file that the case of a measure still goes by.
pub(crate) fn still_needed(tx: &mut Tx, file: CaseId) -> Result<Vec<Uuid>, Trouble> {
    let rows = tx.query(
        "-- measure-disclosures-needed
         SELECT question_id FROM measure_of WHERE file = $1 AND question_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.subject = measure_of.case_id)",
        &[Value::id(&file.0)],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Disclosures that go with the case of a measure: neither its file nor another measure needs them.
pub(crate) fn left_over(tx: &mut Tx, case: CaseId) -> Result<Vec<Uuid>, Trouble> {
    let rows = tx.query(
        "-- measure-disclosures-left
         SELECT question_id FROM measure_of WHERE case_id = $1 AND question_id IS NOT NULL
             AND EXISTS (SELECT 1 FROM erasure WHERE erasure.subject = measure_of.file)
             AND NOT EXISTS (SELECT 1 FROM measure_of AS other
                 WHERE other.question_id = measure_of.question_id AND other.case_id <> $1
                     AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.subject = other.case_id))",
        &[Value::id(&case.0)],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

impl Store {
    /// The measures that came of a file, the oldest first.
    pub fn measures_of(
        &self,
        authority: &AuthorityId,
        file: CaseId,
    ) -> Result<Vec<CaseId>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- measures-of-file
                 SELECT measure_of.case_id FROM measure_of
                 JOIN cases ON cases.case_id = measure_of.case_id
                 WHERE measure_of.file = $1 AND cases.authority = $2
                 ORDER BY cases.opened_at, measure_of.case_id",
                &[Value::id(&file.0), authority.as_str().into()],
            )
        })?;
        rows.iter().map(|row| row.id(0).map(CaseId)).collect()
    }

    /// Open measures of an authority, those first that are due first.
    pub fn open_measures(
        &self,
        authority: &AuthorityId,
        most: usize,
    ) -> Result<Vec<MeasureRow>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- measures-open
                 SELECT case_id, authority, regime, subject, state, opened_at, file_number,
                     question, due_at
                 FROM cases WHERE authority = $1 AND procedure = 'measure' AND closed = 0
                 ORDER BY due_at, case_id LIMIT $2",
                &[authority.as_str().into(), Value::count(most)],
            )
        })?;
        rows.iter()
            .map(rows::read_case)
            .map(|line| line.map(|line| MeasureRow { case: line.case, due_at: line.due_at }))
            .collect()
    }

    /// The number of the file that a measure came from.
    pub fn file_number_of(
        &self,
        authority: &AuthorityId,
        file: CaseId,
    ) -> Result<Option<String>, Trouble> {
        let found = self.inner.cases.read(|tx| rows::case_by_id(tx, authority, file))?;
        Ok(found.and_then(|line| line.file_number))
    }

    /// What the letter about a measure needs. The line is in the ledger before anything is opened.
    pub fn measure_material(
        &self,
        claim: &Claimed,
        file: CaseId,
        now: Timestamp,
    ) -> Result<MeasureMaterial, LinkError> {
        let (question, file_number) = self.inner.cases.write(|tx| {
            let authority = &claim.authority;
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let row = door.tx.query_one(
                "-- measure-disclosure\nSELECT question_id FROM measure_of WHERE case_id = $1",
                &[Value::id(&claim.case.0)],
            )?;
            let question = row.map(|row| row.maybe_id(0)).transpose()?.flatten();
            let question = question.ok_or(LinkError::NothingDisclosed)?;
            let stored = rows::case_by_id(door.tx, authority, file)?;
            let number = stored.and_then(|line| line.file_number).unwrap_or_default();
            let body = json(&serde_json::json!({
                "purpose": "notify_measure",
                "fields": ["identity"],
                "effect_id": claim.id,
                "question": question,
            }));
            let subject = form::Subject::Case(claim.case);
            let kind = form::Kind::Linking("notify_measure");
            linking::enter(&mut door, &claim.regime, subject, kind, Actor::House, body)?;
            door.close()?;
            self.inner.fault("linking.commit")?;
            Ok::<_, LinkError>((question, number))
        })?;
        let identity = linking::disclosed(self, &claim.authority, question)?;
        let provider = claim.subject.provider().clone();
        Ok(MeasureMaterial { identity, provider, file_number })
    }
}

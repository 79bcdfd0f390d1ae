//! What a person may ask about themself: what is held, that it be mended, that it be erased
//! (Règlement (UE) 2016/679, arts 15 to 17). Opens nothing by itself: the looking is `linking`'s.

use entremise_core::id::{AuthorityId, CaseId, QuestionId};
use entremise_core::identification::Identity;
use entremise_core::ledger::{self as form, Actor};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::compartment::{Fresh, Record, RecordKind};
use crate::conn::Value;
use crate::door::{Door, json};
use crate::erase::{self, Entered, Erased, Records};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// Why an identity was not mended.
#[derive(Debug, thiserror::Error)]
pub enum RectifyError {
    #[error("nothing was disclosed for this case under this number, or it is erased")]
    NothingDisclosed,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Store {
    /// Replaces what a provider disclosed by what is right. The ledger has it first; then the new
    /// value is sealed under a key of its own, and with that the key of the old one is gone.
    pub fn rectify(
        &self,
        authority: &AuthorityId,
        case: CaseId,
        disclosure: QuestionId,
        right: &Identity,
        by: &Actor,
        now: Timestamp,
    ) -> Result<u64, RectifyError> {
        let (seq, entered, regime) = self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let row = door.tx.query_one(
                "-- disclosure-of-case
                 SELECT regime FROM disclosure
                 WHERE question_id = $1 AND case_id = $2 AND authority = $3",
                &[Value::id(&disclosure.0), Value::id(&case.0), authority.as_str().into()],
            )?;
            let regime = row.ok_or(RectifyError::NothingDisclosed)?.word(0)?;
            let body = json(&serde_json::json!({ "disclosure": disclosure }));
            let (subject, kind) = (form::Subject::Case(case), form::Kind::House("rectification"));
            let seq = door.enter(&regime, subject, kind, by.clone(), body)?;
            let erased = Erased { seq, disclosures: 1, ..Erased::default() };
            let records = Records { erased, ..Records::default() };
            let id: Uuid = door.draw.id(door.at);
            // Under no case: a case's erasure forgets its disclosures, and this one stays.
            let entered = Entered { id, subject: None, records };
            erase::note(&mut door, regime.as_str(), "rectification", "asked", &entered)?;
            door.close()?;
            Ok::<_, RectifyError>((seq, entered, regime))
        })?;
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let record = Record {
                id: disclosure.0,
                kind: RecordKind::Disclosure,
                fresh: Fresh::draw(&mut door.draw),
                content: json(right),
            };
            self.inner.identity.keep(authority, &regime, std::iter::once(record), now)?;
            door.close()
        })?;
        // The old wrapped key was written over; its last copy is in the log.
        self.inner.identity.register.pool.scrub("VACUUM record_key")?;
        self.carry_out([&entered], now)?;
        Ok(seq)
    }
}

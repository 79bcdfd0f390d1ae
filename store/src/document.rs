//! Messages as sent and carriers' proofs: sealed in the identity compartment, noted in cases.

use entremise_core::id::{AuthorityId, CaseId, Digest, EffectId, RegimeId};
use entremise_core::ledger::{self as form, Actor};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::Store;
use crate::compartment::{Fresh, Record, RecordKind};
use crate::conn::Value;
use crate::door::{Door, json};
use crate::entropy::Draw;
use crate::erase;
use crate::ledger::{self, Lateness};
use crate::read::{self, EffectRow};
use crate::trouble::Trouble;

/// A kept document, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// None for what belongs to the case itself; its row then bears the case's number.
    pub effect: Option<EffectId>,
    /// `message.eml`, `letter.pdf`, `proof-D01-…`.
    pub name: String,
    pub sha256: [u8; 32],
    pub size_bytes: u64,
    pub kept_at: Timestamp,
}

/// To what a document belongs.
struct Of<'o> {
    authority: &'o AuthorityId,
    case: CaseId,
    /// The effect's number, or the case's.
    owner: Uuid,
}

/// An effect with the case it belongs to, found by its number alone: what comes back from a
/// carrier knows nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEffect {
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub case: CaseId,
    pub row: EffectRow,
}

impl Store {
    /// A new number (UUIDv7), for what is made outside the store: batches.
    pub fn new_id(&self, now: Timestamp) -> Uuid {
        Draw::new(&*self.inner.entropy).id(now)
    }

    /// The effect of this number, whatever its state.
    pub fn effect(&self, id: EffectId) -> Result<Option<FoundEffect>, Trouble> {
        self.inner.cases.read(|tx| read::effect_by_id(tx, id))
    }

    /// Keeps one document of an effect. Idempotent by effect and name: the first writing stands.
    /// Yields the SHA-256 that the ledger names too.
    pub fn keep_document(
        &self,
        effect: EffectId,
        name: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<[u8; 32], Trouble> {
        let found = self.effect(effect)?.ok_or(Trouble::never("no such effect"))?;
        let of = Of { authority: &found.authority, case: found.case, owner: effect.0 };
        self.keep(&of, &found.regime, (name, bytes), &Actor::House, now)
    }

    /// Keeps one document that came to a case, or was made about it, by a person: observations,
    /// the record of a hearing, the reasons of a decision. Idempotent by case and name.
    pub fn keep_case_document(
        &self,
        authority: &AuthorityId,
        case: CaseId,
        name: &str,
        bytes: &[u8],
        by: &Actor,
        now: Timestamp,
    ) -> Result<Digest, Trouble> {
        let found = self.case_file(authority, &case)?.ok_or(Trouble::never("no such case"))?;
        let of = Of { authority, case, owner: case.0 };
        let sha256 = self.keep(&of, &found.case.regime, (name, bytes), by, now)?;
        form::hexadecimal(&sha256).parse().map_err(|_| Trouble::never("a digest is hexadecimal"))
    }

    fn keep(
        &self,
        of: &Of<'_>,
        regime: &RegimeId,
        (name, bytes): (&str, &[u8]),
        by: &Actor,
        now: Timestamp,
    ) -> Result<[u8; 32], Trouble> {
        let sha256 = sha256(&[bytes]);
        let id = record_id(of.owner, name);
        let record = Record {
            id,
            kind: RecordKind::Document,
            fresh: Fresh::draw(&mut Draw::new(&*self.inner.entropy)),
            content: bytes.to_vec(),
        };
        self.inner.cases.write(|tx| {
            // The lock keeps the sweep of orphans away from what is about to be noted.
            ledger::lock(tx, of.authority)?;
            let kept = tx.query_one(
                "-- document-noted\nSELECT record_id FROM document WHERE record_id = $1",
                &[Value::id(&id)],
            )?;
            // What comes for a case that is erased is not kept any more.
            if kept.is_some() || erase::is_erased(tx, of.case)? {
                return Ok(());
            }
            self.inner.identity.keep(of.authority, regime, std::iter::once(record), now)?;
            let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            tx.execute(
                "-- document-note
                 INSERT INTO document (record_id, authority, regime, case_id, effect_id, name,
                     sha256, size_bytes, kept_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                &[
                    Value::id(&id),
                    of.authority.as_str().into(),
                    regime.as_str().into(),
                    Value::id(&of.case.0),
                    Value::id(&of.owner),
                    name.into(),
                    Value::Bytes(&sha256),
                    size.into(),
                    Value::time(now),
                ],
            )?;
            let mut door = Door::open(tx, &self.inner, of.authority, now, Lateness::Admit)?;
            let digest = form::hexadecimal(&sha256);
            let effect = (of.owner != of.case.0).then_some(EffectId(of.owner));
            let body = serde_json::json!({ "effect": effect, "name": name, "sha256": digest });
            let kind = form::Kind::Outcome("document_kept");
            let subject = form::Subject::Case(of.case);
            door.enter(regime, subject, kind, by.clone(), json(&body))?;
            door.close()
        })?;
        Ok(sha256)
    }

    /// What is kept for a case, oldest first. Opens nothing.
    pub fn documents(
        &self,
        authority: &AuthorityId,
        case: &CaseId,
    ) -> Result<Vec<DocumentRow>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- documents-of-case
                 SELECT effect_id, name, sha256, size_bytes, kept_at FROM document
                 WHERE case_id = $1 AND authority = $2 ORDER BY kept_at, record_id",
                &[Value::id(&case.0), authority.as_str().into()],
            )
        })?;
        rows.iter()
            .map(|row| {
                let owner = row.id(0)?;
                Ok(DocumentRow {
                    effect: (owner != case.0).then_some(EffectId(owner)),
                    name: row.text(1)?.to_owned(),
                    sha256: row
                        .bytes(2)?
                        .try_into()
                        .map_err(|_| Trouble::never("a stored digest is not 32 bytes long"))?,
                    size_bytes: u64::try_from(row.integer(3)?).unwrap_or(0),
                    kept_at: row.time(4)?,
                })
            })
            .collect()
    }
}

/// The record's number is made of what it is, so that keeping it twice is keeping it once.
fn record_id(owner: Uuid, name: &str) -> Uuid {
    let digest = sha256(&[b"entremise document 1\0", owner.as_bytes(), name.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let whole = parts.concat();
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, &whole).as_ref());
    sha256
}

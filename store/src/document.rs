//! Messages as sent and carriers' proofs: sealed in the identity compartment, noted in cases.

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, CaseId, Digest, EffectId, RegimeId};
use entremise_core::ledger::{self as form, Actor};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::Store;
use crate::compartment::{Fresh, Record, RecordKind};
use crate::conn::{Tx, Value};
use crate::door::{Door, json};
use crate::entropy::Draw;
use crate::erase;
use crate::ledger::{self, Lateness};
use crate::outbox::Claimed;
use crate::read::{self, EffectRow};
use crate::trouble::Trouble;

/// A kept document's number: made of what it belongs to and what it is called, and of nothing that
/// is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub Uuid);

/// A kept document, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    pub id: DocumentId,
    /// None for what belongs to the case itself; its row then bears the case's number.
    pub effect: Option<EffectId>,
    /// `message.eml`, `letter.pdf`, `proof-D01-…`.
    pub name: String,
    pub sha256: [u8; 32],
    pub size_bytes: u64,
    pub kept_at: Timestamp,
}

/// A document that came of carrying an effect out.
#[derive(Clone, Copy)]
pub struct NewDocument<'d> {
    pub claim: &'d Claimed,
    pub name: &'d str,
    pub bytes: &'d [u8],
}

/// A document that belongs to a case itself.
pub struct CaseDocument {
    pub case: CaseId,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A document before it is kept, and to what it belongs.
struct Keeping<'k> {
    case: CaseId,
    /// The effect's number, or the case's.
    owner: Uuid,
    name: &'k str,
    bytes: &'k [u8],
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
        let keeping = Keeping { case: found.case, owner: effect.0, name, bytes };
        self.keep((&found.authority, &found.regime), &[keeping], &Actor::House, now)?;
        Ok(sha256(&[bytes]))
    }

    /// Keeps documents of many effects, those of one authority and regime in one transaction. As
    /// `keep_document` for each.
    pub fn keep_documents(
        &self,
        documents: &[NewDocument<'_>],
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let mut owners: BTreeMap<(&AuthorityId, &RegimeId), Vec<Keeping<'_>>> = BTreeMap::new();
        for NewDocument { claim, name, bytes } in documents {
            let keeping = Keeping { case: claim.case, owner: claim.id.0, name, bytes };
            owners.entry((&claim.authority, &claim.regime)).or_default().push(keeping);
        }
        owners.into_iter().try_for_each(|(owner, of)| self.keep(owner, &of, &Actor::House, now))
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
        let keeping = Keeping { case, owner: case.0, name, bytes };
        self.keep((authority, &found.case.regime), &[keeping], by, now)?;
        let sha256 = form::hexadecimal(&sha256(&[bytes]));
        sha256.parse().map_err(|_| Trouble::never("a digest is hexadecimal"))
    }

    /// As `keep_case_document`, for documents of many cases of one regime: all of them or none.
    pub fn keep_case_documents<'d>(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        documents: &'d [CaseDocument],
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let keeping = |document: &'d CaseDocument| Keeping {
            case: document.case,
            owner: document.case.0,
            name: &document.name,
            bytes: &document.bytes,
        };
        let documents: Vec<Keeping<'_>> = documents.iter().map(keeping).collect();
        self.keep((authority, regime), &documents, by, now)
    }

    fn keep(
        &self,
        (authority, regime): (&AuthorityId, &RegimeId),
        documents: &[Keeping<'_>],
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            // The lock keeps the sweep of orphans away from what is about to be noted.
            ledger::lock(tx, authority)?;
            let fresh = not_kept(tx, documents)?;
            if fresh.is_empty() {
                return Ok(());
            }
            let records = fresh.iter().map(|(id, keeping)| Record {
                id: *id,
                kind: RecordKind::Document,
                fresh: Fresh::draw(&mut Draw::new(&*self.inner.entropy)),
                content: keeping.bytes.to_vec(),
            });
            self.inner.identity.keep(authority, regime, records, now)?;
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Admit)?;
            for (id, keeping) in fresh {
                let sha256 = sha256(&[keeping.bytes]);
                note(door.tx, (authority, regime), (id, keeping), &sha256, now)?;
                let digest = form::hexadecimal(&sha256);
                let effect = (keeping.owner != keeping.case.0).then_some(EffectId(keeping.owner));
                let body = serde_json::json!({
                    "document": id,
                    "effect": effect,
                    "name": keeping.name,
                    "sha256": digest,
                });
                let kind = form::Kind::Outcome("document_kept");
                let subject = form::Subject::Case(keeping.case);
                door.enter(regime, subject, kind, by.clone(), json(&body))?;
            }
            door.close()
        })
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
                 SELECT effect_id, name, sha256, size_bytes, kept_at, record_id FROM document
                 WHERE case_id = $1 AND authority = $2 ORDER BY kept_at, record_id",
                &[Value::id(&case.0), authority.as_str().into()],
            )
        })?;
        rows.iter()
            .map(|row| {
                let owner = row.id(0)?;
                Ok(DocumentRow {
                    id: DocumentId(row.id(5)?),
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

/// Those that are not kept yet, each once. What comes for a case that is erased is not kept any
/// more.
fn not_kept<'k>(
    tx: &mut Tx,
    documents: &'k [Keeping<'k>],
) -> Result<Vec<(Uuid, &'k Keeping<'k>)>, Trouble> {
    let mut fresh: Vec<(Uuid, &Keeping<'_>)> = Vec::with_capacity(documents.len());
    for keeping in documents {
        let id = record_id(keeping.owner, keeping.name);
        let kept = tx.query_one(
            "-- document-noted\nSELECT record_id FROM document WHERE record_id = $1",
            &[Value::id(&id)],
        )?;
        let is_known = kept.is_some() || fresh.iter().any(|(other, _)| *other == id);
        if !is_known && !erase::is_erased(tx, keeping.case)? {
            fresh.push((id, keeping));
        }
    }
    Ok(fresh)
}

fn note(
    tx: &mut Tx,
    (authority, regime): (&AuthorityId, &RegimeId),
    (id, keeping): (Uuid, &Keeping<'_>),
    sha256: &[u8; 32],
    now: Timestamp,
) -> Result<(), Trouble> {
    let size = i64::try_from(keeping.bytes.len()).unwrap_or(i64::MAX);
    tx.execute(
        "-- document-note
         INSERT INTO document (record_id, authority, regime, case_id, effect_id, name,
             sha256, size_bytes, kept_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            Value::id(&id),
            authority.as_str().into(),
            regime.as_str().into(),
            Value::id(&keeping.case.0),
            Value::id(&keeping.owner),
            keeping.name.into(),
            Value::Bytes(sha256),
            size.into(),
            Value::time(now),
        ],
    )
    .map(|_| ())
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

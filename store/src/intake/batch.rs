//! A batch as a whole: the bytes that came, and the report that went back.

use entremise_core::id::{AuthorityId, BatchId, PartyId};

use super::{BatchReport, IncomingBatch, IntakeError, digest};
use crate::Inner;
use crate::compartment::{Fresh, Place, Record, RecordKind, Wrapped, nonce};
use crate::conn::{Row, Value};
use crate::door::{Door, json};
use crate::trouble::Trouble;

/// The bytes and their proof, for the evidence compartment: the length of the bytes (8 bytes, big
/// end first), the bytes, the proof.
pub(super) fn raw_record(fresh: Fresh, batch: &IncomingBatch) -> Record {
    let proof = batch.proof.as_deref().unwrap_or_default();
    let mut content = Vec::with_capacity(8 + batch.raw.len() + proof.len() + 16);
    content.extend((batch.raw.len() as u64).to_be_bytes());
    content.extend(&batch.raw);
    content.extend(proof);
    Record { id: batch.id.0, kind: RecordKind::Batch, fresh, content }
}

/// The bytes alone, out of such a record.
pub(crate) fn raw_of(mut content: Vec<u8>) -> Result<Vec<u8>, Trouble> {
    let (length, rest) = content.split_first_chunk().ok_or(Trouble::never(CUT))?;
    let length = usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if rest.len() < length {
        return Err(Trouble::never(CUT));
    }
    content.drain(..8);
    content.truncate(length);
    Ok(content)
}

const CUT: &str = "a batch is shorter than it says";

/// The report of this very batch, if it was taken before.
pub(super) fn stored(
    door: &mut Door,
    inner: &Inner,
    batch: &IncomingBatch,
) -> Result<Option<BatchReport>, IntakeError> {
    let key = digest::of_key(&inner.digest_key, batch);
    let rows = door.tx.query(
        "-- batch-taken
         SELECT batch_id, authority, regime, wrapped_key, nonce, report, received_at, body_digest
         FROM batch WHERE batch_id = $1
             OR (authority = $2 AND sender = $3 AND idempotency_key IS NOT NULL
                 AND idempotency_key = $4)",
        &[
            Value::id(&batch.id.0),
            batch.authority.as_str().into(),
            batch.sender.as_str().into(),
            Value::maybe(key.as_ref(), |key| Value::Bytes(key)),
        ],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    if row.bytes(7)? != batch.body_digest {
        return Err(IntakeError::KeyReused);
    }
    Ok(Some(open(inner, row)?))
}

pub(super) fn report(
    inner: &Inner,
    authority: &AuthorityId,
    sender: &PartyId,
    batch: &BatchId,
) -> Result<Option<BatchReport>, Trouble> {
    let row = inner.cases.read(|tx| {
        tx.query_one(
            "-- batch-report
             SELECT batch_id, authority, regime, wrapped_key, nonce, report, received_at
             FROM batch
             WHERE batch_id = $1 AND authority = $2 AND sender = $3",
            &[Value::id(&batch.0), authority.as_str().into(), sender.as_str().into()],
        )
    })?;
    row.map(|row| open(inner, &row)).transpose()
}

fn open(inner: &Inner, row: &Row) -> Result<BatchReport, Trouble> {
    let authority = row.word(1)?;
    let regime = row.word(2)?;
    let place = Place { authority: &authority, regime: &regime, id: row.id(0)? };
    if row.maybe_bytes(3)?.is_none() {
        // Erased by its own time: that it was taken is all that is left.
        let (id, received_at) = (BatchId(place.id), row.time(6)?);
        return Ok(BatchReport { id, received_at, results: Vec::new() });
    }
    let wrapped = Wrapped { nonce: nonce(row.bytes(4)?)?, key: row.bytes(3)?.to_vec() };
    let report = inner.cases_wrapping.open(place, wrapped, row.bytes(5)?.to_vec())?;
    serde_json::from_slice(&report)
        .map_err(|error| Trouble::never_from("a stored report cannot be read", error))
}

/// Keeps the batch and its report: sealed, because a report repeats the sender's own numbers.
pub(super) fn keep(
    door: &mut Door,
    inner: &Inner,
    batch: &IncomingBatch,
    report: &BatchReport,
) -> Result<(), Trouble> {
    let place = Place { authority: &batch.authority, regime: &batch.regime, id: batch.id.0 };
    let fresh = Fresh::draw(&mut door.draw);
    let (wrapped, sealed) = inner.cases_wrapping.seal(&fresh, place, json(report));
    let key = digest::of_key(&inner.digest_key, batch);
    door.tx
        .execute(
            "-- batch-keep
             INSERT INTO batch (batch_id, authority, regime, sender, format, channel, received_at,
                 idempotency_key, body_digest, wrapped_key, nonce, report)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            &[
                Value::id(&batch.id.0),
                batch.authority.as_str().into(),
                batch.regime.as_str().into(),
                batch.sender.as_str().into(),
                batch.format.into(),
                batch.channel.into(),
                Value::time(batch.received_at),
                Value::maybe(key.as_ref(), |key| Value::Bytes(key)),
                Value::Bytes(&batch.body_digest),
                Value::Bytes(&wrapped.key),
                Value::Bytes(&wrapped.nonce),
                Value::Bytes(&sealed),
            ],
        )
        .map(|_| ())
}

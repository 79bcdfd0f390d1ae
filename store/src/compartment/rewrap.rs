//! The steps of a rotation on one register. Each is done again without harm after a crash; who
//! makes the key itself and in which order the steps come stands in `rotate`.

use jiff::Timestamp;
use uuid::Uuid;

use super::Register;
use super::register::version;
use super::seal::{Wrapped, nonce};
use crate::conn::Value;
use crate::entropy::Draw;
use crate::trouble::Trouble;

/// Keys rewrapped in one transaction: intake waits no longer than for one of its own batches.
const PAGE: usize = 1_000;

impl Register {
    /// Makes a version the current one. Waits for those who still write under the one before.
    pub fn announce(&self, number: u32, check: &[u8], now: Timestamp) -> Result<(), Trouble> {
        self.pool.write(|tx| {
            tx.execute(
                "-- key-version-retire
                 UPDATE key_version SET state = 'old' WHERE state = 'current' AND version < $1",
                &[i64::from(number).into()],
            )?;
            tx.execute(
                "-- key-version-announce
                 INSERT INTO key_version (version, state, check_value, made_at)
                 VALUES ($1, 'current', $2, $3) ON CONFLICT (version) DO NOTHING",
                &[i64::from(number).into(), Value::Bytes(check), Value::time(now)],
            )
            .map(|_| ())
        })
    }

    /// Wraps one page of record keys anew. Yields the last number of the page while there is
    /// another one, and how many were rewrapped.
    pub fn rewrap_page(
        &self,
        after: Option<Uuid>,
        draw: &mut Draw,
    ) -> Result<(Option<Uuid>, u64), Trouble> {
        let after = after.unwrap_or(Uuid::nil());
        self.pool.write(|tx| {
            let current = self.current(tx)?;
            let rows = tx.query(
                "-- record-keys-page
                 SELECT record_id, version, nonce, wrapped_key FROM record_key
                 WHERE record_id > $1 ORDER BY record_id LIMIT $2",
                &[Value::id(&after), Value::count(PAGE)],
            )?;
            let mut rewrapped = 0;
            for row in &rows {
                let (id, under) = (row.id(0)?, version(row.integer(1)?)?);
                if under == current.number {
                    continue;
                }
                let wrapped = Wrapped { nonce: nonce(row.bytes(2)?)?, key: row.bytes(3)?.to_vec() };
                let key = self.wrapping(under)?.key.unwrap(wrapped, id.as_bytes())?;
                let anew = current.key.wrap(&key, draw.array(), id.as_bytes());
                // Erased in the meantime: then there is no row, and it stays so.
                rewrapped += tx.execute(
                    "-- record-key-rewrap
                     UPDATE record_key SET version = $2, nonce = $3, wrapped_key = $4
                     WHERE record_id = $1 AND version = $5",
                    &[
                        Value::id(&id),
                        i64::from(current.number).into(),
                        Value::Bytes(&anew.nonce),
                        Value::Bytes(&anew.key),
                        i64::from(under).into(),
                    ],
                )?;
            }
            let last = rows.last().map(|row| row.id(0)).transpose()?;
            Ok((last.filter(|_| rows.len() == PAGE), rewrapped))
        })
    }

    /// Whether any record key is still wrapped by a version before the current one.
    pub fn has_old_keys(&self) -> Result<bool, Trouble> {
        let row = self.pool.read(|tx| {
            tx.query_one(
                "-- record-keys-old
                 SELECT record_id FROM record_key WHERE version <>
                     (SELECT version FROM key_version WHERE state = 'current') LIMIT 1",
                &[],
            )
        })?;
        Ok(row.is_some())
    }

    /// Notes that a version is gone. Its key is destroyed after this.
    pub fn note_destroyed(&self, number: u32, now: Timestamp) -> Result<(), Trouble> {
        self.pool.write(|tx| {
            tx.execute(
                "-- key-version-destroyed
                 UPDATE key_version SET state = 'destroyed', ended_at = $2
                 WHERE version = $1 AND state = 'old'",
                &[i64::from(number).into(), Value::time(now)],
            )
            .map(|_| ())
        })?;
        self.pool.scrub("VACUUM record_key")
    }

    /// Keeps the pair of a retiring identity key, wrapped by the current one: providers who were
    /// asked before may still seal to it. The one kept before goes.
    pub fn keep_pair(&self, of: u32, pair: &[u8; 32], draw: &mut Draw) -> Result<(), Trouble> {
        self.pool.write(|tx| {
            let current = self.current(tx)?;
            let wrapped = current.key.wrap(pair, draw.array(), &of.to_be_bytes());
            tx.execute(
                "-- pair-drop\nDELETE FROM retired_pair WHERE version <> $1",
                &[i64::from(of).into()],
            )?;
            tx.execute(
                "-- pair-keep
                 INSERT INTO retired_pair (version, nonce, wrapped) VALUES ($1, $2, $3)
                 ON CONFLICT (version)
                 DO UPDATE SET nonce = excluded.nonce, wrapped = excluded.wrapped",
                &[i64::from(of).into(), Value::Bytes(&wrapped.nonce), Value::Bytes(&wrapped.key)],
            )
            .map(|_| ())
        })
    }

    /// The pair that was kept, if there is one.
    pub fn kept_pair(&self) -> Result<Option<[u8; 32]>, Trouble> {
        let row = self.pool.read(|tx| {
            tx.query_one(
                "-- pair
                 SELECT retired_pair.version, retired_pair.nonce, retired_pair.wrapped,
                     key_version.version
                 FROM retired_pair, key_version WHERE key_version.state = 'current'",
                &[],
            )
        })?;
        let Some(row) = row else { return Ok(None) };
        let wrapped = Wrapped { nonce: nonce(row.bytes(1)?)?, key: row.bytes(2)?.to_vec() };
        let of = version(row.integer(0)?)?.to_be_bytes();
        self.wrapping(version(row.integer(3)?)?)?.key.unwrap(wrapped, &of).map(Some)
    }
}

//! The register of a compartment's keys: which versions of its own key there are, and the wrapped
//! key of each record. A database apart from the records.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use uuid::Uuid;

use super::seal::{self, Fresh, WRAPPED_BYTES, Wrapped, WrappingKey};
use crate::conn::{Bulk, Kind, Pool, Rows, Tx, Value};
use crate::keys::{self, Ring};
use crate::migrate::{KEYS, migrate};
use crate::trouble::Trouble;

/// A version of the compartment's key, ready to wrap.
#[derive(Clone)]
pub(crate) struct Version {
    pub number: u32,
    pub key: Arc<WrappingKey>,
}

/// Where a version of the compartment's key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionState {
    Current,
    /// Record keys are still wrapped by it.
    Old,
    Destroyed,
}

impl VersionState {
    fn read(name: &str) -> Result<Self, Trouble> {
        match name {
            "current" => Ok(Self::Current),
            "old" => Ok(Self::Old),
            "destroyed" => Ok(Self::Destroyed),
            _ => Err(Trouble::never("a key version is in no state that is known")),
        }
    }
}

/// The key database of one compartment.
pub(crate) struct Register {
    pub name: &'static str,
    pub pool: Pool,
    /// The compartment's keys as they were last read from where they lie.
    ring: RwLock<Ring>,
    wrapping: RwLock<HashMap<u32, Version>>,
}

static RECORD_KEY: Bulk = Bulk {
    name: "record-key-keep",
    table: "record_key",
    columns: &[
        ("record_id", Kind::Bytes),
        ("version", Kind::Integer),
        ("nonce", Kind::Bytes),
        ("wrapped_key", Kind::Bytes),
    ],
    conflict: "ON CONFLICT (record_id) DO UPDATE SET version = excluded.version, \
               nonce = excluded.nonce, wrapped_key = excluded.wrapped_key",
};

/// Writes wrapped keys. What is there already is written over.
pub(super) fn insert<'k>(
    tx: &mut Tx,
    version: u32,
    keys: impl Iterator<Item = (&'k Uuid, &'k Wrapped)>,
) -> Result<(), Trouble> {
    let mut values = Vec::new();
    for (id, wrapped) in keys {
        values.extend([
            Value::id(id),
            i64::from(version).into(),
            Value::Bytes(&wrapped.nonce),
            Value::Bytes(&wrapped.key),
        ]);
    }
    tx.insert(&RECORD_KEY, &values)
}

/// Wraps fresh keys under a version, and writes them.
pub(super) fn wrap(
    tx: &mut Tx,
    wrapping: &Version,
    fresh: impl Iterator<Item = (Uuid, Fresh)>,
) -> Result<(), Trouble> {
    let wrapped: Vec<(Uuid, Wrapped)> =
        fresh.map(|(id, fresh)| (id, wrapping.key.wrap_fresh(&fresh, &id))).collect();
    insert(tx, wrapping.number, wrapped.iter().map(|(id, wrapped)| (id, wrapped)))
}

impl Register {
    /// Opens the register and holds the given keys against it: a key that is missing or another
    /// one is refused here, before anything is sealed with it.
    pub fn open(
        name: &'static str,
        place: &str,
        ring: Ring,
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        let pool = Pool::open(place, Rows::Keys)?;
        migrate(&pool, keys::register_name(name), KEYS, now)?;
        let register = Self { name, pool, ring: RwLock::new(ring), wrapping: RwLock::default() };
        register.begin(now)?;
        register.hold_keys_against_it()?;
        Ok(register)
    }

    /// In a new register the newest key given is the current one.
    fn begin(&self, now: Timestamp) -> Result<(), Trouble> {
        let (number, check) = self.with_ring(|ring| {
            let (number, key) = ring.newest().ok_or(MISSING)?;
            Ok::<_, Trouble>((number, keys::check_value(key)))
        })?;
        self.pool.write(|tx| {
            if tx.query_one("-- key-version-any\nSELECT version FROM key_version", &[])?.is_some() {
                return Ok(());
            }
            tx.execute(
                "-- key-version-first
                 INSERT INTO key_version (version, state, check_value, made_at)
                 VALUES ($1, 'current', $2, $3) ON CONFLICT (version) DO NOTHING",
                &[i64::from(number).into(), Value::Bytes(&check), Value::time(now)],
            )
            .map(|_| ())
        })
    }

    fn hold_keys_against_it(&self) -> Result<(), Trouble> {
        for (number, state, check) in self.versions()? {
            if state == VersionState::Destroyed {
                continue;
            }
            self.with_ring(|ring| match ring.version(number) {
                None => Err(MISSING),
                Some(key) if keys::check_value(key) != check.as_slice() => Err(Trouble::never(
                    "a compartment's key is not the one that its records are sealed with",
                )),
                Some(_) => Ok(()),
            })?;
        }
        Ok(())
    }

    /// All versions that there ever were, oldest first, each with its check value.
    pub fn versions(&self) -> Result<Vec<(u32, VersionState, Vec<u8>)>, Trouble> {
        let rows = self.pool.read(|tx| {
            tx.query(
                "-- key-versions
                 SELECT version, state, check_value FROM key_version ORDER BY version",
                &[],
            )
        })?;
        rows.iter()
            .map(|row| {
                let state = VersionState::read(row.text(1)?)?;
                Ok((version(row.integer(0)?)?, state, row.bytes(2)?.to_vec()))
            })
            .collect()
    }

    /// The version that wraps new keys. Held until the transaction ends: a rotation waits for all
    /// who still write under the version before.
    pub fn current(&self, tx: &mut Tx) -> Result<Version, Trouble> {
        // Who waited for a rotation finds the row that is current no more; the second look finds
        // the new one.
        for _ in 0..2 {
            let rows = tx.query_shared(
                "-- key-version-current
                 SELECT version FROM key_version WHERE state = 'current'",
                &[],
            )?;
            if let Some(row) = rows.first() {
                return self.wrapping(version(row.integer(0)?)?);
            }
        }
        Err(Trouble::never("a compartment has no current key"))
    }

    /// A version ready to wrap. One that is not known yet is looked for where the keys lie: a
    /// rotation has made it while this process ran.
    pub fn wrapping(&self, number: u32) -> Result<Version, Trouble> {
        let known = self.wrapping.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = known.get(&number) {
            return Ok(version.clone());
        }
        drop(known);
        if self.with_ring(|ring| ring.version(number).is_none()) {
            self.read_keys_again()?;
        }
        let key = self.with_ring(|ring| {
            ring.version(number).map(|key| Arc::new(WrappingKey::new(key))).ok_or(MISSING)
        })?;
        let version = Version { number, key };
        let mut known = self.wrapping.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(number, version.clone());
        Ok(version)
    }

    /// Reads the compartment's keys again from where they lie, forgetting those that went.
    pub fn read_keys_again(&self) -> Result<(), Trouble> {
        let again = self.with_ring(|ring| ring.read_again())?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = again;
        self.wrapping.write().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    pub fn with_ring<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys of records, unwrapped. Those that are erased are left out.
    pub fn keys_of(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, [u8; 32]>, Trouble> {
        let wanted: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        let rows = self.pool.read(|tx| {
            tx.query_each(
                "-- record-keys
                 SELECT record_id, version, nonce, wrapped_key FROM record_key
                 WHERE record_id = $1[]",
                &wanted,
                &[],
            )
        })?;
        rows.iter()
            .map(|row| {
                let id = row.id(0)?;
                let wrapped =
                    Wrapped { nonce: seal::nonce(row.bytes(2)?)?, key: row.bytes(3)?.to_vec() };
                let wrapping = self.wrapping(version(row.integer(1)?)?)?;
                Ok((id, wrapping.key.unwrap(wrapped, id.as_bytes())?))
            })
            .collect()
    }

    /// Deletes keys and sees to it that their bytes are off the disk: written over where they
    /// lay, and the log of the database cut. Yields how many there were.
    pub fn destroy(&self, ids: &[Uuid]) -> Result<u64, Trouble> {
        let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        let destroyed = self.pool.write(|tx| {
            tx.query_each(
                "-- record-key-overwrite
                 UPDATE record_key SET wrapped_key = $2 WHERE record_id = $1[]
                 RETURNING record_id",
                &ids,
                &[Value::Bytes(&[0; WRAPPED_BYTES])],
            )?;
            tx.query_each(
                "-- record-key-destroy
                 DELETE FROM record_key WHERE record_id = $1[] RETURNING record_id",
                &ids,
                &[],
            )
        })?;
        self.pool.scrub("VACUUM record_key")?;
        Ok(destroyed.len() as u64)
    }
}

const MISSING: Trouble = Trouble::Never {
    what: "a key of a compartment is not where the keys lie; recover it before the house opens",
    source: None,
};

/// A version out of a row.
pub(super) fn version(number: i64) -> Result<u32, Trouble> {
    u32::try_from(number).map_err(|_| Trouble::never("a key version is not a small number"))
}

//! A sealed compartment: a database of records that each have their own key, and, in another
//! database, those keys, wrapped by a key of the compartment's own. Deleting a record's key erases
//! the record in every copy of the data, however old.
//!
//! Knows bytes, not what they mean; never sees another compartment.

mod carry;
mod register;
mod rewrap;
mod seal;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use entremise_core::id::{AuthorityId, RegimeId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::conn::{Bulk, Kind, Pool, Rows, Tx, Value};
use crate::entropy::Draw;
use crate::keys::Ring;
use crate::migrate::{SEALED, migrate};
use crate::trouble::Trouble;

pub(crate) use register::{Register, VersionState};
pub(crate) use seal::{Fresh, Place, Wrapped, WrappingKey, nonce};

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Notice,
    Batch,
    Quarantine,
    Disclosure,
    /// A message as sent, or a carrier's proof.
    Document,
    /// The tag of a person on the register of suspended persons.
    Suspended,
}

impl RecordKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Batch => "batch",
            Self::Quarantine => "quarantine",
            Self::Disclosure => "disclosure",
            Self::Document => "document",
            Self::Suspended => "suspended",
        }
    }
}

/// One record to be kept.
pub(crate) struct Record {
    pub id: Uuid,
    pub kind: RecordKind,
    pub fresh: Fresh,
    pub content: Vec<u8>,
}

/// Records of one authority and regime that come to a compartment together.
pub(crate) trait Arriving {
    fn owner(&self) -> (&AuthorityId, &RegimeId);
    fn created_at(&self) -> Timestamp;
}

/// What a compartment is told.
pub(crate) enum Sent<T> {
    More(T),
    All,
}

static RECORD: Bulk = Bulk {
    name: "record-keep",
    table: "record",
    columns: &[
        ("record_id", Kind::Bytes),
        ("authority", Kind::Text),
        ("regime", Kind::Text),
        ("kind", Kind::Text),
        ("created_at", Kind::Integer),
        ("nonce", Kind::Bytes),
        ("sealed", Kind::Bytes),
    ],
    // What a crash left behind is written again, whole, under its new key.
    conflict: "ON CONFLICT (record_id) DO UPDATE SET created_at = excluded.created_at, \
               nonce = excluded.nonce, sealed = excluded.sealed",
};

/// One of evidence, traffic and identity.
pub(crate) struct Compartment {
    pub data: Pool,
    pub register: Register,
}

impl Compartment {
    pub fn open(
        name: &'static str,
        data: &str,
        keys: &str,
        ring: Ring,
        draw: &mut Draw,
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        if data == keys {
            return Err(Trouble::never("a compartment's keys must lie apart from its data"));
        }
        let data = Pool::open(data, Rows::Large)?;
        migrate(&data, name, SEALED, now)?;
        let opened = Self { data, register: Register::open(name, keys, ring, now)? };
        opened.carry_keys_over(draw)?;
        Ok(opened)
    }

    /// Seals and keeps records, committed when this returns: the keys first, then the records.
    ///
    /// What is there already is written anew. So a record that the cases name must not be kept
    /// again: a crash between the two commits would leave it with a key that is not its own.
    pub fn keep(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        records: impl Iterator<Item = Record>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let records: Vec<Record> = records.collect();
        self.data.write(|data| {
            self.register.pool.write(|keys| {
                let wrapping = self.register.current(keys)?;
                let fresh = records.iter().map(|record| (record.id, record.fresh));
                register::wrap(keys, &wrapping, fresh)
            })?;
            insert(data, (authority, regime), records.into_iter(), now)
        })
    }

    /// Seals and writes records while whoever sends them is still at work, and commits when told
    /// that all is sent. A sender that ends without saying so has failed: nothing is kept.
    ///
    /// Their keys are kept by `keep_keys` at the same time. Whichever is committed alone, when a
    /// machine loses its power, opens nothing and belongs to nothing: it is swept, or written anew.
    pub fn keep_records<T: Arriving>(
        &self,
        arriving: &Receiver<Sent<Arc<Vec<T>>>>,
        records: fn(&T) -> Vec<Record>,
    ) -> Result<(), Trouble> {
        self.data.write(|data| {
            each(arriving, |part| {
                insert(data, part.owner(), records(part).into_iter(), part.created_at())
            })
        })
    }

    /// As `keep_records`, for the keys of those records.
    pub fn keep_keys<T>(
        &self,
        arriving: &Receiver<Sent<Arc<Vec<T>>>>,
        keys: fn(&T) -> Vec<(Uuid, Fresh)>,
    ) -> Result<(), Trouble> {
        self.register.pool.write(|tx| {
            let wrapping = self.register.current(tx)?;
            each(arriving, |part| register::wrap(tx, &wrapping, keys(part).into_iter()))
        })
    }

    /// Opens records by id; those that are absent or erased are left out.
    pub fn open_records(
        &self,
        authority: &AuthorityId,
        ids: &[Uuid],
    ) -> Result<Vec<(Uuid, Vec<u8>)>, Trouble> {
        let wanted: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        let rows = self.data.read(|tx| {
            tx.query_each(
                "-- records-by-id
                 SELECT record_id, regime, nonce, sealed FROM record
                 WHERE record_id = $1[] AND authority = $2",
                &wanted,
                &[authority.as_str().into()],
            )
        })?;
        let mut keys: HashMap<Uuid, [u8; 32]> = self.register.keys_of(ids)?;
        let mut opened = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = row.id(0)?;
            let Some(key) = keys.remove(&id) else { continue };
            let regime: RegimeId = row.word(1)?;
            let place = Place { authority, regime: &regime, id };
            let content = seal::open(&key, nonce(row.bytes(2)?)?, place, row.bytes(3)?.to_vec())?;
            opened.push((id, content));
        }
        Ok(opened)
    }

    /// One record, if it is there and not erased.
    pub fn open_record(
        &self,
        authority: &AuthorityId,
        id: Uuid,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        Ok(self.open_records(authority, &[id])?.pop().map(|(_, content)| content))
    }

    /// Erases records: their keys first, off the disk when this returns; what they opened after
    /// that. Again changes nothing. Yields how many keys there were.
    pub fn erase(&self, ids: &[Uuid]) -> Result<u64, Trouble> {
        if ids.is_empty() {
            return Ok(0);
        }
        let destroyed = self.register.destroy(ids)?;
        let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        self.data.write(|tx| {
            tx.query_each(
                "-- record-erase\nDELETE FROM record WHERE record_id = $1[] RETURNING record_id",
                &ids,
                &[],
            )
        })?;
        Ok(destroyed)
    }
}

/// Does something with each that comes, until all has come.
fn each<T>(
    arriving: &Receiver<Sent<Arc<Vec<T>>>>,
    mut take: impl FnMut(&T) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    loop {
        match arriving.recv() {
            Ok(Sent::More(parts)) => parts.iter().try_for_each(&mut take)?,
            Ok(Sent::All) => return Ok(()),
            Err(_) => return Err(Trouble::never("what these records are for was not kept")),
        }
    }
}

fn insert(
    data: &mut Tx,
    owner: (&AuthorityId, &RegimeId),
    records: impl Iterator<Item = Record>,
    created_at: Timestamp,
) -> Result<(), Trouble> {
    let (authority, regime) = owner;
    let sealed: Vec<Record> = records
        .map(|record| {
            let place = Place { authority, regime, id: record.id };
            Record { content: record.fresh.seal(place, record.content), ..record }
        })
        .collect();
    let mut values = Vec::with_capacity(sealed.len() * RECORD.columns.len());
    for record in &sealed {
        values.extend([
            Value::id(&record.id),
            authority.as_str().into(),
            regime.as_str().into(),
            record.kind.name().into(),
            Value::time(created_at),
            Value::Bytes(&record.fresh.nonce),
            Value::Bytes(&record.content),
        ]);
    }
    data.insert(&RECORD, &values)
}

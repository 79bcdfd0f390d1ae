//! A sealed compartment: a database of its own under a key of its own, holding records that each
//! have their own key. Destroying a record's key erases the record.
//!
//! Knows bytes, not what they mean; never sees another compartment.

use std::sync::mpsc::Receiver;

use entremise_core::id::{AuthorityId, RegimeId};
use jiff::Timestamp;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use uuid::Uuid;

use crate::conn::{Bulk, Kind, Pool, Rows, Tx, Value};
use crate::entropy::Draw;
use crate::keys::derive;
use crate::migrate::{SEALED, migrate};
use crate::trouble::Trouble;

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Notice,
    Batch,
    Quarantine,
    Disclosure,
    /// A message as sent, or a carrier's proof.
    Document,
}

impl RecordKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Batch => "batch",
            Self::Quarantine => "quarantine",
            Self::Disclosure => "disclosure",
            Self::Document => "document",
        }
    }
}

/// Whose record: bound into the seal, so that a record moved to another row does not open.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub authority: &'p AuthorityId,
    pub regime: &'p RegimeId,
    pub id: Uuid,
}

impl Place<'_> {
    fn binding(&self) -> String {
        format!("{}|{}|{}", self.authority, self.regime, self.id)
    }
}

/// A record's fresh key and nonce: drawn where the order of draws is fixed, used in any thread.
#[derive(Clone, Copy)]
pub(crate) struct Fresh {
    key: [u8; 32],
    nonce: [u8; NONCE_LEN],
}

impl Fresh {
    pub fn draw(draw: &mut Draw) -> Self {
        Self { key: draw.array(), nonce: draw.array() }
    }
}

/// Bytes that open only with their wrapped key and the compartment's key.
pub(crate) struct Sealed {
    pub wrapped_key: Vec<u8>,
    pub nonce: [u8; NONCE_LEN],
    pub sealed: Vec<u8>,
}

/// The key that wraps record keys (AES-256-GCM).
pub(crate) struct WrappingKey(LessSafeKey);

impl WrappingKey {
    pub fn new(compartment_key: &[u8; 32]) -> Self {
        Self(gcm(&derive(compartment_key, "entremise wrap record keys v1")))
    }

    /// Seals under a key of the record's own. One nonce serves both steps: the keys differ, and
    /// the record's key is used once.
    pub fn seal(&self, fresh: &Fresh, place: Place, mut content: Vec<u8>) -> Sealed {
        let binding = place.binding();
        let nonce = || Nonce::assume_unique_for_key(fresh.nonce);
        let bound = || Aad::from(binding.as_bytes());
        let mut wrapped_key = fresh.key.to_vec();
        gcm(&fresh.key)
            .seal_in_place_append_tag(nonce(), bound(), &mut content)
            .expect("a record is far shorter than the 64 GiB that GCM takes");
        self.0
            .seal_in_place_append_tag(nonce(), bound(), &mut wrapped_key)
            .expect("32 bytes are shorter than the 64 GiB that GCM takes");
        Sealed { wrapped_key, nonce: fresh.nonce, sealed: content }
    }

    pub fn open(&self, place: Place, sealed: Sealed) -> Result<Vec<u8>, Trouble> {
        let binding = place.binding();
        let nonce = || Nonce::assume_unique_for_key(sealed.nonce);
        let bound = || Aad::from(binding.as_bytes());
        let damaged =
            |_| Trouble::never("a sealed record does not open: damaged, moved or not ours");
        let mut wrapped = sealed.wrapped_key;
        let key = self.0.open_in_place(nonce(), bound(), &mut wrapped).map_err(damaged)?;
        let key: &[u8; 32] =
            (&*key).try_into().map_err(|_| Trouble::never("a record key is not 32 bytes long"))?;
        let mut content = sealed.sealed;
        let length = gcm(key).open_in_place(nonce(), bound(), &mut content).map_err(damaged)?.len();
        content.truncate(length);
        Ok(content)
    }
}

fn gcm(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes a key of 32 bytes"))
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
    fn records(&self) -> impl Iterator<Item = Record>;
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
        ("wrapped_key", Kind::Bytes),
        ("nonce", Kind::Bytes),
        ("sealed", Kind::Bytes),
    ],
    // Written again after a crash between two commits: the first writing stands.
    conflict: "ON CONFLICT (record_id) DO NOTHING",
};

/// One of evidence, traffic and identity.
pub(crate) struct Compartment {
    pub pool: Pool,
    wrapping: WrappingKey,
}

impl Compartment {
    pub fn open(
        name: &'static str,
        place: &str,
        key: &[u8; 32],
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        let pool = Pool::open(place, Rows::Large)?;
        migrate(&pool, name, SEALED, now)?;
        Ok(Self { pool, wrapping: WrappingKey::new(key) })
    }

    /// Seals and keeps records, committed when this returns. Idempotent by id.
    pub fn keep(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        records: impl Iterator<Item = Record>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.pool.write(|tx| self.insert(tx, authority, regime, records, now))
    }

    /// Seals and writes records while whoever sends them is still at work, and commits when told
    /// that all is sent. A sender that ends without saying so has failed: nothing is kept.
    pub fn keep_arriving<T: Arriving>(&self, arriving: &Receiver<Sent<T>>) -> Result<(), Trouble> {
        self.pool.write(|tx| {
            loop {
                match arriving.recv() {
                    Ok(Sent::More(more)) => {
                        let (authority, regime) = more.owner();
                        self.insert(tx, authority, regime, more.records(), more.created_at())?;
                    }
                    Ok(Sent::All) => return Ok(()),
                    Err(_) => {
                        return Err(Trouble::never("what these records are for was not kept"));
                    }
                }
            }
        })
    }

    fn insert(
        &self,
        tx: &mut Tx,
        authority: &AuthorityId,
        regime: &RegimeId,
        records: impl Iterator<Item = Record>,
        created_at: Timestamp,
    ) -> Result<(), Trouble> {
        let sealed: Vec<(Uuid, RecordKind, Sealed)> = records
            .map(|record| {
                let place = Place { authority, regime, id: record.id };
                let sealed = self.wrapping.seal(&record.fresh, place, record.content);
                (record.id, record.kind, sealed)
            })
            .collect();
        let mut values = Vec::with_capacity(sealed.len() * RECORD.columns.len());
        for (id, kind, sealed) in &sealed {
            values.extend([
                Value::id(id),
                authority.as_str().into(),
                regime.as_str().into(),
                kind.name().into(),
                Value::time(created_at),
                Value::Bytes(&sealed.wrapped_key),
                Value::Bytes(&sealed.nonce),
                Value::Bytes(&sealed.sealed),
            ]);
        }
        tx.insert(&RECORD, &values)
    }

    /// Opens records by id; those that are absent or erased are left out.
    pub fn open_records(
        &self,
        authority: &AuthorityId,
        ids: &[Uuid],
    ) -> Result<Vec<(Uuid, Vec<u8>)>, Trouble> {
        let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        let rows = self.pool.read(|tx| {
            tx.query_each(
                "-- records-by-id
                 SELECT record_id, authority, regime, wrapped_key, nonce, sealed FROM record
                 WHERE record_id = $1[] AND authority = $2 AND wrapped_key IS NOT NULL",
                &keys,
                &[authority.as_str().into()],
            )
        })?;
        rows.iter()
            .map(|row| {
                let id = row.id(0)?;
                let regime: RegimeId = row.word(2)?;
                let sealed = Sealed {
                    wrapped_key: row.bytes(3)?.to_vec(),
                    nonce: row
                        .bytes(4)?
                        .try_into()
                        .map_err(|_| Trouble::never("a stored nonce is not 12 bytes long"))?,
                    sealed: row.bytes(5)?.to_vec(),
                };
                let place = Place { authority, regime: &regime, id };
                Ok((id, self.wrapping.open(place, sealed)?))
            })
            .collect()
    }

    /// One record, if it is there and not erased.
    pub fn open_record(
        &self,
        authority: &AuthorityId,
        id: Uuid,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        Ok(self.open_records(authority, &[id])?.pop().map(|(_, content)| content))
    }
}

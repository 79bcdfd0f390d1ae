//! The rows of the ledger: one sequence per authority, without a gap, in the order of commits.
//!
//! The head's row lock is the lock of an authority: whoever changes anything takes it first, so two
//! changes never wait for each other crosswise. The tree above the leaves is somebody else's.

use std::sync::mpsc::{Receiver, channel};

use entremise_core::id::AuthorityId;
use entremise_core::ledger::{Entry, Leaf, SALT_BYTES, Subject};
use jiff::{SignedDuration, Timestamp};

use crate::Store;
use crate::conn::{Bulk, Kind, Tx, Value};
use crate::hand::Hand;
use crate::trouble::Trouble;

/// How far a clock may step back (NTP) before it is a fault that a person must look at.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// Lines that are made and written together, on their way from one thread to the other.
const WRITTEN_AT_ONCE: usize = 128;

/// Where the next line goes.
pub(crate) struct Head {
    pub size: u64,
    pub last_at: Timestamp,
}

/// What to do about an instant before the last line's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lateness {
    /// The instant is now: a clock far behind the ledger is broken.
    Refuse,
    /// The instant is when something arrived, and it may have waited: the line is entered now.
    Admit,
}

/// Locks the authority's ledger until the transaction ends.
pub(crate) fn lock(tx: &mut Tx, authority: &AuthorityId) -> Result<Head, Trouble> {
    let name = authority.as_str();
    let taken = tx.query_one(
        "-- ledger-lock
         UPDATE ledger_head SET size = size WHERE authority = $1 RETURNING size, last_at",
        &[name.into()],
    )?;
    let row = match taken {
        Some(row) => row,
        None => tx
            .query_one(
                "-- ledger-start
                 INSERT INTO ledger_head (authority, size, last_at) VALUES ($1, 0, $2)
                 ON CONFLICT (authority) DO UPDATE SET size = ledger_head.size
                 RETURNING size, last_at",
                &[name.into(), i64::MIN.into()],
            )?
            .ok_or_else(|| Trouble::never("an upsert yielded no row"))?,
    };
    let last_at = match row.integer(1)? {
        i64::MIN => Timestamp::MIN,
        _ => row.time(1)?,
    };
    let size = u64::try_from(row.integer(0)?)
        .map_err(|_| Trouble::never("a ledger has a negative size"))?;
    Ok(Head { size, last_at })
}

impl Head {
    /// The instant under which lines are entered: never before the last one's, so that an order of
    /// lines is an order of instants. A clock a little behind is taken as standing still.
    pub fn instant(&self, now: Timestamp, late: Lateness) -> Result<Timestamp, Trouble> {
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        if now >= self.last_at {
            return Ok(now);
        }
        if late == Lateness::Refuse && self.last_at.duration_since(now) > CLOCK_TOLERANCE {
            return Err(Trouble::never("the clock went back behind the ledger's last line"));
        }
        Ok(self.last_at)
    }
}

/// Moves the head on, once, at the end of the transaction.
pub(crate) fn advance(
    tx: &mut Tx,
    authority: &AuthorityId,
    size: u64,
    at: Timestamp,
) -> Result<(), Trouble> {
    let size = i64::try_from(size).map_err(|_| Trouble::never("a ledger is full"))?;
    tx.execute(
        "-- ledger-advance
         UPDATE ledger_head SET size = $2, last_at = $3 WHERE authority = $1",
        &[authority.as_str().into(), size.into(), Value::time(at)],
    )
    .map(|_| ())
}

/// One line before its leaf is made.
pub(crate) struct Draft {
    pub seq: u64,
    pub entry: Entry,
    pub salt: [u8; SALT_BYTES],
}

/// One line, ready to be written.
pub(crate) struct Line {
    regime: String,
    seq: i64,
    at: Timestamp,
    subject: Option<uuid::Uuid>,
    kind: String,
    leaf: Vec<u8>,
    salt: [u8; SALT_BYTES],
    body: Vec<u8>,
}

impl Draft {
    fn finished(self, authority: &AuthorityId) -> Line {
        let Self { seq, entry, salt } = self;
        let leaf = Leaf::new(seq, authority, &entry, &salt);
        let bytes = leaf.to_bytes();
        let subject = match entry.subject {
            Subject::Case(id) => Some(id.0),
            Subject::Notice(id) => Some(id.0),
            Subject::House => None,
        };
        Line {
            regime: leaf.regime,
            seq: i64::try_from(seq).unwrap_or(i64::MAX),
            at: entry.at,
            subject,
            kind: leaf.kind,
            leaf: bytes,
            salt,
            body: entry.body,
        }
    }
}

/// Lines whose leaves are being made: few of them when they are written, many by another thread
/// from now on.
pub(crate) enum Making {
    Few(Vec<Draft>),
    Many { left: usize, made: Receiver<Vec<Line>> },
}

impl Making {
    pub fn begin(hand: &Hand, authority: &AuthorityId, drafts: Vec<Draft>) -> Self {
        if drafts.len() < WRITTEN_AT_ONCE {
            return Self::Few(drafts);
        }
        let (tell, made) = channel();
        let (left, authority) = (drafts.len(), authority.clone());
        hand.give(move || {
            let mut drafts = drafts.into_iter();
            while drafts.len() > 0 {
                let some = drafts.by_ref().take(WRITTEN_AT_ONCE);
                let some = some.map(|draft| draft.finished(&authority)).collect();
                if tell.send(some).is_err() {
                    // Whoever was to write them has failed.
                    break;
                }
            }
        });
        Self::Many { left, made }
    }

    /// Writes all of them, in their order.
    pub fn write(self, tx: &mut Tx, authority: &AuthorityId) -> Result<(), Trouble> {
        match self {
            Self::Few(drafts) => {
                let lines = drafts.into_iter().map(|draft| draft.finished(authority));
                write(tx, authority, &lines.collect::<Vec<_>>())
            }
            Self::Many { mut left, made } => {
                for lines in made {
                    left = left.saturating_sub(lines.len());
                    write(tx, authority, &lines)?;
                }
                if left == 0 {
                    return Ok(());
                }
                Err(Trouble::never("the thread that makes the ledger's leaves died"))
            }
        }
    }
}

static LINES: Bulk = Bulk {
    name: "ledger-enter",
    table: "ledger",
    columns: &[
        ("authority", Kind::Text),
        ("regime", Kind::Text),
        ("seq", Kind::Integer),
        ("entered_at", Kind::Integer),
        ("subject", Kind::Bytes),
        ("kind", Kind::Text),
        ("leaf", Kind::Bytes),
        ("salt", Kind::Bytes),
        ("body", Kind::Bytes),
    ],
    conflict: "",
};

fn write(tx: &mut Tx, authority: &AuthorityId, lines: &[Line]) -> Result<(), Trouble> {
    let mut values = Vec::with_capacity(lines.len() * LINES.columns.len());
    for line in lines {
        values.extend([
            authority.as_str().into(),
            Value::Text(&line.regime),
            line.seq.into(),
            Value::time(line.at),
            Value::maybe(line.subject.as_ref(), Value::id),
            Value::Text(&line.kind),
            Value::Bytes(&line.leaf),
            Value::Bytes(&line.salt),
            Value::Bytes(&line.body),
        ]);
    }
    tx.insert(&LINES, &values)
}

/// What proves a leaf's commitment: its salt and its body.
pub type Opening = ([u8; SALT_BYTES], Vec<u8>);

/// The signed head of a ledger as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub size: u64,
    pub note: String,
    pub noted_at: Timestamp,
}

impl Store {
    /// How many lines an authority's ledger has.
    pub fn ledger_size(&self, authority: &AuthorityId) -> Result<u64, Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- ledger-size\nSELECT size FROM ledger_head WHERE authority = $1",
                &[authority.as_str().into()],
            )
        })?;
        let size = row.map_or(Ok(0), |row| row.integer(0))?;
        u64::try_from(size).map_err(|_| Trouble::never("a ledger has a negative size"))
    }

    /// The bytes of the leaves from a place on, in order.
    pub fn ledger_leaves(
        &self,
        authority: &AuthorityId,
        from: u64,
        most: usize,
    ) -> Result<Vec<Vec<u8>>, Trouble> {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- ledger-leaves
                 SELECT leaf FROM ledger WHERE authority = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
                &[authority.as_str().into(), from.into(), Value::count(most)],
            )
        })?;
        rows.iter().map(|row| row.bytes(0).map(<[u8]>::to_vec)).collect()
    }

    /// The salt and body behind a leaf, where they are not erased: what proves its commitment.
    pub fn ledger_opening(
        &self,
        authority: &AuthorityId,
        seq: u64,
    ) -> Result<Option<Opening>, Trouble> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- ledger-opening
                 SELECT salt, body FROM ledger
                 WHERE authority = $1 AND seq = $2 AND salt IS NOT NULL AND body IS NOT NULL",
                &[authority.as_str().into(), seq.into()],
            )
        })?;
        let Some(row) = row else { return Ok(None) };
        let salt = row
            .bytes(0)?
            .try_into()
            .map_err(|_| Trouble::never("a stored salt is not 16 bytes long"))?;
        Ok(Some((salt, row.bytes(1)?.to_vec())))
    }

    /// Keeps a signed head. Keeping the same one again changes nothing.
    pub fn note_checkpoint(
        &self,
        authority: &AuthorityId,
        size: u64,
        note: &str,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        self.inner.cases.write(|tx| {
            tx.execute(
                "-- checkpoint-note
                 INSERT INTO checkpoint (authority, size, noted_at, note) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (authority, size) DO NOTHING",
                &[authority.as_str().into(), size.into(), Value::time(now), note.into()],
            )
            .map(|_| ())
        })
    }

    /// The latest signed head.
    pub fn last_checkpoint(&self, authority: &AuthorityId) -> Result<Option<Checkpoint>, Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- checkpoint-last
                 SELECT size, note, noted_at FROM checkpoint WHERE authority = $1
                 ORDER BY size DESC LIMIT 1",
                &[authority.as_str().into()],
            )
        })?;
        row.map(|row| {
            Ok(Checkpoint {
                size: u64::try_from(row.integer(0)?).unwrap_or(0),
                note: row.text(1)?.to_owned(),
                noted_at: row.time(2)?,
            })
        })
        .transpose()
    }
}

//! Records that a crash left without a case: evidence and traffic are written before the commit
//! that makes them real, so a machine that lost its power in between leaves some behind.

use std::collections::{BTreeMap, HashSet};

use entremise_core::id::AuthorityId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::compartment::Compartment;
use crate::conn::{Pool, Tx, Value};
use crate::ledger;
use crate::trouble::Trouble;

/// Records looked at in one transaction.
const PAGE: usize = 1_000;

/// A place in the order of writing.
struct Reached {
    created_at: i64,
    record_id: Vec<u8>,
}

impl Store {
    /// Looks through what was written since the last sweep and before `until`, and destroys what
    /// belongs to nothing. Yields how many records that were.
    ///
    /// A record is judged under its authority's lock, so that none is taken for an orphan whose
    /// commit is still on its way.
    pub fn sweep_orphans(&self, until: Timestamp) -> Result<u64, Trouble> {
        let inner = &*self.inner;
        let mut swept = 0;
        for compartment in [&inner.evidence, &inner.traffic, &inner.identity] {
            let mut more = true;
            while more {
                let page;
                (more, page) = sweep_page(&inner.cases, compartment, until)?;
                swept += page;
            }
        }
        Ok(swept)
    }
}

/// One page: whether there is another, and how many orphans were in it.
fn sweep_page(
    cases: &Pool,
    compartment: &Compartment,
    until: Timestamp,
) -> Result<(bool, u64), Trouble> {
    let reached = reached(&compartment.data)?;
    let rows = compartment.data.read(|tx| {
        tx.query(
            "-- sweep-page
             SELECT record_id, authority, created_at FROM record
             WHERE (created_at, record_id) > ($1, $2) AND created_at < $3
             ORDER BY created_at, record_id LIMIT $4",
            &[
                reached.created_at.into(),
                Value::Bytes(&reached.record_id),
                Value::time(until),
                Value::count(PAGE),
            ],
        )
    })?;
    let Some(last) = rows.last() else { return Ok((false, 0)) };
    let last = Reached { created_at: last.integer(2)?, record_id: last.bytes(0)?.to_vec() };
    let mut written: BTreeMap<AuthorityId, Vec<Uuid>> = BTreeMap::new();
    for row in &rows {
        written.entry(row.word(1)?).or_default().push(row.id(0)?);
    }
    let mut swept = 0;
    for (authority, ids) in written {
        let ids: Vec<Uuid> = cases.read(|tx| unowned(tx, &ids))?;
        if !ids.is_empty() {
            swept += destroy(cases, compartment, &authority, &ids)?;
        }
    }
    reach(&compartment.data, &last)?;
    Ok((rows.len() == PAGE, swept))
}

/// Judges again, with nothing of this authority under way, and destroys.
fn destroy(
    cases: &Pool,
    compartment: &Compartment,
    authority: &AuthorityId,
    ids: &[Uuid],
) -> Result<u64, Trouble> {
    cases.write(|tx| {
        ledger::lock(tx, authority)?;
        let orphans = unowned(tx, ids)?;
        compartment.erase(&orphans)
    })
}

/// Those that the cases compartment does not know of.
fn unowned(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Uuid>, Trouble> {
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows = tx.query_each(
        "-- records-owned
         SELECT notice_id FROM notice WHERE notice_id = $1[]
         UNION ALL SELECT batch_id FROM batch WHERE batch_id = $1[]
         UNION ALL SELECT quarantine_id FROM quarantine WHERE quarantine_id = $1[]
         UNION ALL SELECT question_id FROM disclosure WHERE question_id = $1[]
         UNION ALL SELECT record_id FROM document WHERE record_id = $1[]
         UNION ALL SELECT request_id FROM review_request WHERE request_id = $1[]
         UNION ALL SELECT reasons_id FROM review_ruling WHERE reasons_id = $1[]
         UNION ALL SELECT entry_id FROM suspended WHERE entry_id = $1[] AND struck_at IS NULL",
        &keys,
        &[],
    )?;
    let owned: HashSet<Uuid> = rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?;
    Ok(ids.iter().filter(|id| !owned.contains(id)).copied().collect())
}

fn reached(pool: &Pool) -> Result<Reached, Trouble> {
    let row = pool.read(|tx| {
        tx.query_one(
            "-- sweep-reached\nSELECT created_at, record_id FROM sweep WHERE name = 'orphans'",
            &[],
        )
    })?;
    match row {
        Some(row) => Ok(Reached { created_at: row.integer(0)?, record_id: row.bytes(1)?.to_vec() }),
        None => Ok(Reached { created_at: i64::MIN, record_id: Vec::new() }),
    }
}

fn reach(pool: &Pool, reached: &Reached) -> Result<(), Trouble> {
    pool.write(|tx| {
        tx.execute(
            "-- sweep-reach
             INSERT INTO sweep (name, created_at, record_id) VALUES ('orphans', $1, $2)
             ON CONFLICT (name)
             DO UPDATE SET created_at = excluded.created_at, record_id = excluded.record_id",
            &[reached.created_at.into(), Value::Bytes(&reached.record_id)],
        )
        .map(|_| ())
    })
}

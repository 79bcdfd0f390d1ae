//! What was erased when, what goes next, and what a court has kept: told from the ledger's lines
//! and the clocks, with nothing opened.

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, CaseId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::Store;
use crate::conn::{Tx, Value};
use crate::erase::{Erased, Records};
use crate::outlive::end_of_bytes;
use crate::trouble::Trouble;

/// Days ahead that are told: a month.
const DAYS_AHEAD: i64 = 31;
/// Batches and quarantined things looked at, at most.
const BYTES_SEEN_MAX: usize = 200_000;

/// The whole report on one authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetentionReport {
    pub authority: AuthorityId,
    pub at: Timestamp,
    /// Oldest first; each is proven by its line of the ledger.
    pub erased: Vec<ErasedLine>,
    /// Entered and not yet carried out: none but in the middle of the work, or after a crash.
    pub under_way: u64,
    /// What goes on each of the coming days if nothing happens.
    pub due: Vec<DueDay>,
    /// What should have gone already and has not.
    pub overdue: u64,
    pub held: Vec<Held>,
}

/// One erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasedLine {
    /// `case`, `intake` (raw batches and what was set aside), `rectification`.
    pub kind: String,
    pub why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    pub entered_at: Timestamp,
    pub done_at: Option<Timestamp>,
    #[serde(flatten)]
    pub counts: Erased,
}

/// What goes on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DueDay {
    pub day: Date,
    /// `file` and `referral` of cases, `bytes` of batches and of what was set aside.
    pub kind: &'static str,
    pub count: u64,
}

/// What a court has kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    pub case: CaseId,
    pub file_number: Option<String>,
    pub until: Timestamp,
    /// The line of the ledger by which it was ordered.
    pub seq: Option<u64>,
}

impl Store {
    /// The report on one authority, for a person or a program.
    pub fn retention_report(
        &self,
        authority: &AuthorityId,
        now: Timestamp,
    ) -> Result<RetentionReport, Trouble> {
        let until = now + SignedDuration::from_hours(24 * DAYS_AHEAD);
        let (erased, held) = self
            .inner
            .cases
            .read(|tx| Ok::<_, Trouble>((erased_lines(tx, authority)?, held(tx, authority)?)))?;
        let mut due: BTreeMap<(Date, &'static str), u64> = BTreeMap::new();
        let mut overdue = 0;
        for (regime, ends_at, kind, count) in self.ends(authority, until)? {
            if ends_at <= now {
                overdue += count;
                continue;
            }
            let Some(regime) = self.inner.regimes.get(&regime) else { continue };
            *due.entry((regime.zone().day_of(ends_at), kind)).or_default() += count;
        }
        let due = due.into_iter().map(|((day, kind), count)| DueDay { day, kind, count });
        Ok(RetentionReport {
            authority: authority.clone(),
            at: now,
            under_way: erased.iter().filter(|line| line.done_at.is_none()).count() as u64,
            erased,
            due: due.collect(),
            overdue,
            held,
        })
    }

    /// What ends until an instant: regime, when, of which kind, how many.
    fn ends(
        &self,
        authority: &AuthorityId,
        until: Timestamp,
    ) -> Result<Vec<(entremise_core::id::RegimeId, Timestamp, &'static str, u64)>, Trouble> {
        let values = [authority.as_str().into(), Value::time(until)];
        let (cases, bytes) = self.inner.cases.read(|tx| {
            // A closed case waits for its erasure alone; these open states for their end.
            let cases = tx.query(
                "-- ends-of-cases
                 SELECT regime, due_at, procedure, COUNT(case_id) FROM cases
                 WHERE due_at IS NOT NULL AND authority = $1 AND due_at <= $2 AND (closed = 1
                     OR state_name IN ('warned', 'barred', 'waiting'))
                 GROUP BY regime, due_at, procedure",
                &values,
            )?;
            let bytes = tx.query(
                "-- ends-of-bytes
                 SELECT regime, received_at FROM batch
                 WHERE authority = $1 AND received_at <= $2 AND erased_at IS NULL
                 UNION ALL SELECT regime, received_at FROM quarantine
                 WHERE authority = $1 AND received_at <= $2 AND erased_at IS NULL
                 LIMIT $3",
                &[values[0], values[1], Value::count(BYTES_SEEN_MAX)],
            )?;
            Ok::<_, Trouble>((cases, bytes))
        })?;
        let mut ends = Vec::new();
        for row in &cases {
            let kind = if row.text(2)? == "ladder" { "file" } else { "referral" };
            let count = u64::try_from(row.integer(3)?).unwrap_or(0);
            ends.push((row.word(0)?, row.time(1)?, kind, count));
        }
        for row in &bytes {
            let id = row.word(0)?;
            let regime = self.inner.regimes.get(&id);
            let received_at = row.time(1)?;
            let end = regime.and_then(|regime| end_of_bytes(regime, received_at));
            if let Some(end) = end.filter(|end| *end <= until) {
                ends.push((id, end, "bytes", 1));
            }
        }
        Ok(ends)
    }
}

fn erased_lines(tx: &mut Tx, authority: &AuthorityId) -> Result<Vec<ErasedLine>, Trouble> {
    let rows = tx.query(
        "-- erasures
         SELECT kind, why, subject, entered_at, done_at, records FROM erasure
         WHERE authority = $1 ORDER BY seq",
        &[authority.as_str().into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(ErasedLine {
                kind: row.text(0)?.to_owned(),
                why: row.text(1)?.to_owned(),
                case: row.maybe_id(2)?.map(CaseId),
                entered_at: row.time(3)?,
                done_at: row.maybe_time(4)?,
                counts: row.json::<Records>(5)?.erased,
            })
        })
        .collect()
}

fn held(tx: &mut Tx, authority: &AuthorityId) -> Result<Vec<Held>, Trouble> {
    let rows = tx.query(
        "-- held
         SELECT case_id, file_number, held_until,
             (SELECT MAX(seq) FROM ledger WHERE ledger.subject = cases.case_id
                  AND ledger.subject IS NOT NULL AND ledger.kind = 'event.hold_placed')
         FROM cases WHERE authority = $1 AND held_until IS NOT NULL ORDER BY held_until, case_id",
        &[authority.as_str().into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Held {
                case: CaseId(row.id(0)?),
                file_number: row.maybe_text(1)?.map(str::to_owned),
                until: row.time(2)?,
                seq: row.integer(3).ok().and_then(|seq| u64::try_from(seq).ok()),
            })
        })
        .collect()
}

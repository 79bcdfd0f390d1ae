//! What happened to lines, for whoever plays it again under other rules: events and their instants,
//! read from the ledger's own lines. Opens no compartment, and changes nothing.

use std::collections::HashMap;

use entremise_core::case::{Case, Subject};
use entremise_core::event::{Event, Line};
use entremise_core::id::{AuthorityId, CaseId, RegimeId};
use entremise_core::replay::Entered;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::Store;
use crate::conn::Value;
use crate::trouble::Trouble;

/// Cases whose events are read at once.
const CASES_AT_ONCE: usize = 500;

/// One line's cases, oldest first, each with its events in their order.
#[derive(Clone, Debug)]
pub struct LineEvents {
    pub line: Line,
    pub cases: Vec<(Case, Vec<Entered>)>,
}

/// What a line of the ledger about an event holds; the rest of it is not read.
#[derive(Deserialize)]
struct Body {
    event: Event,
}

impl Store {
    /// How many cases on the ladder were opened in a stretch of time, and how many of these are
    /// erased: nothing can be played again of them.
    pub fn ladder_cases(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<(u64, u64), Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- ladder-cases
                 SELECT COUNT(case_id), COUNT(handle) FROM cases
                 WHERE authority = $1 AND regime = $2 AND procedure = 'ladder'
                     AND opened_at >= $3 AND opened_at < $4",
                &[
                    authority.as_str().into(),
                    regime.as_str().into(),
                    Value::time(from),
                    Value::time(to),
                ],
            )
        })?;
        let Some(row) = row else { return Ok((0, 0)) };
        let number = |column| Ok::<_, Trouble>(u64::try_from(row.integer(column)?).unwrap_or(0));
        let (all, kept) = (number(0)?, number(1)?);
        Ok((all, all.saturating_sub(kept)))
    }

    /// The lines whose handle begins with a sign, with what happened to them; all lines where no
    /// sign is given. Handles are keyed digests: 64 signs cut a house into even parts, so that one
    /// part at a time is in memory.
    pub fn line_histories(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        (from, to): (Timestamp, Timestamp),
        sign: Option<char>,
    ) -> Result<Vec<LineEvents>, Trouble> {
        let sign = sign.map(String::from).unwrap_or_default();
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- line-histories
                 SELECT case_id, subject, opened_at FROM cases
                 WHERE authority = $1 AND regime = $2 AND procedure = 'ladder'
                     AND opened_at >= $3 AND opened_at < $4 AND handle IS NOT NULL
                     AND ($5 = '' OR SUBSTR(handle, 1, 1) = $5)
                 ORDER BY provider, handle, opened_at, case_id",
                &[
                    authority.as_str().into(),
                    regime.as_str().into(),
                    Value::time(from),
                    Value::time(to),
                    Value::Text(&sign),
                ],
            )
        })?;
        let mut lines: Vec<LineEvents> = Vec::new();
        for some in rows.chunks(CASES_AT_ONCE) {
            let ids = some.iter().map(|row| row.id(0)).collect::<Result<Vec<_>, _>>()?;
            let mut events = self.events_of(authority, &ids)?;
            for (row, id) in some.iter().zip(ids) {
                let subject: Subject = row.json(1)?;
                let Subject::Line(line) = subject.clone() else { continue };
                let id = CaseId(id);
                let case = Case::open(id, authority.clone(), regime.clone(), subject, row.time(2)?);
                let happened = (case, events.remove(&id.0).unwrap_or_default());
                match lines.last_mut() {
                    Some(last) if last.line == line => last.cases.push(happened),
                    _ => lines.push(LineEvents { line, cases: vec![happened] }),
                }
            }
        }
        Ok(lines)
    }

    fn events_of(
        &self,
        authority: &AuthorityId,
        cases: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<Entered>>, Trouble> {
        let keys: Vec<&[u8]> = cases.iter().map(|id| id.as_bytes().as_slice()).collect();
        let rows = self.inner.cases.read(|tx| {
            tx.query_each(
                "-- events-of-cases
                 SELECT subject, seq, entered_at, body FROM ledger
                 WHERE subject = $1[] AND subject IS NOT NULL AND authority = $2
                     AND kind LIKE 'event.%' AND body IS NOT NULL",
                &keys,
                &[authority.as_str().into()],
            )
        })?;
        let mut events: HashMap<Uuid, Vec<(i64, Entered)>> = HashMap::new();
        for row in &rows {
            // The parser's words could repeat what it read.
            let body: Body = serde_json::from_slice(row.bytes(3)?)
                .map_err(|_| Trouble::never("a line of the ledger tells no event of ours"))?;
            let entered = Entered { at: row.time(2)?, event: body.event };
            events.entry(row.id(0)?).or_default().push((row.integer(1)?, entered));
        }
        let sorted = events.into_iter().map(|(id, mut events)| {
            events.sort_unstable_by_key(|(seq, _)| *seq);
            (id, events.into_iter().map(|(_, entered)| entered).collect())
        });
        Ok(sorted.collect())
    }
}

//! Which cases have a deadline behind them, and what a changed calendar does to open ones.

use entremise_core::id::{AuthorityId, CaseId, RegimeId};
use entremise_core::regime::Regime;
use entremise_core::step::due;
use jiff::Timestamp;

use crate::conn::{Pool, Value};
use crate::rows::{self, CaseLine};
use crate::trouble::Trouble;
use crate::{Inner, Store};

/// Open cases whose deadlines are computed anew in one go.
const RECOMPUTED_AT_ONCE: usize = 1_000;

impl Store {
    /// Cases whose deadline has passed, oldest deadline first. Each wants `DeadlinePassed`.
    pub fn due(&self, now: Timestamp, most: usize) -> Result<Vec<(AuthorityId, CaseId)>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- cases-due
                 SELECT authority, case_id FROM cases
                 WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at, case_id LIMIT $2",
                &[Value::time(now), Value::count(most)],
            )
        })?;
        rows.iter().map(|row| Ok((row.word(0)?, CaseId(row.id(1)?)))).collect()
    }
}

/// Notes the regimes in use. Where a text or a calendar is new, every open case of the regime gets
/// its deadline computed again: a stored deadline is a derived one.
pub(crate) fn note_regimes(inner: &Inner, now: Timestamp) -> Result<(), Trouble> {
    for (id, regime) in &inner.regimes {
        if is_current(&inner.cases, id, regime)? {
            continue;
        }
        let mut after = Vec::new();
        while let Some(last) = recompute(&inner.cases, id, regime, &after)? {
            after = last;
        }
        // Noted last: a crash in between has everything computed once more.
        inner.cases.write(|tx| {
            tx.execute(
                "-- regime-text-past\nUPDATE regime_text SET current = 0 WHERE regime = $1",
                &[id.as_str().into()],
            )?;
            tx.execute(
                "-- regime-text-note
                 INSERT INTO regime_text (regime, digest, calendar, entered_at, current)
                 VALUES ($1, $2, $3, $4, 1)
                 ON CONFLICT (regime, digest, calendar) DO UPDATE SET current = 1",
                &[
                    id.as_str().into(),
                    regime.digest().into(),
                    Value::Text(&edition(regime)),
                    Value::time(now),
                ],
            )
        })?;
    }
    Ok(())
}

/// The edition of a regime's calendar: its version, and the digest of the file it was read from.
fn edition(regime: &Regime) -> String {
    format!("{} {}", regime.calendar().version(), regime.calendar().digest())
}

fn is_current(cases: &Pool, id: &RegimeId, regime: &Regime) -> Result<bool, Trouble> {
    let row = cases.read(|tx| {
        tx.query_one(
            "-- regime-text-current
             SELECT current FROM regime_text
             WHERE regime = $1 AND digest = $2 AND calendar = $3 AND current = 1",
            &[id.as_str().into(), regime.digest().into(), Value::Text(&edition(regime))],
        )
    })?;
    Ok(row.is_some())
}

/// One page of open cases. Yields the last case of a full page. Deadlines are not decisions: the
/// law's answer to a state is the same as before, so no line is entered.
fn recompute(
    cases: &Pool,
    id: &RegimeId,
    regime: &Regime,
    after: &[u8],
) -> Result<Option<Vec<u8>>, Trouble> {
    cases.write(|tx| {
        let found = tx.query(
            "-- cases-open-of-regime
             SELECT case_id, authority, regime, subject, state, opened_at, file_number, question,
                 due_at, changed_at
             FROM cases
             WHERE regime = $1 AND (closed = 0 OR due_at IS NOT NULL) AND case_id > $2
             ORDER BY case_id LIMIT $3",
            &[id.as_str().into(), after.into(), Value::count(RECOMPUTED_AT_ONCE)],
        )?;
        for row in &found {
            let stored: CaseLine = rows::read_case(row)?;
            // A state that the new text has no deadline for keeps the old one, and will be refused
            // and put before a person when it comes.
            let Ok(due) = due(&stored.case, regime) else { continue };
            let due_at = due.map(|due| due.at());
            if due_at != stored.due_at {
                rows::write_cases(tx, &[CaseLine { due_at, ..stored }], row.time(9)?)?;
            }
        }
        let last = found.last().map(|row| row.bytes(0).map(<[u8]>::to_vec)).transpose()?;
        Ok(last.filter(|_| found.len() == RECOMPUTED_AT_ONCE))
    })
}

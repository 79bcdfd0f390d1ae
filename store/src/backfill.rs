//! Tables and columns that an earlier release did not keep, made once out of what it did keep.

use entremise_core::asked::Asked;
use entremise_core::case::State;
use entremise_core::event::Event;
use entremise_core::ledger::Leaf;
use jiff::Timestamp;
use serde::Deserialize;

use crate::conn::{Pool, Row, Tx, Value};
use crate::trouble::Trouble;

const PAGE: usize = 1_000;
const FACTS: &str = "0003_backfill";
const ASKED: &str = "0014_backfill";

#[derive(Deserialize)]
struct Told {
    event: Event,
}

/// Fills `fact` and `opening` from lines that were entered before these tables were there.
pub(crate) fn facts_and_openings(cases: &Pool, now: Timestamp) -> Result<(), Trouble> {
    if is_done(cases, FACTS)? {
        return Ok(());
    }
    let mut after = (String::new(), -1);
    loop {
        let rows = cases.write(|tx| {
            let rows = tx.query(
                "-- backfill-lines
                 SELECT authority, seq, entered_at, kind, subject, leaf, body FROM ledger
                 WHERE (authority, seq) > ($1, $2) ORDER BY authority, seq LIMIT $3",
                &[Value::Text(&after.0), after.1.into(), Value::count(PAGE)],
            )?;
            rows.iter().try_for_each(|row| fill(tx, row))?;
            Ok::<_, Trouble>(rows)
        })?;
        let Some(last) = rows.last() else { break };
        after = (last.text(0)?.to_owned(), last.integer(1)?);
    }
    note_done(cases, FACTS, now)
}

/// Says of each case that lies on a desk on which list it stands.
pub(crate) fn asked(cases: &Pool, now: Timestamp) -> Result<(), Trouble> {
    if is_done(cases, ASKED)? {
        return Ok(());
    }
    loop {
        let told = cases.write(|tx| {
            let rows = tx.query(
                "-- backfill-desk
                 SELECT case_id, state FROM cases WHERE desk_at IS NOT NULL AND asked IS NULL
                 LIMIT $1",
                &[Value::count(PAGE)],
            )?;
            for row in &rows {
                let asked = Asked::of(&row.json::<State>(1)?).name();
                tx.execute(
                    "-- backfill-asked\nUPDATE cases SET asked = $2 WHERE case_id = $1",
                    &[Value::id(&row.id(0)?), asked.into()],
                )?;
            }
            Ok::<_, Trouble>(rows.len())
        })?;
        if told < PAGE {
            return note_done(cases, ASKED, now);
        }
    }
}

fn is_done(cases: &Pool, name: &'static str) -> Result<bool, Trouble> {
    let row = cases.read(|tx| {
        tx.query_one("-- backfill-done\nSELECT name FROM migration WHERE name = $1", &[name.into()])
    })?;
    Ok(row.is_some())
}

fn note_done(cases: &Pool, name: &'static str, now: Timestamp) -> Result<(), Trouble> {
    cases.write(|tx| {
        tx.execute(
            "-- backfill-note
             INSERT INTO migration (compartment, name, run_at) VALUES ('cases', $1, $2)
             ON CONFLICT (name) DO NOTHING",
            &[name.into(), Value::time(now)],
        )
        .map(|_| ())
    })
}

fn fill(tx: &mut Tx, row: &Row) -> Result<(), Trouble> {
    let kind = row.text(3)?;
    if kind == "event.fact_established" && row.maybe_bytes(6)?.is_some() {
        if let (Event::FactEstablished { fact }, Some(case)) =
            (row.json::<Told>(6)?.event, row.maybe_id(4)?)
        {
            note_fact(tx, &fact.notice.0, &case)?;
        }
    } else if kind.starts_with("linking.") {
        let leaf: Leaf = row.json(5)?;
        note_opening(tx, row.text(0)?, row.integer(1)?, row.time(2)?, kind, &leaf.actor)?;
    }
    Ok(())
}

pub(crate) fn note_fact(
    tx: &mut Tx,
    notice: &uuid::Uuid,
    case: &uuid::Uuid,
) -> Result<(), Trouble> {
    tx.execute(
        "-- fact-note
         INSERT INTO fact (notice_id, case_id) VALUES ($1, $2)
         ON CONFLICT (notice_id, case_id) DO NOTHING",
        &[Value::id(notice), Value::id(case)],
    )
    .map(|_| ())
}

pub(crate) fn note_opening(
    tx: &mut Tx,
    authority: &str,
    seq: i64,
    at: Timestamp,
    kind: &str,
    actor: &str,
) -> Result<(), Trouble> {
    tx.execute(
        "-- opening-note
         INSERT INTO opening (authority, seq, opened_at, kind, actor)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (authority, seq) DO NOTHING",
        &[authority.into(), seq.into(), Value::time(at), kind.into(), actor.into()],
    )
    .map(|_| ())
}

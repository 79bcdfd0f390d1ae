//! The board: alarms that no person has settled yet, and counts.

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, CaseId, EffectId, RegimeId};
use entremise_core::ledger::{self as form, Actor};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmId(pub Uuid);

/// Something a person must look at.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmRow {
    pub id: AlarmId,
    pub regime: RegimeId,
    pub case: CaseId,
    pub effect: Option<EffectId>,
    /// The name of a `core::effect::Alarm`; or `given_up`, `deadline_refused`.
    pub name: String,
    pub body: serde_json::Value,
    pub raised_at: Timestamp,
}

/// The newest of the alarms that nobody has settled, and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmBoard {
    pub newest: Vec<AlarmRow>,
    pub total: u64,
}

/// How much there is of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// By procedure and state: `ladder.proposed`.
    pub cases: BTreeMap<String, u64>,
    /// `accepted`, `duplicate`, `rejected`.
    pub notices: BTreeMap<String, u64>,
    /// Rejected notices by code; one notice may have several.
    pub rejections: BTreeMap<String, u64>,
    /// Effects not done, by queue and state: `ask_provider.ready`.
    pub outbox: BTreeMap<String, u64>,
    /// Effects done, by name and outcome.
    pub effects: BTreeMap<String, u64>,
    pub alarms: u64,
}

impl Store {
    /// Alarms that nobody has settled, oldest first.
    pub fn alarms(&self, authority: &AuthorityId) -> Result<Vec<AlarmRow>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- alarms
                 SELECT alarm_id, regime, case_id, effect_id, name, body, raised_at FROM alarm
                 WHERE authority = $1 AND settled_at IS NULL ORDER BY alarm_id",
                &[authority.as_str().into()],
            )
        })?;
        rows.iter().map(alarm).collect()
    }

    /// As `alarms`, but never more than a page can show: newest first, with the number of all.
    pub fn alarm_board(&self, authority: &AuthorityId, most: usize) -> Result<AlarmBoard, Trouble> {
        self.inner.cases.read(|tx| {
            let rows = tx.query(
                "-- alarms-newest
                 SELECT alarm_id, regime, case_id, effect_id, name, body, raised_at FROM alarm
                 WHERE authority = $1 AND settled_at IS NULL ORDER BY alarm_id DESC LIMIT $2",
                &[authority.as_str().into(), Value::count(most)],
            )?;
            let newest = rows.iter().map(alarm).collect::<Result<_, _>>()?;
            Ok(AlarmBoard { newest, total: open_alarms(tx, authority)? })
        })
    }

    /// A person has seen to an alarm. Yields whether it was still open.
    pub fn settle_alarm(
        &self,
        authority: &AuthorityId,
        id: AlarmId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let at = door.at;
            let row = door.tx.query_one(
                "-- alarm-settle
                 UPDATE alarm SET settled_at = $3, settled_by = $4
                 WHERE alarm_id = $1 AND authority = $2 AND settled_at IS NULL
                 RETURNING case_id, regime, name, effect_id",
                &[
                    Value::id(&id.0),
                    authority.as_str().into(),
                    Value::time(at),
                    Value::Text(&by.to_string()),
                ],
            )?;
            let Some(row) = row else { return Ok(false) };
            if let Some(effect) = row.maybe_id(3)? {
                // The alarm was all that its effect asked for. One that was given up stays parked.
                door.tx.execute(
                    "-- alarm-effect-done
                     UPDATE outbox SET state = 'done', available_at = NULL, outcome = 'settled',
                         settled_at = $2
                     WHERE effect_id = $1 AND queue = 'raise_alarm' AND state <> 'done'",
                    &[Value::id(&effect), Value::time(at)],
                )?;
            }
            let subject = form::Subject::Case(CaseId(row.id(0)?));
            let body = json(&serde_json::json!({ "alarm": id, "name": row.text(2)? }));
            let kind = form::Kind::House("alarm_settled");
            door.enter(&row.word(1)?, subject, kind, by.clone(), body)?;
            door.close()?;
            Ok(true)
        })
    }

    /// How many cases stand where, by procedure and state: `ladder.proposed`. Reads counters.
    pub fn case_counts(&self, authority: &AuthorityId) -> Result<BTreeMap<String, u64>, Trouble> {
        self.inner.cases.read(|tx| Ok(tally(tx, authority)?.cases))
    }

    /// How much there is of what. Reads counters, not rows, but for the open outbox.
    pub fn counts(&self, authority: &AuthorityId) -> Result<Counts, Trouble> {
        self.inner.cases.read(|tx| {
            let mut counts = tally(tx, authority)?;
            let open = tx.query(
                "-- outbox-open
                 SELECT queue, state, COUNT(effect_id) FROM outbox
                 WHERE authority = $1 AND state <> 'done' GROUP BY queue, state",
                &[authority.as_str().into()],
            )?;
            for row in &open {
                let name = format!("{}.{}", row.text(0)?, row.text(1)?);
                counts.outbox.insert(name, number(row.integer(2)?));
            }
            counts.alarms = open_alarms(tx, authority)?;
            Ok(counts)
        })
    }
}

/// What is counted with the changes themselves.
fn tally(tx: &mut Tx, authority: &AuthorityId) -> Result<Counts, Trouble> {
    let rows = tx.query(
        "-- tally\nSELECT what, name, n FROM tally WHERE authority = $1 AND n <> 0",
        &[authority.as_str().into()],
    )?;
    let mut counts = Counts::default();
    for row in &rows {
        let of = match row.text(0)? {
            "case" => &mut counts.cases,
            "notice" => &mut counts.notices,
            "rejection" => &mut counts.rejections,
            _ => &mut counts.effects,
        };
        of.insert(row.text(1)?.to_owned(), number(row.integer(2)?));
    }
    Ok(counts)
}

fn alarm(row: &Row) -> Result<AlarmRow, Trouble> {
    Ok(AlarmRow {
        id: AlarmId(row.id(0)?),
        regime: row.word(1)?,
        case: CaseId(row.id(2)?),
        effect: row.maybe_id(3)?.map(EffectId),
        name: row.text(4)?.to_owned(),
        body: row.json(5)?,
        raised_at: row.time(6)?,
    })
}

fn open_alarms(tx: &mut Tx, authority: &AuthorityId) -> Result<u64, Trouble> {
    let row = tx.query_one(
        "-- alarms-open
         SELECT COUNT(alarm_id) FROM alarm WHERE authority = $1 AND settled_at IS NULL",
        &[authority.as_str().into()],
    )?;
    row.map_or(Ok(0), |row| row.integer(0)).map(number)
}

fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

//! A case file: the case, its history as the ledger has it, what it asked for and what it waits for.

use entremise_core::case::Case;
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, CaseId, EffectId};
use entremise_core::ledger::Leaf;
use entremise_core::procedure::Due;
use entremise_core::step::due;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::document::FoundEffect;
use crate::rows;
use crate::trouble::Trouble;

#[derive(Clone, Debug, PartialEq)]
pub struct CaseFile {
    pub case: Case,
    pub file_number: Option<String>,
    /// When it must be looked at if nothing happens, and why then.
    pub due: Option<Due>,
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
    pub effects: Vec<EffectRow>,
    /// The identifications whose facts stand against the case's line, in order of arrival.
    pub identifications: Vec<CaseId>,
}

impl CaseFile {
    /// The orders of a measure by their versions, the newest last: of two that came within one
    /// instant their numbers do not say which was first.
    pub fn orders(&self) -> Vec<&EffectRow> {
        let version_of = |row: &&EffectRow| match &row.effect {
            Effect::OrderMeasure { version, .. } => Some(*version),
            _ => None,
        };
        let mut orders: Vec<_> =
            self.effects.iter().filter(|row| version_of(row).is_some()).collect();
        orders.sort_by_key(version_of);
        orders
    }
}

/// A line of the ledger about the case.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    pub seq: u64,
    pub at: Timestamp,
    /// As the leaf has it: `event.answered`, `refusal.out_of_turn`, `intent.send_message` …
    pub kind: String,
    /// As the leaf has it: `house`, `party:…`, `person:…`.
    pub actor: String,
    /// As the leaf has it, hexadecimal: what ties the line to its body, erased or not.
    pub commitment: String,
    /// What happened, in full; none once it is erased.
    pub body: Option<serde_json::Value>,
    /// The event, on lines of kind `event.…` and `refusal.…`.
    pub event: Option<Event>,
}

/// An effect and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectRow {
    pub id: EffectId,
    pub effect: Effect,
    /// `ready`, `leased`, `done`, `parked`.
    pub state: String,
    pub attempts: u32,
    pub available_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    pub outcome: Option<String>,
    /// Why the last attempt failed.
    pub trouble: Option<String>,
}

impl Store {
    /// One case with all that is known of it outside the compartments.
    pub fn case_file(
        &self,
        authority: &AuthorityId,
        id: &CaseId,
    ) -> Result<Option<CaseFile>, Trouble> {
        self.inner.cases.read(|tx| {
            let Some(stored) = rows::case_by_id(tx, authority, *id)? else { return Ok(None) };
            let history = history(tx, authority, *id)?;
            let effects = effects(tx, authority, *id)?;
            let due = self
                .inner
                .regimes
                .get(&stored.case.regime)
                .and_then(|regime| due(&stored.case, regime).ok().flatten());
            Ok(Some(CaseFile {
                identifications: identifications(&history),
                due,
                history,
                effects,
                case: stored.case,
                file_number: stored.file_number,
            }))
        })
    }
}

impl Store {
    /// What was given up, oldest first, with its case.
    pub fn parked(&self, authority: &AuthorityId) -> Result<Vec<(CaseId, EffectRow)>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- outbox-parked
                 SELECT effect_id, body, state, attempts, available_at, created_at, settled_at,
                     outcome, trouble, case_id
                 FROM outbox WHERE authority = $1 AND state = 'parked'
                 ORDER BY created_at, effect_id",
                &[authority.as_str().into()],
            )
        })?;
        rows.iter().map(|row| Ok((CaseId(row.id(9)?), effect(row)?))).collect()
    }
}

#[derive(Deserialize)]
struct Told {
    event: Event,
}

fn history(tx: &mut Tx, authority: &AuthorityId, id: CaseId) -> Result<Vec<HistoryEntry>, Trouble> {
    let rows = tx.query(
        "-- history
         SELECT seq, entered_at, kind, leaf, body FROM ledger
         WHERE subject = $1 AND subject IS NOT NULL AND authority = $2 ORDER BY seq",
        &[Value::id(&id.0), authority.as_str().into()],
    )?;
    rows.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<HistoryEntry, Trouble> {
    let leaf: Leaf = row.json(3)?;
    let body = match row.maybe_bytes(4)? {
        Some(_) => Some(row.json::<serde_json::Value>(4)?),
        None => None,
    };
    let tells_an_event = leaf.kind.starts_with("event.") || leaf.kind.starts_with("refusal.");
    let event = match &body {
        Some(_) if tells_an_event => Some(row.json::<Told>(4)?.event),
        _ => None,
    };
    Ok(HistoryEntry {
        seq: u64::try_from(row.integer(0)?).unwrap_or(0),
        at: row.time(1)?,
        kind: leaf.kind,
        actor: leaf.actor,
        commitment: leaf.commitment,
        body,
        event,
    })
}

fn effects(tx: &mut Tx, authority: &AuthorityId, id: CaseId) -> Result<Vec<EffectRow>, Trouble> {
    let rows = tx.query(
        "-- effects-of-case
         SELECT effect_id, body, state, attempts, available_at, created_at, settled_at, outcome,
             trouble
         FROM outbox WHERE case_id = $1 AND authority = $2 ORDER BY created_at, effect_id",
        &[Value::id(&id.0), authority.as_str().into()],
    )?;
    rows.iter().map(effect).collect()
}

/// An effect by its number alone, with the case it belongs to.
pub(crate) fn effect_by_id(tx: &mut Tx, id: EffectId) -> Result<Option<FoundEffect>, Trouble> {
    let row = tx.query_one(
        "-- effect-by-id
         SELECT effect_id, body, state, attempts, available_at, created_at, settled_at, outcome,
             trouble, authority, regime, case_id
         FROM outbox WHERE effect_id = $1",
        &[Value::id(&id.0)],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(FoundEffect {
        authority: row.word(9)?,
        regime: row.word(10)?,
        case: CaseId(row.id(11)?),
        row: effect(&row)?,
    }))
}

fn effect(row: &Row) -> Result<EffectRow, Trouble> {
    Ok(EffectRow {
        id: EffectId(row.id(0)?),
        effect: row.json(1)?,
        state: row.text(2)?.to_owned(),
        attempts: u32::try_from(row.integer(3)?).unwrap_or(u32::MAX),
        available_at: row.maybe_time(4)?,
        created_at: row.time(5)?,
        settled_at: row.maybe_time(6)?,
        outcome: row.maybe_text(7)?.map(str::to_owned),
        trouble: row.maybe_text(8)?.map(str::to_owned),
    })
}

/// From the accepted facts in the history, each identification once.
fn identifications(history: &[HistoryEntry]) -> Vec<CaseId> {
    let mut found = Vec::new();
    for entry in history.iter().filter(|entry| entry.kind.starts_with("event.")) {
        if let Some(Event::FactEstablished { fact }) = &entry.event
            && !found.contains(&fact.identification)
        {
            found.push(fact.identification);
        }
    }
    found
}

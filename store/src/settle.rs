//! What became of an effect: its outcome, the event it brought, and the end of its row, in one
//! transaction.

use std::collections::{BTreeMap, HashSet};

use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, EffectId};
use entremise_core::ledger::{self as form, Actor};
use entremise_core::step::Refusal;
use jiff::Timestamp;

use crate::Store;
use crate::apply::{ApplyError, CaseRef};
use crate::conn::Value;
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::outbox::Claimed;
use crate::trouble::Trouble;

/// One effect's end.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub claim: Claimed,
    /// The outcome's name in the ledger.
    pub outcome: &'static str,
    /// What the outcome means for a case.
    pub event: Option<(CaseRef, Event)>,
    pub actor: Actor,
}

/// What settling did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    Done,
    /// Another worker was quicker; nothing was done twice.
    AlreadyDone,
    /// The effect is done; the law said no to the event, and the ledger has both.
    Refused(Refusal),
}

impl Store {
    /// Ends an effect. A worker whose lease was lost may settle too: what happened has happened,
    /// and only the first of two does anything.
    pub fn settle(
        &self,
        claim: &Claimed,
        outcome: &'static str,
        event: Option<(CaseRef, Event)>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), ApplyError> {
        let claim = claim.clone();
        self.settle_many(vec![Settlement { claim, outcome, event, actor: actor.clone() }], now)
            .map(|_| ())
    }

    /// Ends many effects in one transaction. The answers stand in the order of the settlements.
    pub fn settle_many(
        &self,
        settlements: Vec<Settlement>,
        now: Timestamp,
    ) -> Result<Vec<Settled>, ApplyError> {
        let mut authorities: Vec<&AuthorityId> =
            settlements.iter().map(|settlement| &settlement.claim.authority).collect();
        // Always locked in the same order, or two calls could wait for each other.
        authorities.sort_unstable();
        authorities.dedup();
        self.inner.cases.write(|tx| {
            let mut answers: Vec<Option<Settled>> = vec![None; settlements.len()];
            for authority in authorities {
                let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
                let ours = || {
                    let all = settlements.iter().enumerate();
                    all.filter(|(_, settlement)| settlement.claim.authority == *authority)
                };
                let mut open = end_rows(&mut door, ours().map(|(_, settlement)| settlement))?;
                let events = ours().filter_map(|(_, settlement)| settlement.event.as_ref());
                door.prepare(
                    events.map(|(case, _)| case).filter(|case| case.authority() == authority),
                )?;
                for (place, settlement) in ours() {
                    // The second settlement of one effect finds it ended by the first.
                    answers[place] = Some(match open.remove(&settlement.claim.id) {
                        true => settle_one(&mut door, settlement)?,
                        false => Settled::AlreadyDone,
                    });
                }
                door.close()?;
            }
            self.inner.fault("settle.commit")?;
            Ok(answers.into_iter().flatten().collect())
        })
    }
}

/// Ends the rows of many effects, outcome by outcome. Yields those that were not ended before.
fn end_rows<'s>(
    door: &mut Door,
    settlements: impl Iterator<Item = &'s Settlement>,
) -> Result<HashSet<EffectId>, Trouble> {
    let mut by_outcome: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    let mut met = HashSet::new();
    for settlement in settlements {
        // The first of two settlements of one effect says how it ended.
        if met.insert(settlement.claim.id) {
            let ended = by_outcome.entry(settlement.outcome).or_default();
            ended.push(settlement.claim.id.0.as_bytes());
        }
    }
    let at = Value::time(door.at);
    let mut open = HashSet::new();
    for (outcome, ids) in by_outcome {
        let rows = door.tx.query_each(
            "-- outbox-settle
             UPDATE outbox SET state = 'done', available_at = NULL, outcome = $2, settled_at = $3
             WHERE effect_id = $1[] AND state <> 'done' RETURNING effect_id",
            &ids,
            &[outcome.into(), at],
        )?;
        for row in &rows {
            open.insert(EffectId(row.id(0)?));
        }
    }
    Ok(open)
}

fn settle_one(door: &mut Door, settlement: &Settlement) -> Result<Settled, ApplyError> {
    let claim = &settlement.claim;
    door.count("effect", format!("{}.{}", claim.effect.name(), settlement.outcome), 1);
    let body = json(&serde_json::json!({
        "effect_id": claim.id,
        "effect": claim.effect.name(),
        "attempt": claim.attempts,
    }));
    door.enter(
        &claim.regime,
        form::Subject::Case(claim.case),
        form::Kind::Outcome(settlement.outcome),
        settlement.actor.clone(),
        body,
    )?;
    let Some((case, event)) = &settlement.event else {
        return Ok(Settled::Done);
    };
    if case.authority() != &claim.authority {
        return Err(Trouble::never("an effect of one authority cannot move another's case").into());
    }
    let index = door.find(case)?.ok_or(ApplyError::NoSuchCase)?;
    match door.take(index, event, &settlement.actor)? {
        Ok(_) => Ok(Settled::Done),
        Err(refusal) => Ok(Settled::Refused(refusal)),
    }
}

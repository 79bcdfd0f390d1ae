//! Effects that wait to be carried out: claimed with a lease, tried again, given up aloud.
//!
//! No state can be stuck in silence: an expired lease is available again by itself, and what is
//! given up raises an alarm. A claim's `attempts` tells its lease from every other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use entremise_core::case::Subject;
use entremise_core::effect::Effect;
use entremise_core::id::{AuthorityId, CaseId, EffectId, RegimeId};
use entremise_core::ledger::{self as form, Actor};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::rows;
use crate::trouble::Trouble;

/// An effect in a worker's hands until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    pub id: EffectId,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub case: CaseId,
    /// What the effect's case is about.
    pub subject: Subject,
    pub effect: Effect,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    pub lease_until: Timestamp,
    /// When the effect was asked for: the same in every try.
    pub asked_at: Timestamp,
}

/// What a caller hears whose lease has ended and been taken over.
pub(crate) fn lease_lost() -> Trouble {
    Trouble::never("the lease on this effect was lost to another worker")
}

impl Store {
    /// Leases up to `most` effects of the named queues.
    ///
    /// Fair: workers go round the authorities, and within one round its parties, so that neither a
    /// flood nor a silent provider holds up the others. Effects for stopped parties stay where
    /// they are.
    pub fn claim(
        &self,
        queues: &[&str],
        worker: &str,
        lease_secs: i64,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, Trouble> {
        let lease_until = later(now, lease_secs);
        self.inner.cases.write(|tx| {
            let ids = candidates(tx, queues, most, now)?;
            let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
            // The lease test again: between the look and the grasp another may have been quicker.
            let leased = tx.query_each(
                "-- outbox-lease
                 UPDATE outbox SET state = 'leased', attempts = attempts + 1, worker = $2,
                     available_at = $3
                 WHERE effect_id = $1[] AND available_at IS NOT NULL AND available_at <= $4
                 RETURNING effect_id",
                &keys,
                &[worker.into(), Value::time(lease_until), Value::time(now)],
            )?;
            let leased: Vec<Uuid> =
                leased.iter().map(|row| row.id(0)).collect::<Result<_, Trouble>>()?;
            let keys: Vec<&[u8]> = leased.iter().map(|id| id.as_bytes().as_slice()).collect();
            let rows = tx.query_each(
                "-- outbox-claimed
                 SELECT outbox.effect_id, outbox.authority, outbox.regime, outbox.case_id,
                     cases.subject, outbox.body, outbox.attempts, outbox.available_at,
                     outbox.created_at
                 FROM outbox JOIN cases ON cases.case_id = outbox.case_id
                 WHERE outbox.effect_id = $1[]",
                &keys,
                &[],
            )?;
            let mut claimed = rows.iter().map(read_claim).collect::<Result<Vec<_>, _>>()?;
            // Rows come back in any order; the order of the round is kept.
            let turn: BTreeMap<Uuid, usize> =
                ids.iter().enumerate().map(|(turn, id)| (*id, turn)).collect();
            claimed.sort_by_key(|claim| turn.get(&claim.id.0).copied());
            Ok(claimed)
        })
    }

    /// Enters that an effect is about to be carried out: before anything leaves, once per attempt.
    pub fn intend(&self, claim: &Claimed, now: Timestamp) -> Result<(), Trouble> {
        self.intend_many(std::slice::from_ref(claim), now)
    }

    /// As `intend`, for claims that leave together. None is entered unless all leases hold.
    pub fn intend_many(&self, claims: &[Claimed], now: Timestamp) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            for (authority, claims) in by_authority(claims) {
                let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
                for claim in hold(door.tx, &claims)? {
                    let body = effect_body(claim, None);
                    let subject = form::Subject::Case(claim.case);
                    let kind = form::Kind::Intent(claim.effect.name());
                    door.enter(&claim.regime, subject, kind, Actor::House, body)?;
                }
                door.close()?;
            }
            self.inner.fault("intend.commit")
        })
    }

    /// Lays an effect back, to be claimed again after a while. A lost lease changes nothing.
    pub fn retry(
        &self,
        claim: &Claimed,
        trouble: &'static str,
        after_secs: i64,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let available_at = later(now, after_secs.max(0));
        self.inner.cases.write(|tx| {
            tx.execute(
                "-- outbox-retry
                 UPDATE outbox SET state = 'ready', available_at = $3, trouble = $4
                 WHERE effect_id = $1 AND state = 'leased' AND attempts = $2",
                &[
                    Value::id(&claim.id.0),
                    i64::from(claim.attempts).into(),
                    Value::time(available_at),
                    trouble.into(),
                ],
            )
            .map(|_| ())
        })
    }

    /// Gives an effect up: it is parked, the ledger says so, and an alarm stands on the board until
    /// a person has settled it. A lost lease changes nothing.
    pub fn give_up(
        &self,
        claim: &Claimed,
        trouble: &'static str,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            let authority = &claim.authority;
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let parked = door.tx.execute(
                "-- outbox-park
                 UPDATE outbox SET state = 'parked', available_at = NULL, trouble = $3
                 WHERE effect_id = $1 AND state = 'leased' AND attempts = $2",
                &[Value::id(&claim.id.0), i64::from(claim.attempts).into(), trouble.into()],
            )?;
            if parked == 0 {
                return Ok(());
            }
            let stored = rows::case_by_id(door.tx, authority, claim.case)?;
            if let Some(stored) = stored {
                let what = serde_json::json!({ "queue": claim.effect.name(), "trouble": trouble });
                door.raise(&stored.case, Some(claim.id), "given_up", what.to_string());
            }
            let subject = form::Subject::Case(claim.case);
            let kind = form::Kind::Outcome("given_up");
            let body = effect_body(claim, Some(trouble));
            door.enter(&claim.regime, subject, kind, Actor::House, body)?;
            door.close()?;
            self.inner.fault("give_up.commit")
        })
    }

    /// The cases whose answer to a challenge is still to leave: in its queue, or in a worker's
    /// hands. One that was given up waits for a person, and is not among them.
    pub fn answers_waiting(&self) -> Result<BTreeSet<CaseId>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- outbox-answers-waiting
                 SELECT case_id FROM outbox
                 WHERE queue = 'send_answer' AND available_at IS NOT NULL",
                &[],
            )
        })?;
        rows.iter().map(|row| row.id(0).map(CaseId)).collect()
    }

    /// Puts a parked effect back into its queue: a person has seen to what was in the way.
    /// Yields whether there was one.
    pub fn put_back(
        &self,
        authority: &AuthorityId,
        effect: EffectId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let row = door.tx.query_one(
                "-- outbox-put-back
                 UPDATE outbox SET state = 'ready', available_at = $3
                 WHERE effect_id = $1 AND authority = $2 AND state = 'parked'
                 RETURNING case_id, regime",
                &[Value::id(&effect.0), authority.as_str().into(), Value::time(now)],
            )?;
            let Some(row) = row else { return Ok(false) };
            let subject = form::Subject::Case(CaseId(row.id(0)?));
            let body = json(&serde_json::json!({ "effect_id": effect }));
            let regime = row.word(1)?;
            door.enter(&regime, subject, form::Kind::House("put_back"), by.clone(), body)?;
            door.close()?;
            Ok(true)
        })
    }
}

fn later(now: Timestamp, secs: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(secs)).unwrap_or(Timestamp::MAX)
}

/// What a line about an effect says.
pub(crate) fn effect_body(claim: &Claimed, trouble: Option<&str>) -> Vec<u8> {
    json(&serde_json::json!({
        "effect_id": claim.id,
        "effect": claim.effect.name(),
        "attempt": claim.attempts,
        "trouble": trouble,
    }))
}

/// Claims in groups by authority, in the one order in which authorities are locked.
pub(crate) fn by_authority<'c>(
    claims: impl IntoIterator<Item = &'c Claimed>,
) -> BTreeMap<&'c AuthorityId, Vec<&'c Claimed>> {
    let mut groups: BTreeMap<&AuthorityId, Vec<&Claimed>> = BTreeMap::new();
    for claim in claims {
        groups.entry(&claim.authority).or_default().push(claim);
    }
    groups
}

/// Marks attempts as intended, and yields those that were not before. An error, and nothing is
/// marked, when a lease is lost.
fn hold<'c>(tx: &mut Tx, claims: &[&'c Claimed]) -> Result<Vec<&'c Claimed>, Trouble> {
    let keys: Vec<&[u8]> = claims.iter().map(|claim| claim.id.0.as_bytes().as_slice()).collect();
    let marked = tx.query_each(
        "-- outbox-intend
         UPDATE outbox SET intended = attempts
         WHERE effect_id = $1[] AND state = 'leased' AND intended < attempts
         RETURNING effect_id",
        &keys,
        &[],
    )?;
    let mut marked: HashSet<Uuid> =
        marked.iter().map(|row| row.id(0)).collect::<Result<_, Trouble>>()?;
    let leased = tx.query_each(
        "-- outbox-leased
         SELECT effect_id, attempts FROM outbox WHERE effect_id = $1[] AND state = 'leased'",
        &keys,
        &[],
    )?;
    let attempts: HashMap<Uuid, i64> = leased
        .iter()
        .map(|row| Ok((row.id(0)?, row.integer(1)?)))
        .collect::<Result<_, Trouble>>()?;
    let holds = |claim: &&Claimed| attempts.get(&claim.id.0) == Some(&i64::from(claim.attempts));
    if !claims.iter().all(holds) {
        return Err(lease_lost());
    }
    Ok(claims.iter().filter(|claim| marked.remove(&claim.id.0)).copied().collect())
}

fn read_claim(row: &Row) -> Result<Claimed, Trouble> {
    Ok(Claimed {
        id: EffectId(row.id(0)?),
        authority: row.word(1)?,
        regime: row.word(2)?,
        case: CaseId(row.id(3)?),
        subject: row.json(4)?,
        effect: row.json(5)?,
        attempts: u32::try_from(row.integer(6)?).unwrap_or(u32::MAX),
        lease_until: row.time(7)?,
        asked_at: row.time(8)?,
    })
}

/// The lanes of the queues that may have something, without reading the queue: the recursion jumps
/// from one lane to the next in the index. Lanes of stopped parties are left out.
fn lanes(tx: &mut Tx, queue: &str, now: Timestamp) -> Result<Vec<String>, Trouble> {
    let rows = tx.query(
        "-- outbox-lanes
         WITH RECURSIVE seen(lane) AS (
             SELECT MIN(lane) FROM outbox WHERE queue = $1 AND available_at IS NOT NULL
             UNION ALL
             SELECT (SELECT MIN(later.lane) FROM outbox AS later
                     WHERE later.queue = $1 AND later.available_at IS NOT NULL
                         AND later.lane > seen.lane)
             FROM seen WHERE seen.lane IS NOT NULL
         )
         SELECT seen.lane FROM seen
         WHERE seen.lane IS NOT NULL
             AND EXISTS (SELECT 1 FROM outbox WHERE outbox.queue = $1
                 AND outbox.lane = seen.lane AND outbox.available_at <= $2)
             AND NOT EXISTS (SELECT 1 FROM party WHERE party.stopped_at IS NOT NULL
                 AND party.authority || '/' || party.party = seen.lane)
         ORDER BY seen.lane",
        &[queue.into(), Value::time(now)],
    )?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// What may be claimed, in the order of the round: one of each authority in turn, and each
/// authority's parties in turn.
fn candidates(
    tx: &mut Tx,
    queues: &[&str],
    most: usize,
    now: Timestamp,
) -> Result<Vec<Uuid>, Trouble> {
    let mut authorities: BTreeMap<String, VecDeque<VecDeque<Uuid>>> = BTreeMap::new();
    for queue in queues {
        for lane in lanes(tx, queue, now)? {
            let rows = tx.query_unlocked(
                "-- outbox-candidates
                 SELECT effect_id FROM outbox
                 WHERE queue = $1 AND lane = $2 AND available_at IS NOT NULL AND available_at <= $3
                 ORDER BY available_at, effect_id LIMIT $4",
                &[(*queue).into(), Value::Text(&lane), Value::time(now), Value::count(most)],
            )?;
            let ids = rows.iter().map(|row| row.id(0)).collect::<Result<VecDeque<_>, _>>()?;
            let authority = lane.split('/').next().unwrap_or_default().to_owned();
            authorities.entry(authority).or_default().push_back(ids);
        }
    }
    let mut round: VecDeque<VecDeque<VecDeque<Uuid>>> = authorities.into_values().collect();
    let mut chosen = Vec::new();
    while chosen.len() < most {
        let Some(mut parties) = round.pop_front() else { break };
        if let Some(mut waiting) = parties.pop_front() {
            if let Some(id) = waiting.pop_front() {
                chosen.push(id);
            }
            if !waiting.is_empty() {
                parties.push_back(waiting);
            }
        }
        if !parties.is_empty() {
            round.push_back(parties);
        }
    }
    Ok(chosen)
}

//! The operator's side over the real house. Reads cases' rows and hands out none of their numbers.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use entremise_core::id::{AuthorityId, EffectId, PersonId};
use entremise_core::ledger::Actor;
use entremise_store::{AlarmId, Role};
use jiff::Timestamp;

use super::desk::{Held, Machines, OperatorDesk, ParkedRow, PartyRow, Queue, SetAside, TroubleRow};
use crate::house::House;
use crate::quarantine::{Reader, Replayed, replay};
use crate::web::desk::DeskTrouble;
use crate::web::of_house::{OfHouse, told};

/// Alarms looked through for those about machines.
const ALARMS_MAX: usize = 200;
/// Alarms that say that a machine failed; all others are about a case, and the office's.
const OF_MACHINES: [&str; 2] = ["given_up", "deadline_refused"];

/// One authority's machines.
pub struct HouseOperator(OfHouse);

impl Deref for HouseOperator {
    type Target = OfHouse;

    fn deref(&self) -> &OfHouse {
        &self.0
    }
}

impl HouseOperator {
    pub fn new(house: Arc<House>, authority: AuthorityId) -> Self {
        Self(OfHouse { house, authority })
    }
}

impl OperatorDesk for HouseOperator {
    fn machines(&self, _: Timestamp) -> Result<Machines, DeskTrouble> {
        let (store, authority) = (self.store(), &self.authority);
        let counts = store.counts(authority).map_err(told)?;
        let board = store.alarm_board(authority, ALARMS_MAX).map_err(told)?;
        let (troubles, others): (Vec<_>, Vec<_>) =
            board.newest.iter().partition(|alarm| OF_MACHINES.contains(&alarm.name.as_str()));
        let beyond = board.total.saturating_sub(board.newest.len() as u64);
        let parked = store.parked(authority).map_err(told)?;
        let checkpoint = store.last_checkpoint(authority).map_err(told)?;
        let parties = store.parties(authority).map_err(told)?;
        Ok(Machines {
            zone: self.zone()?,
            ledger_entries: store.ledger_size(authority).map_err(told)?,
            published: checkpoint.map(|checkpoint| (checkpoint.size, checkpoint.noted_at)),
            queues: queues(&counts.outbox),
            parked: parked
                .into_iter()
                .map(|(_, row)| ParkedRow {
                    effect: row.id.to_string(),
                    queue: row.effect.name(),
                    attempts: row.attempts,
                    trouble: row.trouble,
                    since: row.created_at,
                })
                .collect(),
            troubles: troubles
                .into_iter()
                .map(|alarm| TroubleRow {
                    alarm: alarm.id.0.to_string(),
                    name: alarm.name.clone(),
                    raised_at: alarm.raised_at,
                })
                .collect(),
            alarms_elsewhere: others.len() as u64 + beyond,
            set_aside: store.quarantined(authority).map_err(told)?.len() as u64,
            stopped: parties.iter().filter(|party| party.stopped.is_some()).count() as u64,
        })
    }

    fn put_back(&self, effect: &str, by: &PersonId, now: Timestamp) -> Result<bool, DeskTrouble> {
        let Ok(effect) = effect.parse::<EffectId>() else { return Ok(false) };
        let by = Actor::Person(by.clone());
        self.store().put_back(&self.authority, effect, &by, now).map_err(told)
    }

    fn settle(&self, alarm: &str, by: &PersonId, now: Timestamp) -> Result<bool, DeskTrouble> {
        let Ok(id) = alarm.parse().map(AlarmId) else { return Ok(false) };
        let board = self.store().alarm_board(&self.authority, ALARMS_MAX).map_err(told)?;
        // An alarm about a case is the office's to settle.
        let is_ours = |alarm: &entremise_store::AlarmRow| {
            alarm.id == id && OF_MACHINES.contains(&alarm.name.as_str())
        };
        if !board.newest.iter().any(is_ours) {
            return Ok(false);
        }
        let by = Actor::Person(by.clone());
        self.store().settle_alarm(&self.authority, id, &by, now).map_err(told)
    }

    fn set_aside(&self) -> Result<Vec<SetAside>, DeskTrouble> {
        let zone = self.zone()?;
        let rows = self.store().quarantined(&self.authority).map_err(told)?;
        let row = |row: entremise_store::QuarantineRow| SetAside {
            id: row.id.0.to_string(),
            sender: row.sender,
            channel: row.channel,
            size_bytes: row.size_bytes,
            reasons: row.reasons,
            received_at: row.received_at,
            zone: zone.clone(),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    fn replay(
        &self,
        id: &str,
        legal_basis: &str,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Held, DeskTrouble> {
        let rows = self.store().quarantined(&self.authority).map_err(told)?;
        let row = rows.iter().find(|row| row.id.0.to_string() == id);
        let (Some(row), Some(room)) = (row, self.house.room(&self.authority)) else {
            return Ok(Held::Gone);
        };
        let reader = Reader { by, legal_basis };
        Ok(match replay(&self.house, room, row, &reader, true, now).map_err(told)? {
            Replayed::Taken(_) => Held::Taken,
            Replayed::Readable(_) | Replayed::StillUnreadable => Held::StillUnreadable,
            Replayed::NoSender => Held::NoSender,
            Replayed::Gone => Held::Gone,
            Replayed::NotTaken(why) => {
                tracing::warn!(%why, "what was set aside is not taken");
                Held::NotTaken
            }
        })
    }

    fn parties(&self) -> Result<Vec<PartyRow>, DeskTrouble> {
        let zone = self.zone()?;
        let parties = self.store().parties(&self.authority).map_err(told)?;
        let row = |party: entremise_store::Party| PartyRow {
            is_sender: matches!(party.role, Role::Sender { .. }),
            stopped: party.stopped.map(|stopped| (stopped.at, stopped.why)),
            party: party.id,
            name: party.name,
            zone: zone.clone(),
        };
        Ok(parties.into_iter().map(row).collect())
    }

    fn switch(
        &self,
        party: &str,
        why: Option<&str>,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        let (store, authority) = (self.store(), &self.authority);
        let Ok(party) = party.parse() else { return Ok(false) };
        if store.party(authority, &party).map_err(told)?.is_none() {
            return Ok(false);
        }
        let by = Actor::Person(by.clone());
        match why {
            Some(why) => store.stop(authority, &party, why, &by, now).map_err(told)?,
            None => store.resume(authority, &party, &by, now).map_err(told)?,
        }
        Ok(true)
    }
}

/// `ask_provider.ready` and its like, gathered by queue.
fn queues(open: &BTreeMap<String, u64>) -> Vec<Queue> {
    let mut queues: BTreeMap<&str, Queue> = BTreeMap::new();
    for (name, n) in open {
        let Some((queue, state)) = name.rsplit_once('.') else { continue };
        let row = queues
            .entry(queue)
            .or_insert_with(|| Queue { name: queue.to_owned(), ..Queue::default() });
        match state {
            "ready" => row.ready += n,
            "leased" => row.leased += n,
            _ => row.parked += n,
        }
    }
    queues.into_values().collect()
}

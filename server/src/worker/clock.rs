//! Cases whose own deadline is behind them get `DeadlinePassed`. That is all time does here.

use entremise_core::event::Event;
use entremise_core::ledger::Actor;
use entremise_store::{ApplyError, CaseRef, Trouble};
use jiff::Timestamp;

use super::Round;
use crate::house::House;

/// Cases looked at in one round: bounded, so that a backlog never starves the outbox.
const MOST: usize = 500;

/// Passes the deadline of every case whose time is over: together, and where that fails each alone,
/// so that one case that cannot be moved does not stop the clock of the others.
pub fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let passed: Vec<(CaseRef, Event, Actor)> = house
        .store
        .due(now, MOST)?
        .into_iter()
        .map(|(authority, case)| {
            (CaseRef::Id(authority, case), Event::DeadlinePassed, Actor::House)
        })
        .collect();
    let (mut round, mut trouble) = (Round::default(), None);
    match house.store.apply_many(&passed, now) {
        Ok(applied) => round.done += applied.len(),
        Err(_) => {
            for (case, event, actor) in &passed {
                match house.store.apply(case, event, actor, now) {
                    // Something else moved the case in between; the refusal stands in the ledger.
                    Ok(_) | Err(ApplyError::Refused(_) | ApplyError::NoSuchCase) => round.done += 1,
                    Err(ApplyError::Trouble(first)) => trouble = trouble.or(Some(first)),
                }
            }
        }
    }
    trouble.map_or(Ok(round), Err)
}

//! Cases whose own deadline is behind them get `DeadlinePassed`. That is all time does here.

use entremise_core::event::Event;
use entremise_core::ledger::Actor;
use entremise_store::{ApplyError, CaseRef, Trouble};
use jiff::Timestamp;

use super::Round;
use crate::house::House;

/// Cases looked at in one round: bounded, so that a backlog never starves the outbox.
const MOST: usize = 500;

/// Passes the deadline of every case whose time is over.
pub fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for (authority, case) in house.store.due(now, MOST)? {
        let case = CaseRef::Id(authority, case);
        match house.store.apply(&case, &Event::DeadlinePassed, &Actor::House, now) {
            Ok(_) => round.done += 1,
            // Something else moved the case in between; the refusal stands in the ledger.
            Err(ApplyError::Refused(_) | ApplyError::NoSuchCase) => round.done += 1,
            Err(ApplyError::Trouble(trouble)) => return Err(trouble),
        }
    }
    Ok(round)
}

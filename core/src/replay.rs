//! Events → case: the same history under the same or another regime.
//!
//! The ledger alone decides what happened; replay shows what the law made of it, and what another
//! law would have made of it.

use jiff::Timestamp;

use crate::case::Case;
use crate::effect::Effect;
use crate::event::Event;
use crate::regime::Regime;
use crate::step::{Refusal, step};

/// One event of a case's history, at the instant it was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    pub at: Timestamp,
    pub event: Event,
}

/// What replaying one event did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    pub at: Timestamp,
    pub event: Event,
    pub result: Result<Vec<Effect>, Refusal>,
}

/// Runs a history through the regime from an open case. Refused events leave the case as it was,
/// exactly as they did when they came.
pub fn replay(mut case: Case, history: &[Entered], regime: &Regime) -> (Case, Vec<Replayed>) {
    let mut told = Vec::with_capacity(history.len());
    for entered in history {
        let result = step(&case, &entered.event, entered.at, regime).map(|step| {
            case.state = step.state;
            step.effects
        });
        told.push(Replayed { at: entered.at, event: entered.event.clone(), result });
    }
    (case, told)
}

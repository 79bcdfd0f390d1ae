//! The log of what the rules decided: each refusal, and each permit of an act. Numbers only.
//!
//! What is done stands in the ledger anyway, with who did it; this log says what was tried, and by
//! which rule it was let through. It is bounded: it is for those who watch, not for a court.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use entremise_core::id::PersonId;
use jiff::Timestamp;

use super::{Action, Resource, Ruled, Seat};

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub at: Timestamp,
    pub person: PersonId,
    pub role: String,
    pub action: String,
    /// The sort of what it was about, and its number: `case:2026-000001-4`.
    pub about: String,
    pub allowed: bool,
    /// The names of the rules, with commas between.
    pub by: String,
}

impl Decided {
    pub fn new(
        seat: &Seat,
        action: Action,
        about: &Resource,
        ruled: &Ruled,
        at: Timestamp,
    ) -> Self {
        Self {
            at,
            person: seat.person.clone(),
            role: seat.role.name().to_owned(),
            action: action.name().to_owned(),
            about: about.name(),
            allowed: ruled.allowed,
            by: ruled.by.join(", "),
        }
    }
}

/// Where decisions are kept. Called from blocking threads.
pub trait DecisionLog: Send + Sync + 'static {
    /// Keeps one line. Yields whether it is kept: an act that leaves no line is not done.
    fn enter(&self, decided: Decided) -> bool;

    /// The newest lines, the newest first.
    fn newest(&self, most: usize) -> Vec<Decided>;
}

/// The newest decisions, in memory.
#[derive(Default)]
pub struct RecentDecisions {
    lines: Mutex<VecDeque<Decided>>,
}

/// A week of a small house.
const LINES_MAX: usize = 5_000;

impl DecisionLog for RecentDecisions {
    fn enter(&self, decided: Decided) -> bool {
        // A thread that panicked here left whole lines behind.
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(decided);
        true
    }

    fn newest(&self, most: usize) -> Vec<Decided> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().take(most).cloned().collect()
    }
}

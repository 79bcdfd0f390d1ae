//! Where a notice stands, as its sender may know it: the statuses of ACNS's `NoticeStatus`, without
//! any of its fields that tell one person from another.
//!
//! What ACNS calls `AnonUserIdentifier` and its counts are never given: over many notices they
//! would tell a sender whose line is whose. For the same reason nobody learns which step of the
//! ladder a notice led to, or whether it was the first.

use entremise_core::case::State;
use entremise_core::procedure::identification::{self, Closure};

/// ACNS 1.2, `Disposition/Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    Open,
    Closed,
}

impl Disposition {
    /// As ACNS spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
        }
    }
}

/// Where a notice stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeStatus {
    pub disposition: Disposition,
    /// By its name in the catalogue.
    pub reason: &'static str,
    /// Why nobody was identified, by the answer's wire name.
    pub answer: Option<String>,
    /// Whether the sender can still take it back with effect.
    pub may_be_withdrawn: bool,
}

impl NoticeStatus {
    /// Of the case that a notice opened. `None` where the case is not one of a notice.
    pub fn of(state: &State) -> Option<Self> {
        let State::Identification(state) = state else { return None };
        let status = |disposition, reason, may_be_withdrawn| Self {
            disposition,
            reason,
            answer: None,
            may_be_withdrawn,
        };
        Some(match state {
            identification::State::Open | identification::State::Waiting { .. } => {
                status(Disposition::Open, "received", true)
            }
            identification::State::Asked { .. } => status(Disposition::Open, "asked", true),
            identification::State::Closed { closure, .. } => match closure {
                Closure::Identified => status(Disposition::Open, "followed", false),
                Closure::Unidentified { outcome } => Self {
                    answer: Some(outcome.clone()),
                    ..status(Disposition::Closed, "not_identified", false)
                },
                Closure::Unanswered => status(Disposition::Closed, "unanswered", false),
                Closure::Retracted => status(Disposition::Closed, "withdrawn", false),
                Closure::Trial => status(Disposition::Closed, "trial", false),
            },
        })
    }
}

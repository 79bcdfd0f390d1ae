//! The few shapes a regime can have, one pure machine each.
//!
//! A machine says what a state does with an event and when the state's own deadline falls. It reads
//! `Rules`; it knows no article and no figure.

pub mod identification;
pub mod ladder;
mod law;
pub mod measure;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::deadline::Deadline;

/// When a case must be looked at if nothing happens, and what that means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Due {
    pub what: DueKind,
    pub deadline: Deadline,
}

impl Due {
    /// First instant at which the deadline has passed.
    pub fn at(&self) -> Timestamp {
        self.deadline.ends_at
    }

    /// The earlier of two; the end wins a tie, because it makes the alarm idle.
    pub fn earlier(alarm: Option<Self>, end: Option<Self>) -> Option<Self> {
        match (alarm, end) {
            (Some(alarm), Some(end)) => Some(if alarm.at() < end.at() { alarm } else { end }),
            (alarm, end) => alarm.or(end),
        }
    }
}

/// What decides how long the personal data of a case are kept: the row of the regime's retention
/// table, and the proven instant it counts from. The day itself is derived, never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// `referral`, `file`.
    pub data: String,
    /// The last stage reached, by its id; `none` before the first warning.
    pub after_stage: String,
    pub from: Timestamp,
    pub started_by: String,
}

impl Kept {
    /// A referral that led to no message.
    pub(crate) fn referral(received_at: Timestamp) -> Self {
        Self {
            data: "referral".to_owned(),
            after_stage: "none".to_owned(),
            from: received_at,
            started_by: "received".to_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// Somebody is late: tell a person; the case stays where it is.
    Alarm,
    /// A time that the law gives somebody is over: the case goes on by itself.
    Next,
    /// The time the law gives is over: the case ends, or what was kept of it does.
    End,
}

//! The few shapes a regime can have, one pure machine each.
//!
//! A machine says what a state does with an event and when the state's own deadline falls. It reads
//! `Rules`; it knows no article and no figure.

pub mod identification;
pub mod ladder;
mod law;
pub mod measure;
pub(crate) mod trial;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::deadline::{Deadline, Lang, Words, Zone, date_words};

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

    /// The same while a court has the file kept: alarms as ever, the end not before the order is
    /// spent.
    fn under_hold(self, until: Timestamp, zone: &Zone) -> Self {
        if self.what != DueKind::End || until <= self.at() {
            return self;
        }
        let last_day = zone.day_of(until);
        let explanation = Words {
            fr: format!(
                "Conservé sur ordre d’une juridiction jusqu’au {}.",
                date_words(last_day, Lang::Fr)
            ),
            en: format!("Kept by order of a court until {}.", date_words(last_day, Lang::En)),
        };
        Self { what: DueKind::End, deadline: Deadline { ends_at: until, last_day, explanation } }
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

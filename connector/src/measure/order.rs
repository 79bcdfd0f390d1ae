//! One order as the provider knows it, made of what happened to it, and what follows from it at an
//! instant. Pure: no file, no socket, no clock.
//!
//! What holds on a line is what the newest version asks for *and* two persons approved: the
//! intersection of both times. So a later version that takes something away works at once, and one
//! that adds something waits for its two persons while the earlier one goes on to its approved end.

use std::collections::BTreeSet;

use entremise_core::id::{AuthorityId, OrderId, PersonId, RegimeId};
use entremise_wire::measure::{
    Acknowledgement, Demand, End, Impossible, JournalLine, MeasureOrder, MeasureState,
    MeasureStatus, Obstacle,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::config::PERSONS;
use super::switch::Switch;
use crate::read::digest;

/// By whom and under which number: another authority's order of the same number is another order.
pub type Key = (AuthorityId, OrderId);

/// From an instant to another, the second not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Window {
    fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.until <= self.until
    }

    fn both(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// What can happen to an order, or (the last two) to all orders of an authority.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happened {
    Ordered {
        regime: RegimeId,
        order: MeasureOrder,
        /// The account name, sealed, base64; absent where a lifting came first.
        account: Option<String>,
        at: Timestamp,
    },
    Approved {
        by: PersonId,
        at: Timestamp,
        signature: String,
    },
    Declined {
        by: PersonId,
        reason: Impossible,
        at: Timestamp,
        signature: String,
    },
    /// From here on it may be in force somewhere, and must be lifted one day. Entered before the
    /// first packet: if the machine dies behind it, the packet is sent again.
    Carrying {
        at: Timestamp,
    },
    Implemented {
        at: Timestamp,
        acknowledgements: Vec<Acknowledgement>,
    },
    Lifted {
        at: Timestamp,
        acknowledgements: Vec<Acknowledgement>,
    },
    Ended {
        at: Timestamp,
        how: End,
    },
    Stopped {
        at: Timestamp,
        switch: Switch,
    },
    Resumed {
        at: Timestamp,
    },
}

impl Happened {
    /// The wire name, as the journal says it.
    pub fn step(&self) -> &'static str {
        match self {
            Self::Ordered { .. } => "ordered",
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::Carrying { .. } => "carrying",
            Self::Implemented { .. } => "implemented",
            Self::Lifted { .. } => "lifted",
            Self::Ended { .. } => "ended",
            Self::Stopped { .. } => "stopped",
            Self::Resumed { .. } => "resumed",
        }
    }

    pub fn at(&self) -> Timestamp {
        match self {
            Self::Ordered { at, .. }
            | Self::Approved { at, .. }
            | Self::Declined { at, .. }
            | Self::Carrying { at }
            | Self::Implemented { at, .. }
            | Self::Lifted { at, .. }
            | Self::Ended { at, .. }
            | Self::Stopped { at, .. }
            | Self::Resumed { at } => *at,
        }
    }
}

/// An order and where it stands. No `Debug`: it holds the sealed account and the handle.
#[derive(Clone)]
pub struct Order {
    pub regime: RegimeId,
    /// The highest version that was taken.
    pub order: MeasureOrder,
    /// SHA-256 of that version, hexadecimal: what the two persons sign.
    pub digest: String,
    pub account: Option<String>,
    /// When this version came.
    pub received_at: Timestamp,
    /// Who approved this version so far.
    pub approvals: BTreeSet<PersonId>,
    /// What two persons agreed to, and when the second did.
    pub approved: Option<(Window, Timestamp)>,
    /// It may be in force at an access server or at the next login.
    pub touched: bool,
    pub implemented: Option<(Timestamp, Vec<Acknowledgement>)>,
    /// When it was first in force.
    pub started: Option<Timestamp>,
    /// Seconds that it was in force and is no longer.
    pub served_secs: i64,
    lifted: Vec<Acknowledgement>,
    pub declined: Option<(Timestamp, Impossible)>,
    pub ended: Option<(Timestamp, End)>,
    /// The provider pulled the plug while it was in force.
    stopped: bool,
    pub proofs: Vec<JournalLine>,
}

impl Order {
    pub fn new(regime: RegimeId, order: MeasureOrder, account: Option<String>) -> Self {
        Self {
            digest: digest_of(&regime, &order),
            regime,
            order,
            account,
            received_at: Timestamp::MIN,
            approvals: BTreeSet::new(),
            approved: None,
            touched: false,
            implemented: None,
            started: None,
            served_secs: 0,
            lifted: Vec::new(),
            declined: None,
            ended: None,
            stopped: false,
            proofs: Vec::new(),
        }
    }

    pub fn note(&mut self, happened: Happened) {
        match happened {
            Happened::Ordered { regime, order, account, at } => {
                self.digest = digest_of(&regime, &order);
                self.order = order;
                self.account = account.or(self.account.take());
                self.received_at = at;
                self.approvals.clear();
                (self.declined, self.ended, self.stopped) = (None, None, false);
            }
            Happened::Approved { by, at, .. } => {
                self.approvals.insert(by);
                if self.approvals.len() >= PERSONS {
                    self.approved = self.window().map(|window| (window, at));
                }
            }
            Happened::Declined { reason, at, .. } => {
                self.declined = Some((at, reason));
                self.withdraw_approvals();
            }
            Happened::Carrying { .. } => self.touched = true,
            Happened::Implemented { at, acknowledgements } => {
                self.started.get_or_insert(at);
                self.implemented = Some((at, acknowledgements));
            }
            Happened::Lifted { at, acknowledgements } => {
                if let Some((since, _)) = self.implemented.take() {
                    self.served_secs += (at.as_second() - since.as_second()).max(0);
                }
                self.touched = false;
                self.lifted = acknowledgements;
            }
            Happened::Ended { at, how } => {
                self.ended = Some((at, how));
                self.withdraw_approvals();
            }
            Happened::Stopped { switch: Switch::Lift, .. } => {
                self.stopped = self.touched;
                self.withdraw_approvals();
            }
            Happened::Stopped { switch: Switch::Keep, .. } if self.implemented.is_none() => {
                self.withdraw_approvals();
            }
            // What is in force goes on as it was approved, and no further.
            Happened::Stopped { .. } => self.approvals.clear(),
            Happened::Resumed { .. } => {}
        }
    }

    fn withdraw_approvals(&mut self) {
        self.approvals.clear();
        self.approved = None;
    }

    /// What the newest version asks for.
    pub fn window(&self) -> Option<Window> {
        match self.order.demand {
            Demand::Carry { starts_at, ends_at, .. } => {
                Some(Window { from: starts_at, until: ends_at })
            }
            Demand::Lift => None,
        }
    }

    /// What was asked for and approved.
    pub fn permitted(&self) -> Option<Window> {
        Some(self.window()?.both(self.approved?.0))
    }

    /// Whether two persons have yet to say yes to what the newest version asks for.
    pub fn awaits_approval(&self) -> bool {
        let is_open = self.ended.is_none() && self.declined.is_none();
        let approved = self.approved.map(|(window, _)| window);
        is_open
            && self
                .window()
                .is_some_and(|asked| !approved.is_some_and(|approved| approved.covers(asked)))
    }

    /// Whether it has to be in force at an instant.
    pub fn must_hold(&self, now: Timestamp, switch: Option<Switch>) -> bool {
        let let_go = match switch {
            None => self.stopped,
            Some(Switch::Lift) => true,
            Some(Switch::Keep) => self.implemented.is_none(),
        };
        !let_go && self.ended.is_none() && self.permitted().is_some_and(|window| window.holds(now))
    }

    /// How it has come to its end, where nothing of it is in force any more.
    pub fn is_over(&self, now: Timestamp) -> Option<End> {
        if self.touched || self.ended.is_some() || self.declined.is_some() {
            return None;
        }
        match self.window() {
            None => Some(End::Lifted),
            Some(_) if self.stopped => Some(End::Stopped),
            Some(window) if window.until > now => None,
            Some(_) if self.started.is_some() => Some(End::Expired),
            Some(_) if self.approved.is_some() => Some(End::NeverImplemented),
            Some(_) => Some(End::NeverApproved),
        }
    }

    /// Whether a later version may take it up again.
    pub fn can_be_taken_up(&self) -> bool {
        match self.ended {
            None | Some((_, End::Lifted | End::Stopped)) => true,
            Some((_, End::Expired | End::NeverApproved | End::NeverImplemented)) => false,
        }
    }

    /// Seconds on the line, past and to come, if this were carried out.
    pub fn seconds_with(&self, asked: Window, now: Timestamp) -> i64 {
        let running =
            self.implemented.as_ref().map_or(0, |(since, _)| now.as_second() - since.as_second());
        let ahead = asked.until.as_second() - asked.from.max(now).as_second();
        self.served_secs + running.max(0) + ahead.max(0)
    }

    /// What the authority is told.
    pub fn status(&self, now: Timestamp, obstacle: Option<&Obstacle>) -> MeasureStatus {
        MeasureStatus {
            order: self.order.order,
            version: self.order.version,
            state: self.state(now, obstacle),
            proofs: self.proofs.clone(),
        }
    }

    fn state(&self, now: Timestamp, obstacle: Option<&Obstacle>) -> MeasureState {
        if let Some((at, how)) = self.ended {
            let acknowledgements = self.lifted.clone();
            return MeasureState::Ended { started: self.started, at, how, acknowledgements };
        }
        if let Some((at, reason)) = self.declined {
            return MeasureState::Impossible { at, reason };
        }
        let permitted = self.permitted();
        let due = permitted.is_some_and(|window| window.holds(now)) && !self.stopped;
        match (self.touched && !due, obstacle, &self.implemented, permitted, self.approved) {
            (true, Some(obstacle), ..) => {
                MeasureState::NotLifted { started: self.started, obstacle: obstacle.clone() }
            }
            (_, _, Some((at, acknowledgements)), permitted, _) => MeasureState::Implemented {
                at: *at,
                until: permitted.map_or(now, |window| window.until),
                acknowledgements: acknowledgements.clone(),
            },
            (_, obstacle, None, Some(_), Some((_, at))) if !self.awaits_approval() => {
                MeasureState::Approved { at, obstacle: obstacle.cloned() }
            }
            _ => MeasureState::Received,
        }
    }
}

/// What a version is known by: all that it says.
pub fn digest_of(regime: &RegimeId, order: &MeasureOrder) -> String {
    let said = serde_json::to_vec(&(regime, order)).expect("an order is made of plain values");
    hex::encode(digest(&said))
}

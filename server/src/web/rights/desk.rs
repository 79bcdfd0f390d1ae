//! The side of the house that answers a person who asks what is held, that it be mended, or that it
//! be erased (Règlement (UE) 2016/679, arts 15 to 17). The only views of the office that hold
//! identity: none of them has `Debug`, and none is given before the ledger has the look.

use entremise_core::id::QuestionId;
use entremise_core::identification::Identity;
use jiff::Timestamp;

use crate::rights::Held;
use crate::web::desk::{DeskTrouble, NotDone, OnCase};

/// The house as the person behind a case may ask it. Called from blocking threads.
pub trait RightsDesk: Send + Sync + 'static {
    /// All that is held: a look, entered before anything is opened.
    fn access(&self, order: &AccessOrder, now: Timestamp) -> Result<AccessOutcome, DeskTrouble>;

    /// Puts what is right in place of what a provider disclosed, whose key is destroyed.
    fn rectify(&self, order: &RectifyOrder, now: Timestamp) -> Result<RectifyOutcome, DeskTrouble>;

    /// Erases what is held, where nothing stands against it.
    fn erase(&self, order: &OnCase, now: Timestamp) -> Result<EraseOutcome, DeskTrouble>;
}

#[derive(Clone)]
pub struct AccessOrder {
    pub of: OnCase,
    /// The text that allows the look; stands in the ledger.
    pub legal_basis: String,
}

#[derive(Clone)]
pub struct RectifyOrder {
    pub of: OnCase,
    pub disclosure: QuestionId,
    pub right: Identity,
}

pub enum AccessOutcome {
    Shown(Box<Held>),
    Not(NotDone),
}

pub enum RectifyOutcome {
    Replaced,
    /// Nothing was disclosed under this number, or it is erased.
    NothingDisclosed,
    Not(NotDone),
}

pub enum EraseOutcome {
    Erased,
    /// The law says no, by the refusal's name, and until when where it says so; the refusal is in
    /// the ledger.
    Refused {
        name: &'static str,
        until: Option<Timestamp>,
    },
    Not(NotDone),
}

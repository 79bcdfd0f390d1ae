//! What a provider's pages ask of the house, and the views it answers with. No view holds a notice,
//! a work, a sender, or the number of a file on a person.

use entremise_core::deadline::{Deadline, Zone};
use entremise_core::id::{PartyId, PersonId};
use entremise_core::step::Refusal;
use jiff::Timestamp;

use crate::handover::RequestFile;
use crate::order_file::{NoAnswer, Order};
use crate::web::desk::{Delay, DeskTrouble, ReceiptGiven};

/// The house as its providers see it. Called from blocking threads; each question names the
/// provider whose it is, and is answered with nothing of another's.
pub trait ProviderDesk: Send + Sync + 'static {
    fn owed(
        &self,
        provider: &PartyId,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Owed, DeskTrouble>;

    /// The bytes of a file of questions; `None` where this provider has none such.
    fn file(&self, provider: &PartyId, number: &str) -> Result<Option<Vec<u8>>, DeskTrouble>;

    /// Takes a completed file.
    fn hand_in(
        &self,
        provider: &PartyId,
        number: &str,
        bytes: &[u8],
    ) -> Result<HandedIn, DeskTrouble>;

    /// What is late, with when it was asked and what proves it.
    fn late(&self, provider: &PartyId, now: Timestamp) -> Result<Late, DeskTrouble>;

    /// The receipt of the entry that says when a question was asked.
    fn receipt(
        &self,
        provider: &PartyId,
        question: &str,
    ) -> Result<(u64, ReceiptGiven), DeskTrouble>;

    /// One order that this provider carries out by hand.
    fn order(
        &self,
        provider: &PartyId,
        number: &str,
        now: Timestamp,
    ) -> Result<Option<OrderView>, DeskTrouble>;

    /// Enters what the provider's people say of an order, in the form of the file.
    fn answer(
        &self,
        provider: &PartyId,
        number: &str,
        text: &str,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Answered, DeskTrouble>;
}

/// What a provider owes.
#[derive(Clone, Debug)]
pub struct Owed {
    pub zone: Zone,
    /// As the house names this provider.
    pub name: String,
    pub answers_by_file: bool,
    pub rows: Vec<OwedRow>,
    /// The place after which the next page goes on.
    pub next: Option<String>,
    pub late: u64,
    pub files: Vec<RequestFile>,
    /// Measures that a court or an authority ordered, to be carried out on the provider's lines.
    pub orders: Vec<OrderRow>,
    pub stopped: Option<(Timestamp, String)>,
}

/// One answer that is awaited.
#[derive(Clone, Debug)]
pub struct OwedRow {
    /// The number under which the provider was asked.
    pub question: String,
    pub what: What,
    pub asked_at: Option<Timestamp>,
    pub deadline: Option<Deadline>,
    pub late: bool,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Who held an address.
    Identification,
    /// How a subscriber is reached.
    Disclosure,
}

impl What {
    /// The name in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identification => "identification",
            Self::Disclosure => "disclosure",
        }
    }
}

/// One order, the newest version of it, and how far it has come.
#[derive(Clone, Debug)]
pub struct OrderRow {
    pub order: Order,
    pub standing: OrderStanding,
    pub asked_at: Timestamp,
}

/// One order with what its page needs.
#[derive(Clone, Debug)]
pub struct OrderView {
    pub zone: Zone,
    pub row: OrderRow,
    /// When it was first in force, by the provider's word.
    pub started: Option<Timestamp>,
    /// The order as a file, signed.
    pub file: String,
    /// The public key that its signature is checked with.
    pub key: String,
}

/// How far an order has come at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStanding {
    /// Nobody there said anything of it.
    Awaited,
    Accepted,
    Declined,
    InForce,
    /// It must end now, and nobody said that it has.
    ToLift,
}

impl OrderStanding {
    /// The name in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::InForce => "in_force",
            Self::ToLift => "to_lift",
        }
    }
}

/// What became of an answer to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    Entered,
    /// The text is no answer to the order as it stands.
    Bad(NoAnswer),
    /// The law says no.
    Refused(Refusal),
    /// No such order is carried out by hand by this provider.
    NotOrdered,
}

/// What became of a completed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandedIn {
    /// So many answers will be entered at the next round.
    Taken(usize),
    /// What is wrong with it, by row and column.
    Bad(String),
    NotAsked,
}

/// What is late.
#[derive(Clone, Debug)]
pub struct Late {
    pub zone: Zone,
    pub rows: Vec<OwedRow>,
    /// By how many days: how many.
    pub by_days: Vec<(Delay, u64)>,
    /// More than are shown.
    pub more: bool,
}

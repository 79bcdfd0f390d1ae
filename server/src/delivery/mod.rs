//! What leaves the house for a person: a mail through the provider's relay, a letter through the
//! post.
//!
//! This room takes an effect and returns an outcome. It knows no store, no case and no clock; the
//! outbox worker turns the outcome into an event.

pub mod code;
pub mod dkim;
pub mod email;
pub mod post;
pub mod prosecutor;
pub mod render;
pub mod reply;
pub mod smtp;
pub mod token;

use jiff::{SignedDuration, Timestamp};

use reply::Reply;

/// What became of one attempt to hand a message over.
///
/// There is no success by default: a lost answer is `Unknown`, and only a carrier's own words make
/// `HandedOver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handover {
    /// The carrier took responsibility.
    HandedOver {
        /// The carrier's own number for the message: queue id, sending id, file name.
        reference: String,
        at: Timestamp,
    },
    /// We are blocked: the receiver refuses this authority, and says nothing about the person.
    /// The campaign stops; the address stays good.
    Blocked { reply: Reply },
    /// This addressee cannot be reached this way, ever.
    Refused { reply: Reply },
    /// Not now. Nothing was handed over.
    Again { after: SignedDuration, reason: String },
    /// The message was given away whole and the answer was lost. It may or may not have been
    /// taken: the next attempt carries the same Message-ID, so that a receiver can tell.
    Unknown { reason: String },
}

impl Handover {
    /// The wire name, for ledger entries and counts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::HandedOver { .. } => "handed_over",
            Self::Blocked { .. } => "blocked",
            Self::Refused { .. } => "refused",
            Self::Again { .. } => "again",
            Self::Unknown { .. } => "unknown",
        }
    }
}

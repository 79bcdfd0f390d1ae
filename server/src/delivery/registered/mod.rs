//! Letters against signature: handed to whoever carries them, and what the carrier says of them.
//!
//! Paper comes back weeks later and in any order. So a carrier's word is an event with its own
//! date and its proof, never a change of state; the case decides what it means.

pub mod folder;
pub mod http;
pub mod status;

use entremise_core::id::EffectId;
use entremise_letters::Pdf;
use entremise_letters::address::PostalAddress;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use super::Handover;
pub use status::{PostStatus, Reading};

/// A letter ready for the carrier. It names an addressee: no `Debug`.
#[derive(Clone)]
pub struct RegisteredLetter {
    /// Also the carrier's key: the same effect is never posted twice.
    pub effect: EffectId,
    pub pdf: Pdf,
    pub recipient: PostalAddress,
    /// Where the receipt and an undeliverable letter go.
    pub sender: PostalAddress,
}

/// One thing the carrier said about one letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostEvent {
    pub effect: EffectId,
    pub reading: Reading,
    /// The carrier's own code, as it stood there.
    pub code: String,
    /// When it happened, by the carrier's proof; not when we heard.
    pub at: Timestamp,
    pub proof: Option<Proof>,
}

/// A document of the carrier: kept as it came, with its digest for the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    pub kind: ProofKind,
    pub bytes: Vec<u8>,
    pub sha256: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofKind {
    /// The post took the letter.
    Deposit,
    /// The signed (or refused, or unclaimed) receipt.
    Receipt,
}

impl Proof {
    pub fn new(kind: ProofKind, bytes: Vec<u8>) -> Self {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        Self { kind, bytes, sha256 }
    }
}

impl std::fmt::Debug for Proof {
    /// A receipt bears a name and a signature: only its kind and digest are shown.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Proof({:?}, sha256 {})", self.kind, hex::encode(self.sha256))
    }
}

/// Why the carrier's news could not be read. Names no addressee.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostTrouble {
    #[error("the carrier could not be reached: {0}")]
    Unreached(String),
    #[error("{file}, line {line}: {reason}")]
    Unreadable { file: String, line: usize, reason: &'static str },
    #[error("the carrier's answer is not what its interface promises: {0}")]
    Unexpected(String),
}

/// A carrier of registered letters. Calls block; they are made from a worker's own thread.
pub trait RegisteredPost: Send + Sync {
    /// Hands one letter over, or finds that it already was: idempotent by effect.
    fn hand_over(&self, letter: &RegisteredLetter, now: Timestamp) -> Handover;

    /// What the carrier dates at or after `since`, oldest first. The same news may come again
    /// with every call, and old news late: an event is the same when effect, code and instant are.
    fn statuses(&self, since: Timestamp, now: Timestamp) -> Result<Vec<PostEvent>, PostTrouble>;
}

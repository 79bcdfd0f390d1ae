//! Letters: handed to whoever carries them, and what the carrier says of them.
//!
//! Paper comes back weeks later and in any order. So a carrier's word is an event with its own
//! date and its proof, never a change of state; the case decides what it means.

pub mod folder;
pub mod http;
pub mod status;

use entremise_core::id::EffectId;
use entremise_core::regime::rules::ChannelKind;
use entremise_letters::Pdf;
use entremise_letters::address::PostalAddress;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use super::Handover;
pub use status::{PostStatus, Reading};

/// What is bought from the carrier, and so what it can prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Into the letter box: a deposit is proven, and perhaps a return. Never a presentation.
    Simple,
    /// Against signature, with a receipt sent back as an image.
    Registered,
}

impl Product {
    /// What a channel of the rules buys; None where nothing goes by post.
    pub fn of(channel: ChannelKind) -> Option<Self> {
        match channel {
            ChannelKind::Email => None,
            ChannelKind::Letter => Some(Self::Simple),
            ChannelKind::RegisteredLetter => Some(Self::Registered),
        }
    }

    /// The wire name, for manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Registered => "registered_with_receipt",
        }
    }
}

/// A letter ready for the carrier. It names an addressee: no `Debug`.
#[derive(Clone)]
pub struct Letter {
    /// Also the carrier's key: the same effect is never posted twice.
    pub effect: EffectId,
    pub product: Product,
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
    /// The document that belongs to the news, where there may be one. It is fetched once.
    pub proof: Option<ProofId>,
}

/// How a carrier names one of its documents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProofId {
    pub kind: ProofKind,
    /// The carrier's own number or file name: means something to its adapter alone.
    pub number: String,
}

impl ProofId {
    /// Under which the document is kept: the same document always has the same name.
    pub fn document_name(&self) -> String {
        let number = digest(&SHA256, self.number.as_bytes());
        format!("proof-{}-{}", self.kind.name(), hex::encode(&number.as_ref()[..8]))
    }
}

/// A document of the carrier, kept as it came. A receipt bears a name and a signature: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof(pub Vec<u8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProofKind {
    /// The post took the letter.
    Deposit,
    /// The signed (or refused, or unclaimed) receipt.
    Receipt,
}

impl ProofKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Receipt => "receipt",
        }
    }

    /// What a piece of news of that meaning may be proven by.
    fn of(reading: Reading) -> Option<Self> {
        match reading.status {
            _ if reading.terminal => Some(Self::Receipt),
            PostStatus::AcceptedByPost | PostStatus::Deposited => Some(Self::Deposit),
            _ => None,
        }
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

/// A carrier of letters. Calls block; they are made from a worker's own thread.
pub trait Carrier: Send + Sync {
    /// Hands one letter over, or finds that it already was: idempotent by effect.
    fn hand_over(&self, letter: &Letter, now: Timestamp) -> Handover;

    /// What the carrier dates at or after `since`, oldest first. The same news may come again
    /// with every call, and old news late: an event is the same when effect, code and instant are.
    fn statuses(&self, since: Timestamp, now: Timestamp) -> Result<Vec<PostEvent>, PostTrouble>;

    /// Fetches one document that news has named; None while the carrier has none.
    fn proof(&self, id: &ProofId, now: Timestamp) -> Result<Option<Proof>, PostTrouble>;
}

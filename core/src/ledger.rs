//! The ledger's form: what an entry is, in canonical bytes, and what ties it to its event.
//!
//! Leaves are public. They hold opaque numbers and salted commitments, never an address, a name or
//! a title; when the salt and the body are erased the leaf stays provable and says nothing.
//! The tree is that of RFC 6962 §2.1, stored as C2SP tlog-tiles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::id::{AuthorityId, CaseId, Digest, NoticeId, PartyId, PersonId, RegimeId};

/// One line of the ledger, before its place in it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub regime: RegimeId,
    /// SHA-256 of the regime's text as it was read for this step, hexadecimal.
    pub regime_digest: String,
    pub subject: Subject,
    pub kind: Kind,
    pub actor: Actor,
    /// What happened, in full. Stays in the cases compartment and is erased with it.
    pub body: Vec<u8>,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Case(CaseId),
    Notice(NoticeId),
    /// The house itself: keys, parties, switches.
    House,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Case(id) => write!(formatter, "case:{id}"),
            Self::Notice(id) => write!(formatter, "notice:{id}"),
            Self::House => formatter.write_str("house"),
        }
    }
}

/// What sort of line it is. Intent and outcome are two lines: "asked to send" is not "sent".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event moved a case.
    Event(&'static str),
    /// The law said no to an event.
    Refusal(&'static str),
    /// An effect is to be carried out: entered before anything leaves.
    Intent(&'static str),
    /// What became of an effect.
    Outcome(&'static str),
    /// Compartments are about to be opened together (mise en relation): entered before the look.
    Linking(&'static str),
    /// A person is about to look at evidence, traffic or identity: entered before the look.
    Look(&'static str),
    /// A notice was rejected or found to be a duplicate.
    Intake(&'static str),
    /// A party was stopped, resumed, registered; a key changed.
    House(&'static str),
}

impl std::fmt::Display for Kind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sort, name) = match self {
            Self::Event(name) => ("event", name),
            Self::Refusal(name) => ("refusal", name),
            Self::Intent(name) => ("intent", name),
            Self::Outcome(name) => ("outcome", name),
            Self::Linking(name) => ("linking", name),
            Self::Look(name) => ("look", name),
            Self::Intake(name) => ("intake", name),
            Self::House(name) => ("house", name),
        };
        write!(formatter, "{sort}.{name}")
    }
}

/// Who made the line come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A worker of the house acting on a stored effect or a deadline.
    House,
    Party(PartyId),
    Person(PersonId),
    /// Whoever showed a file number with its code: the person whom the case concerns.
    Concerned,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::House => formatter.write_str("house"),
            Self::Party(id) => write!(formatter, "party:{id}"),
            Self::Person(id) => write!(formatter, "person:{id}"),
            Self::Concerned => formatter.write_str("concerned"),
        }
    }
}

/// Length of the salt that hides a body behind its commitment, bytes.
pub const SALT_BYTES: usize = 16;

/// The commitment of a leaf: SHA-256 over a domain tag, the salt and the body.
pub fn commitment(salt: &[u8; SALT_BYTES], body: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"entremise/commitment/v1\0");
    hasher.update(salt);
    hasher.update(body);
    hasher.finalize().into()
}

/// A leaf as it is published: the canonical bytes are this struct's JSON, members in this order,
/// without white space. Nothing in it is optional, so there is one way to write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    pub v: u8,
    /// Place in the ledger, from 0.
    pub seq: u64,
    pub at: Timestamp,
    pub authority: AuthorityId,
    pub regime: String,
    pub rules: String,
    pub subject: String,
    pub kind: String,
    pub actor: String,
    /// Hexadecimal SHA-256, see [`commitment`].
    pub commitment: String,
}

impl Leaf {
    /// The leaf of an entry at its place.
    pub fn new(seq: u64, authority: &AuthorityId, entry: &Entry, salt: &[u8; SALT_BYTES]) -> Self {
        Self {
            v: 1,
            seq,
            at: entry.at,
            authority: authority.clone(),
            regime: entry.regime.to_string(),
            rules: entry.regime_digest.clone(),
            subject: entry.subject.to_string(),
            kind: entry.kind.to_string(),
            actor: entry.actor.to_string(),
            commitment: hexadecimal(&commitment(salt, &entry.body)),
        }
    }

    /// The bytes that are hashed and published.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a struct of strings and numbers always serialises")
    }
}

/// The SHA-256 of some bytes, as it is written in statements and entries.
pub fn digest(bytes: &[u8]) -> Digest {
    Digest::try_from(hexadecimal(&Sha256::digest(bytes))).expect("32 bytes are 64 digits")
}

/// Lower-case hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

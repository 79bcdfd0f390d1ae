//! The pilot of an authority: the same engine on real intake, at a share of the load, while nothing
//! leaves the house.
//!
//! A pilot is run under a name of its own (`AuthorityId::pilot`), so that its cases, counts and
//! ledger are nobody else's. What puts a house into it, and to real work, is an act that two
//! different persons sign. Knows no key, no clock and no store.

use std::fmt::Write as _;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::id::{AuthorityId, PersonId};

/// What two persons may decide about a pilot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// From now on one in so many networks is drawn, and what comes from them goes to the pilot.
    Begin { one_in: u32 },
    /// The pilot ends, and what comes in from now on is real.
    GoLive,
}

impl Act {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Begin { .. } => "begin",
            Self::GoLive => "go_live",
        }
    }
}

/// An act as it is put before those who sign it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The authority itself, never its pilot.
    pub authority: AuthorityId,
    /// Which act of this authority it is, from 1: what was signed once can't be used again.
    pub number: u32,
    #[serde(flatten)]
    pub act: Act,
    /// From this instant on it is good for nothing.
    pub expires_at: Timestamp,
}

impl Statement {
    /// The text that is signed, UTF-8: one line a field, in this order. It names who signs, so that
    /// nobody's word can be passed off as another's.
    pub fn text(&self, by: &PersonId) -> String {
        let Self { authority, number, act, expires_at } = self;
        let mut text = format!("entremise pilot act v1\nauthority {authority}\nnumber {number}\n");
        let one_in = match act {
            Act::Begin { one_in } => format!("one_in {one_in}\n"),
            Act::GoLive => String::new(),
        };
        let name = act.name();
        write!(text, "act {name}\n{one_in}expires {expires_at}\nby {by}\n")
            .expect("writing to a String does not fail");
        text
    }
}

/// One person's signature under a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    pub by: PersonId,
    /// Over [`Statement::text`], base64url.
    pub signature: String,
}

/// Why an act counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAgreed {
    #[error("two persons sign such an act, and here is the word of {persons}")]
    TooFew { persons: usize },
    #[error("the signature of {by} does not hold, or {by} may not sign")]
    NotTheirs { by: PersonId },
    #[error("what was signed was good until {expires_at}")]
    Expired { expires_at: Timestamp },
    #[error("one in how many is a number from 1 to 1,000,000")]
    NoShare,
}

/// An act under which two different persons put their signatures. There is no other way to have
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    statement: Statement,
    words: Vec<Word>,
}

impl Agreed {
    /// Takes an act whose every signature holds, of two different persons at least. `holds` is told
    /// who signed, the text, and the signature.
    pub fn verified(
        statement: Statement,
        words: Vec<Word>,
        now: Timestamp,
        holds: impl Fn(&PersonId, &str, &str) -> bool,
    ) -> Result<Self, NotAgreed> {
        if let Act::Begin { one_in } = statement.act
            && !(1..=1_000_000).contains(&one_in)
        {
            return Err(NotAgreed::NoShare);
        }
        if statement.expires_at <= now {
            return Err(NotAgreed::Expired { expires_at: statement.expires_at });
        }
        for Word { by, signature } in &words {
            if !holds(by, &statement.text(by), signature) {
                return Err(NotAgreed::NotTheirs { by: by.clone() });
            }
        }
        let mut persons: Vec<&PersonId> = words.iter().map(|word| &word.by).collect();
        persons.sort_unstable();
        persons.dedup();
        match persons.len() {
            persons @ 0..2 => Err(NotAgreed::TooFew { persons }),
            _ => Ok(Self { statement, words }),
        }
    }

    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    pub fn words(&self) -> &[Word] {
        &self.words
    }
}

/// Where what comes in goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// To real work.
    Live,
    /// To the pilot, where it is drawn.
    Pilot { draw: Draw },
}

/// The share of a pilot: which networks are in it, for its whole length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Drawn by the house when the pilot began, and entered in the ledger before the first notice.
    pub seed: [u8; 32],
    pub one_in: u32,
}

impl Draw {
    /// Whether what is observed at an address belongs to the share.
    ///
    /// The *network* is drawn, not the notice: an IPv4 address, the first 56 bits of an IPv6 one.
    /// So every line has the same chance, whoever its sender is and however often it is noticed,
    /// and the repeats of a line that was drawn are there to be seen.
    pub fn takes(&self, address: IpAddr) -> bool {
        let mut hasher = Sha256::new();
        hasher.update(b"entremise/pilot/draw/v1\0");
        hasher.update(self.seed);
        match address {
            IpAddr::V4(v4) => hasher.update(v4.octets()),
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => hasher.update(v4.octets()),
                None => hasher.update(&v6.octets()[..7]),
            },
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let first = digest.first_chunk().expect("a digest of 32 bytes has eight");
        u64::from_be_bytes(*first) <= u64::MAX / u64::from(self.one_in.max(1))
    }
}

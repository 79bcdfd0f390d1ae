//! One type per thing that has a name, so that a case can never be looked up by a notice's number.
//!
//! Identifiers are made at the edge (`server`, `sim`) and only carried here: randomness is I/O.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A name that does not fit its type, with the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not {expected}")]
pub struct BadId {
    pub given: String,
    pub expected: &'static str,
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(given: &str) -> Result<Self, BadId> {
                Uuid::parse_str(given)
                    .map(Self)
                    .map_err(|_| BadId { given: given.to_owned(), expected: "a UUID" })
            }
        }
    };
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(given: &str) -> Result<Self, BadId> {
                Self::try_from(given.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(given: String) -> Result<Self, BadId> {
                let fits: fn(&str) -> bool = $fits;
                if !fits(&given) {
                    return Err(BadId { given, expected: $expected });
                }
                Ok(Self(given))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

number!(
    /// A notice (constat) as this house numbers it; the sender's is `Notice::sender_case_id`.
    NoticeId
);
number!(
    /// A case: one procedure about one fact, or about one handle.
    CaseId
);
number!(
    /// An effect waiting in the outbox. It travels as idempotency key wherever the effect goes.
    EffectId
);
number!(
    /// A batch as one sender handed it in.
    BatchId
);
number!(
    /// One question to a provider: an identification or a disclosure.
    QuestionId
);

number!(
    /// A request for a reviewer's authorisation: a grant answers one of them, once.
    AuthorisationId
);

number!(
    /// An order to a provider to carry a measure out. Its later versions bear the same number.
    OrderId
);

word!(
    /// An authority for which this installation works. Every row belongs to exactly one.
    AuthorityId,
    "a short name of a-z, 0-9 and '-', 1 to 64 long",
    is_slug
);
/// What the name of an authority's pilot ends in. No other authority may be called so.
const PILOT: &str = "-pilot";

impl AuthorityId {
    /// The authority under whose name the pilot of this one is run: rows, ledger, counts and
    /// handles of its own. None where the name would be too long.
    pub fn pilot(&self) -> Option<Self> {
        format!("{self}{PILOT}").try_into().ok()
    }

    /// The authority whose pilot this is; none where it is no pilot.
    pub fn piloted(&self) -> Option<Self> {
        self.0.strip_suffix(PILOT).and_then(|of| of.to_owned().try_into().ok())
    }

    /// Whether this is the name of a pilot: then nothing that its cases ask for leaves the house.
    pub fn is_pilot(&self) -> bool {
        self.0.ends_with(PILOT)
    }
}

word!(
    /// A body of rules, by the name of its folder in `regimes/`.
    RegimeId,
    "a short name of a-z, 0-9 and '-', 1 to 64 long",
    is_slug
);
word!(
    /// A sender or a provider, by its registered short name.
    PartyId,
    "a short name of a-z, 0-9 and '-', 1 to 64 long",
    is_slug
);
word!(
    /// A person who acts for the authority, by a number that says nothing about them.
    PersonId,
    "a short name of a-z, 0-9 and '-', 1 to 64 long",
    is_slug
);
word!(
    /// A provider's opaque, keyed name for one subscriber towards one authority and regime
    /// (pseudonyme d'abonné): 43 characters of base64url, the shape of 32 bytes.
    Handle,
    "43 characters of base64url",
    |given| given.len() == 43
        && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
);

word!(
    /// A reviewer's key, by the name under which it was pinned.
    ReviewerKeyId,
    "a short name of a-z, 0-9 and '-', 1 to 64 long",
    is_slug
);
word!(
    /// A SHA-256 digest, lower-case hexadecimal.
    Digest,
    "64 digits of lower-case hexadecimal",
    |given| given.len() == 64
        && given.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
);

fn is_slug(given: &str) -> bool {
    (1..=64).contains(&given.len())
        && given.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

//! The question "who held this address and port at this instant", and its typed answer.
//!
//! Failure to identify is an answer, never a default (the Numericable failure of 2013: a failed
//! look-up answered with a real subscriber, 1,531 times).

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authorisation::SignedStatement;
use crate::id::{Handle, QuestionId};
use crate::notice::Transport;

/// One question to the provider that holds the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub id: QuestionId,
    pub ip: IpAddr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    pub at: Timestamp,
    /// Last instant, where the observation lasted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The observer's clock error, milliseconds, either way.
    pub error_ms: u32,
}

/// The provider's answer to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub id: QuestionId,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What the answer rests on, without the records themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The outcome in a sentence, for the person who reads the case. Names nobody.
    pub why: String,
}

impl Answer {
    /// Whether the provider's records simply do not reach so far yet: the same question, asked
    /// later, may have another answer. Such an answer is kept by nobody.
    pub fn is_to_be_asked_again(&self) -> bool {
        let reaches_less = |evidence: &Evidence| {
            evidence.records_until.is_some_and(|reach| reach <= evidence.searched_until)
        };
        self.outcome == Outcome::LogGap && self.evidence.as_ref().is_some_and(reaches_less)
    }
}

/// All that an identification can yield. Computed over `[T−ε, T+ε]`: two holders inside the
/// interval are `Ambiguous`, never the nearest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Identified {
        handle: Handle,
        assignment: Assignment,
    },
    Ambiguous {
        /// How many subscribers fall inside the interval.
        holders: u32,
    },
    NotFound,
    /// Older than the provider may keep its records.
    OutOfRetention,
    NotOurAddress,
    /// The address is used by another operator on this provider's network: ask there.
    ResaleOperator {
        operator: String,
    },
    /// Several subscribers share the address and the question has no port.
    SharedUnresolvable,
    /// The provider's records have a hole over the interval.
    LogGap,
    Refused {
        reason: String,
    },
    Error {
        reason: String,
    },
}

impl Outcome {
    /// The wire name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identified { .. } => "identified",
            Self::Ambiguous { .. } => "ambiguous",
            Self::NotFound => "not_found",
            Self::OutOfRetention => "out_of_retention",
            Self::NotOurAddress => "not_our_address",
            Self::ResaleOperator { .. } => "resale_operator",
            Self::SharedUnresolvable => "shared_unresolvable",
            Self::LogGap => "log_gap",
            Self::Refused { .. } => "refused",
            Self::Error { .. } => "error",
        }
    }
}

/// The interval in which the subscriber held the address (and port, where it was shared).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub kind: AssignmentKind,
    pub start: Timestamp,
    /// None while it is still held.
    pub end: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentKind {
    Static,
    Dhcp,
    Ppp,
    /// An IPv6 prefix delegated to the subscriber.
    PrefixDelegation,
    PortBlock,
    Session,
    Deterministic,
}

/// What an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The record format it was read from (`radius-detail`, …).
    pub source: String,
    /// SHA-256 of the records used, hexadecimal: the provider can be held to them later.
    pub record_digests: Vec<String>,
    /// The interval actually searched.
    pub searched_from: Timestamp,
    pub searched_until: Timestamp,
    /// How far the provider's records were read when it answered. A `LogGap` over an interval that
    /// ends later passes: asked again, it may have an answer. None where no record is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records_until: Option<Timestamp>,
    pub reader_version: String,
}

/// A second, separate request: the means to reach the subscriber, or who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureRequest {
    pub id: QuestionId,
    pub handle: Handle,
    pub purpose: Purpose,
    pub fields: Vec<IdentityField>,
    /// Which linking of this handle this is, counted by the authority from 1.
    pub sequence: u32,
    pub expires_at: Timestamp,
    /// X25519 public key of the authority's identity compartment, base64url: the answer is
    /// encrypted to it (HPKE, RFC 9180) and no other part of the authority can read it.
    pub seal_to: String,
    /// The reviewer's leave, where the linking needs one. The provider verifies it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<SignedStatement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To send a warning.
    Warn,
    /// To establish a third finding: needs a reviewer's authorisation (C-470/21).
    Finding,
}

impl Purpose {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Finding => "finding",
        }
    }
}

/// The fields of décret 2010-236, annex 2°, that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityField {
    Name,
    PostalAddress,
    Email,
    Telephone,
    LineAddress,
}

impl IdentityField {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::PostalAddress => "postal_address",
            Self::Email => "email",
            Self::Telephone => "telephone",
            Self::LineAddress => "line_address",
        }
    }
}

/// The provider's answer to a disclosure request. What it discloses is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Disclosure {
    Disclosed {
        id: QuestionId,
        /// Which of the fields are present inside.
        fields: Vec<IdentityField>,
        /// HPKE encapsulated key and ciphertext, base64url.
        encapsulated_key: String,
        sealed: String,
    },
    /// The handle is not (or no longer) known to this provider.
    HandleUnknown {
        id: QuestionId,
    },
    Refused {
        id: QuestionId,
        reason: String,
    },
}

/// What is inside a sealed disclosure. No `Debug`: it must not reach a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Identity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// AFNOR XP Z10-011: up to six lines of 38 characters, the last one postcode and town.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postal_address: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub telephones: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub line_address: Vec<String>,
}

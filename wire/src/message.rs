//! The JSON bodies of the endpoints, and their limits.
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /v1/identifications` | [`IdentificationBatch`] | [`IdentificationAnswers`] |
//! | `POST /v1/disclosures` | [`DisclosureBatch`] | [`DisclosureAnswers`] |
//! | `POST /v1/relays` | [`RelayBatch`] | [`RelayAnswers`] |
//! | `GET /v1/health` | – | [`Health`] |
//!
//! All calls are idempotent: a batch id that was answered gets the same answers again, and the
//! same batch id with another content is refused with 422 (`batch_changed`).

use entremise_core::id::{AuthorityId, BatchId, Handle, QuestionId, RegimeId};
use entremise_core::identification::{Answer, Disclosure, DisclosureRequest, Purpose, Question};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most questions of one batch: the size of the historic daily CSV (law.md A4).
pub const QUESTIONS_MAX: usize = 50_000;
/// The longest body either side reads, bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The media type of both bodies.
pub const CONTENT_TYPE: &str = "application/json";
/// Where the calls live on the provider's side.
pub const IDENTIFICATIONS_PATH: &str = "/v1/identifications";
pub const DISCLOSURES_PATH: &str = "/v1/disclosures";
pub const RELAYS_PATH: &str = "/v1/relays";
pub const HEALTH_PATH: &str = "/v1/health";

/// Who held these addresses? Asked by one authority under one regime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentificationBatch {
    pub batch: BatchId,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub questions: Vec<Question>,
}

/// One answer per question, in the order of the questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentificationAnswers {
    pub batch: BatchId,
    pub answers: Vec<Answer>,
}

/// The second, separate request: what is needed to reach the subscriber, or who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisclosureBatch {
    pub batch: BatchId,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub requests: Vec<DisclosureRequest>,
}

/// One disclosure per request, in the order of the requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureAnswers {
    pub batch: BatchId,
    pub disclosures: Vec<Disclosure>,
}

/// Messages that the provider hands to the subscriber itself: no identity leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayBatch {
    pub batch: BatchId,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub relays: Vec<RelayRequest>,
}

/// One message to the subscriber behind a handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayRequest {
    pub id: QuestionId,
    pub handle: Handle,
    pub purpose: Purpose,
    /// Which linking of this handle this is, counted by the authority from 1.
    pub sequence: u32,
    pub expires_at: Timestamp,
    pub message: RelayedMessage,
}

/// The authority's own words. They name no subscriber: the authority does not know who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayedMessage {
    /// BCP 47, for the mail's Content-Language.
    pub language: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// One outcome per request, in the order of the requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayAnswers {
    pub batch: BatchId,
    pub relays: Vec<Relayed>,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Relayed {
    /// The provider's mail system took it, for one address of the subscriber's.
    HandedOver {
        id: QuestionId,
        at: Timestamp,
    },
    /// The provider knows no mail address of this subscriber.
    NoAddress {
        id: QuestionId,
    },
    /// The handle is not (or no longer) known to this provider.
    HandleUnknown {
        id: QuestionId,
    },
    Refused {
        id: QuestionId,
        reason: String,
    },
    /// The provider's mail system did not take it now: the same request may be sent again.
    Temporary {
        id: QuestionId,
    },
}

impl Relayed {
    /// The wire name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::HandedOver { .. } => "handed_over",
            Self::NoAddress { .. } => "no_address",
            Self::HandleUnknown { .. } => "handle_unknown",
            Self::Refused { .. } => "refused",
            Self::Temporary { .. } => "temporary",
        }
    }

    pub fn id(&self) -> QuestionId {
        match self {
            Self::HandedOver { id, .. }
            | Self::NoAddress { id }
            | Self::HandleUnknown { id }
            | Self::Refused { id, .. }
            | Self::Temporary { id } => *id,
        }
    }
}

/// Whether the provider answers at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `answering` or `stopped`.
    pub state: String,
    /// The connector's version.
    pub version: String,
    /// The generation of the index that answers.
    pub index_generation: u64,
}

/// Why a call was not answered, in the shape of RFC 9457 (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable word a program can act on, as a relative reference (`/problems/quota`).
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

//! The JSON bodies of the two endpoints, and their limits.
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /v1/identifications` | [`IdentificationBatch`] | [`IdentificationAnswers`] |
//! | `POST /v1/disclosures` | [`DisclosureBatch`] | [`DisclosureAnswers`] |
//! | `GET /v1/health` | – | [`Health`] |
//!
//! Both calls are idempotent: a batch id that was answered gets the same answers again, and the
//! same batch id with another content is refused with 422 (`batch_changed`).

use entremise_core::id::{AuthorityId, BatchId, RegimeId};
use entremise_core::identification::{Answer, Disclosure, DisclosureRequest, Question};
use serde::{Deserialize, Serialize};

/// The most questions of one batch: the size of the historic daily CSV (law.md A4).
pub const QUESTIONS_MAX: usize = 50_000;
/// The longest body either side reads, bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The media type of both bodies.
pub const CONTENT_TYPE: &str = "application/json";
/// Where the two calls live on the provider's side.
pub const IDENTIFICATIONS_PATH: &str = "/v1/identifications";
pub const DISCLOSURES_PATH: &str = "/v1/disclosures";
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

//! Our end towards the providers: questions out, typed answers back.
//!
//! Takes what it needs as arguments and returns outcomes; knows no store and no case. Whoever calls
//! it (`worker`) turns outcomes into events.

pub mod connector;
pub mod file;

use entremise_core::id::{AuthorityId, BatchId, RegimeId};
use entremise_core::identification::{Answer, Disclosure, DisclosureRequest, Question};
use entremise_wire::message::{RelayRequest, Relayed};
use jiff::Timestamp;

/// Everything that can go wrong on the way, by who must act.
#[derive(Debug, thiserror::Error)]
pub enum ProviderTrouble {
    /// Ask again later, with the same batch id.
    #[error("provider not reached: {what}")]
    Again { what: String, after_secs: Option<i64> },
    /// What came back cannot be trusted or read: a person must look.
    #[error("provider's answer refused: {what}")]
    Untrusted { what: String },
    /// The provider refuses the call as such (its kill-switch, its guard, our signature).
    #[error("provider refuses: {what}")]
    Refused { what: String, after_secs: Option<i64> },
}

/// A batch of identification questions under one authority and regime.
pub struct Asking<'a> {
    pub batch: BatchId,
    pub authority: &'a AuthorityId,
    pub regime: &'a RegimeId,
    pub questions: Vec<Question>,
}

/// A batch of disclosure requests under one authority and regime.
pub struct Requesting<'a> {
    pub batch: BatchId,
    pub authority: &'a AuthorityId,
    pub regime: &'a RegimeId,
    pub requests: Vec<DisclosureRequest>,
}

/// Messages that the provider is to send itself, under one authority and regime.
pub struct Relaying<'a> {
    pub batch: BatchId,
    pub authority: &'a AuthorityId,
    pub regime: &'a RegimeId,
    pub requests: Vec<RelayRequest>,
}

/// A provider that answers at once. The CSV fallback is `file`, and answers by the next morning.
pub trait Answering: Send + Sync {
    fn identify(&self, asking: Asking<'_>, now: Timestamp) -> Result<Vec<Answer>, ProviderTrouble>;
    fn disclose(
        &self,
        requesting: Requesting<'_>,
        now: Timestamp,
    ) -> Result<Vec<Disclosure>, ProviderTrouble>;
    fn relay(
        &self,
        relaying: Relaying<'_>,
        now: Timestamp,
    ) -> Result<Vec<Relayed>, ProviderTrouble>;
}

//! Our end towards the providers: questions out, typed answers back.
//!
//! Takes what it needs as arguments and returns outcomes; knows no store and no case. Whoever calls
//! it (`worker`) turns outcomes into events.

pub mod connector;
pub mod file;

use entremise_core::identification::{Answer, Disclosure};
use entremise_wire::measure::{MeasureAnswer, MeasureBatch, MeasureStatus, StatesAsked};
use entremise_wire::message::{DisclosureBatch, IdentificationBatch, RelayBatch, Relayed};
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

const NO_MEASURES: &str = "it carries no measures out";

/// A provider that answers at once. The CSV fallback is `file`, and answers by the next morning.
pub trait Answering: Send + Sync {
    fn identify(
        &self,
        batch: &IdentificationBatch,
        now: Timestamp,
    ) -> Result<Vec<Answer>, ProviderTrouble>;
    fn disclose(
        &self,
        batch: &DisclosureBatch,
        now: Timestamp,
    ) -> Result<Vec<Disclosure>, ProviderTrouble>;
    fn relay(&self, batch: &RelayBatch, now: Timestamp) -> Result<Vec<Relayed>, ProviderTrouble>;

    /// Orders measures on lines. A provider that carries none out says so.
    fn order(
        &self,
        _batch: &MeasureBatch,
        _now: Timestamp,
    ) -> Result<Vec<MeasureAnswer>, ProviderTrouble> {
        Err(ProviderTrouble::Refused { what: NO_MEASURES.to_owned(), after_secs: None })
    }

    /// Where orders stand.
    fn measure_states(
        &self,
        _asked: &StatesAsked,
        _now: Timestamp,
    ) -> Result<Vec<MeasureStatus>, ProviderTrouble> {
        Err(ProviderTrouble::Refused { what: NO_MEASURES.to_owned(), after_secs: None })
    }
}

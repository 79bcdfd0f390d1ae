//! The register of suspended persons at the authority's end: a key, an answer to a question that
//! says nothing, and who is put on it. Knows no HTTP.

use anyhow::Context;
use entremise_core::id::{AuthorityId, CaseId, PartyId, RegimeId};
use entremise_core::ledger::Actor;
use entremise_store::{Enlisted, NotAnswered, RegisterCall, Store, Trouble};
use entremise_wire::register::{
    Person, RegisterAnswer, RegisterKey, RegisterQuestion, RegisterTrouble,
};
use jiff::Timestamp;
use jiff::civil::Date;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error(transparent)]
    Question(#[from] RegisterTrouble),
    #[error(transparent)]
    NotAnswered(#[from] NotAnswered),
}

/// Who asks, and how much they may.
pub struct Asking<'a> {
    pub authority: &'a AuthorityId,
    pub provider: &'a PartyId,
    pub day: Date,
    pub most_per_day: u32,
}

/// Answers a question that was proven to come from a provider. It is counted and entered first; one
/// that cannot be read is counted too, or it could be tried for ever.
pub fn answer(
    store: &Store,
    key: &RegisterKey,
    asking: &Asking<'_>,
    question: &RegisterQuestion,
    now: Timestamp,
) -> Result<RegisterAnswer, NoAnswer> {
    let Asking { authority, provider, day, most_per_day } = *asking;
    let call = RegisterCall { authority, provider, question: question.id, day, most_per_day };
    store.count_question(&call, now)?;
    let tags = store.suspended_tags(authority, now).map_err(NotAnswered::from)?;
    Ok(key.answer(question, &tags)?)
}

/// Puts a person on the register until the end of a measure: for whoever carries measures out. The
/// name is turned into its tag here and goes no further.
pub fn enlist(
    store: &Store,
    key: &RegisterKey,
    (authority, regime, case): (&AuthorityId, &RegimeId, CaseId),
    person: &Person,
    ends_at: Timestamp,
    by: &Actor,
    now: Timestamp,
) -> anyhow::Result<()> {
    let tag = key.tag(person)?;
    let entry = Enlisted { authority, regime, case, tag, ends_at };
    store.enlist_suspended(entry, by, now).context("the register cannot be written")
}

/// Strikes whoever is on the register for a case: for whoever ends or lifts measures. Yields
/// whether there was anybody.
pub fn strike(
    store: &Store,
    authority: &AuthorityId,
    case: CaseId,
    by: &Actor,
    now: Timestamp,
) -> Result<bool, Trouble> {
    store.strike_suspended(authority, case, "lifted", by, now)
}

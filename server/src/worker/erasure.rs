//! The end of personal data: the keys of what a case may keep no longer are destroyed, and those of
//! raw batches and of what was set aside by their own time.

use entremise_core::id::AuthorityId;
use entremise_core::ledger::Actor;
use entremise_store::{EraseError, Trouble, WhyErased};
use jiff::Timestamp;

use super::{Round, originals};
use crate::house::House;

const LEASE_SECS: i64 = 300;
const AT_ONCE: usize = 100;
/// Within the hour, whatever passes in between.
const RETRY_SECS: i64 = 60;

pub fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let store = &house.store;
    let mut round = Round::default();
    for claim in store.claim(&["erase_personal_data"], "erasure", LEASE_SECS, AT_ONCE, now)? {
        store.intend(&claim, now)?;
        let why = WhyErased::TimeIsOver;
        match store.erase(&claim.authority, claim.case, why, &Actor::House, now) {
            Ok(_) => {
                let settled = store.settle(&claim, "erased", None, &Actor::House, now);
                settled.map_err(|error| match error {
                    entremise_store::ApplyError::Trouble(trouble) => trouble,
                    // No event comes with it, so none can be refused.
                    other => Trouble::Never {
                        what: "an erasure cannot be settled",
                        source: Some(Box::new(other)),
                    },
                })?;
                round.done += 1;
            }
            Err(EraseError::Trouble(trouble)) if trouble.may_pass() => {
                store.retry(&claim, "storage", RETRY_SECS, now)?;
                round.retried += 1;
            }
            // A person must look: what should be gone is still there.
            Err(error) => {
                tracing::error!(effect = %claim.id, %error, "a case cannot be erased");
                store.give_up(&claim, "not_erased", now)?;
                round.given_up += 1;
            }
        }
    }
    // What a court may want to see as it came is kept with its case before the batch goes.
    let keep = |authority: &AuthorityId, batch| match originals::keep(house, authority, batch, now)
    {
        // What can never be opened again must not keep the rest from being erased.
        Err(trouble) if !trouble.may_pass() => {
            tracing::error!(%trouble, "the originals of a batch are not kept");
            Ok(())
        }
        kept => kept,
    };
    round.done += usize::try_from(store.erase_outlived(now, keep)?).unwrap_or(0);
    round.done += store.strike_ended(now)?;
    Ok(round)
}

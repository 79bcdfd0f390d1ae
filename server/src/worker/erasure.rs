//! The end of personal data: the keys of what a case may keep no longer are destroyed, and those of
//! raw batches and of what was set aside by their own time.

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, CaseId};
use entremise_core::ledger::Actor;
use entremise_store::{Claimed, EraseError, Settlement, Trouble, WhyErased};
use jiff::Timestamp;

use super::outbox::settle_all;
use super::{Round, originals};
use crate::house::House;

const LEASE_SECS: i64 = 300;
const AT_ONCE: usize = 500;
/// Within the hour, whatever passes in between.
const RETRY_SECS: i64 = 60;
/// How soon after an answer left what it needed goes. The tries of an answer end by themselves.
const ANSWERED_SECS: i64 = 900;

pub fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let store = &house.store;
    let mut round = Round::default();
    let claims = store.claim(&["erase_personal_data"], "erasure", LEASE_SECS, AT_ONCE, now)?;
    // Whoever was answered is told so before nobody knows any more where they live.
    let waiting = store.answers_waiting()?;
    let (later, claims): (Vec<_>, Vec<_>) =
        claims.into_iter().partition(|claim| waiting.contains(&claim.case));
    for claim in &later {
        store.retry(claim, "answer_to_leave", ANSWERED_SECS, now)?;
    }
    round.retried += later.len();
    store.intend_many(&claims, now)?;
    for (authority, claims) in by_authority(claims) {
        round += erase(house, &authority, claims, now)?;
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

fn by_authority(claims: Vec<Claimed>) -> BTreeMap<AuthorityId, Vec<Claimed>> {
    let mut groups: BTreeMap<AuthorityId, Vec<Claimed>> = BTreeMap::new();
    for claim in claims {
        groups.entry(claim.authority.clone()).or_default().push(claim);
    }
    groups
}

/// Cases that are erased together. Where that fails, each is tried alone: one that cannot be erased
/// must not keep the others.
fn erase(
    house: &House,
    authority: &AuthorityId,
    claims: Vec<Claimed>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let cases: Vec<CaseId> = claims.iter().map(|claim| claim.case).collect();
    let why = WhyErased::TimeIsOver;
    let erased = match house.store.erase_many(authority, &cases, why, &Actor::House, now) {
        Ok(erased) => erased,
        Err(trouble) if claims.len() == 1 => vec![Err(trouble.into())],
        Err(_) => {
            let mut round = Round::default();
            for claim in claims {
                round += erase(house, authority, vec![claim], now)?;
            }
            return Ok(round);
        }
    };
    let (mut round, mut settlements) = (Round::default(), Vec::new());
    for (claim, erased) in claims.into_iter().zip(erased) {
        match erased {
            Ok(_) => {
                let actor = Actor::House;
                settlements.push(Settlement { claim, outcome: "erased", event: None, actor });
            }
            Err(EraseError::Trouble(trouble)) if trouble.may_pass() => {
                house.store.retry(&claim, "storage", RETRY_SECS, now)?;
                round.retried += 1;
            }
            // A person must look: what should be gone is still there.
            Err(error) => {
                tracing::error!(effect = %claim.id, %error, "a case cannot be erased");
                house.store.give_up(&claim, "not_erased", now)?;
                round.given_up += 1;
            }
        }
    }
    round.done += settlements.len();
    settle_all(house, settlements, now)?;
    Ok(round)
}

//! How fast one sender may call: a leaky bucket per sender (GCRA), fed with the request's instant.

use std::collections::HashMap;
use std::sync::Mutex;

use entremise_core::id::{AuthorityId, PartyId};
use jiff::{SignedDuration, Timestamp};

/// How much of its rate a sender may use at once, seconds' worth.
const BURST_SECS: i64 = 10;

/// When each sender's bucket will be empty. Bounded by the number of registered senders.
#[derive(Default)]
pub struct Rates {
    empty_at: Mutex<HashMap<(AuthorityId, PartyId), Timestamp>>,
}

impl Rates {
    /// Lets the call pass, or says after how many seconds the next one may come.
    pub fn pass(
        &self,
        authority: &AuthorityId,
        sender: &PartyId,
        per_second_max: u32,
        now: Timestamp,
    ) -> Result<(), i64> {
        let cost = SignedDuration::from_micros(1_000_000 / i64::from(per_second_max.max(1)));
        let mut empty_at = self.empty_at.lock().unwrap_or_else(|broken| broken.into_inner());
        let bucket = empty_at.entry((authority.clone(), sender.clone())).or_insert(now);
        let after = (*bucket).max(now).saturating_add(cost).unwrap_or(Timestamp::MAX);
        let wait = after.duration_since(now) - SignedDuration::from_secs(BURST_SECS);
        if wait.is_positive() {
            return Err(wait.as_secs() + 1);
        }
        *bucket = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_sender_may_burst_for_ten_seconds_of_its_rate_and_then_waits() {
        let rates = Rates::default();
        let (authority, sender) = ("a".parse().unwrap(), "s".parse().unwrap());
        let passed = (0..100).filter(|_| rates.pass(&authority, &sender, 2, at(0)).is_ok()).count();
        assert_eq!(passed, 20);
        assert_eq!(rates.pass(&authority, &sender, 2, at(0)), Err(1));
        assert_eq!(rates.pass(&authority, &sender, 2, at(1)), Ok(()));
    }

    #[test]
    fn one_sender_s_flood_costs_the_others_nothing() {
        let rates = Rates::default();
        let authority = "a".parse().unwrap();
        let (loud, quiet) = ("loud".parse().unwrap(), "quiet".parse().unwrap());
        while rates.pass(&authority, &loud, 1, at(0)).is_ok() {}
        assert_eq!(rates.pass(&authority, &quiet, 1, at(0)), Ok(()));
    }
}

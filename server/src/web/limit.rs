//! How often one address may try, and how often one file number may be tried, in bounded memory.
//!
//! A fixed table of counters, found by a keyed hash: nobody can fill it, and nobody who can't see
//! the key can aim at another's counter. Two keys on one counter share it, which errs towards "no".

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Tries counted per key in windows that begin with a key's first try.
pub struct Limiter {
    counters: Mutex<Vec<Counter>>,
    hasher: RandomState,
    tries_max: u32,
    window_secs: i64,
}

#[derive(Clone, Copy, Default)]
struct Counter {
    /// Unix seconds of the first try of the window.
    began: i64,
    tries: u32,
}

/// Too often; how long until the next try is counted afresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    pub wait_secs: i64,
}

/// 16 bytes each: one mebibyte per limiter.
const COUNTERS: usize = 65_536;

impl Limiter {
    pub fn new(tries_max: u32, window_secs: i64) -> Self {
        Self {
            counters: Mutex::new(vec![Counter::default(); COUNTERS]),
            hasher: RandomState::new(),
            tries_max,
            window_secs,
        }
    }

    /// Counts one try. Refused tries do not prolong the wait.
    pub fn count(&self, key: &impl Hash, now: Timestamp) -> Result<(), TooOften> {
        let place = usize::try_from(self.hasher.hash_one(key) % COUNTERS as u64)
            .expect("a remainder of 65,536 fits any usize");
        let now = now.as_second();
        // A thread that panicked while counting leaves a counter that is at worst one off.
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = &mut counters[place];
        let ends = counter.began.saturating_add(self.window_secs);
        if now >= ends || now < counter.began {
            *counter = Counter { began: now, tries: 1 };
            return Ok(());
        }
        if counter.tries >= self.tries_max {
            return Err(TooOften { wait_secs: ends - now });
        }
        counter.tries += 1;
        Ok(())
    }
}

/// What counts as one address: an IPv6 line holds a whole /64, so its last half says nothing.
pub fn origin(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        },
    }
}

//! The house's randomness in a simulated year: identifiers, salts and keys, all from the seed, so
//! that a year repeats to the last byte of its ledger. Good for nothing else.

use std::sync::Mutex;

use entremise_store::Entropy;

use crate::chance::Chance;

pub struct SeededEntropy(Mutex<Chance>);

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Chance::of(seed, "the house's randomness")))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner()).fill(bytes);
    }
}

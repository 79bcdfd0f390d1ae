//! Randomness as an argument: a simulation gives seeded bytes and gets the same run again.

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's own generator.
pub struct SystemEntropy(SystemRandom);

impl Default for SystemEntropy {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .fill(bytes)
            .expect("the operating system's generator answers once it is seeded, which is at boot");
    }
}

/// How many bytes are drawn at once: one call to the generator for many small needs.
const DRAW_BYTES: usize = 4096;

/// A supply of random bytes for one operation. Each byte is given out once.
pub(crate) struct Draw<'e> {
    entropy: &'e dyn Entropy,
    bytes: Vec<u8>,
    used: usize,
}

impl<'e> Draw<'e> {
    pub fn new(entropy: &'e dyn Entropy) -> Self {
        Self { entropy, bytes: Vec::new(), used: 0 }
    }

    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= DRAW_BYTES) };
        if self.used + N > self.bytes.len() {
            // The first need is small (one apply); only operations that go on draw a whole block.
            let size = if self.bytes.is_empty() { 256.max(N) } else { DRAW_BYTES };
            self.bytes.resize(size, 0);
            self.entropy.fill(&mut self.bytes);
            self.used = 0;
        }
        let given = self.bytes[self.used..self.used + N]
            .try_into()
            .expect("the slice is N bytes long by construction");
        self.used += N;
        given
    }

    /// A version 7 identifier: sorted by time, so that an index grows at its end.
    pub fn id(&mut self, at: Timestamp) -> Uuid {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.array()).into_uuid()
    }

    /// So many identifiers, in ascending order.
    pub fn ids(&mut self, at: Timestamp, count: usize) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = (0..count).map(|_| self.id(at)).collect();
        ids.sort_unstable();
        ids
    }
}

//! Chance from a seed: the same seed throws the same dice on every machine and on every run.
//!
//! Each part of the world has a stream of its own, named after it, so that one more throw here
//! does not change what happens there. Nothing in this package draws from anywhere else.

/// One stream of dice.
#[derive(Clone, Debug)]
pub struct Chance(fastrand::Rng);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// The stream of this name under a seed.
    pub fn of(seed: u64, name: &str) -> Self {
        Self::new(seed ^ fnv(name.as_bytes()).rotate_left(17))
    }

    /// A number below `limit`; 0 where the limit is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.0.u64(..limit) }
    }

    /// A number of the range, its end excluded.
    pub fn between(&mut self, from: i64, until: i64) -> i64 {
        if until <= from { from } else { self.0.i64(from..until) }
    }

    /// True in so many of a thousand throws.
    pub fn per_mille(&mut self, chances: u64) -> bool {
        self.below(1000) < chances
    }

    /// One of these. The list is never empty.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.0.usize(..of.len())]
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    /// So many hexadecimal digits.
    pub fn hexadecimal(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.0.usize(..16)])).collect()
    }
}

/// FNV-1a: short, and the same everywhere.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

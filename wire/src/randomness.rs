//! Randomness of the system for libraries that draw it themselves: gathered before it is needed,
//! so that a machine without any is an error and not a panic.

use ring::rand::{SecureRandom, SystemRandom};

/// The machine has none to give.
pub struct NoRandomness;

/// So many bytes of the system, each handed out once.
pub struct SystemBytes<const N: usize> {
    bytes: [u8; N],
    used: usize,
}

impl<const N: usize> SystemBytes<N> {
    pub fn gather() -> Result<Self, NoRandomness> {
        Ok(Self { bytes: drawn()?, used: 0 })
    }

    fn hand_out(&mut self, wanted: &mut [u8]) {
        let end = self.used + wanted.len();
        // Never hands out a byte twice: a slice out of range stops here.
        wanted.copy_from_slice(&self.bytes[self.used..end]);
        self.used = end;
    }
}

/// Bytes of the system's own generator.
pub fn drawn<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut drawn = [0; N];
    SystemRandom::new().fill(&mut drawn).map_err(|_| NoRandomness)?;
    Ok(drawn)
}

/// As hpke asks for it.
mod for_sealing {
    use hpke::rand_core::impls::{next_u32_via_fill, next_u64_via_fill};
    use hpke::rand_core::{CryptoRng, RngCore};

    impl<const N: usize> RngCore for super::SystemBytes<N> {
        fn next_u32(&mut self) -> u32 {
            next_u32_via_fill(self)
        }

        fn next_u64(&mut self) -> u64 {
            next_u64_via_fill(self)
        }

        fn fill_bytes(&mut self, wanted: &mut [u8]) {
            self.hand_out(wanted);
        }
    }

    impl<const N: usize> CryptoRng for super::SystemBytes<N> {}
}

/// As voprf asks for it, which is of an older edition of the same traits.
mod for_the_register {
    use rand_core::impls::{next_u32_via_fill, next_u64_via_fill};
    use rand_core::{CryptoRng, Error, RngCore};

    impl<const N: usize> RngCore for super::SystemBytes<N> {
        fn next_u32(&mut self) -> u32 {
            next_u32_via_fill(self)
        }

        fn next_u64(&mut self) -> u64 {
            next_u64_via_fill(self)
        }

        fn fill_bytes(&mut self, wanted: &mut [u8]) {
            self.hand_out(wanted);
        }

        fn try_fill_bytes(&mut self, wanted: &mut [u8]) -> Result<(), Error> {
            self.hand_out(wanted);
            Ok(())
        }
    }

    impl<const N: usize> CryptoRng for super::SystemBytes<N> {}
}

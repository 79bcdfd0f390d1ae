//! Virtual time. The driver moves it; the house and the connectors read it. Nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// One clock for everybody in the world. Its hand stands still between two moves.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    pub fn at(instant: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(instant.as_second())))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst))
            .expect("the clock is only ever set to an instant")
    }

    /// Sets the hand, forwards or, for a fault, backwards.
    pub fn set(&self, instant: Timestamp) {
        self.0.store(instant.as_second(), Ordering::SeqCst);
    }

    /// The clock as the rooms want it: something that says what time it is.
    pub fn reader(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

//! Where a test may cut the power: between two commits, by name. Without the feature `faults`
//! nothing ever fails here.

use crate::Inner;
use crate::trouble::Trouble;

#[cfg(feature = "faults")]
#[derive(Default)]
pub(crate) struct Faults(std::sync::Mutex<Option<&'static str>>);

#[cfg(not(feature = "faults"))]
#[derive(Default)]
pub(crate) struct Faults;

impl Inner {
    #[cfg(feature = "faults")]
    pub(crate) fn fault(&self, step: &'static str) -> Result<(), Trouble> {
        let mut armed = self.faults.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *armed == Some(step) {
            *armed = None;
            return Err(Trouble::again("a test cut the power here"));
        }
        Ok(())
    }

    #[cfg(not(feature = "faults"))]
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn fault(&self, _step: &'static str) -> Result<(), Trouble> {
        let _ = &self.faults;
        Ok(())
    }
}

#[cfg(feature = "faults")]
impl crate::Store {
    /// The next operation that comes to the named step fails there, once.
    pub fn fail_at(&self, step: &'static str) {
        let mut armed =
            self.inner.faults.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *armed = Some(step);
    }
}

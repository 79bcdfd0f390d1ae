//! What can go wrong with storage, by who must act: a machine that tries again, or a person.
//!
//! Neither says anything about a case: messages name the statement, never a value.

use std::error::Error;

/// The cause beneath, where there is one. For logs of the operator; holds no stored value.
pub(crate) type Cause = Option<Box<dyn Error + Send + Sync>>;

/// Storage could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A full disk, a lock, a lost connection: the same call may succeed later.
    #[error("storage is not able to do this now: {what}")]
    Again {
        what: &'static str,
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A damaged file, a missing key, a clock that ran backwards: trying again changes nothing.
    #[error("storage cannot do this: {what}")]
    Never {
        what: &'static str,
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl Trouble {
    #[cfg(feature = "faults")]
    pub(crate) fn again(what: &'static str) -> Self {
        Self::Again { what, source: None }
    }

    pub(crate) fn again_from(
        what: &'static str,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self::Again { what, source: Some(Box::new(source)) }
    }

    pub(crate) fn never(what: &'static str) -> Self {
        Self::Never { what, source: None }
    }

    pub(crate) fn never_from(
        what: &'static str,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self::Never { what, source: Some(Box::new(source)) }
    }

    /// Whether the same call may succeed later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Again { .. })
    }
}

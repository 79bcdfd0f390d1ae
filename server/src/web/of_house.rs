//! One authority of the house, as the desks of those ask it who sit outside or run its machines.

use std::sync::Arc;

use entremise_core::deadline::Zone;
use entremise_core::id::{AuthorityId, PartyId};
use entremise_core::regime::{Regime, embedded};
use entremise_store::Store;
use jiff::Timestamp;

use super::desk::DeskTrouble;
use crate::house::House;

/// See the module.
pub struct OfHouse {
    pub house: Arc<House>,
    pub authority: AuthorityId,
}

/// A party as its own desk names it.
pub struct OwnParty {
    /// As the house names it; its number where it is not registered.
    pub name: String,
    /// Since when it is stopped, and why.
    pub stopped: Option<(Timestamp, String)>,
}

impl OfHouse {
    pub fn store(&self) -> &Store {
        &self.house.store
    }

    /// The rules under which the authority works.
    pub fn regime(&self) -> Result<Regime, DeskTrouble> {
        let room = self.house.room(&self.authority).ok_or(DeskTrouble)?;
        embedded(room.config.regime.as_str()).map_err(told)
    }

    pub fn zone(&self) -> Result<Zone, DeskTrouble> {
        Ok(self.regime()?.zone().clone())
    }

    pub fn party(&self, party: &PartyId) -> Result<OwnParty, DeskTrouble> {
        let found = self.store().party(&self.authority, party).map_err(told)?;
        Ok(OwnParty {
            name: found.as_ref().map_or_else(|| party.to_string(), |party| party.name.clone()),
            stopped: found.and_then(|party| party.stopped).map(|stopped| (stopped.at, stopped.why)),
        })
    }
}

/// What went wrong is for the log; a page only says that the house cannot answer.
pub(super) fn told(trouble: impl std::fmt::Display) -> DeskTrouble {
    tracing::error!(%trouble, "a desk of the parties or of the machines cannot answer");
    DeskTrouble
}

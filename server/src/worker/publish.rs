//! The ledger's new entries, as files for strangers, under a new signed checkpoint.

use std::path::PathBuf;

use entremise_core::id::AuthorityId;
use entremise_ledger::publish::SourceError;
use entremise_ledger::{Leaves, PublishError, Published};
use entremise_store::Store;
use jiff::Timestamp;

use crate::house::{House, Room};

/// The store as a source of leaves.
struct Entered<'a> {
    store: &'a Store,
    authority: &'a AuthorityId,
}

impl Leaves for Entered<'_> {
    fn size(&mut self) -> Result<u64, SourceError> {
        Ok(self.store.ledger_size(self.authority)?)
    }

    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, SourceError> {
        Ok(self.store.ledger_leaves(self.authority, from, most)?)
    }
}

/// Where an authority's ledger is published.
pub fn folder(house: &House, room: &Room) -> PathBuf {
    house.ledger.join(room.config.id.as_str())
}

/// Publishes what is new. Safe to repeat and to stop anywhere.
pub fn ledger(house: &House, room: &Room, now: Timestamp) -> Result<Published, PublishError> {
    let mut source = Entered { store: &house.store, authority: &room.config.id };
    entremise_ledger::publish(&mut source, &folder(house, room), &room.ledger_key, now)
}

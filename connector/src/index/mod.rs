//! The index on disk: who held what, sorted, immutable, read in place.
//!
//! A directory holds `manifest.json`, segments (`*.seg` with `*.dig`), sealed account names
//! (`*.acc`), the open sessions (`*.state`) and the key file (`keys.json`, unless it is kept
//! elsewhere). [`Index`] reads, [`build::Builder`] adds. Readers are never disturbed by a writer:
//! what they mapped stays until they open the next generation.

pub mod accounts;
pub mod build;
pub mod layout;
pub mod manifest;
pub mod segment;
pub mod write;

use std::path::{Path, PathBuf};

use anyhow::Context;

use self::accounts::{AccountSeal, AccountTable};
use self::layout::Record;
use self::manifest::Manifest;
use self::segment::{Segment, Shared, Wanted};
use crate::interval::Digest;
use crate::interval::answer::{Found, RecordAt};
use crate::keys::KeyFile;
use crate::load::state::State;
use crate::read::deterministic::Map;

/// One generation of the index, opened for look-ups.
pub struct Index {
    pub manifest: Manifest,
    segments: Vec<Segment>,
    accounts: Vec<AccountTable>,
    seal: AccountSeal,
    /// Deterministic translations in force at some time.
    pub maps: Vec<Map>,
    directory: PathBuf,
}

impl Index {
    /// Opens the present generation. A directory without an index is an empty index only when
    /// `or_empty` says so.
    pub fn open(directory: &Path, keys: &KeyFile) -> anyhow::Result<Self> {
        // A writer may remove files of the generation read here; then the next one is there.
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::open_once(directory, keys) {
                Err(error) if tries < 5 && is_not_found(&error) => continue,
                outcome => return outcome,
            }
        }
    }

    fn open_once(directory: &Path, keys: &KeyFile) -> anyhow::Result<Self> {
        let manifest = Manifest::read(directory)?
            .with_context(|| format!("there is no index in {}", directory.display()))?;
        let at = |name: &str| directory.join(name);
        let segments = manifest
            .segments
            .iter()
            .map(|entry| entry.name.as_str())
            .chain(manifest.open.as_deref())
            .map(|name| Segment::open(&at(name)).with_context(|| format!("opening {name}")))
            .collect::<anyhow::Result<_>>()?;
        let accounts = manifest
            .accounts
            .iter()
            .map(|name| AccountTable::open(&at(name)).with_context(|| format!("opening {name}")))
            .collect::<anyhow::Result<_>>()?;
        let maps = State::read_maps(directory, &manifest)?;
        let seal = AccountSeal::new(&keys.index);
        let directory = directory.to_owned();
        Ok(Self { manifest, segments, accounts, seal, maps, directory })
    }

    /// Whether a later generation lies on the disk.
    pub fn is_stale(&self) -> bool {
        matches!(Manifest::read(&self.directory), Ok(Some(manifest))
            if manifest.generation != self.manifest.generation)
    }

    /// All matches in all segments.
    pub fn find(&self, wanted: &Wanted, found: &mut Vec<Found>) -> Shared {
        let mut shared = Shared::default();
        for (number, segment) in (0u32..).zip(&self.segments) {
            let here = segment.find(wanted, number, found);
            shared = Shared { now: shared.now | here.now, ever: shared.ever | here.ever };
        }
        shared
    }

    /// A record that was found, and the digests of what it rests on.
    pub fn record(&self, at: RecordAt) -> Option<(Record, &[Digest])> {
        let segment = self.segments.get(at.segment as usize)?;
        let record = segment.record(at.record.into())?;
        Some((record, segment.evidence(&record)))
    }

    /// The name of an account; None where the key file is not the one it was sealed with.
    pub fn account(&self, number: u32) -> Option<Vec<u8>> {
        self.accounts
            .iter()
            .find(|table| table.holds(number))
            .and_then(|table| table.name(number, &self.seal))
    }

    /// Whether anything was loaded for a routing instance.
    pub fn knows_space(&self, space: u16) -> bool {
        self.segments.iter().any(|segment| segment.knows_space(space))
    }

    pub fn record_count(&self) -> u64 {
        self.segments.iter().map(Segment::record_count).sum()
    }
}

fn is_not_found(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::NotFound)
}

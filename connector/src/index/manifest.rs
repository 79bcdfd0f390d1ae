//! Which files make up the index. One small JSON file, replaced whole: a crash at any instant
//! leaves either the old index or the new one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::interval::Millis;
use crate::read::Format;

const NAME: &str = "manifest.json";
const VERSION: u32 = 1;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    /// Counts commits.
    pub generation: u64,
    /// Segments that will not change, oldest first.
    pub segments: Vec<SegmentEntry>,
    /// The spans that are still open, rewritten at each commit.
    pub open: Option<String>,
    pub accounts: Vec<String>,
    /// The open sessions, leases and blocks, so that the next load goes on from them.
    pub state: Option<String>,
    /// Routing instances by number; 0 is the public one and has no name.
    pub spaces: Vec<String>,
    pub sources: BTreeMap<Format, SourceEntry>,
    pub files: Vec<FileEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentEntry {
    pub name: String,
    pub records: u64,
    /// When the last of its spans ended. Absent in an index of an earlier version: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_end: Option<Millis>,
}

/// What was read of one format, in all files together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    pub first: Option<Millis>,
    pub last: Option<Millis>,
    /// Stretches between two records of a log longer than an hour: which of them count as holes
    /// is decided when a question is asked, by the silence that is configured then.
    pub silences: Vec<(Millis, Millis)>,
    pub records: u64,
    pub errors: u64,
}

/// How far a file was read, and by what it is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub path: String,
    pub format: Format,
    pub space: u16,
    /// All records before this offset are in the index.
    pub bytes_read: u64,
    /// SHA-256 of the first and the last 64 KiB of those bytes, hexadecimal.
    pub digest: String,
    /// The newest record ever read under this path, of any subscriber: how far it reaches. Absent
    /// in an index of an earlier version: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Millis>,
}

impl Manifest {
    /// None where there is no index yet.
    pub fn read(directory: &Path) -> anyhow::Result<Option<Self>> {
        let path = directory.join(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("reading {}", path.display()));
            }
        };
        let manifest: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged", path.display()))?;
        if manifest.version != VERSION {
            bail!(
                "{} has version {}, this connector reads {VERSION}; load the records again",
                path.display(),
                manifest.version
            );
        }
        Ok(Some(manifest))
    }

    pub fn new() -> Self {
        Self { version: VERSION, spaces: vec![String::new()], ..Self::default() }
    }

    /// Replaces the manifest durably. All files it names must be durable before.
    pub fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let fresh = directory.join("manifest.new");
        let mut file = File::create(&fresh).with_context(|| fresh.display().to_string())?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        // The names of new files must be on the disk before the manifest that speaks of them.
        File::open(directory)?.sync_all()?;
        fs::rename(&fresh, directory.join(NAME))?;
        File::open(directory)?.sync_all()?;
        Ok(())
    }

    /// Every file the index consists of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments
            .iter()
            .map(|segment| segment.name.as_str())
            .chain(self.open.as_deref())
            .chain(self.accounts.iter().map(String::as_str))
            .chain(self.state.as_deref())
    }
}

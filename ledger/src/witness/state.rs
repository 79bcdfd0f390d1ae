//! What a witness remembers: one file per ledger, the last checkpoint it cosigned.
//!
//! A file is replaced whole and flushed before anything is answered: after a power cut the witness
//! knows at least what it signed for.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use entremise_audit::head::{Head, unchecked};
use entremise_audit::leaf::hexadecimal;
use ring::digest::{SHA256, digest};

use crate::write::{Unwritten, Writer};

/// More evidence than this is not kept: the first of it convicts.
const EVIDENCE_MAX: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub enum StateTrouble {
    #[error("another witness works in {folder}: two would cosign two histories")]
    Busy { folder: PathBuf },
    #[error("{path}: what was remembered cannot be read; restore it, do not delete it")]
    Unreadable { path: PathBuf },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
}

impl From<Unwritten> for StateTrouble {
    fn from(unwritten: Unwritten) -> Self {
        Self::File { path: unwritten.path, source: unwritten.source }
    }
}

/// The memory of one witness.
pub struct State {
    folder: PathBuf,
    heads: Mutex<HashMap<String, Head>>,
    /// Held as long as the witness works.
    _lock: File,
}

/// The memory of one ledger, held by one request.
pub struct Memory<'a> {
    folder: &'a Path,
    origin: String,
    heads: MutexGuard<'a, HashMap<String, Head>>,
}

impl State {
    pub(super) fn open(folder: &Path) -> Result<Self, StateTrouble> {
        let file = |path: &Path| {
            let path = path.to_owned();
            move |source| StateTrouble::File { path, source }
        };
        std::fs::create_dir_all(folder).map_err(file(folder))?;
        let path = folder.join(".lock");
        let lock = File::create(&path).map_err(file(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(StateTrouble::Busy { folder: folder.to_owned() });
            }
            Err(std::fs::TryLockError::Error(source)) => {
                return Err(StateTrouble::File { path, source });
            }
        }
        let heads = Mutex::new(HashMap::new());
        Ok(Self { folder: folder.to_owned(), heads, _lock: lock })
    }

    /// Takes the memory for one request, reading it from the disk the first time.
    pub(super) fn lock(&self, origin: &str) -> Result<Memory<'_>, StateTrouble> {
        // A panic elsewhere leaves the map as it was after its last whole change.
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if !heads.contains_key(origin) {
            let path = self.folder.join(file_of(origin));
            match std::fs::read(&path) {
                Ok(bytes) => {
                    let head = unchecked(&bytes).filter(|head| head.origin == origin);
                    let head = head.ok_or(StateTrouble::Unreadable { path })?;
                    heads.insert(origin.to_owned(), head);
                }
                Err(trouble) if trouble.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(StateTrouble::File { path, source }),
            }
        }
        Ok(Memory { folder: &self.folder, origin: origin.to_owned(), heads })
    }
}

impl Memory<'_> {
    /// The checkpoint that was cosigned last.
    pub(super) fn seen(&self) -> Option<Head> {
        self.heads.get(&self.origin).cloned()
    }

    /// Replaces it, on the disk first.
    pub(super) fn remember(&mut self, head: Head) -> Result<(), StateTrouble> {
        let mut writer = Writer::new(self.folder);
        writer.write(&[(file_of(&self.origin), head.text.clone().into_bytes())])?;
        writer.settle()?;
        // Crash here: remembered and not answered; asked again, the witness says this size (409).
        self.heads.insert(self.origin.clone(), head);
        Ok(())
    }

    /// Keeps a checkpoint that the ledger signed and that contradicts what was seen.
    pub(super) fn keep_evidence(&self, head: &Head) -> Result<(), StateTrouble> {
        let folder = self.folder.join("evidence");
        let kept = std::fs::read_dir(&folder).map_or(0, Iterator::count);
        if kept < EVIDENCE_MAX {
            let name = format!("evidence/{}-{}.checkpoint", head.size, hexadecimal(&head.root.0));
            let mut writer = Writer::new(self.folder);
            writer.write(&[(name, head.text.clone().into_bytes())])?;
            writer.settle()?;
        }
        Ok(())
    }
}

/// An origin may hold any letters; its file's name must not.
fn file_of(origin: &str) -> String {
    format!("{}.checkpoint", hexadecimal(digest(&SHA256, origin.as_bytes()).as_ref()))
}

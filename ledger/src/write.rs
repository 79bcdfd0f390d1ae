//! Puts files on the disk so that a crash leaves the old file or the new one, never half of one.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Threads that wait for the disk side by side. One writer is bound by the latency of a single
/// flush; several share it.
const WRITERS: usize = 8;

/// A file that could not be written, and why.
#[derive(Debug)]
pub struct Unwritten {
    pub path: PathBuf,
    pub source: io::Error,
}

/// Writes below one folder and remembers which folders got new names.
pub struct Writer<'a> {
    folder: &'a Path,
    touched: BTreeSet<PathBuf>,
}

impl<'a> Writer<'a> {
    pub fn new(folder: &'a Path) -> Self {
        Self { folder, touched: BTreeSet::new() }
    }

    /// Writes files whose order among themselves does not matter. Each is whole on the disk when
    /// this returns; that its *name* survives a crash is what [`Self::settle`] makes sure of.
    pub fn write(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), Unwritten> {
        for (name, _) in files {
            self.make_folders(name)?;
        }
        let share = files.len().div_ceil(WRITERS).max(1);
        std::thread::scope(|scope| {
            let folder = self.folder;
            let writers: Vec<_> = files
                .chunks(share)
                .map(|share| {
                    scope.spawn(move || {
                        share
                            .iter()
                            .try_for_each(|(name, bytes)| replace(&folder.join(name), bytes))
                    })
                })
                .collect();
            writers.into_iter().try_for_each(|writer| {
                writer.join().expect("a writer returns its trouble, it does not panic")
            })
        })
    }

    /// Makes the names of everything written so far survive a crash.
    pub fn settle(&mut self) -> Result<(), Unwritten> {
        for folder in std::mem::take(&mut self.touched) {
            let unwritten = |source| Unwritten { path: folder.clone(), source };
            File::open(&folder).and_then(|folder| folder.sync_all()).map_err(unwritten)?;
        }
        Ok(())
    }

    fn make_folders(&mut self, name: &str) -> Result<(), Unwritten> {
        let path = self.folder.join(name);
        let parent = path.parent().expect("a file lies in a folder");
        if !self.touched.contains(parent) {
            let unwritten = |source| Unwritten { path: parent.to_owned(), source };
            std::fs::create_dir_all(parent).map_err(unwritten)?;
            // A new folder is a new name in the one above it, up to the ledger's own.
            let above = parent.ancestors().take_while(|above| above.starts_with(self.folder));
            self.touched.extend(above.map(Path::to_owned));
        }
        Ok(())
    }
}

/// Writes beside, flushes, renames. Crash before the rename: the old file, and a hidden leftover
/// that the next run overwrites. Crash after it: the new file.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Unwritten> {
    let name = path.file_name().expect("it has a name").to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.new"));
    let unwritten = |source| Unwritten { path: path.to_owned(), source };
    let mut file = File::create(&beside).map_err(unwritten)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(unwritten)?;
    std::fs::rename(&beside, path).map_err(unwritten)
}

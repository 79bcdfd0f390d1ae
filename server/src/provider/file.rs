//! The historic exchange with a provider: one numbered CSV a day, returned completed.
//!
//! `requests/<number>.csv` is ours, `answers/<number>.csv` the provider's; an answer that is not to
//! the file that was sent is refused whole, and says where it differs. Taken answers go to `done/`,
//! refused ones to `refused/` with the reason beside them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use entremise_core::identification::Answer;
use entremise_formats::identification_csv::{
    BadFile, Request, read_answer, read_request, write_request,
};

/// Whether today's file is the one just written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    New,
    /// The file of this number went before; it is never written again.
    Already,
}

/// Why a request cannot be left for the provider.
#[derive(Debug, thiserror::Error)]
pub enum FileTrouble {
    #[error(transparent)]
    Bad(#[from] BadFile),
    #[error("the hand-over folder cannot be used")]
    Disk(#[from] io::Error),
}

/// Leaves the day's request. Whole or not at all: written beside, then renamed.
pub fn leave(folder: &Path, request: &Request) -> Result<Written, FileTrouble> {
    let path = folder.join("requests").join(format!("{}.csv", request.number));
    if path.exists() {
        return Ok(Written::Already);
    }
    let text = write_request(request)?;
    fs::create_dir_all(folder.join("requests"))?;
    let part = path.with_extension("part");
    let mut file = fs::File::create(&part)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, path)?;
    Ok(Written::New)
}

/// Whether the file of this number was left already.
pub fn is_left(folder: &Path, number: &str) -> bool {
    folder.join("requests").join(format!("{number}.csv")).exists()
}

/// A completed file that waits to be taken.
pub struct Waiting {
    path: PathBuf,
    number: String,
}

/// Completed files, in order of their numbers.
pub fn waiting(folder: &Path) -> io::Result<Vec<Waiting>> {
    let answers = folder.join("answers");
    fs::create_dir_all(&answers)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(answers)? {
        let path = entry?.path();
        let number = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && path.extension().is_some_and(|ending| ending == "csv") {
            found.push(Waiting { path, number });
        }
    }
    found.sort_by(|one, other| one.number.cmp(&other.number));
    Ok(found)
}

impl Waiting {
    /// The answers, if this is the file that was sent, completed.
    pub fn read(&self, folder: &Path) -> Result<Vec<Answer>, FileTrouble> {
        let request = folder.join("requests").join(format!("{}.csv", self.number));
        let request = read_request(&fs::read(request)?)?;
        Ok(read_answer(&request, &fs::read(&self.path)?)?)
    }

    /// Puts the file away once its answers are entered.
    pub fn done(&self, folder: &Path) -> io::Result<()> {
        self.put_away(folder, "done")
    }

    /// Puts the file away with the reason for the provider to read.
    pub fn refuse(&self, folder: &Path, why: &str) -> io::Result<()> {
        fs::create_dir_all(folder.join("refused"))?;
        fs::write(folder.join("refused").join(format!("{}.why.txt", self.number)), why)?;
        self.put_away(folder, "refused")
    }

    fn put_away(&self, folder: &Path, into: &str) -> io::Result<()> {
        let into = folder.join(into);
        fs::create_dir_all(&into)?;
        fs::rename(&self.path, into.join(format!("{}.csv", self.number)))
    }
}

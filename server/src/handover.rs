//! The hand-over folder between the authority and a provider that answers by file, as the page of
//! the provider sees it: what was asked, what was handed in, what was refused and why.
//!
//! The worker that leaves and takes the files is `worker/file.rs`; nothing here moves a case.

use std::path::{Path, PathBuf};
use std::{fs, io};

use entremise_formats::identification_csv::{BadFile, read_answer, read_request};

/// One file of questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFile {
    /// The authority's number of the file, which names it.
    pub number: String,
    pub questions: usize,
    pub standing: Standing,
}

/// How far a file has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits to be completed.
    Open,
    /// It was handed in, and is taken at the next round.
    HandedIn,
    Done,
    /// What was handed in was refused, and why; it can be handed in again.
    Refused(String),
}

impl Standing {
    /// The name in the catalogue.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HandedIn => "handed_in",
            Self::Done => "done",
            Self::Refused(_) => "refused",
        }
    }

    /// Whether a completed file is awaited.
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Open | Self::Refused(_))
    }
}

/// Why a completed file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// No file of this number was left, or it was answered already.
    #[error("no file of this number waits for an answer")]
    NotAsked,
    #[error(transparent)]
    Bad(#[from] BadFile),
    #[error("the hand-over folder cannot be used")]
    Disk(#[from] io::Error),
}

/// The newest files, the newest first.
///
/// # Errors
/// The folder cannot be read.
pub fn files(folder: &Path, most: usize) -> io::Result<Vec<RequestFile>> {
    let requests = folder.join("requests");
    if !requests.exists() {
        return Ok(Vec::new());
    }
    let mut numbers = Vec::new();
    for entry in fs::read_dir(requests)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "csv") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            numbers.push(name);
        }
    }
    // A number ends with its day: the order of names is the order of days.
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    numbers.truncate(most);
    numbers
        .into_iter()
        .map(|number| {
            let bytes = fs::read(request(folder, &number))?;
            let questions = read_request(&bytes).map_or(0, |request| request.questions.len());
            let standing = standing(folder, &number)?;
            Ok(RequestFile { questions, standing, number })
        })
        .collect()
}

/// The bytes of a file of questions; none where there is no such file.
///
/// # Errors
/// The folder cannot be read.
pub fn read(folder: &Path, number: &str) -> io::Result<Option<Vec<u8>>> {
    let path = request(folder, number);
    if !is_plain(number) || !path.exists() {
        return Ok(None);
    }
    fs::read(path).map(Some)
}

/// Takes a completed file, if it is the one that was sent. Whole or not at all: written beside,
/// then renamed.
///
/// # Errors
/// [`NotTaken`].
pub fn hand_in(folder: &Path, number: &str, bytes: &[u8]) -> Result<usize, NotTaken> {
    let Some(sent) = read(folder, number)? else { return Err(NotTaken::NotAsked) };
    if !standing(folder, number)?.is_due() {
        return Err(NotTaken::NotAsked);
    }
    let answers = read_answer(&read_request(&sent)?, bytes)?;
    let path = folder.join("answers").join(format!("{number}.csv"));
    fs::create_dir_all(folder.join("answers"))?;
    let part = path.with_extension("part");
    let mut file = fs::File::create(&part)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(part, path)?;
    Ok(answers.len())
}

fn request(folder: &Path, number: &str) -> PathBuf {
    folder.join("requests").join(format!("{number}.csv"))
}

/// A number is a name and a day, and never a way out of the folder.
fn is_plain(number: &str) -> bool {
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn standing(folder: &Path, number: &str) -> io::Result<Standing> {
    let in_folder = |name: &str| folder.join(name).join(format!("{number}.csv")).exists();
    let why = folder.join("refused").join(format!("{number}.why.txt"));
    Ok(if in_folder("done") {
        Standing::Done
    } else if in_folder("answers") {
        Standing::HandedIn
    } else if why.exists() {
        Standing::Refused(fs::read_to_string(why)?)
    } else {
        Standing::Open
    })
}

//! Batches left as files: `<folder>/<sender>/in/*` are taken, answered in `out/`, and moved to
//! `done/` or `refused/`. A file is moved only after its answer is written; the store's idempotency
//! key (the file's digest) makes a repeated take harmless.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use entremise_store::{Store, Trouble};
use jiff::Timestamp;

use super::{Channel, NotTaken, Sending, acknowledgement, receive};
use crate::house::{Room, SenderRoom};

/// The largest file read, bytes. The whole of a sender's day fits many times.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What one look into a folder did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub batches: usize,
    pub refused: usize,
}

/// Takes every waiting file of one sender. `folder` is the sender's own.
pub fn take(
    store: &Store,
    room: &Room,
    sender: &SenderRoom,
    folder: &Path,
    now: Timestamp,
) -> Result<Taken, Trouble> {
    let mut taken = Taken::default();
    for path in waiting(folder).map_err(disk)? {
        match take_one(store, room, sender, &path, now) {
            Ok(answer) => {
                taken.batches += 1;
                settle(folder, &path, "done", &answer).map_err(disk)?;
            }
            Err(NotTaken::Trouble(trouble)) => return Err(trouble),
            Err(not_taken) => {
                taken.refused += 1;
                let answer = serde_json::json!({ "refused": not_taken.to_string() }).to_string();
                settle(folder, &path, "refused", &[(".json", answer)]).map_err(disk)?;
            }
        }
    }
    Ok(taken)
}

fn take_one(
    store: &Store,
    room: &Room,
    sender: &SenderRoom,
    path: &Path,
    now: Timestamp,
) -> Result<Vec<(&'static str, String)>, NotTaken> {
    if fs::metadata(path).map_err(disk)?.len() > FILE_BYTES_MAX {
        return Err(NotTaken::Rejected(entremise_core::rejection::Rejection::new(
            entremise_core::rejection::Code::TooLarge,
            "",
            format!("split the file: at most {FILE_BYTES_MAX} bytes are read at a time"),
        )));
    }
    let bytes = fs::read(path).map_err(disk)?;
    let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, &bytes));
    let jws = fs::read_to_string(path.with_extension("jws")).ok();
    let sending = Sending {
        channel: Channel::Folder,
        bytes,
        idempotency_key: Some(digest),
        jws: jws.as_deref().map(str::trim),
        received_at: now,
    };
    let report = receive(store, room, sender, sending)?;
    let json = serde_json::to_string_pretty(&super::report::Report::from(&report))
        .map_err(|error| Trouble::Never { what: "write a report", source: Some(error.into()) })?;
    let acks = acknowledgement::notice_acks(room, sender, &report).concat();
    Ok(vec![(".report.json", json), (".acks.xml", acks)])
}

/// Files that are whole: a sender writes under another name or suffix and renames.
fn waiting(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let inbox = folder.join("in");
    fs::create_dir_all(&inbox)?;
    let mut files: Vec<PathBuf> = fs::read_dir(inbox)?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && !is_unfinished(path))
        .collect();
    files.sort();
    Ok(files)
}

fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name.ends_with(".part") || name.ends_with(".jws")
}

fn settle(
    folder: &Path,
    path: &Path,
    into: &str,
    answers: &[(&'static str, String)],
) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let out = folder.join("out");
    fs::create_dir_all(&out)?;
    for (suffix, answer) in answers {
        let part = out.join(format!(".{name}{suffix}.part"));
        fs::write(&part, answer)?;
        fs::rename(&part, out.join(format!("{name}{suffix}")))?;
    }
    let into = folder.join(into);
    fs::create_dir_all(&into)?;
    fs::rename(path, into.join(name))
}

fn disk(error: io::Error) -> Trouble {
    Trouble::Again { what: "use a hand-over folder", source: Some(error.into()) }
}

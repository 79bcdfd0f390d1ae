//! Notices that come by mail, from a Maildir into which the authority's mail server delivers.
//!
//! The envelope proves nothing. A mail is taken for the sender whose address stands in `From`, and
//! where that sender agreed to sign, only with a signature that holds. The answer goes beside the
//! mail (`answers/`), for the mail server to send back.

use std::fs;
use std::io;
use std::path::Path;

use entremise_store::{Store, Trouble};
use jiff::Timestamp;
use mail_parser::MessageParser;

use super::{Channel, NotTaken, Sending, acknowledgement, receive};
use crate::house::{Room, SenderRoom};

/// Mails taken in one look.
const MAILS_MOST: usize = 500;
/// The largest mail read, bytes.
const MAIL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What one look into a mailbox did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub batches: usize,
    pub refused: usize,
    /// Mails of nobody we know: left in `cur`, flagged for a person.
    pub strangers: usize,
}

/// Takes every waiting mail of one authority.
pub fn take(store: &Store, room: &Room, maildir: &Path, now: Timestamp) -> Result<Taken, Trouble> {
    let mut taken = Taken::default();
    let new = maildir.join("new");
    fs::create_dir_all(&new).map_err(disk)?;
    let entries: Vec<_> = fs::read_dir(new)
        .map_err(disk)?
        .take(MAILS_MOST)
        .collect::<Result<_, _>>()
        .map_err(disk)?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths.into_iter().filter(|path| path.is_file()) {
        if fs::metadata(&path).map_err(disk)?.len() > MAIL_BYTES_MAX {
            taken.refused += 1;
            flag(maildir, &path).map_err(disk)?;
            continue;
        }
        let bytes = fs::read(&path).map_err(disk)?;
        let Some(sender) = sender_of(room, &bytes) else {
            taken.strangers += 1;
            flag(maildir, &path).map_err(disk)?;
            continue;
        };
        let is_kept = match take_one(store, room, sender, bytes, now) {
            Ok(answer) => {
                taken.batches += 1;
                keep_answer(maildir, &path, &answer).map_err(disk)?;
                true
            }
            Err(NotTaken::Trouble(trouble)) => return Err(trouble),
            Err(not_taken) => {
                taken.refused += 1;
                keep_answer(maildir, &path, &not_taken.to_string()).map_err(disk)?;
                matches!(not_taken, NotTaken::Quarantined(_))
            }
        };
        // Crash before this line: the mail is taken again, and its digest finds the first report.
        if is_kept {
            // Its bytes are sealed, and end when the rules say so; a copy in the open would not.
            fs::remove_file(&path).map_err(disk)?;
        } else {
            flag(maildir, &path).map_err(disk)?;
        }
    }
    Ok(taken)
}

fn take_one(
    store: &Store,
    room: &Room,
    sender: &SenderRoom,
    bytes: Vec<u8>,
    now: Timestamp,
) -> Result<String, NotTaken> {
    let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, &bytes));
    let sending = Sending {
        channel: Channel::Mail,
        bytes,
        idempotency_key: Some(digest),
        jws: None,
        received_at: now,
    };
    let report = receive(store, room, sender, sending)?;
    Ok(acknowledgement::notice_acks(room, sender, &report).concat())
}

fn sender_of<'a>(room: &'a Room, bytes: &[u8]) -> Option<&'a SenderRoom> {
    let message = MessageParser::new().parse_headers(bytes)?;
    let from = message.from()?.first()?.address()?.to_ascii_lowercase();
    room.senders.iter().find(|sender| {
        sender.config.mail_from.iter().any(|known| known.eq_ignore_ascii_case(&from))
    })
}

fn keep_answer(maildir: &Path, path: &Path, answer: &str) -> io::Result<()> {
    let answers = maildir.join("answers");
    fs::create_dir_all(&answers)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let part = answers.join(format!(".{name}.part"));
    fs::write(&part, answer)?;
    fs::rename(&part, answers.join(format!("{name}.xml")))
}

/// For a person to look at, as Maildir has it: out of `new`, into `cur`, flagged.
fn flag(maildir: &Path, path: &Path) -> io::Result<()> {
    let cur = maildir.join("cur");
    fs::create_dir_all(&cur)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    fs::rename(path, cur.join(format!("{name}:2,F")))
}

fn disk(error: io::Error) -> Trouble {
    Trouble::Again { what: "use the mailbox of notices", source: Some(error.into()) }
}

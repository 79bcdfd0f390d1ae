//! The default carrier: a folder from which a print shop takes letters, and into which it drops
//! what became of them.
//!
//! ```text
//! <folder>/outbox/<effect>.pdf    the letter
//! <folder>/outbox/<effect>.json   its manifest; written last, so that what has one is complete
//! <folder>/inbox/*.csv            effect,code,at,proof      (proof: a file beside it, or empty)
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use entremise_core::id::EffectId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Carrier, Letter, PostEvent, PostTrouble, Proof, ProofId, ProofKind, Reading};
use crate::delivery::Handover;

const HEADER: &str = "effect,code,at,proof";
/// How long to wait when the disk does not take a letter (full, read-only).
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// The largest proof taken in. A scanned receipt has some hundred kilobytes.
const PROOF_BYTES_MAX: u64 = 20 << 20;

/// A hand-over folder.
#[derive(Clone, Debug)]
pub struct Folder {
    outbox: PathBuf,
    inbox: PathBuf,
}

/// What the print shop needs to know of one letter.
#[derive(Serialize, Deserialize)]
struct Manifest {
    effect: EffectId,
    file: String,
    sha256: String,
    size_bytes: usize,
    pages: usize,
    /// `Product::name`: what the letter is sent as.
    product: String,
    recipient: Vec<String>,
    sender: Vec<String>,
    handed_over_at: Timestamp,
}

impl Folder {
    /// Makes the two halves where they are absent.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let (outbox, inbox) = (folder.join("outbox"), folder.join("inbox"));
        fs::create_dir_all(&outbox)?;
        fs::create_dir_all(&inbox)?;
        Ok(Self { outbox, inbox })
    }

    fn leave(&self, letter: &Letter, now: Timestamp) -> io::Result<(String, Timestamp)> {
        let name = format!("{}.json", letter.effect);
        // A manifest that is there was left by an earlier attempt: the letter has gone, with the
        // date it had then.
        match fs::read(self.outbox.join(&name)) {
            Ok(bytes) => {
                let manifest: Manifest = serde_json::from_slice(&bytes)?;
                return Ok((name, manifest.handed_over_at));
            }
            Err(trouble) if trouble.kind() == io::ErrorKind::NotFound => {}
            Err(trouble) => return Err(trouble),
        }
        let file = format!("{}.pdf", letter.effect);
        let manifest = Manifest {
            effect: letter.effect,
            sha256: hex::encode(letter.pdf.sha256),
            size_bytes: letter.pdf.bytes.len(),
            pages: letter.pdf.pages,
            product: letter.product.name().to_owned(),
            recipient: letter.recipient.lines().to_vec(),
            sender: letter.sender.lines().to_vec(),
            handed_over_at: now,
            file,
        };
        write_whole(&self.outbox, &manifest.file, &letter.pdf.bytes)?;
        write_whole(&self.outbox, &name, &serde_json::to_vec_pretty(&manifest)?)?;
        Ok((name, now))
    }

    fn read(&self, path: &Path, since: Timestamp) -> Result<Vec<PostEvent>, PostTrouble> {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).map_err(|trouble| unreached(&trouble))?;
        let mut events = Vec::new();
        for (index, row) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let unreadable =
                |reason| PostTrouble::Unreadable { file: file.clone(), line: index + 1, reason };
            let row = row.trim();
            if row.is_empty() || row.eq_ignore_ascii_case(HEADER) {
                continue;
            }
            let columns: Vec<&str> = row.split(',').map(str::trim).collect();
            let [effect, code, at, proof] = columns[..] else {
                return Err(unreadable("four columns are needed: effect,code,at,proof"));
            };
            let effect = effect.parse().map_err(|_| unreadable("effect is not a UUID"))?;
            let at = at.parse().map_err(|_| unreadable("at is not an instant with its zone"))?;
            let reading = Reading::of(code);
            let proof = self.named(proof, reading).map_err(unreadable)?;
            if at >= since {
                events.push(PostEvent { effect, reading, code: code.to_owned(), at, proof });
            }
        }
        Ok(events)
    }

    /// The proof that a row names. It must be there whole when the row is.
    fn named(&self, name: &str, reading: Reading) -> Result<Option<ProofId>, &'static str> {
        if name.is_empty() {
            return Ok(None);
        }
        // A name only: what others drop here must not make us read elsewhere.
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err("proof is not the name of a file in the inbox");
        }
        let path = self.inbox.join(name);
        let size = fs::symlink_metadata(&path).map_err(|_| "the proof's file is absent")?;
        if !size.is_file() || size.len() > PROOF_BYTES_MAX {
            return Err("the proof is not a file of at most 20 MiB");
        }
        let kind = ProofKind::of(reading).unwrap_or(ProofKind::Deposit);
        Ok(Some(ProofId { kind, number: name.to_owned() }))
    }
}

impl Carrier for Folder {
    fn hand_over(&self, letter: &Letter, now: Timestamp) -> Handover {
        match self.leave(letter, now) {
            Ok((reference, at)) => Handover::HandedOver { reference, at },
            Err(trouble) => Handover::Again { after: AGAIN_AFTER, reason: trouble.to_string() },
        }
    }

    fn statuses(&self, since: Timestamp, _now: Timestamp) -> Result<Vec<PostEvent>, PostTrouble> {
        let mut tables: Vec<PathBuf> = fs::read_dir(&self.inbox)
            .map_err(|trouble| unreached(&trouble))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "csv"))
            .collect();
        tables.sort();
        let mut events = Vec::new();
        for table in tables {
            events.extend(self.read(&table, since)?);
        }
        events.sort_by(|left, right| {
            (left.at, left.effect, &left.code).cmp(&(right.at, right.effect, &right.code))
        });
        events.dedup_by(|left, right| {
            (left.at, left.effect, &left.code) == (right.at, right.effect, &right.code)
        });
        Ok(events)
    }

    fn proof(&self, id: &ProofId, _now: Timestamp) -> Result<Option<Proof>, PostTrouble> {
        match fs::read(self.inbox.join(&id.number)) {
            Ok(bytes) => Ok(Some(Proof(bytes))),
            Err(trouble) if trouble.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(trouble) => Err(unreached(&trouble)),
        }
    }
}

fn unreached(trouble: &io::Error) -> PostTrouble {
    PostTrouble::Unreached(trouble.to_string())
}

/// Writes a file so that after a crash it is there whole or not at all: under another name, to
/// the disk, renamed, the folder to the disk.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}

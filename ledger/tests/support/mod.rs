//! A made-up ledger: leaves in order, a key, and a folder to publish them in.

use std::path::Path;

use entremise_audit::PAGE;
use entremise_core::id::CaseId;
use entremise_core::ledger::{Actor, Entry, Kind, Leaf, Subject};
use entremise_ledger::publish::SourceError;
use entremise_ledger::witness::{Asked, add_cosignatures};
use entremise_ledger::{
    Leaves, LogKey, Options, Place, PublicKey, Published, Report, WitnessSigner, publish, verify,
};
use jiff::{SignedDuration, Timestamp};

pub const ORIGIN: &str = "autorite.example/fr-graduated-response";

pub fn start() -> Timestamp {
    "2026-01-10T09:00:00Z".parse().unwrap()
}

/// Leaves in memory; a store in the small.
#[derive(Clone, Default)]
pub struct Book {
    pub leaves: Vec<Leaf>,
}

impl Book {
    /// Cases that each take an event, an intent and its outcome, one entry a second.
    pub fn of(size: u64) -> Self {
        let mut book = Self::default();
        book.grow_to(size);
        book
    }

    pub fn grow_to(&mut self, size: u64) {
        for seq in self.leaves.len() as u64..size {
            let kind = match seq % 3 {
                0 => Kind::Event("notice_accepted"),
                1 => Kind::Intent("ask_provider"),
                _ => Kind::Outcome("asked"),
            };
            self.leaves.push(leaf(seq, u128::from(seq / 3), kind));
        }
    }
}

pub fn leaf(seq: u64, case: u128, kind: Kind) -> Leaf {
    let entry = Entry {
        at: start() + SignedDuration::from_secs(i64::try_from(seq).unwrap()),
        regime: "fr-graduated-response".parse().unwrap(),
        regime_digest: "5a".repeat(32),
        subject: Subject::Case(CaseId(uuid::Uuid::from_u128(case))),
        kind,
        actor: Actor::House,
        body: seq.to_be_bytes().to_vec(),
    };
    Leaf::new(seq, &"autorite".parse().unwrap(), &entry, &[7; 16])
}

impl Leaves for Book {
    fn size(&mut self) -> Result<u64, SourceError> {
        Ok(self.leaves.len() as u64)
    }

    /// Hands out at most 100 at once, as a store with its own mind would.
    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, SourceError> {
        let from = usize::try_from(from)?;
        let some = self.leaves.iter().skip(from).take(most.min(100));
        Ok(some.map(Leaf::to_bytes).collect())
    }
}

pub fn key() -> LogKey {
    LogKey::from_seed(ORIGIN, &[42; 32]).unwrap()
}

pub fn other_key() -> LogKey {
    LogKey::from_seed(ORIGIN, &[43; 32]).unwrap()
}

pub fn publish_book(book: &mut Book, folder: &Path) -> Published {
    publish(book, folder, &key(), start()).unwrap()
}

/// A ledger that was published at each of these sizes, one after the other.
pub fn publish_in_steps(sizes: &[u64], folder: &Path) -> Published {
    let mut book = Book::default();
    let mut last = None;
    for size in sizes {
        book.grow_to(*size);
        last = Some(publish_book(&mut book, folder));
    }
    last.unwrap()
}

pub fn verify_with(folder: &Path, keys: &[PublicKey]) -> Report {
    let options = Options { keys: keys.to_vec(), ..Options::default() };
    verify(&Place::folder(folder), options).unwrap()
}

/// Verified with the key it was signed with.
pub fn verified(folder: &Path) -> Report {
    verify_with(folder, &[key().public().clone()])
}

pub fn verified_since(folder: &Path, checkpoint: &str) -> Report {
    let keys = vec![key().public().clone()];
    let since = Some(checkpoint.as_bytes().to_vec());
    verify(&Place::folder(folder), Options { keys, since, ..Options::default() }).unwrap()
}

/// All files of the ledger, relative: without hidden ones and the page beside it.
pub fn files(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, below: &Path, files: &mut Vec<String>) {
        for entry in std::fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if !path.file_name().unwrap().to_string_lossy().starts_with('.') {
                files.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut files = Vec::new();
    walk(folder, folder, &mut files);
    files.retain(|file| PAGE.iter().all(|(name, _)| name != file));
    files.sort();
    files
}

pub fn flip_bit(file: &Path, place: usize, bit: u8) {
    let mut bytes = std::fs::read(file).unwrap();
    let place = place % bytes.len();
    bytes[place] ^= 1 << (bit % 8);
    std::fs::write(file, bytes).unwrap();
}

pub fn copy_folder(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(&file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(from.join(&file), target).unwrap();
    }
}

pub fn witness_key(name: &str, seed: u8) -> WitnessSigner {
    WitnessSigner::from_seed(name, &[seed; 32]).unwrap()
}

/// The note's text: what everybody signs.
pub fn text_of(note: &str) -> String {
    format!("{}\n", note.rsplit_once("\n\n").unwrap().0)
}

/// Lets a witness cosign whatever stands, as a dishonest one would.
pub fn cosign_blindly(folder: &Path, witness: &WitnessSigner, at: Timestamp) {
    let checkpoint = std::fs::read_to_string(folder.join("checkpoint")).unwrap();
    let line = witness.cosign(&text_of(&checkpoint), at);
    add_cosignatures(folder, &[Asked { checkpoint, line }]).unwrap();
}

//! A signed head: who says it, of how many entries, with which root.

use signed_note::{Note, NoteError, Verifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash};

use crate::key::PublicKey;

/// A checkpoint whose signature was checked (but for [`unchecked`]).
#[derive(Clone, Debug)]
pub struct Head {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    /// Name and number of the key that signed; empty when unchecked.
    pub signed_by: String,
    /// The note as it was read.
    pub text: String,
}

/// Why a checkpoint is none.
#[derive(Debug, thiserror::Error)]
pub enum HeadHarm {
    #[error("no key to check the checkpoint with: none was given and none lies beside it")]
    NoKey,
    #[error("a byte of it was changed: this is not a checkpoint any more ({why})")]
    Form { why: &'static str },
    #[error("a byte of it was changed: the signature of {key} does not fit the text")]
    Signature { key: String },
    #[error("it is not signed with a key you trust, but with: {found}")]
    Unsigned { found: String },
}

/// Reads a checkpoint and checks that one of the keys signed it.
pub fn read_head(bytes: &[u8], keys: &[PublicKey]) -> Result<Head, HeadHarm> {
    let note = Note::from_bytes(bytes).map_err(|_| HeadHarm::Form { why: "not a signed note" })?;
    let checkpoint =
        checkpoint(&note).ok_or(HeadHarm::Form { why: "not origin, size and root" })?;
    if note.to_bytes() != bytes {
        return Err(HeadHarm::Form { why: "spelt in an unusual way" });
    }
    if keys.is_empty() {
        return Err(HeadHarm::NoKey);
    }
    let verifiers = keys.iter().map(|key| Box::new(key.verifier()) as Box<dyn Verifier>);
    let (signed, _) =
        note.verify(&VerifierList::new(verifiers.collect())).map_err(|trouble| match trouble {
            NoteError::InvalidSignature { name, id } => {
                HeadHarm::Signature { key: format!("{name}+{id:08x}") }
            }
            _ => HeadHarm::Unsigned { found: signers(bytes) },
        })?;
    let signed_by = signed.first().map_or_else(String::new, |signature| {
        format!("{}+{:08x}", signature.name(), signature.id())
    });
    Ok(Head { signed_by, ..describe(&checkpoint, bytes) })
}

/// What the text says, for finding out more about a checkpoint that failed.
pub fn unchecked(bytes: &[u8]) -> Option<Head> {
    let note = Note::from_bytes(bytes).ok()?;
    Some(describe(&checkpoint(&note)?, bytes))
}

/// Whose checkpoint the text says it is.
pub fn origin_of(bytes: &[u8]) -> Option<String> {
    unchecked(bytes).map(|head| head.origin)
}

fn checkpoint(note: &Note) -> Option<Checkpoint> {
    // A tree of more entries than this cannot exist, and sums over it would overflow.
    Checkpoint::from_bytes(note.text()).ok().filter(|checkpoint| checkpoint.size() < 1 << 48)
}

fn describe(checkpoint: &Checkpoint, bytes: &[u8]) -> Head {
    Head {
        origin: checkpoint.origin().to_owned(),
        size: checkpoint.size(),
        root: *checkpoint.hash(),
        signed_by: String::new(),
        text: String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The names on the signature lines, as far as they can be read.
fn signers(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let names = text.lines().filter_map(|line| line.strip_prefix("— ")?.split(' ').next());
    names.map(str::to_owned).collect::<Vec<_>>().join(", ")
}

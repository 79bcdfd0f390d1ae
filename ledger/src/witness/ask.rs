//! The ledger's side: asks a witness for its cosignature and puts it under the checkpoint.
//!
//! How the request travels is an argument; nothing here waits or knows an address.

use std::path::Path;

use entremise_audit::cosignature::Witnesses;
use entremise_audit::head::unchecked;
use entremise_audit::place::{Fetch, Folder};
use entremise_audit::{CHECKPOINT, WitnessKey};

use super::request::Request;
use crate::publish::{self, PublishError};
use crate::receipt::{NoReceipt, continues, standing};
use crate::write::Writer;

/// Carries a body to the witness; gives back status and body.
pub type Send<'a> = &'a dyn Fn(String) -> Result<(u16, String), String>;

/// A cosignature that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The checkpoint it is over.
    pub checkpoint: String,
    /// The signature line.
    pub line: String,
}

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
pub enum NotCosigned {
    #[error("the witness cannot be reached: {0}")]
    Silent(String),
    #[error(
        "the witness saw {seen} entries and the ledger has {size}: the ledger was rolled back, or \
         somebody else publishes under its key"
    )]
    Ahead { seen: u64, size: u64 },
    #[error(
        "the witness saw another ledger under this key (answer {status}): it refuses to cosign two \
         histories"
    )]
    OtherHistory { status: u16 },
    #[error("the witness refuses (answer {status}): {why}")]
    Refused { status: u16, why: String },
    #[error("the witness answered with something that is not its cosignature")]
    NotItsSignature,
    #[error(transparent)]
    Ledger(#[from] NoReceipt),
}

/// Asks one witness about the checkpoint in place. `guess` is the size it probably saw last; when
/// it saw another, it says so and is asked again.
///
/// # Errors
/// [`NotCosigned`]; the checkpoint stands as it is.
pub fn ask(
    place: &dyn Fetch,
    witness: &WitnessKey,
    guess: u64,
    send: Send<'_>,
) -> Result<Asked, NotCosigned> {
    let head = standing(place)?;
    let mut old = guess.min(head.size);
    for last in [false, true] {
        let proof = continues(place, &head, old)?;
        let request = Request { old, proof, checkpoint: head.text.clone() };
        let (status, body) = send(request.to_string()).map_err(NotCosigned::Silent)?;
        match status {
            200 => return cosigned(&head.text, witness, &body),
            409 if !last => {
                let seen = body.trim_end().parse::<u64>().map_err(|_| NotCosigned::Refused {
                    status,
                    why: "it does not say which size it saw".to_owned(),
                })?;
                if seen > head.size {
                    return Err(NotCosigned::Ahead { seen, size: head.size });
                }
                if seen == old {
                    return Err(NotCosigned::OtherHistory { status });
                }
                old = seen;
            }
            409 | 422 => return Err(NotCosigned::OtherHistory { status }),
            _ => {
                let why = body.lines().next().unwrap_or_default().chars().take(200).collect();
                return Err(NotCosigned::Refused { status, why });
            }
        }
    }
    Err(NotCosigned::OtherHistory { status: 409 })
}

/// The witness's own line among those it answered with; others are ignored.
fn cosigned(checkpoint: &str, witness: &WitnessKey, body: &str) -> Result<Asked, NotCosigned> {
    let witnesses = Witnesses { keys: vec![witness.clone()], quorum: 1 };
    let line = body.lines().map(|line| format!("{line}\n")).find(|line| {
        let text = checkpoint.rsplit_once("\n\n").map_or("", |(text, _)| text);
        witnesses.look_at(&format!("{text}\n\n{line}")).good.len() == 1
    });
    let line = line.ok_or(NotCosigned::NotItsSignature)?;
    Ok(Asked { checkpoint: checkpoint.to_owned(), line })
}

/// Puts cosignatures under the checkpoint in place; those over an older one are dropped. A
/// witness's new line replaces its old one.
///
/// # Errors
/// [`PublishError::Busy`], [`PublishError::File`].
pub fn add_cosignatures(folder: &Path, asked: &[Asked]) -> Result<usize, PublishError> {
    let _lock = publish::lock(folder)?;
    let Ok(head) = standing(&Folder(folder.to_owned())) else { return Ok(0) };
    let (text, lines) = head.text.rsplit_once("\n\n").unwrap_or((&head.text, ""));
    let mut lines: Vec<String> = lines.lines().map(|line| format!("{line}\n")).collect();
    let mut added = 0;
    for asked in asked {
        let same = asked.checkpoint.rsplit_once("\n\n").is_some_and(|(over, _)| over == text);
        if same {
            let signer = signer(&asked.line);
            lines.retain(|line| self::signer(line) != signer);
            lines.push(asked.line.clone());
            added += 1;
        }
    }
    let note = format!("{text}\n\n{}", lines.concat());
    if added > 0 && unchecked(note.as_bytes()).is_some() {
        let mut writer = Writer::new(folder);
        writer.write(&[(CHECKPOINT.to_owned(), note.into_bytes())])?;
        writer.settle()?;
    }
    Ok(added)
}

/// Name and key number of a signature line: its first two words and the first bytes of the third.
fn signer(line: &str) -> Option<(String, u32)> {
    let line = signed_note::Signature::from_bytes(line.trim_end().as_bytes()).ok()?;
    Some((line.name().to_owned(), line.id()))
}

//! A text that an authority signed with its ledger's key, with whatever people wrote below it: an
//! order that is carried out by hand comes as such a file.
//!
//! C2SP signed-note: the text, an empty line, lines of signatures. A head of the ledger is signed
//! with the same key; its second line is a number, and no other text's is.

use signed_note::{Note, NoteError, Verifier, VerifierList};

use crate::key::PublicKey;

/// How a line of a signature begins.
const SIGNATURE: &str = "— ";

/// A text whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedText {
    pub text: String,
    /// Name and number of the key that signed.
    pub signed_by: String,
}

/// Why nobody has to believe a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextHarm {
    #[error("no key to check it with was given")]
    NoKey,
    #[error("there is no signature in it: an empty line and a line that begins with “— ”")]
    NotSigned,
    #[error("a byte of it was changed: the signature of {key} does not fit the text")]
    Changed { key: String },
    #[error("it is not signed with a key you trust")]
    OtherKey,
    #[error("it is the head of a ledger, and no other text")]
    IsHead,
}

/// Reads the signed text at the beginning of a file, and checks that one of the keys signed it.
/// Line ends may be those of any system; what stands below the signatures is nobody's word.
///
/// # Errors
/// [`TextHarm`].
pub fn read_signed(file: &str, keys: &[PublicKey]) -> Result<SignedText, TextHarm> {
    if keys.is_empty() {
        return Err(TextHarm::NoKey);
    }
    let file = file.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let (text, below) = file.split_once(&format!("\n\n{SIGNATURE}")).ok_or(TextHarm::NotSigned)?;
    let below = format!("{SIGNATURE}{below}");
    let signatures = below.lines().take_while(|line| line.starts_with(SIGNATURE));
    let signatures: String = signatures.map(|line| format!("{line}\n")).collect();
    let note = Note::from_bytes(format!("{text}\n\n{signatures}").as_bytes())
        .map_err(|_| TextHarm::NotSigned)?;
    if text.lines().nth(1).is_some_and(|size| size.parse::<u64>().is_ok()) {
        return Err(TextHarm::IsHead);
    }
    let verifiers = keys.iter().map(|key| Box::new(key.verifier()) as Box<dyn Verifier>);
    let (signed, _) =
        note.verify(&VerifierList::new(verifiers.collect())).map_err(|harm| match harm {
            NoteError::InvalidSignature { name, id } => {
                TextHarm::Changed { key: format!("{name}+{id:08x}") }
            }
            _ => TextHarm::OtherKey,
        })?;
    let by = signed.first().ok_or(TextHarm::OtherKey)?;
    let signed_by = format!("{}+{:08x}", by.name(), by.id());
    Ok(SignedText { text: format!("{text}\n"), signed_by })
}

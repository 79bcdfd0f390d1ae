//! Public keys: of a ledger, and of the witnesses that cosign it.
//!
//! Text form and key numbers are those of C2SP signed-note; a witness's key bears the type of
//! C2SP tlog-cosignature, so that one can never be taken for the other.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use signed_note::{StandardVerifier, Verifier as _};

/// The byte by which C2SP tlog-cosignature marks the Ed25519 key of a witness.
pub const COSIGNATURE: u8 = 4;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("this is not a public key in note form (name+number+base64): {why}")]
    Ledger { why: String },
    #[error("this is not the public key of a witness (name+number+base64): {why}")]
    Witness { why: &'static str },
}

/// A ledger's public key in note form: `name+number+base64`.
#[derive(Clone)]
pub struct PublicKey {
    text: String,
    verifier: StandardVerifier,
}

impl PublicKey {
    /// Reads the one spelling that the specification writes: a key file with a changed byte is not
    /// a key file.
    ///
    /// # Errors
    /// [`KeyError::Ledger`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bad = |why: &str| KeyError::Ledger { why: why.to_owned() };
        let verifier = StandardVerifier::new(text).map_err(|trouble| bad(&trouble.to_string()))?;
        let number = text.split('+').nth(1).ok_or_else(|| bad("it has no number"))?;
        if number != format!("{:08x}", verifier.key_id()) {
            return Err(bad("its number is written in another way"));
        }
        Ok(Self { text: text.to_owned(), verifier })
    }

    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// The text to print, publish and compare.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn verifier(&self) -> StandardVerifier {
        self.verifier.clone()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A witness's public key in note form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    pub name: String,
    /// First four bytes of the digest over name and key; stands on every signature line.
    pub number: u32,
    pub(crate) key: [u8; 32],
}

impl WitnessKey {
    /// # Errors
    /// [`KeyError::Witness`] for a name that cannot stand on a signature line.
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, KeyError> {
        if !signed_note::is_key_name_valid(name) {
            return Err(KeyError::Witness { why: "its name is empty or has a blank or '+' in it" });
        }
        let number = signed_note::key_id(name, &[&[COSIGNATURE], key.as_slice()].concat());
        Ok(Self { name: name.to_owned(), number, key })
    }

    /// Reads the one spelling that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    /// [`KeyError::Witness`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bad = |why| KeyError::Witness { why };
        let mut parts = text.splitn(3, '+');
        let (name, key) = (parts.next().unwrap_or_default(), parts.nth(1));
        let bytes = key.and_then(|key| BASE64_STANDARD.decode(key).ok());
        let bytes = bytes.ok_or_else(|| bad("it has no key in base64"))?;
        let key = match bytes.split_first() {
            Some((&COSIGNATURE, key)) => key,
            Some((1, _)) => return Err(bad("it is the key of a ledger, not of a witness")),
            _ => return Err(bad("it is a key of another kind")),
        };
        let key = key.try_into().map_err(|_| bad("an Ed25519 key has 32 bytes"))?;
        let read = Self::new(name, key)?;
        if read.to_string() == text { Ok(read) } else { Err(bad("its number is another key's")) }
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode([&[COSIGNATURE], self.key.as_slice()].concat());
        write!(formatter, "{}+{:08x}+{key}", self.name, self.number)
    }
}

//! What witnesses say about a checkpoint: that they saw it, when, and that it continues what they
//! saw before. C2SP tlog-cosignature, version 1.

use std::fmt;

use jiff::Timestamp;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Serialize;
use signed_note::Signature;

use crate::key::WitnessKey;

/// Bytes of an instant and an Ed25519 signature.
const COSIGNATURE_BYTES: usize = 8 + 64;

/// The bytes that a witness signs: the note's text behind two lines of its own.
pub fn message(at_secs: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {at_secs}\n{text}").into_bytes()
}

/// The witnesses that are known, and how many of them must have cosigned.
#[derive(Clone, Debug, Default)]
pub struct Witnesses {
    pub keys: Vec<WitnessKey>,
    pub quorum: usize,
}

/// One witness's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cosigned {
    pub witness: String,
    /// When it looked, by its own clock.
    pub at: Timestamp,
}

/// The cosignatures on one checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cosignatures {
    /// By known witnesses, valid.
    pub good: Vec<Cosigned>,
    /// Known witnesses whose cosignature does not fit the text.
    pub broken: Vec<String>,
    /// Known witnesses that did not cosign.
    pub absent: Vec<String>,
    /// How many more there are, by keys that nobody named.
    pub unknown: usize,
}

impl Witnesses {
    /// Reads the signature lines of a note.
    pub fn look_at(&self, note: &str) -> Cosignatures {
        let mut found = Cosignatures::default();
        let Some((text, lines)) = note.rsplit_once("\n\n") else { return found };
        let text = format!("{text}\n");
        let lines: Vec<Signature> =
            lines.lines().filter_map(|line| Signature::from_bytes(line.as_bytes()).ok()).collect();
        for key in &self.keys {
            let line = lines.iter().find(|line| key.wrote(line));
            match line.map(|line| key.holds(&text, line.signature())) {
                None => found.absent.push(key.name.clone()),
                Some(None) => found.broken.push(key.name.clone()),
                Some(Some(at)) => found.good.push(Cosigned { witness: key.name.clone(), at }),
            }
        }
        let named = |line: &Signature| self.keys.iter().any(|key| key.wrote(line));
        let strange = |line: &&Signature| line.signature().len() == COSIGNATURE_BYTES;
        found.unknown = lines.iter().filter(strange).filter(|line| !named(line)).count();
        found
    }

    /// What is missing to the quorum, in words; `None` when nothing is.
    pub fn missing(&self, found: &Cosignatures) -> Option<String> {
        (found.good.len() < self.quorum).then(|| {
            format!(
                "{} of the {} witnesses you named must have cosigned this checkpoint, and {} did; \
                 missing: {}. Nothing shows that others are shown the same ledger",
                self.quorum,
                self.keys.len(),
                found.good.len(),
                found.absent.iter().chain(&found.broken).cloned().collect::<Vec<_>>().join(", "),
            )
        })
    }
}

impl WitnessKey {
    fn wrote(&self, line: &Signature) -> bool {
        line.name() == self.name && line.id() == self.number
    }

    /// When the witness signed this text; `None` when it did not.
    pub fn holds(&self, text: &str, signature: &[u8]) -> Option<Timestamp> {
        let (at, signature) = signature.split_first_chunk::<8>()?;
        let at_secs = u64::from_be_bytes(*at);
        let key = UnparsedPublicKey::new(&ED25519, self.key);
        key.verify(&message(at_secs, text), signature).ok()?;
        Timestamp::from_second(i64::try_from(at_secs).ok()?).ok()
    }
}

impl fmt::Display for Cosigned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {}", self.witness, self.at)
    }
}

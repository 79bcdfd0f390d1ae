//! The compartments' own keys, and what is derived from each. Keys have no `Debug`.

mod share;
mod source;
mod token;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use entremise_wire::sealing::OpeningKey;
use ring::hmac;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::trouble::Trouble;

pub use share::{KeyShare, ShareError, recover, split};
pub use source::KeySource;
pub use token::Token;

/// A key of 32 bytes that is wiped from memory when it is dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// All compartments. The keys of the last three have versions; the cases' key has one for good,
/// because duplicates are found by it.
pub const COMPARTMENTS: [&str; 4] = ["cases", "evidence", "traffic", "identity"];

/// The keys of the four compartments.
#[derive(Clone)]
pub struct Keys {
    pub(crate) cases: Key,
    pub(crate) evidence: Ring,
    pub(crate) traffic: Ring,
    /// Also yields the pair to which providers seal disclosures.
    pub(crate) identity: Ring,
}

/// The versions of one compartment's key, one at the least, and where they were read from.
#[derive(Clone)]
pub(crate) struct Ring {
    name: &'static str,
    source: Option<Arc<KeySource>>,
    versions: BTreeMap<u32, Key>,
}

impl Keys {
    /// Reads the key files of a folder, making those that are missing, readable by their owner
    /// only. In operation each belongs on a volume, and to a role, of its own.
    pub fn load_or_make(folder: &Path, entropy: &dyn Entropy) -> Result<Self, Trouble> {
        let source = KeySource::Files(folder.to_owned());
        source.make_missing(entropy)?;
        Self::load(source)
    }

    /// Reads the keys from where they lie. One that is missing is an error: it is made or
    /// recovered by a person.
    pub fn load(source: KeySource) -> Result<Self, Trouble> {
        let source = Arc::new(source);
        let ring = |name| {
            let versions = source.read(name)?;
            if versions.is_empty() {
                return Err(Trouble::never(
                    "a compartment has no key; make it, or recover it from its shares",
                ));
            }
            Ok(Ring { name, source: Some(Arc::clone(&source)), versions })
        };
        let cases = ring("cases")?.versions.into_values().next();
        Ok(Self {
            cases: cases.ok_or(Trouble::never("the cases have no key"))?,
            evidence: ring("evidence")?,
            traffic: ring("traffic")?,
            identity: ring("identity")?,
        })
    }

    /// Keys that lie nowhere: for tests and measurements. They cannot be rotated.
    pub fn given(cases: [u8; 32], sealed: [[u8; 32]; 3]) -> Self {
        let ring = |name, key| {
            let versions = BTreeMap::from([(1, Zeroizing::new(key))]);
            Ring { name, source: None, versions }
        };
        let [evidence, traffic, identity] = sealed;
        Self {
            cases: Zeroizing::new(cases),
            evidence: ring("evidence", evidence),
            traffic: ring("traffic", traffic),
            identity: ring("identity", identity),
        }
    }
}

impl Ring {
    pub fn version(&self, number: u32) -> Option<&Key> {
        self.versions.get(&number)
    }

    pub fn newest(&self) -> Option<(u32, &Key)> {
        self.versions.last_key_value().map(|(number, key)| (*number, key))
    }

    /// The same ring as it lies now. One that lies nowhere stays as it is.
    pub fn read_again(&self) -> Result<Self, Trouble> {
        let Some(source) = &self.source else { return Ok(self.clone()) };
        let versions = source.read(self.name)?;
        if versions.is_empty() {
            return Err(Trouble::never("a compartment's keys are gone from where they lay"));
        }
        Ok(Self { name: self.name, source: self.source.clone(), versions })
    }

    /// The pairs of all versions, the newest first.
    pub fn pairs(&self) -> Vec<[u8; 32]> {
        self.versions.values().rev().map(|key| pair(key)).collect()
    }

    pub fn source(&self) -> Option<Arc<KeySource>> {
        self.source.clone()
    }
}

/// A key for one use, so that no two uses share one. HMAC-SHA256 of the use's name.
pub(crate) fn derive(key: &[u8; 32], using: &str) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), using.as_bytes());
    tag.as_ref().try_into().expect("HMAC-SHA256 yields 32 bytes")
}

/// Eight bytes by which a key is told from another; it can be written down and shown.
pub fn check_value(key: &[u8; 32]) -> [u8; 8] {
    let tag = derive(key, "entremise key check v1");
    tag[..8].try_into().expect("eight of 32 bytes")
}

/// What the key database of a compartment calls itself.
pub(crate) fn register_name(compartment: &str) -> &'static str {
    match compartment {
        "evidence" => "evidence keys",
        "traffic" => "traffic keys",
        _ => "identity keys",
    }
}

/// The secret half of the identity compartment's pair (X25519).
pub(crate) fn pair(identity: &[u8; 32]) -> [u8; 32] {
    derive(identity, "entremise disclosure x25519 v1")
}

pub(crate) fn opening_key(pair: &[u8; 32]) -> Result<OpeningKey, Trouble> {
    OpeningKey::from_bytes(pair)
        .map_err(|error| Trouble::never_from("the identity key yields no pair", error))
}

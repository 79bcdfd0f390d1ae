//! One key per compartment, and what is derived from each. Keys have no `Debug`.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use entremise_wire::sealing::OpeningKey;
use ring::hmac;

use crate::entropy::Entropy;
use crate::trouble::Trouble;

/// The key-encryption keys of the four compartments.
#[derive(Clone)]
pub struct Keys {
    pub cases: [u8; 32],
    pub evidence: [u8; 32],
    pub traffic: [u8; 32],
    /// Also yields the pair to which providers seal disclosures.
    pub identity: [u8; 32],
}

impl Keys {
    /// Reads the four key files of a folder, making those that are missing, readable by their
    /// owner only. In operation each belongs on a volume, and to a role, of its own.
    pub fn load_or_make(folder: &Path, entropy: &dyn Entropy) -> Result<Self, Trouble> {
        fs::create_dir_all(folder)
            .map_err(|error| Trouble::never_from("the key folder cannot be made", error))?;
        let key = |name| load_or_make(&folder.join(name), entropy);
        Ok(Self {
            cases: key("cases.key")?,
            evidence: key("evidence.key")?,
            traffic: key("traffic.key")?,
            identity: key("identity.key")?,
        })
    }
}

fn load_or_make(path: &Path, entropy: &dyn Entropy) -> Result<[u8; 32], Trouble> {
    let mut key = [0; 32];
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            entropy.fill(&mut key);
            file.write_all(&key)
                .and_then(|()| file.sync_all())
                .map_err(|error| Trouble::never_from("a key file cannot be written", error))?;
            Ok(key)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mut held = Vec::new();
            fs::File::open(path)
                .and_then(|mut file| file.read_to_end(&mut held))
                .map_err(|error| Trouble::never_from("a key file cannot be read", error))?;
            held.try_into().map_err(|_| Trouble::never("a key file is not 32 bytes long"))
        }
        Err(error) => Err(Trouble::never_from("a key file cannot be made", error)),
    }
}

/// A key for one use, so that no two uses share one. HMAC-SHA256 of the use's name.
pub(crate) fn derive(key: &[u8; 32], using: &str) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), using.as_bytes());
    tag.as_ref().try_into().expect("HMAC-SHA256 yields 32 bytes")
}

/// The identity compartment's own pair (X25519).
pub(crate) fn opening_key(identity: &[u8; 32]) -> Result<OpeningKey, Trouble> {
    OpeningKey::from_bytes(&derive(identity, "entremise disclosure x25519 v1"))
        .map_err(|error| Trouble::never_from("the identity key yields no pair", error))
}

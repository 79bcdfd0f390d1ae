//! Key files (Ed25519) of persons who sign on a machine of their own: reviewers, members,
//! signatories of a pilot.

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_store::{Entropy as _, SystemEntropy};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The largest file that is read here. Unit: bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// No `Debug`: it holds a secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile<Id> {
    form: String,
    id: Id,
    /// Ed25519, 32 bytes, base64url.
    secret: String,
}

/// Whose keys a file holds: the first line of its form, and the table of the configuration in which
/// its public half stands.
#[derive(Clone, Copy)]
pub struct Holder {
    pub form: &'static str,
    pub table: &'static str,
}

impl Holder {
    /// A new key in a file that only this account reads; its public half is printed.
    pub fn make(self, id: &(impl Serialize + Display), out: &Path) -> anyhow::Result<()> {
        let mut seed = [0; 32];
        SystemEntropy::default().fill(&mut seed);
        let secret = URL_SAFE_NO_PAD.encode(seed);
        let file = KeyFile { form: self.form.to_owned(), id, secret };
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| anyhow::anyhow!("the system gave no usable randomness"))?;
        write_private(out, &(serde_json::to_string_pretty(&file)? + "\n"))?;
        self.print(id, &pair);
        Ok(())
    }

    /// What the configuration names, as TOML.
    pub fn print(self, id: &impl Display, pair: &Ed25519KeyPair) {
        println!("[[{}]]", self.table);
        println!("id = \"{id}\"");
        println!("public_key = \"{}\"", URL_SAFE_NO_PAD.encode(pair.public_key()));
    }

    /// Whose key it is, and the key.
    pub fn read<Id: DeserializeOwned>(self, path: &Path) -> anyhow::Result<(Id, Ed25519KeyPair)> {
        let text = read_text(path)?;
        // The parser's words could repeat what it read.
        let file: KeyFile<Id> = serde_json::from_str(&text)
            .ok()
            .filter(|file: &KeyFile<Id>| file.form == self.form)
            .with_context(|| format!("{} is no key file", path.display()))?;
        let pair = URL_SAFE_NO_PAD
            .decode(&file.secret)
            .ok()
            .and_then(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).ok())
            .with_context(|| format!("{} holds no usable key", path.display()))?;
        Ok((file.id, pair))
    }
}

pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(path)
        .with_context(|| format!("{} cannot be read", path.display()))?
        .len();
    if size > FILE_BYTES_MAX {
        bail!("{} is too large", path.display());
    }
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// A new file that only this account reads; one that is there is never overwritten.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// Asks for the word itself, not for a yes: a tired hand does not type it by mistake.
pub fn confirmed(word: &str) -> anyhow::Result<bool> {
    use std::io::BufRead as _;
    eprint!("Type \"{word}\" to sign: ");
    std::io::stderr().flush()?;
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    Ok(typed.trim() == word)
}

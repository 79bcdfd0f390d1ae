//! Where the compartments' keys lie: files, what systemd hands to the unit, or files that a PKCS#11
//! token has wrapped.
//!
//! Version 1 is called `evidence.key`, a later one `evidence.2.key`; wrapped ones end in
//! `.wrapped`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::token::Token;
use super::{COMPARTMENTS, Key};
use crate::entropy::Entropy;
use crate::trouble::Trouble;

/// Where the keys lie.
#[derive(Clone)]
pub enum KeySource {
    /// A folder of files of 32 bytes.
    Files(PathBuf),
    /// `$CREDENTIALS_DIRECTORY`, as systemd hands it to the unit (`LoadCredentialEncrypted=`): the
    /// same files, which only an operator can change.
    Credentials(PathBuf),
    /// A folder of wrapped keys, and the token that opens them.
    Token { folder: PathBuf, token: Token },
}

impl KeySource {
    /// All versions of a compartment's key that lie there.
    pub fn read(&self, name: &str) -> Result<BTreeMap<u32, Key>, Trouble> {
        let mut versions = BTreeMap::new();
        let cannot = |error| Trouble::never_from("the key folder cannot be read", error);
        let entries = match fs::read_dir(self.folder()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(versions),
            Err(error) => return Err(cannot(error)),
        };
        for entry in entries {
            let entry = entry.map_err(cannot)?;
            let file = entry.file_name();
            let named = file.to_str().and_then(|file| version_of(file, name, self.ending()));
            let Some(version) = named else { continue };
            let held = Zeroizing::new(
                fs::read(entry.path())
                    .map_err(|error| Trouble::never_from("a key file cannot be read", error))?,
            );
            versions.insert(version, self.open(&held, &bound_to(name, version))?);
        }
        Ok(versions)
    }

    /// Makes the first key of each compartment that has none.
    pub fn make_missing(&self, entropy: &dyn Entropy) -> Result<(), Trouble> {
        for name in COMPARTMENTS {
            if self.read(name)?.is_empty() {
                let mut key = Zeroizing::new([0; 32]);
                entropy.fill(&mut *key);
                self.add(name, 1, &key)?;
            }
        }
        Ok(())
    }

    /// Lays down one version of a key. One that lies there already is not written over.
    pub fn add(&self, name: &str, version: u32, key: &Key) -> Result<(), Trouble> {
        let held = match self {
            Self::Files(_) => Zeroizing::new(key.to_vec()),
            Self::Token { token, .. } => Zeroizing::new(token.wrap(key, &bound_to(name, version))?),
            Self::Credentials(_) => {
                return Err(Trouble::never(
                    "credentials cannot be written from here: add the credential of the next \
                     version to the unit, start it anew, then do this again",
                ));
            }
        };
        let folder = self.folder();
        fs::create_dir_all(folder)
            .map_err(|error| Trouble::never_from("the key folder cannot be made", error))?;
        let path = folder.join(file_name(name, version, self.ending()));
        lay_down(folder, &path, &held)
            .map_err(|error| Trouble::never_from("a key file cannot be written", error))
    }

    /// Destroys one version: written over, then removed. One that is not there is destroyed.
    pub fn destroy(&self, name: &str, version: u32) -> Result<(), Trouble> {
        if matches!(self, Self::Credentials(_)) {
            return Err(Trouble::never(
                "credentials cannot be removed from here: take the old version's credential out \
                 of the unit and destroy it where it is kept",
            ));
        }
        let folder = self.folder();
        let path = folder.join(file_name(name, version, self.ending()));
        let cannot = |error| Trouble::never_from("a key file cannot be destroyed", error);
        match OpenOptions::new().write(true).open(&path) {
            Ok(mut file) => {
                file.write_all(&[0; 64]).and_then(|()| file.sync_all()).map_err(cannot)?;
                fs::remove_file(&path).map_err(cannot)?;
                File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(cannot(error)),
        }
    }

    fn open(&self, held: &[u8], bound_to: &str) -> Result<Key, Trouble> {
        if let Self::Token { token, .. } = self {
            return token.unwrap(held, bound_to);
        }
        let key = <[u8; 32]>::try_from(held)
            .map_err(|_| Trouble::never("a key file is not 32 bytes long"))?;
        Ok(Zeroizing::new(key))
    }

    pub fn folder(&self) -> &Path {
        match self {
            Self::Files(folder) | Self::Credentials(folder) | Self::Token { folder, .. } => folder,
        }
    }

    fn ending(&self) -> &'static str {
        if matches!(self, Self::Token { .. }) { ".wrapped" } else { ".key" }
    }
}

/// Written whole under another name and then named: a crash leaves no half a key, and of two who
/// make one at the same time the first is believed.
fn lay_down(folder: &Path, path: &Path, held: &[u8]) -> std::io::Result<()> {
    let part = path.with_extension(format!("part-{}", std::process::id()));
    let options = &mut OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(held)?;
    file.sync_all()?;
    match fs::hard_link(&part, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => fs::remove_file(&part)?,
    }
    File::open(folder)?.sync_all()
}

fn bound_to(name: &str, version: u32) -> String {
    format!("entremise {name} key {version}")
}

fn file_name(name: &str, version: u32, ending: &str) -> String {
    if version == 1 { format!("{name}{ending}") } else { format!("{name}.{version}{ending}") }
}

/// The version that a file holds; none where it is no key of this compartment.
fn version_of(file: &str, name: &str, ending: &str) -> Option<u32> {
    let middle = file.strip_prefix(name)?.strip_suffix(ending)?;
    if middle.is_empty() {
        return Some(1);
    }
    middle.strip_prefix('.')?.parse().ok().filter(|version| *version > 1)
}

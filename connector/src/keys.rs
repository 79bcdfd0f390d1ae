//! The provider's own secrets, in one file that only the connector's account may read.
//!
//! * `index`: seals account names on disk (AES-256-GCM) and keys the names they are found by.
//! * `handles`: keys of the handles given to authorities, each with an id; the last one is used
//!   for new answers, the earlier ones stay known so that older handles can be disclosed.
//! * `signing`: the Ed25519 seed that signs answers.
//!
//! Whoever has this file can tell from a handle whose it is: it never leaves the provider.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_wire::signature::SigningKey;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// The key file. No `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    pub index: Secret,
    pub handles: Vec<HandleKey>,
    pub signing: SigningSecret,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandleKey {
    pub id: String,
    pub secret: Secret,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningSecret {
    pub id: String,
    pub seed: Secret,
}

/// 32 secret bytes, in base64 in the file. No `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Secret([u8; 32]);

impl TryFrom<String> for Secret {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let bytes = STANDARD.decode(text).map_err(|_| "a key is not base64".to_owned())?;
        bytes.try_into().map(Self).map_err(|_| "a key has not 32 bytes".to_owned())
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> String {
        STANDARD.encode(secret.0)
    }
}

impl KeyFile {
    /// New keys from the system's randomness.
    pub fn generate() -> anyhow::Result<Self> {
        Ok(Self {
            index: Secret::generate()?,
            handles: vec![HandleKey { id: "h1".to_owned(), secret: Secret::generate()? }],
            signing: SigningSecret { id: "provider-1".to_owned(), seed: Secret::generate()? },
        })
    }

    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            fs::read(path).with_context(|| format!("reading the keys {}", path.display()))?;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o077 != 0 {
            bail!(
                "{} can be read by others (mode {:o}); run: chmod 600 {}",
                path.display(),
                mode & 0o777,
                path.display()
            );
        }
        let keys: Self = serde_json::from_slice(&text)
            .map_err(|_| anyhow::anyhow!("{} is not a key file", path.display()))?;
        if keys.handles.is_empty() {
            bail!("{} holds no handle key", path.display());
        }
        Ok(keys)
    }

    /// Writes a new file; never over an existing one.
    pub fn write_new(&self, path: &Path) -> anyhow::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("writing the keys {}", path.display()))?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        Ok(())
    }

    /// The keys of an index: read, or made on the first load.
    pub fn of_index(directory: &Path) -> anyhow::Result<Self> {
        let path = Self::path_in(directory);
        if path.exists() {
            return Self::read(&path);
        }
        let keys = Self::generate()?;
        keys.write_new(&path)?;
        Ok(keys)
    }

    pub fn path_in(directory: &Path) -> PathBuf {
        directory.join("keys.json")
    }

    /// Adds a new handle key: from now on new handles are made with it.
    pub fn rotate(&mut self, path: &Path) -> anyhow::Result<String> {
        let id = format!("h{}", self.handles.len() + 1);
        self.handles.push(HandleKey { id: id.clone(), secret: Secret::generate()? });
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        self.write_new(&fresh)?;
        fs::rename(&fresh, path)?;
        if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        Ok(id)
    }

    pub fn handle_key(&self) -> &HandleKey {
        self.handles.last().expect("a key file without handle key is refused when read")
    }

    pub fn signing_key(&self) -> anyhow::Result<SigningKey> {
        Ok(SigningKey::from_seed(self.signing.id.clone(), &self.signing.seed.0)?)
    }
}

impl Secret {
    pub fn generate() -> anyhow::Result<Self> {
        Ok(Self(random()?))
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key for one purpose only, so that no two uses share one.
    fn purpose(&self, purpose: &str) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose.as_bytes())
    }

    /// An HMAC-SHA256 key for one purpose.
    pub fn keyed(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.purpose(purpose).as_ref())
    }

    /// A sealer for one purpose.
    pub fn sealer(&self, purpose: &str) -> Sealer {
        let key = UnboundKey::new(&AES_256_GCM, self.purpose(purpose).as_ref())
            .expect("an HMAC-SHA256 tag has the length of an AES-256 key");
        Sealer(LessSafeKey::new(key))
    }
}

pub(crate) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("the machine gives no randomness"))?;
    Ok(bytes)
}

/// Random nonces, asked of the system many at a time.
#[derive(Default)]
pub struct Nonces(Vec<[u8; NONCE_LEN]>);

impl Nonces {
    pub fn draw(&mut self) -> anyhow::Result<[u8; NONCE_LEN]> {
        if self.0.is_empty() {
            let bytes: [u8; 256 * NONCE_LEN] = random()?;
            self.0.extend_from_slice(bytes.as_chunks().0);
        }
        self.0.pop().context("the machine gives no randomness")
    }
}

/// AES-256-GCM with a random nonce in front of each text.
pub struct Sealer(LessSafeKey);

impl Sealer {
    pub fn seal(&self, plaintext: &[u8], bound_to: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.seal_with(random()?, plaintext, bound_to)
    }

    /// The same with a nonce out of [`Nonces`]: for many texts at once.
    pub fn seal_with(
        &self,
        nonce: [u8; NONCE_LEN],
        plaintext: &[u8],
        bound_to: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(bound_to), &mut sealed[NONCE_LEN..])
            .map_err(|_| anyhow::anyhow!("the text is too long to seal"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// None where the text was changed, moved, or sealed with another key.
    pub fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let length = self.0.open_in_place(nonce, Aad::from(bound_to), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

//! The keys that sign: a ledger's for its checkpoints, a witness's for its cosignatures.
//!
//! Text form and key numbers are those of C2SP signed-note. Randomness is an argument, so that a
//! simulation can repeat itself.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use entremise_audit::cosignature::message;
use entremise_audit::key::COSIGNATURE;
use entremise_audit::{PublicKey, WitnessKey};
use jiff::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use signed_note::{Note, Signature, StandardSigner};

/// The byte by which C2SP signed-note marks an Ed25519 key.
const ED25519: u8 = 1;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{given:?} cannot be the name of a key: it is empty, or has a blank or a '+' in it")]
    Name { given: String },
    #[error(
        "this text cannot be signed: it is too long, has no end of line or a control character"
    )]
    Text,
    #[error("{path}: this is not a signing key in note form (PRIVATE+KEY+name+number+base64)")]
    Private { path: PathBuf },
    #[error("{path}: the key is for {found}, not for {expected}")]
    OtherOrigin { path: PathBuf, found: String, expected: String },
    #[error("{path}: cannot be {doing}: {source}")]
    File { path: PathBuf, doing: &'static str, source: std::io::Error },
}

/// A key that signs for one origin. Has no `Debug`: it would print the secret.
pub struct LogKey {
    origin: String,
    signer: StandardSigner,
    private: String,
    public: PublicKey,
}

impl LogKey {
    /// The key that this seed makes, always the same one.
    ///
    /// # Errors
    /// [`KeyError::Name`] when the origin cannot name a key.
    pub fn from_seed(origin: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        if !signed_note::is_key_name_valid(origin) {
            return Err(KeyError::Name { given: origin.to_owned() });
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .expect("32 bytes are a seed, and no public key is given that could disagree");
        let public = [&[ED25519], pair.public_key().as_ref()].concat();
        let number = signed_note::key_id(origin, &public);
        let secret = BASE64_STANDARD.encode([&[ED25519], seed.as_slice()].concat());
        let private = format!("PRIVATE+KEY+{origin}+{number:08x}+{secret}");
        let public = format!("{origin}+{number:08x}+{}", BASE64_STANDARD.encode(public));
        let signer = StandardSigner::new(&private).expect("it was just put together as it wants");
        let public = PublicKey::parse(&public).expect("it was just put together as it wants");
        Ok(Self { origin: origin.to_owned(), signer, private, public })
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// When there is none, it holds something else, or a key for another origin.
    pub fn load(path: &Path, origin: &str) -> Result<Self, KeyError> {
        let file = |doing| move |source| KeyError::File { path: path.to_owned(), doing, source };
        let text = std::fs::read_to_string(path).map_err(file("read"))?;
        let private = || KeyError::Private { path: path.to_owned() };
        let line = text.strip_suffix('\n').unwrap_or(&text);
        StandardSigner::new(line).map_err(|_| private())?;
        let mut parts = line.splitn(5, '+').skip(2);
        let (found, secret) =
            (parts.next().ok_or_else(private)?, parts.nth(1).ok_or_else(private)?);
        if found != origin {
            let (found, expected) = (found.to_owned(), origin.to_owned());
            return Err(KeyError::OtherOrigin { path: path.to_owned(), found, expected });
        }
        let bytes = BASE64_STANDARD.decode(secret).map_err(|_| private())?;
        let seed = bytes.get(1..).and_then(|seed| seed.try_into().ok()).ok_or_else(private)?;
        Self::from_seed(origin, seed)
    }

    /// Reads a key file, or makes one (mode 0600) from the randomness of `fill` when there is none.
    ///
    /// # Errors
    /// As [`Self::load`]; an unreadable key is never replaced.
    pub fn load_or_make(
        path: &Path,
        origin: &str,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Self, KeyError> {
        if path.exists() {
            return Self::load(path, origin);
        }
        let mut seed = [0; 32];
        fill(&mut seed);
        let key = Self::from_seed(origin, &seed)?;
        save(path, &key.private)?;
        Ok(key)
    }

    /// What the key signs for; also its name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What everyone may know, and a verifier must.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A text under this key, as a C2SP signed note: the text, an empty line, the signature.
    /// Everybody checks it with [`entremise_audit::read_signed`], which takes no head of a ledger
    /// for a text.
    ///
    /// # Errors
    /// [`KeyError::Text`].
    pub fn sign_text(&self, text: &str) -> Result<String, KeyError> {
        let mut note = Note::new(text.as_bytes(), &[]).map_err(|_| KeyError::Text)?;
        note.add_sigs(&[&self.signer]).map_err(|_| KeyError::Text)?;
        String::from_utf8(note.to_bytes()).map_err(|_| KeyError::Text)
    }

    pub(crate) fn signer(&self) -> &StandardSigner {
        &self.signer
    }
}

/// Writes a key file (mode 0600). Never overwrites: a lost key ends a ledger.
fn save(path: &Path, private: &str) -> Result<(), KeyError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(format!("{private}\n").as_bytes())?;
            file.sync_all()
        })
        .map_err(|source| KeyError::File { path: path.to_owned(), doing: "written", source })
}

/// The key of a witness. Has no `Debug`: it would print the secret.
pub struct WitnessSigner {
    pair: Ed25519KeyPair,
    public: WitnessKey,
}

impl WitnessSigner {
    /// The key that this seed makes, always the same one.
    ///
    /// # Errors
    /// [`KeyError::Name`] when the name cannot stand on a signature line.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .expect("32 bytes are a seed, and no public key is given that could disagree");
        let key = pair.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes");
        let public =
            WitnessKey::new(name, key).map_err(|_| KeyError::Name { given: name.to_owned() })?;
        Ok(Self { pair, public })
    }

    /// Makes a key file (mode 0600) from this seed. Never overwrites one.
    ///
    /// # Errors
    /// [`KeyError::Name`], [`KeyError::File`].
    pub fn make(path: &Path, name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = Self::from_seed(name, seed)?;
        let secret = BASE64_STANDARD.encode([&[COSIGNATURE], seed.as_slice()].concat());
        save(path, &format!("PRIVATE+KEY+{name}+{:08x}+{secret}", key.public.number))?;
        Ok(key)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// When there is none, or it holds something else.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| KeyError::File {
            path: path.to_owned(),
            doing: "read",
            source,
        })?;
        let private = || KeyError::Private { path: path.to_owned() };
        let mut parts =
            text.trim_end().strip_prefix("PRIVATE+KEY+").ok_or_else(private)?.splitn(3, '+');
        let (Some(name), Some(_), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(private());
        };
        match BASE64_STANDARD.decode(secret).map_err(|_| private())?.split_first() {
            Some((&COSIGNATURE, seed)) => {
                Self::from_seed(name, seed.try_into().map_err(|_| private())?)
            }
            _ => Err(private()),
        }
    }

    /// What everyone may know, and a verifier must.
    pub fn public(&self) -> &WitnessKey {
        &self.public
    }

    /// The signature line over a checkpoint's text, C2SP tlog-cosignature version 1.
    pub fn cosign(&self, text: &str, now: Timestamp) -> String {
        let at_secs = u64::try_from(now.as_second()).expect("it is after 1970");
        let signature = self.pair.sign(&message(at_secs, text));
        let bytes = [at_secs.to_be_bytes().as_slice(), signature.as_ref()].concat();
        let line = Signature::new(self.public.name.clone(), self.public.number, bytes)
            .expect("the name was checked when the key was made");
        String::from_utf8(line.to_bytes()).expect("a signature line is text")
    }
}

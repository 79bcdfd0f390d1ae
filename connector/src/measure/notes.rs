//! What the provider's persons say to an order: a signed note each, left in a folder by the command
//! line and taken by the server. The signature is made with a key that only the person has; who can
//! write the folder, or the configuration of the authority, can say nothing in their name.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::id::{AuthorityId, OrderId, PersonId};
use entremise_wire::measure::Impossible;
use entremise_wire::signature::VerifyingKey;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::order::{Happened, Key, Order};
use super::state::word;
use crate::keys::random;

/// The folder in the index directory.
const FOLDER: &str = "measure-notes";
/// A note from further in the future was made by a clock that is wrong.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

/// What a person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    Approved,
    Declined { reason: Impossible },
}

/// One person's word on one version of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub authority: AuthorityId,
    pub order: OrderId,
    pub version: u32,
    /// SHA-256 of the version, hexadecimal: its handle, its window, its decision.
    pub digest: String,
    pub verdict: Verdict,
    pub by: PersonId,
    pub at: Timestamp,
    /// Ed25519 over [`Note::text`], base64.
    pub signature: String,
}

/// Why a note counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteRejected {
    #[error("no person of [measures] has this name")]
    UnknownPerson,
    #[error("the signature is not that person's")]
    BadSignature,
    #[error("there is no such order")]
    UnknownOrder,
    #[error("the order has another version by now; look at it again")]
    OtherVersion,
    #[error("this person approved it already; the second must be another")]
    SamePerson,
    #[error("it awaits no approval: it is approved, over, or was declined")]
    NotAwaited,
    #[error("it is in force under what was approved before; `measure stop` lifts it")]
    InForce,
    #[error("measures of this authority are stopped")]
    Stopped,
    #[error("it was signed before the order came, before the last stop, or in the future")]
    OutOfTime,
}

impl Note {
    /// What is signed.
    pub fn text(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Approved => "approved".to_owned(),
            Verdict::Declined { reason } => format!("declined {}", word(&reason)),
        };
        format!(
            "entremise measure approval v1\nauthority: {}\norder: {}\nversion: {}\ndigest: {}\n\
             verdict: {verdict}\nby: {}\nat: {}\n",
            self.authority, self.order, self.version, self.digest, self.by, self.at
        )
    }

    /// A person's word on an order as it stands now.
    pub fn signed(
        key: &PersonKey,
        (authority, number): &Key,
        order: &Order,
        verdict: Verdict,
        by: PersonId,
        at: Timestamp,
    ) -> Self {
        let mut note = Self {
            authority: authority.clone(),
            order: *number,
            version: order.order.version,
            digest: order.digest.clone(),
            verdict,
            by,
            at,
            signature: String::new(),
        };
        note.signature = STANDARD.encode(key.0.sign(note.text().as_bytes()));
        note
    }

    /// Leaves it for the server: whole or not at all.
    pub fn leave(&self, directory: &Path) -> anyhow::Result<PathBuf> {
        let folder = directory.join(FOLDER);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let name = hex::encode(random::<8>()?);
        let fresh = folder.join(format!("{name}.new"));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        let path = folder.join(format!("{name}.json"));
        fs::rename(&fresh, &path)?;
        Ok(path)
    }

    /// Whether it counts for this order now, and what then happened.
    pub fn judged(
        &self,
        persons: &[VerifyingKey],
        order: Option<&Order>,
        is_stopped: bool,
        switched_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Happened, NoteRejected> {
        let key = persons.iter().find(|key| key.key_id == self.by.as_str());
        let key = key.ok_or(NoteRejected::UnknownPerson)?;
        let signature = STANDARD.decode(&self.signature).unwrap_or_default();
        UnparsedPublicKey::new(&ED25519, key.public)
            .verify(self.text().as_bytes(), &signature)
            .map_err(|_| NoteRejected::BadSignature)?;
        let order = order.ok_or(NoteRejected::UnknownOrder)?;
        if order.order.version != self.version || order.digest != self.digest {
            return Err(NoteRejected::OtherVersion);
        }
        let since = switched_at.map_or(order.received_at, |switch| switch.max(order.received_at));
        if self.at < since || self.at > now.saturating_add(AHEAD_MAX).unwrap_or(now) {
            return Err(NoteRejected::OutOfTime);
        }
        if !order.awaits_approval() {
            return Err(NoteRejected::NotAwaited);
        }
        let (by, signature) = (self.by.clone(), self.signature.clone());
        match self.verdict {
            Verdict::Declined { .. } if order.touched => Err(NoteRejected::InForce),
            Verdict::Declined { reason } => {
                Ok(Happened::Declined { by, reason, at: now, signature })
            }
            Verdict::Approved if is_stopped => Err(NoteRejected::Stopped),
            Verdict::Approved if order.approvals.contains(&by) => Err(NoteRejected::SamePerson),
            Verdict::Approved => Ok(Happened::Approved { by, at: now, signature }),
        }
    }
}

/// The notes that lie there, in the order of their names; None for what is no note.
pub fn lying(directory: &Path) -> anyhow::Result<Vec<(PathBuf, Option<Note>)>> {
    let entries = match fs::read_dir(directory.join(FOLDER)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        outcome => outcome.context("reading the folder of notes")?,
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    let note = |path: PathBuf| {
        let note = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        (path, note)
    };
    Ok(paths.into_iter().map(note).collect())
}

/// A person's own key. No `Debug`.
pub struct PersonKey(Ed25519KeyPair);

impl PersonKey {
    /// Makes a key and writes its 32 secret bytes, base64, never over an existing file.
    pub fn write_new(path: &Path) -> anyhow::Result<Self> {
        let seed: [u8; 32] = random()?;
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("writing the key {}", path.display()))?;
        writeln!(file, "{}", STANDARD.encode(seed))?;
        file.sync_all()?;
        Self::from_seed(&seed)
    }

    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("reading the key {}", path.display()))?;
        let mode = fs::metadata(path)?.permissions().mode();
        ensure!(mode & 0o077 == 0, "{} can be read by others: chmod 600 it", path.display());
        let seed = STANDARD.decode(text.trim()).ok();
        let seed = seed.with_context(|| format!("{} is not a key", path.display()))?;
        Self::from_seed(&seed)
    }

    pub fn from_seed(seed: &[u8]) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(Self).map_err(|_| anyhow::anyhow!("a key has 32 bytes"))
    }

    /// What stands under `[[measures.person]]`.
    pub fn public(&self) -> String {
        STANDARD.encode(self.0.public_key().as_ref())
    }
}

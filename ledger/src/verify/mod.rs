//! Checks a published ledger from its files alone, in one pass and bounded memory.
//!
//! Says what it checked and, where something is wrong, which file, which entry, and in words what
//! happened to it. Trusts nothing that it reads; a key that the caller gives is the only anchor.

pub mod head;
mod leftovers;
pub mod report;
mod story;
mod walk;

use crate::keys::{KeyError, PublicKey};
use crate::place::{Fetch, FetchError, Place};
use crate::{CHECKPOINT, VKEY};
use head::{Head, HeadHarm, read_head};
use report::{Findings, Harm, LedgerReport, Report};
use story::Story;
use walk::Walk;

/// How far a verification is.
#[derive(Clone, Debug)]
pub struct Progress {
    pub origin: String,
    /// Entries done.
    pub done: u64,
    /// Entries in all.
    pub size: u64,
}

/// What the caller knows beforehand.
#[derive(Default)]
pub struct Options<'a> {
    /// Keys that are trusted. None: the key beside the checkpoint is used, and the report says that
    /// it proves nothing about who signed.
    pub keys: Vec<PublicKey>,
    /// A checkpoint that was saved earlier: everything it promised must still be there.
    pub since: Option<Vec<u8>>,
    /// Called every few thousand entries.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
}

/// Why nothing could be verified. Harm to a ledger is not an error but a finding of the report.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("{place}: there is no ledger here: no file called {CHECKPOINT}")]
    NoLedger { place: String },
    #[error("the older checkpoint cannot be used: {why}")]
    Since { why: String },
    #[error("the older checkpoint is of {origin}, and no ledger here is")]
    SinceOfOther { origin: String },
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Verifies every ledger at a place.
///
/// # Errors
/// [`VerifyError`] when there is nothing to verify or it cannot be read.
pub fn verify(place: &Place, mut options: Options<'_>) -> Result<Report, VerifyError> {
    let mut ledgers = Vec::new();
    let since = options.since.take();
    let mut since_met = since.is_none();
    for (folder, fetch) in place.ledgers()? {
        let mut ledger = Ledger { fetch: &*fetch, report: LedgerReport::new(&folder) };
        if !ledger.has_files()? {
            return Err(VerifyError::NoLedger { place: place.name().to_owned() });
        }
        since_met |= ledger.verify(&mut options, since.as_deref())?;
        ledgers.push(ledger.report);
    }
    if let (Some(bytes), false) = (&since, since_met) {
        let origin = head::origin_of(bytes).unwrap_or_default();
        return Err(VerifyError::SinceOfOther { origin });
    }
    Ok(Report { place: place.name().to_owned(), ledgers })
}

/// One ledger under verification.
struct Ledger<'a> {
    fetch: &'a dyn Fetch,
    report: LedgerReport,
}

impl Ledger<'_> {
    fn has_files(&self) -> Result<bool, FetchError> {
        if self.fetch.read(CHECKPOINT)?.is_some() || self.fetch.read(VKEY)?.is_some() {
            return Ok(true);
        }
        Ok(self.fetch.list()?.is_some_and(|files| files.iter().any(|file| file.contains("tile/"))))
    }

    /// Fills the report. Answers whether the older checkpoint belongs to this ledger.
    fn verify(
        &mut self,
        options: &mut Options<'_>,
        since: Option<&[u8]>,
    ) -> Result<bool, VerifyError> {
        let mut findings = Findings::default();
        let keys = self.keys(&options.keys, &mut findings)?;
        let head = self.head(&keys, &mut findings)?;
        let old = match since {
            Some(bytes) => self.since(bytes, &keys, head.as_ref(), &mut findings)?,
            None => None,
        };
        if let Some(head) = &head {
            self.report.take_head(head);
            let mut story = Story::new(&self.report.folder);
            let mut walk = Walk::new(self.fetch, head, old.as_ref(), &mut findings, &mut story);
            walk.run(&mut |done| {
                if let Some(progress) = &mut options.progress {
                    progress(Progress { origin: head.origin.clone(), done, size: head.size });
                }
            })?;
            let counts = walk.counts();
            self.report.take_counts(&counts, &story, old.as_ref());
            leftovers::check(self.fetch, head.size, &mut findings, &mut self.report)?;
        }
        self.report.take_findings(findings);
        Ok(old.is_some())
    }

    /// The keys to check the checkpoint with.
    fn keys(
        &mut self,
        trusted: &[PublicKey],
        findings: &mut Findings,
    ) -> Result<Vec<PublicKey>, VerifyError> {
        let beside = match self.fetch.read(VKEY)? {
            None => None,
            Some(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                match PublicKey::parse(&text) {
                    Ok(key) => Some(key),
                    Err(trouble) => {
                        findings.add(Harm::ChangedByte, VKEY, None, trouble.to_string());
                        None
                    }
                }
            }
        };
        if trusted.is_empty() {
            self.report.key_is_trusted = false;
            return Ok(beside.into_iter().collect());
        }
        self.report.key_is_trusted = true;
        if let Some(key) = beside.filter(|key| !trusted.contains(key)) {
            let words = format!("the key published here, {key}, is none of those you trust");
            findings.add(Harm::WrongKey, VKEY, None, words);
        }
        Ok(trusted.to_vec())
    }

    fn head(
        &self,
        keys: &[PublicKey],
        findings: &mut Findings,
    ) -> Result<Option<Head>, VerifyError> {
        let Some(bytes) = self.fetch.read(CHECKPOINT)? else {
            let words = "the checkpoint is missing: nothing says what this ledger should hold";
            findings.add(Harm::Missing, CHECKPOINT, None, words.to_owned());
            return Ok(None);
        };
        match read_head(&bytes, keys) {
            Ok(head) => Ok(Some(head)),
            Err(trouble) => {
                let harm = match trouble {
                    HeadHarm::NoKey | HeadHarm::Unsigned { .. } => Harm::WrongKey,
                    HeadHarm::Form { .. } | HeadHarm::Signature { .. } => Harm::ChangedByte,
                };
                findings.add(harm, CHECKPOINT, None, trouble.to_string());
                // What it says may still help to name the file that was changed.
                Ok(head::unchecked(&bytes))
            }
        }
    }

    /// The older checkpoint, when it is of this ledger.
    fn since(
        &self,
        bytes: &[u8],
        keys: &[PublicKey],
        head: Option<&Head>,
        findings: &mut Findings,
    ) -> Result<Option<Head>, VerifyError> {
        let origin = head::origin_of(bytes);
        if head.is_some_and(|head| Some(&head.origin) != origin.as_ref()) {
            return Ok(None);
        }
        let old =
            read_head(bytes, keys).map_err(|harm| VerifyError::Since { why: harm.to_string() })?;
        if let Some(head) = head.filter(|head| head.size < old.size) {
            let words = format!(
                "the ledger was rolled back: it was signed with {} entries and now has {}",
                old.size, head.size
            );
            findings.add(Harm::RolledBack, CHECKPOINT, None, words);
        }
        Ok(Some(old))
    }
}

//! Checks a published ledger from its files alone, in one pass and bounded memory.
//!
//! Says what it checked and, where something is wrong, which file, which entry, and in words what
//! happened to it. Trusts nothing that it reads; keys that the caller gives are the only anchors.

mod compare;
mod leftovers;
mod promise;
pub mod report;
mod story;
mod walk;

use crate::cosignature::Witnesses;
use crate::head::{self, Head, HeadHarm, read_head};
use crate::key::{KeyError, PublicKey};
use crate::place::{Fetch, FetchError, Place};
use crate::{CHECKPOINT, TIMESTAMPS, VKEY};
use promise::{Promise, Witnessed};
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
    /// Witnesses, and how many of them must have cosigned.
    pub witnesses: Witnesses,
    /// Certificates (DER) of time-stamping authorities. None: time stamps are not looked at.
    pub timestamp_roots: Vec<Vec<u8>>,
    /// An older copy of the same ledger, to name what became of each entry.
    pub against: Option<Place>,
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
    let mut since_met = options.since.is_none();
    for (folder, fetch) in place.ledgers()? {
        let mut ledger = Ledger { fetch: &*fetch, report: LedgerReport::new(&folder) };
        if !ledger.has_files()? {
            return Err(VerifyError::NoLedger { place: place.name().to_owned() });
        }
        since_met |= ledger.verify(&mut options)?;
        ledgers.push(ledger.report);
    }
    if let (Some(bytes), false) = (&options.since, since_met) {
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
    fn verify(&mut self, options: &mut Options<'_>) -> Result<bool, VerifyError> {
        let mut findings = Findings::default();
        let keys = self.keys(&options.keys, &mut findings)?;
        let head = self.head(&keys, &mut findings)?;
        let since = self.since(options, &keys, head.as_ref())?;
        let since_is_here = since.is_some();
        if let Some(head) = &head {
            self.report.take_head(head);
            let (mut promises, mut seen) = self.stamps(options, &keys, &mut findings)?;
            seen.extend(self.cosignatures(&options.witnesses, head, &mut findings));
            if let Some(since) = since {
                seen.extend(witnessed_by(&options.witnesses, &since.head));
                promises.push(since);
            }
            promises.iter().for_each(|promise| promise.check_length(head, &mut findings));
            let mut story = Story::new(&self.report.folder, seen);
            let mut walk = Walk::new(self.fetch, head, &promises, &mut findings, &mut story);
            walk.run(&mut |done| {
                if let Some(progress) = &mut options.progress {
                    progress(Progress { origin: head.origin.clone(), done, size: head.size });
                }
            })?;
            let counts = walk.counts();
            self.report.take_counts(&counts, &story, &promises);
            leftovers::check(self.fetch, head.size, &mut findings, &mut self.report)?;
            self.compare(options, head, &mut findings)?;
        }
        self.report.take_findings(findings);
        Ok(since_is_here)
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
        options: &Options<'_>,
        keys: &[PublicKey],
        head: Option<&Head>,
    ) -> Result<Option<Promise>, VerifyError> {
        let Some(bytes) = &options.since else { return Ok(None) };
        let origin = head::origin_of(bytes);
        if head.is_some_and(|head| Some(&head.origin) != origin.as_ref()) {
            return Ok(None);
        }
        let head =
            read_head(bytes, keys).map_err(|harm| VerifyError::Since { why: harm.to_string() })?;
        Ok(Some(Promise { head, whose: "the older checkpoint".to_owned() }))
    }

    fn stamps(
        &mut self,
        options: &Options<'_>,
        keys: &[PublicKey],
        findings: &mut Findings,
    ) -> Result<(Vec<Promise>, Vec<Witnessed>), FetchError> {
        if options.timestamp_roots.is_empty() {
            let list = self.fetch.read(&format!("{TIMESTAMPS}/index"))?.unwrap_or_default();
            let count = list.iter().filter(|byte| **byte == b'\n').count() as u64;
            if count > 0 {
                let words = "time stamps lie beside, not checked: name an authority you trust";
                self.report.check("timestamps", count, words.to_owned());
            }
            return Ok(Default::default());
        }
        let stamps = promise::stamped(self.fetch, keys, &options.timestamp_roots, findings)?;
        let words = "time stamps hold; no entry is dated against them".to_owned();
        self.report.check("timestamps", stamps.0.len() as u64, words);
        Ok(stamps)
    }

    /// Checks who cosigned, and gives back when they looked.
    fn cosignatures(
        &mut self,
        witnesses: &Witnesses,
        head: &Head,
        findings: &mut Findings,
    ) -> Vec<Witnessed> {
        let found = witnesses.look_at(&head.text);
        for witness in &found.broken {
            let words = format!("a byte of it was changed: {witness} never cosigned this text");
            findings.add(Harm::ChangedByte, CHECKPOINT, None, words);
        }
        if let Some(words) = witnesses.missing(&found) {
            findings.add(Harm::NotCosigned, CHECKPOINT, None, words);
        }
        for cosigned in &found.good {
            let words = format!("cosigned by {cosigned}");
            self.report.check("cosignature", 1, words);
        }
        if found.unknown > 0 {
            let words = "cosignatures of witnesses you did not name: not checked";
            self.report.check("cosignatures", found.unknown as u64, words.to_owned());
        }
        self.report.cosigned = found.good;
        witnessed_by(witnesses, head)
    }

    /// Holds the ledger against an older copy of itself.
    fn compare(
        &mut self,
        options: &Options<'_>,
        head: &Head,
        findings: &mut Findings,
    ) -> Result<(), VerifyError> {
        let Some(place) = &options.against else { return Ok(()) };
        for (folder, old) in place.ledgers()? {
            let bytes = old.read(CHECKPOINT)?.unwrap_or_default();
            let Some(old_head) = head::unchecked(&bytes) else { continue };
            if (folder == self.report.folder || folder.is_empty()) && old_head.origin == head.origin
            {
                let sizes = (old_head.size, head.size);
                let same = compare::compare(&*old, self.fetch, sizes, findings)?;
                let words = "entries are those of the older copy".to_owned();
                self.report.check("against", same, words);
            }
        }
        Ok(())
    }
}

/// What the named witnesses saw of a checkpoint.
fn witnessed_by(witnesses: &Witnesses, head: &Head) -> Vec<Witnessed> {
    let seen = |cosigned: crate::Cosigned| Witnessed {
        size: head.size,
        at: cosigned.at,
        by: format!("the witness {}", cosigned.witness),
    };
    witnesses.look_at(&head.text).good.into_iter().map(seen).collect()
}

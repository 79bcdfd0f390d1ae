//! What reading yields: per notice found, either the notice or everything its sender must correct.
//!
//! Knows nothing of parties, regimes or stores: who may send what is `server/intake`'s business.

use std::ops::Range;

use entremise_core::notice::Notice;
use entremise_core::rejection::{Code, Rejection};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::limits;
use crate::mail::OpenPgpKey;

/// What the channel knows and the bytes do not say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hint<'a> {
    /// The keys under which this sender's signed mails must verify. Empty: signatures are
    /// reported as [`Signature::Unverified`] and intake decides what that is worth.
    pub openpgp_keys: &'a [OpenPgpKey],
    /// When the input was received: a key that had expired by then signs nothing. None: the age
    /// of keys is not looked at, as when an old mail is checked by hand.
    pub received_at: Option<Timestamp>,
}

/// All that was found in one piece of input.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The outermost format: `acns`, `xarf`, `csv`, `ndjson`, `mail`, or `unknown`.
    pub format: &'static str,
    /// The version of the first notice.
    pub version: Option<String>,
    /// In the order of the input; never empty: input without a notice has one rejected item.
    pub outcomes: Vec<NoticeRead>,
}

impl Reading {
    /// Input that is refused as a whole.
    pub(crate) fn refused(format: &'static str, bytes: &[u8], rejection: Rejection) -> Self {
        let outcomes = vec![NoticeRead::refused(format, bytes, rejection)];
        Self { format, version: None, outcomes }
    }
}

/// One notice, or one place where a notice should have been.
#[derive(Clone, Debug)]
pub struct NoticeRead {
    /// The notice's own format, inside a mail too: `acns`, `xarf`, `csv`, `ndjson`, or `mail`
    /// and `unknown` where it did not come to that.
    pub format: &'static str,
    /// As declared or recognised: `1.2`, `4.2.0`; for tables the profile's version.
    pub version: Option<String>,
    /// Where it stands in the input: `line 12`, `byte 4096`, `part 2`. Shown, never parsed.
    pub place: String,
    /// Its bytes within what was read. Within a mail: within the decoded part.
    pub span: Range<usize>,
    /// SHA-256 of those bytes: the proof of what was sent, and the key to find a repetition.
    pub digest: [u8; 32],
    pub signature: Signature,
    pub verdict: Result<Notice, Vec<Rejection>>,
}

impl NoticeRead {
    pub(crate) fn new(format: &'static str, raw: &[u8], start: usize) -> Self {
        Self {
            format,
            version: None,
            place: format!("byte {start}"),
            span: start..start + raw.len(),
            digest: Sha256::digest(raw).into(),
            signature: Signature::Absent,
            verdict: Err(Vec::new()),
        }
    }

    pub(crate) fn refused(format: &'static str, raw: &[u8], rejection: Rejection) -> Self {
        let verdict = Err(vec![rejection]);
        Self { verdict, ..Self::new(format, raw, 0) }
    }

    /// Adds a reason to refuse; an accepted notice becomes a refused one.
    pub(crate) fn refuse(&mut self, rejection: Rejection) {
        match &mut self.verdict {
            Ok(_) => self.verdict = Err(vec![rejection]),
            Err(rejections) => rejections.push(rejection),
        }
    }
}

/// What is known about the sender's signature on the carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    Absent,
    /// There is one, and no key to check it with.
    Unverified,
    /// It holds under the key with this fingerprint (hexadecimal).
    Verified {
        key: String,
    },
    /// It does not hold, or not under the keys given; the item is rejected for it.
    Invalid,
}

impl Signature {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Unverified => "unverified",
            Self::Verified { .. } => "verified",
            Self::Invalid => "invalid",
        }
    }
}

/// Collects what is wrong with one notice, up to [`limits::REJECTIONS`].
#[derive(Default)]
pub(crate) struct Complaints(Vec<Rejection>);

impl Complaints {
    pub fn add(&mut self, code: Code, at: impl Into<String>, how: impl Into<String>) {
        self.push(Rejection::new(code, at, how));
    }

    pub fn push(&mut self, rejection: Rejection) {
        if self.0.len() < limits::REJECTIONS {
            self.0.push(rejection);
        }
    }

    /// The value, or None with the complaint noted.
    pub fn keep<T>(&mut self, outcome: Result<T, Rejection>) -> Option<T> {
        outcome.map_err(|rejection| self.push(rejection)).ok()
    }

    pub fn into_inner(self) -> Vec<Rejection> {
        self.0
    }

    /// The verdict: the notice, unless something was complained about.
    pub fn verdict(self, notice: Option<Notice>) -> Result<Notice, Vec<Rejection>> {
        match notice {
            Some(notice) if self.0.is_empty() => Ok(notice),
            _ => Err(self.0),
        }
    }
}

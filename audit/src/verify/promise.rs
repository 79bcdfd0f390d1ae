//! What was promised before: checkpoints that somebody kept, or had stamped with the time.
//!
//! A checkpoint signed once binds for ever. Whoever saw it at a known time proves, besides, which
//! entries were there at that time and which were not.

use jiff::Timestamp;
use tlog_tiles::Hash;

use super::report::{Findings, Harm};
use crate::TIMESTAMPS;
use crate::head::{Head, read_head};
use crate::key::PublicKey;
use crate::place::{Fetch, FetchError};
use crate::timestamp;

/// More time stamps than this are not looked at: one a day for thirty years.
const STAMPS_MAX: usize = 11_000;

/// A checkpoint that the ledger must keep.
#[derive(Clone, Debug)]
pub struct Promise {
    pub head: Head,
    /// How to call it: "the older checkpoint", "the checkpoint that … stamped on …".
    pub whose: String,
}

/// A size of the ledger that somebody else saw at a known time.
#[derive(Clone, Debug)]
pub struct Witnessed {
    pub size: u64,
    pub at: Timestamp,
    /// Who saw it, in words.
    pub by: String,
}

impl Promise {
    /// What it means that the first entries now give another root.
    pub(super) fn broken(&self, now: &Head, root: Hash) -> (Harm, String) {
        let (whose, size) = (&self.whose, self.head.size);
        if size == now.size {
            let words = format!(
                "two ledgers under one key (a split view): here {size} entries have the root \
                 {root}, and {whose}, also of {size} entries, has {}. Both are signed by {}: \
                 whoever holds that key showed different people different books",
                self.head.root, self.head.signed_by
            );
            return (Harm::SplitView, words);
        }
        let words = format!(
            "history was rewritten: the first {size} entries are no longer those that were signed \
             on {whose} (root {}, now {root})",
            self.head.root
        );
        (Harm::Rewritten, words)
    }

    /// Says so when the ledger is shorter than was promised.
    pub(super) fn check_length(&self, now: &Head, findings: &mut Findings) {
        if now.size < self.head.size {
            let words = format!(
                "the ledger was rolled back: {} was signed with {} entries and the ledger now has \
                 {}",
                self.whose, self.head.size, now.size
            );
            findings.add(Harm::RolledBack, crate::CHECKPOINT, None, words);
        }
    }
}

/// Reads the time-stamped checkpoints beside a ledger and checks each; what holds binds.
pub fn stamped(
    fetch: &dyn Fetch,
    keys: &[PublicKey],
    roots: &[Vec<u8>],
    findings: &mut Findings,
) -> Result<(Vec<Promise>, Vec<Witnessed>), FetchError> {
    let (mut promises, mut witnessed) = (Vec::new(), Vec::new());
    let list = fetch.read(&format!("{TIMESTAMPS}/index"))?.unwrap_or_default();
    for size in String::from_utf8_lossy(&list).lines().take(STAMPS_MAX) {
        // The name of a file is made from a number only.
        let Ok(size) = size.parse::<u64>() else { continue };
        let file = format!("{TIMESTAMPS}/{size}.tsr");
        let checkpoint = fetch.read(&format!("{TIMESTAMPS}/{size}.checkpoint"))?;
        let (Some(checkpoint), Some(answer)) = (checkpoint, fetch.read(&file)?) else {
            let words = "a time stamp that is listed, or the checkpoint under it, is missing";
            findings.add(Harm::Missing, &file, None, words.to_owned());
            continue;
        };
        let head = match read_head(&checkpoint, keys) {
            Ok(head) if head.size == size => head,
            Ok(_) | Err(_) => {
                let words = "what was stamped is no checkpoint of that size signed with this key";
                findings.add(Harm::BadTimestamp, &file, None, words.to_owned());
                continue;
            }
        };
        match timestamp::check(&answer, &checkpoint, None, roots) {
            Ok(stamp) => {
                let whose = format!("the checkpoint that {} stamped on {}", stamp.by, stamp.at);
                witnessed.push(Witnessed { size, at: stamp.at, by: stamp.by });
                promises.push(Promise { head, whose });
            }
            Err(harm) => {
                findings.add(Harm::BadTimestamp, &file, None, harm.to_string());
            }
        }
    }
    Ok((promises, witnessed))
}

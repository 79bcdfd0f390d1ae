//! What the entries say, one after the other: numbers, instants, authority, rules, and that
//! nothing came out which nobody intended.
//!
//! Memory: eight bytes for each subject that ever had an intent. All else is constant.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use jiff::{SignedDuration, Timestamp};

use super::promise::Witnessed;
use super::report::{Findings, Harm};
use crate::leaf::{LeafView, is_digest};

/// The one outcome that needs no intent.
const GIVEN_UP: &str = "outcome.given_up";

/// How far the clocks of ledger, witnesses and time-stamping authorities may be apart, and how
/// long entering and publishing may take together.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(10);

/// The run of entries so far.
pub struct Story {
    /// Sizes that somebody else saw, and when; by size.
    witnessed: Vec<Witnessed>,
    last: Option<Timestamp>,
    authority: String,
    /// Subjects with an intent, under a key drawn for this run: nobody can prepare a collision.
    intended: HashSet<u64>,
    key: RandomState,
    outcomes: u64,
    /// Some entries could not be read: an intent may have been among them.
    has_hole: bool,
}

impl Story {
    /// `folder` names the authority where a place holds several ledgers, else it is empty.
    pub fn new(folder: &str, mut witnessed: Vec<Witnessed>) -> Self {
        witnessed.sort_by_key(|seen| (seen.size, seen.at));
        Self {
            witnessed,
            last: None,
            authority: folder.to_owned(),
            intended: HashSet::new(),
            key: RandomState::new(),
            outcomes: 0,
            has_hole: false,
        }
    }

    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub fn outcomes(&self) -> u64 {
        self.outcomes
    }

    /// Entries are missing here. What would only follow from that is not reported as well.
    pub fn hole(&mut self) {
        self.has_hole = true;
    }

    /// Takes the entry at place `seq`, which lies in `file`.
    pub fn entry(&mut self, seq: u64, bytes: &[u8], file: &str, findings: &mut Findings) {
        let leaf = match LeafView::read(bytes) {
            Ok(leaf) => leaf,
            Err(member) => {
                let words = format!("the entry is not in the form that entries have, at {member}");
                findings.add(Harm::MalformedEntry, file, Some(seq), words);
                self.hole();
                return;
            }
        };
        let mut find = |harm, words| findings.add(harm, file, Some(seq), words);
        if leaf.seq != seq {
            let words = format!("the entry calls itself number {}", leaf.seq);
            find(Harm::WrongNumber, words);
        }
        if let Some(last) = self.last.filter(|last| leaf.at < *last) {
            let words = format!("the entry is dated {}, after one of {last}", leaf.at);
            find(Harm::BackInTime, words);
        }
        self.last = self.last.max(Some(leaf.at));
        if let Some((harm, words)) = self.misdated(seq, leaf.at) {
            find(harm, words);
        }
        if self.authority.is_empty() {
            leaf.authority.clone_into(&mut self.authority);
        }
        if leaf.authority != self.authority {
            let words = format!("the entry is of {}, not of {}", leaf.authority, self.authority);
            find(Harm::OtherAuthority, words);
        }
        // The house's own lines (parties, keys, switches) are made under no rules.
        let of_the_house = leaf.kind.starts_with("house.") && leaf.rules.is_empty();
        if leaf.regime.is_empty() || !(of_the_house || is_digest(leaf.rules)) {
            let words = "the entry does not name the digest of the rules it was made under";
            find(Harm::NoRules, words.to_owned());
        }
        if !is_digest(leaf.commitment) {
            let words = "the commitment of the entry is not a SHA-256";
            find(Harm::MalformedEntry, words.to_owned());
        }
        self.pair(&leaf, &mut find);
    }

    /// Whether others' clocks contradict the date of an entry.
    fn misdated(&self, seq: u64, at: Timestamp) -> Option<(Harm, String)> {
        let later = self.witnessed.partition_point(|seen| seen.size <= seq);
        // The latest moment at which this entry was not there yet.
        let absent = self.witnessed[..later].iter().max_by_key(|seen| seen.at);
        if let Some(seen) = absent.filter(|seen| seen.at.duration_since(at) > CLOCKS_APART) {
            let words = format!(
                "the entry was dated back: it bears the date {at}, but {} saw on {} that the \
                 ledger had {} entries, this one not among them; it was entered after that",
                seen.by, seen.at, seen.size
            );
            return Some((Harm::DatedBack, words));
        }
        // The earliest moment at which it was.
        let present = self.witnessed[later..].iter().min_by_key(|seen| seen.at);
        present.filter(|seen| at.duration_since(seen.at) > CLOCKS_APART).map(|seen| {
            let words = format!(
                "the entry was dated ahead: it bears the date {at}, but {} saw it in the ledger on \
                 {} already",
                seen.by, seen.at
            );
            (Harm::DatedAhead, words)
        })
    }

    /// Intent before act, outcome after.
    fn pair(&mut self, leaf: &LeafView<'_>, find: &mut dyn FnMut(Harm, String)) {
        if leaf.kind.starts_with("intent.") {
            self.intended.insert(self.key.hash_one(leaf.subject));
        } else if leaf.kind == GIVEN_UP {
            // Given up before anything left: nothing was intended, and nothing happened.
        } else if leaf.kind.starts_with("outcome.") {
            self.outcomes += 1;
            let intended = self.intended.contains(&self.key.hash_one(leaf.subject));
            if !intended && !self.has_hole {
                let words =
                    format!("{} for {}, which had no intent before", leaf.kind, leaf.subject);
                find(Harm::OutcomeWithoutIntent, words);
            }
        }
    }
}

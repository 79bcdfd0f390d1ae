//! The provider's own count: what was given of one handle, linking by linking. The authority's
//! count is a claim; this one decides.

use std::collections::BTreeMap;

use entremise_core::identification::{IdentityField, Purpose};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What can be given once in a linking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Field(IdentityField),
    /// A message was handed over. No identity left, but the line was linked with its facts.
    Message,
}

/// What was given of one handle: under each sequence the parts, and when last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    linkings: BTreeMap<u32, BTreeMap<Part, Timestamp>>,
}

impl Given {
    pub fn note(&mut self, sequence: u32, parts: impl IntoIterator<Item = Part>, at: Timestamp) {
        let given = self.linkings.entry(sequence).or_default();
        given.extend(parts.into_iter().map(|part| (part, at)));
    }

    /// Whether one of the parts was given under this sequence after an instant. Before it, the
    /// ladder may have begun again: a first warning after a window that passed is the first again.
    pub fn holds_since(&self, after: Timestamp, sequence: u32, parts: &[Part]) -> bool {
        let is_recent = |part: &Part| {
            let given = self.linkings.get(&sequence);
            given.and_then(|given| given.get(part)).is_some_and(|at| *at > after)
        };
        parts.iter().any(is_recent)
    }

    /// Whether only a reviewer's grant opens this. `free` linkings need none; the letter after a
    /// mail that came back asks for other parts of the same linking.
    pub fn needs_grant(&self, purpose: Purpose, sequence: u32, free: u32) -> bool {
        let further = !self.linkings.contains_key(&sequence);
        purpose == Purpose::Finding
            || sequence > free
            || (further && self.linkings.len() >= free as usize)
    }

    pub fn linkings(&self) -> u32 {
        // One per request at most: they do not come to 2^32.
        u32::try_from(self.linkings.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_third_linking_needs_a_grant_whatever_it_is_called() {
        let mut given = Given::default();
        assert!(!given.needs_grant(Purpose::Warn, 1, 2));
        let (before, at) =
            (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1));
        given.note(1, [Part::Field(IdentityField::Email)], at);
        given.note(2, [Part::Field(IdentityField::Email)], at);
        for sequence in [0, 3, 4, u32::MAX] {
            assert!(given.needs_grant(Purpose::Warn, sequence, 2), "{sequence}");
        }
        // A linking that was begun goes on, field by field, each once.
        assert!(!given.needs_grant(Purpose::Warn, 2, 2));
        assert!(given.holds_since(before, 2, &[Part::Field(IdentityField::Email)]));
        assert!(!given.holds_since(at, 2, &[Part::Field(IdentityField::Email)]));
        assert!(!given.holds_since(before, 2, &[Part::Field(IdentityField::Name)]));
        assert!(given.needs_grant(Purpose::Finding, 2, 2));
    }

    #[test]
    fn a_sequence_that_is_jumped_over_is_a_linking_less() {
        let mut given = Given::default();
        given.note(2, [Part::Message], Timestamp::UNIX_EPOCH);
        given.note(1, [Part::Message], Timestamp::UNIX_EPOCH);
        assert!(given.needs_grant(Purpose::Warn, 3, 2));
        assert_eq!(given.linkings(), 2);
    }
}

//! The provider's own count: what was given of one handle, linking by linking. The authority's
//! count is a claim; this one decides.

use std::collections::{BTreeMap, BTreeSet};

use entremise_core::identification::{IdentityField, Purpose};
use serde::{Deserialize, Serialize};

/// What can be given once in a linking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Field(IdentityField),
    /// A message was handed over. No identity left, but the line was linked with its facts.
    Message,
}

/// What was given of one handle: under each sequence the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    linkings: BTreeMap<u32, BTreeSet<Part>>,
}

impl Given {
    pub fn note(&mut self, sequence: u32, parts: impl IntoIterator<Item = Part>) {
        self.linkings.entry(sequence).or_default().extend(parts);
    }

    /// Whether one of the parts was given under this sequence before.
    pub fn holds(&self, sequence: u32, parts: &[Part]) -> bool {
        let given = self.linkings.get(&sequence);
        given.is_some_and(|given| parts.iter().any(|part| given.contains(part)))
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
    use super::*;

    #[test]
    fn the_third_linking_needs_a_grant_whatever_it_is_called() {
        let mut given = Given::default();
        assert!(!given.needs_grant(Purpose::Warn, 1, 2));
        given.note(1, [Part::Field(IdentityField::Email)]);
        given.note(2, [Part::Field(IdentityField::Email)]);
        for sequence in [0, 3, 4, u32::MAX] {
            assert!(given.needs_grant(Purpose::Warn, sequence, 2), "{sequence}");
        }
        // A linking that was begun goes on, field by field, each once.
        assert!(!given.needs_grant(Purpose::Warn, 2, 2));
        assert!(given.holds(2, &[Part::Field(IdentityField::Email)]));
        assert!(!given.holds(2, &[Part::Field(IdentityField::Name)]));
        assert!(given.needs_grant(Purpose::Finding, 2, 2));
    }

    #[test]
    fn a_sequence_that_is_jumped_over_is_a_linking_less() {
        let mut given = Given::default();
        given.note(2, [Part::Message]);
        given.note(1, [Part::Message]);
        assert!(given.needs_grant(Purpose::Warn, 3, 2));
        assert_eq!(given.linkings(), 2);
    }
}

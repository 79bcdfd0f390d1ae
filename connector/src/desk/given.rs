//! The provider's own count: what was given of one handle, linking by linking. The authority's
//! count is a claim; this one decides.

use std::collections::BTreeSet;

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

/// What the count looks at in a request.
pub struct Counted<'a> {
    pub purpose: Purpose,
    pub sequence: u32,
    pub parts: &'a [Part],
}

/// What was given of one handle, linking by linking, the oldest first. What is counted is how often
/// the line was linked and not the number that a request bears: a first warning that is asked for
/// again, because the case before it was closed, is a linking more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    linkings: Vec<Linking>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Linking {
    sequence: u32,
    /// Each part once.
    parts: BTreeSet<Part>,
    /// When the last of them was given.
    last: Timestamp,
}

impl Linking {
    /// Whether these parts belong to it: the letter after a mail that came back asks for other
    /// parts of the same linking.
    fn goes_on_with(&self, sequence: u32, parts: &[Part]) -> bool {
        self.sequence == sequence && parts.iter().all(|part| !self.parts.contains(part))
    }
}

impl Given {
    pub fn note(&mut self, sequence: u32, parts: &[Part], at: Timestamp) {
        let going_on = |linking: &&mut Linking| linking.goes_on_with(sequence, parts);
        match self.linkings.iter_mut().rev().find(going_on) {
            Some(linking) => {
                linking.parts.extend(parts);
                linking.last = linking.last.max(at);
            }
            None => {
                let parts = parts.iter().copied().collect();
                self.linkings.push(Linking { sequence, parts, last: at });
            }
        }
    }

    /// Whether only a reviewer's grant opens this. `free` linkings after the instant `since` need
    /// none; of older ones the ladder knows nothing any more.
    pub fn needs_grant(&self, asked: &Counted<'_>, free: u32, since: Timestamp) -> bool {
        let recent = || self.linkings.iter().filter(|linking| linking.last > since);
        let goes_on = || recent().any(|linking| linking.goes_on_with(asked.sequence, asked.parts));
        asked.purpose == Purpose::Finding
            || asked.sequence > free
            || (recent().count() >= free as usize && !goes_on())
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

    const EMAIL: Part = Part::Field(IdentityField::Email);
    const NAME: Part = Part::Field(IdentityField::Name);

    fn day(number: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * number)
    }

    fn warning(sequence: u32, parts: &[Part]) -> Counted<'_> {
        Counted { purpose: Purpose::Warn, sequence, parts }
    }

    #[test]
    fn the_third_linking_needs_a_grant_whatever_it_is_called() {
        let mut given = Given::default();
        assert!(!given.needs_grant(&warning(1, &[EMAIL]), 2, day(0)));
        given.note(1, &[EMAIL], day(1));
        given.note(2, &[EMAIL], day(1));
        for sequence in [0, 1, 2, 3, 4, u32::MAX] {
            assert!(given.needs_grant(&warning(sequence, &[EMAIL]), 2, day(0)), "{sequence}");
        }
        // A linking that was begun goes on, part by part, each once.
        assert!(!given.needs_grant(&warning(2, &[NAME]), 2, day(0)));
        given.note(2, &[NAME], day(2));
        assert!(given.needs_grant(&warning(2, &[NAME]), 2, day(0)));
        assert!(given.needs_grant(&warning(2, &[NAME, EMAIL]), 2, day(0)));
        let finding = Counted { purpose: Purpose::Finding, sequence: 2, parts: &[NAME] };
        assert!(given.needs_grant(&finding, 2, day(0)));
        assert_eq!(given.linkings(), 2);
    }

    #[test]
    fn a_warning_asked_for_again_is_a_linking_more() {
        let mut given = Given::default();
        given.note(1, &[EMAIL], day(1));
        assert!(!given.needs_grant(&warning(1, &[EMAIL]), 2, day(0)));
        given.note(1, &[EMAIL], day(2));
        assert_eq!(given.linkings(), 2);
        assert!(given.needs_grant(&warning(1, &[EMAIL]), 2, day(0)));
        assert!(given.needs_grant(&warning(2, &[EMAIL]), 2, day(0)));
    }

    #[test]
    fn what_was_given_before_the_window_is_not_counted_until_it_goes_on() {
        let mut given = Given::default();
        given.note(1, &[EMAIL], day(1));
        given.note(2, &[EMAIL], day(1));
        assert!(!given.needs_grant(&warning(1, &[EMAIL]), 2, day(1)));
        // The old linking, taken up again, is a recent one: no third way around the count.
        given.note(1, &[NAME], day(9));
        given.note(2, &[NAME], day(9));
        assert!(given.needs_grant(&warning(1, &[EMAIL]), 2, day(1)));
    }

    #[test]
    fn a_sequence_that_is_jumped_over_is_a_linking_less() {
        let mut given = Given::default();
        given.note(2, &[Part::Message], day(1));
        given.note(1, &[Part::Message], day(1));
        assert!(given.needs_grant(&warning(3, &[Part::Message]), 2, day(0)));
        assert_eq!(given.linkings(), 2);
    }
}

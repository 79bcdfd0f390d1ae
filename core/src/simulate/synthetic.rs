//! A history that never happened, made from a seed: lines, and when they were seen. Persons and
//! carriers answer by the policy.

use jiff::{SignedDuration, Timestamp};

use super::{LineHistory, Script};
use crate::event::{Fact, Line};
use crate::id::{CaseId, NoticeId};

/// How a history is made up. The shares follow the published figures of 2023 roughly: of a hundred
/// first warnings, about 24 led to a second and 3 to a third step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synthetic {
    pub seed: u64,
    pub lines: u64,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Of a thousand lines that were seen, how many are seen again.
const SEEN_AGAIN_PER_THOUSAND: u64 = 550;
/// The longest pause between two sightings, days; all shorter ones are as likely.
const PAUSE_DAYS_MOST: u64 = 400;

impl Synthetic {
    /// The history of one line, by its number: no other is needed for it, so none is kept.
    pub fn line(&self, number: u64) -> LineHistory {
        let mut dice = Dice(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let handle = format!("{number:043}").parse().expect("43 digits are a handle");
        let provider = format!("provider-{}", dice.below(4)).parse().expect("a short name");
        let length = self.to.duration_since(self.from).as_secs().max(1).unsigned_abs();
        let mut at = self.from + SignedDuration::from_secs(dice.seconds(length));
        let mut facts = Vec::new();
        while at < self.to {
            let id = uuid::Uuid::from_u64_pair(dice.next(), number);
            let pause = SignedDuration::from_secs(3_600 + dice.seconds(86_400));
            let received_at = at.saturating_add(pause).unwrap_or(at);
            let fact =
                Fact { notice: NoticeId(id), identification: CaseId(id), fact_at: at, received_at };
            let known = SignedDuration::from_secs(600 + dice.seconds(3 * 86_400));
            facts.push((received_at.saturating_add(known).unwrap_or(at), fact));
            if dice.below(1_000) >= SEEN_AGAIN_PER_THOUSAND {
                break;
            }
            let pause = dice.seconds(PAUSE_DAYS_MOST * 86_400);
            at = at.saturating_add(SignedDuration::from_secs(pause)).unwrap_or(self.to);
        }
        LineHistory { line: Line { provider, handle }, facts, script: Script::default() }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): good enough to make something up, and nothing else.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }

    fn seconds(&mut self, most: u64) -> i64 {
        i64::try_from(self.below(most)).unwrap_or(0)
    }
}

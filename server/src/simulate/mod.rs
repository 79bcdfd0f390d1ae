//! What other rules would have made of a history: the same lines played twice, side by side. A line
//! is in memory for as long as it is played.

mod told;

use std::collections::BTreeMap;

use entremise_core::regime::Regime;
use entremise_core::simulate::{Counts, LineHistory, Policy, play};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::cost::{Bill, Costs, Counted, Tally, Unit};

pub use told::{html, text};

/// Where a history comes from, as the report says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "history", rename_all = "snake_case")]
pub enum Source {
    /// An authority's own ledger.
    Ledger {
        authority: String,
        /// Cases of that time of which nothing is left to be played.
        erased: u64,
    },
    Synthetic {
        seed: u64,
    },
}

/// Two sets of rules, put to the same history.
pub struct Trial<'t> {
    pub was: &'t Regime,
    pub would_be: &'t Regime,
    pub policy: Policy,
    pub until: Timestamp,
    before: Counts,
    after: Counts,
    lines: u64,
}

impl<'t> Trial<'t> {
    pub fn new(was: &'t Regime, would_be: &'t Regime, policy: Policy, until: Timestamp) -> Self {
        let (before, after) = (Counts::default(), Counts::default());
        Self { was, would_be, policy, until, before, after, lines: 0 }
    }

    /// Plays one line under both.
    pub fn take(&mut self, line: &LineHistory) {
        self.before.take_in(&play(line, self.was, &self.policy, self.until));
        self.after.take_in(&play(line, self.would_be, &self.policy, self.until));
        self.lines += 1;
    }

    pub fn end(self, source: Source, days: (Date, Date), costs: &Costs) -> Comparison {
        let (before, after) =
            (Side::of(self.was, self.before, costs), Side::of(self.would_be, self.after, costs));
        let names = before.counts.of.keys().chain(after.counts.of.keys());
        let difference: BTreeMap<String, i64> = names
            .map(|name| {
                let n = |side: &Side| i64::try_from(side.counts.get(name)).unwrap_or(i64::MAX);
                (name.clone(), n(&after) - n(&before))
            })
            .filter(|(_, n)| *n != 0)
            .collect();
        Comparison {
            source,
            first: days.0,
            last: days.1,
            lines: self.lines,
            policy: self.policy,
            before,
            after,
            difference,
            currency: costs.currency.clone(),
            units: costs.units.clone(),
        }
    }
}

/// The whole comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    #[serde(flatten)]
    pub source: Source,
    pub first: Date,
    /// This day counts.
    pub last: Date,
    pub lines: u64,
    /// What was assumed of those who were never asked.
    pub policy: Policy,
    pub before: Side,
    pub after: Side,
    /// After less before, where they differ.
    pub difference: BTreeMap<String, i64>,
    pub currency: String,
    pub units: Vec<Unit>,
}

/// What one set of rules made of the history.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    pub regime: String,
    /// SHA-256 of the rules.
    pub rules: String,
    #[serde(flatten)]
    pub counts: Counts,
    pub bill: Bill,
}

impl Side {
    fn of(regime: &Regime, counts: Counts, costs: &Costs) -> Self {
        let bill = costs.bill(&tally(&counts));
        Self { regime: regime.id().to_owned(), rules: regime.digest().to_owned(), counts, bill }
    }
}

/// Under which name the counts have each thing that can cost something.
pub(crate) const COSTING: [(Counted, &str); 9] = [
    (Counted::Disclosure, "disclosure"),
    (Counted::Email, "message.email"),
    (Counted::Letter, "message.letter"),
    (Counted::RegisteredLetter, "message.registered_letter"),
    (Counted::Decision, "decision"),
    (Counted::Review, "review"),
    (Counted::Hearing, "hearing"),
    (Counted::Deliberation, "deliberation"),
    (Counted::Transmission, "transmission"),
];

fn tally(counts: &Counts) -> Tally {
    COSTING.iter().map(|(of, name)| (*of, counts.get(name))).collect()
}

//! How small numbers are kept back, so that no sum and no difference gives them away.
//!
//! 1. A total of 1 to 4 is kept back, with all its breakdowns.
//! 2. In a breakdown, every number of 1 to 4 is kept back. With them go others, in the order of
//!    their names, until there is at least one such other and what is kept back adds up to at least
//!    4 for each small number and 5 for each other: then every small number may be anything from 1
//!    to 4, as far as the total can tell.
//! 3. A breakdown that cannot be protected so is left out whole.
//!
//! The order of names, not of sizes, chooses: whoever knows this rule learns no more than who does
//! not. `tests/oversight_figures.rs` tries every small table against all that could be published
//! alike.

/// The smallest number that is published.
pub const SHOWN_MIN: u64 = 5;

/// A number as it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    Exactly(u64),
    KeptBack,
}

/// A population with its breakdowns, as they are published.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Protected {
    pub total: Shown,
    /// In the order in which they were given; `None` is left out whole.
    pub breakdowns: Vec<Option<Vec<(String, Shown)>>>,
}

/// Protects breakdowns of one population. Each must add up to the same total.
pub fn protect(breakdowns: &[super::Counts]) -> Protected {
    let total: u64 = breakdowns.first().map(|cells| cells.values().sum()).unwrap_or_default();
    if is_small(total) {
        return Protected { total: Shown::KeptBack, breakdowns: vec![None; breakdowns.len()] };
    }
    let breakdowns = breakdowns.iter().map(breakdown).collect();
    Protected { total: Shown::Exactly(total), breakdowns }
}

fn breakdown(cells: &super::Counts) -> Option<Vec<(String, Shown)>> {
    let small = cells.values().filter(|n| is_small(**n)).count() as u64;
    let mut hidden: u64 = cells.values().filter(|n| is_small(**n)).sum();
    let mut companions = Vec::new();
    let mut others = cells.iter().filter(|(_, n)| **n >= SHOWN_MIN);
    while small > 0 && !is_enough(hidden, small, companions.len() as u64) {
        let (name, n) = others.next()?;
        hidden += n;
        companions.push(name);
    }
    let shown = |(name, n): (&String, &u64)| {
        let is_kept_back = is_small(*n) || companions.contains(&name);
        let shown = if is_kept_back { Shown::KeptBack } else { Shown::Exactly(*n) };
        (name.clone(), shown)
    };
    Some(cells.iter().map(shown).collect())
}

/// Whether what is kept back could hold any small numbers at all.
fn is_enough(hidden: u64, small: u64, companions: u64) -> bool {
    companions > 0 && hidden >= small * (SHOWN_MIN - 1) + companions * SHOWN_MIN
}

fn is_small(n: u64) -> bool {
    (1..SHOWN_MIN).contains(&n)
}

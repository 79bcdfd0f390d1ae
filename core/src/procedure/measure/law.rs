//! The milder law: what a later version of the regime makes of a measure that is not carried out to
//! its end (CP 112-4). A harsher one never does anything.

use jiff::Timestamp;

use super::sentence::at_most;
use super::{Life, Pronounced, Terms, Turn};
use crate::regime::rules::{Measure, MilderLaw};
use crate::regime::{Regime, Version};

/// What a change of the law does.
enum Softer {
    Ends,
    Shorter(Terms),
}

/// When the law next softens this measure. None where no version that is known does.
pub(super) fn next(life: &Life, pronounced: &Pronounced, regime: &Regime) -> Option<Timestamp> {
    next_change(life, pronounced, regime).map(|(at, _)| at)
}

/// The measure as all changes of the law up to now leave it; None where it is no more.
pub(super) fn softened(life: &Life, turn: Turn<'_>) -> Option<Life> {
    let mut life = life.clone();
    while let Some((at, softer)) = next_change(&life, turn.pronounced, turn.regime) {
        match softer {
            _ if turn.now < at => break,
            Softer::Ends => return None,
            Softer::Shorter(terms) => life = Life { terms, law_of: at, ..life },
        }
    }
    Some(life)
}

fn next_change(
    life: &Life,
    pronounced: &Pronounced,
    regime: &Regime,
) -> Option<(Timestamp, Softer)> {
    let rule = pronounced.sentence.rule(regime).ok()?;
    let milder = rule.milder_law?;
    let applied = regime.day_of(life.law_of);
    let later = regime.versions().iter().filter(|version| version.from > applied);
    later
        .filter_map(|version| {
            let at = regime.zone().start_of(version.from);
            softer(life.terms, known(version, &rule.id), milder, at, regime).map(|it| (at, it))
        })
        .next()
}

fn known<'r>(version: &'r Version, measure: &str) -> Option<&'r Measure> {
    version.rules.measures.iter().find(|rule| rule.id == measure)
}

fn softer(
    terms: Terms,
    rule: Option<&Measure>,
    milder: MilderLaw,
    at: Timestamp,
    regime: &Regime,
) -> Option<Softer> {
    let Some(rule) = rule else { return Some(Softer::Ends) };
    match (milder, terms) {
        (MilderLaw::EndsAndShortens, Terms::Suspension { days }) => at_most(rule, at, regime)
            .filter(|most| *most < days)
            .map(|days| Softer::Shorter(Terms::Suspension { days })),
        _ => None,
    }
}

//! What things cost: prices and minutes a piece, each with the text or the measurement that it was
//! taken from. A thing without a price costs nothing here, and the report says that it has none.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// What is counted and can cost something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// A notice that was taken.
    Notice,
    /// A question to a provider, whatever the answer.
    Question,
    /// A question to a provider how a subscriber is reached.
    Disclosure,
    Email,
    Letter,
    RegisteredLetter,
    /// A member's yes or no to a step.
    Decision,
    /// A reviewer's ruling.
    Review,
    Hearing,
    Deliberation,
    /// A complete file to the prosecutor.
    Transmission,
}

impl Counted {
    pub const ALL: [Self; 11] = [
        Self::Notice,
        Self::Question,
        Self::Disclosure,
        Self::Email,
        Self::Letter,
        Self::RegisteredLetter,
        Self::Decision,
        Self::Review,
        Self::Hearing,
        Self::Deliberation,
        Self::Transmission,
    ];

    /// The wire name, then French and English words for many of them.
    pub fn names(self) -> [&'static str; 3] {
        match self {
            Self::Notice => ["notice", "Constats reçus", "Notices taken"],
            Self::Question => ["question", "Questions aux opérateurs", "Questions to providers"],
            Self::Disclosure => ["disclosure", "Mises en relation", "Linkings"],
            Self::Email => ["email", "Courriels", "E-mails"],
            Self::Letter => ["letter", "Lettres simples", "Letters"],
            Self::RegisteredLetter => {
                ["registered_letter", "Lettres remises contre signature", "Registered letters"]
            }
            Self::Decision => ["decision", "Décisions", "Decisions"],
            Self::Review => ["review", "Contrôles préalables", "Prior reviews"],
            Self::Hearing => ["hearing", "Auditions", "Hearings"],
            Self::Deliberation => ["deliberation", "Délibérations", "Deliberations"],
            Self::Transmission => ["transmission", "Transmissions", "Transmissions"],
        }
    }
}

/// How often each thing was counted.
pub type Tally = BTreeMap<Counted, u64>;

/// Units of cost, as one TOML file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    #[serde(default)]
    pub currency: String,
    #[serde(rename = "unit", default)]
    pub units: Vec<Unit>,
}

/// What one of a thing costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub of: Counted,
    /// In the currency of the file.
    #[serde(default)]
    pub price: f64,
    /// Of a person's work.
    #[serde(default)]
    pub minutes: f64,
    /// Where it was taken from.
    pub source: String,
}

/// What some counts cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bill {
    pub hours: f64,
    pub price: f64,
}

impl Costs {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let costs: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        for (place, unit) in costs.units.iter().enumerate() {
            let name = unit.of.names()[0];
            ensure!(!unit.source.trim().is_empty(), "the cost of {name} has no source");
            let is_amount = |amount: f64| amount.is_finite() && amount >= 0.0;
            ensure!(is_amount(unit.price) && is_amount(unit.minutes), "{name}: less than nothing");
            let is_twice = costs.units[..place].iter().any(|other| other.of == unit.of);
            ensure!(!is_twice, "{name} has two costs");
        }
        Ok(costs)
    }

    pub fn of(&self, counted: Counted) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.of == counted)
    }

    pub fn bill(&self, tally: &Tally) -> Bill {
        let mut bill = Bill::default();
        for unit in &self.units {
            let n = tally.get(&unit.of).copied().unwrap_or(0) as f64;
            bill.hours += n * unit.minutes / 60.0;
            bill.price += n * unit.price;
        }
        bill
    }
}

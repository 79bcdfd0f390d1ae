//! What the oversight desk, its commands and the yearly report say: figures made of the store's
//! counts, a confidence interval, and how small numbers are kept back.
//!
//! Knows counts and the names of things; no page, no case, no person but by number.

pub mod interval;
pub mod report;
pub mod suppression;

use std::collections::BTreeMap;

use entremise_store::oversight::Figure;

/// Counts by name.
pub type Counts = BTreeMap<String, u64>;

/// The figures of a stretch of days, as one asks for them.
pub struct Figures(Vec<Figure>);

impl Figures {
    pub fn new(figures: Vec<Figure>) -> Self {
        Self(figures)
    }

    /// How many, of whatever detail and by whomever.
    pub fn total(&self, what: &str) -> u64 {
        self.0.iter().filter(|figure| figure.what == what).map(|figure| figure.n).sum()
    }

    /// How many of one detail.
    pub fn of(&self, what: &str, detail: &str) -> u64 {
        let fits = |figure: &&Figure| figure.what == what && figure.detail == detail;
        self.0.iter().filter(fits).map(|figure| figure.n).sum()
    }

    /// How many of one detail by one party or person, by its bare name.
    pub fn by(&self, what: &str, detail: Option<&str>, actor: &str) -> u64 {
        let fits = |figure: &&Figure| {
            figure.what == what
                && detail.is_none_or(|detail| figure.detail == detail)
                && bare(&figure.actor) == actor
        };
        self.0.iter().filter(fits).map(|figure| figure.n).sum()
    }

    /// The details of a thing, with their counts.
    pub fn details(&self, what: &str) -> Counts {
        self.grouped(what, |figure| figure.detail.clone())
    }

    /// The parties or persons of a thing, by bare name.
    pub fn actors(&self, what: &str) -> Counts {
        self.grouped(what, |figure| bare(&figure.actor).to_owned())
    }

    /// Links by purpose: the ledger's lines of kind `linking.…`.
    pub fn linkings(&self) -> Counts {
        self.prefixed("linking.", |_| true)
    }

    /// What persons opened, by person and purpose.
    pub fn looks(&self) -> BTreeMap<(String, String), u64> {
        let mut looks = BTreeMap::new();
        for figure in self.0.iter().filter(|figure| figure.actor.starts_with("person:")) {
            let opened = ["linking.", "look."];
            let purpose = opened.iter().find_map(|sort| figure.what.strip_prefix(sort));
            if let Some(purpose) = purpose {
                let key = (bare(&figure.actor).to_owned(), purpose.to_owned());
                *looks.entry(key).or_default() += figure.n;
            }
        }
        looks
    }

    fn prefixed(&self, prefix: &str, fits: impl Fn(&Figure) -> bool) -> Counts {
        let mut counts = Counts::new();
        for figure in self.0.iter().filter(|figure| fits(figure)) {
            if let Some(name) = figure.what.strip_prefix(prefix) {
                *counts.entry(name.to_owned()).or_default() += figure.n;
            }
        }
        counts
    }

    fn grouped(&self, what: &str, name: impl Fn(&Figure) -> String) -> Counts {
        let mut counts = Counts::new();
        for figure in self.0.iter().filter(|figure| figure.what == what) {
            *counts.entry(name(figure)).or_default() += figure.n;
        }
        counts
    }
}

/// The name of a party or person without the word for what it is.
pub fn bare(actor: &str) -> &str {
    actor.split_once(':').map_or(actor, |(_, name)| name)
}

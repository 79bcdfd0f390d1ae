//! The yearly report: what may be told to everybody, as JSON and as CSV.
//!
//! Each thing is counted in one population only, so that no population can be taken from another.

use std::fmt::Write as _;

use entremise_store::oversight::{Finding, Sample};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::suppression::{Shown, protect};
use super::{Counts, Figures, interval};

/// What the file says of itself.
const FORM: &str = "entremise oversight report v1";
const RULE_FR: &str = "\
    Un nombre de 1 à 4 n’est pas publié, ni assez d’autres nombres de la même ventilation \
    pour qu’aucune soustraction ne le rende ; une ventilation qui ne peut pas être \
    protégée ainsi est omise. Chaque fait n’est compté que dans une population. Un seul \
    rapport est publié par année, après sa fin. Les résultats d’échantillon comptent des \
    constats tirés au sort, non des personnes, et sont publiés entiers.";
const RULE_EN: &str = "\
    A number from 1 to 4 is not published, nor are enough other numbers of the same \
    breakdown for any subtraction to give it back; a breakdown that cannot be protected so \
    is left out. Each thing is counted in one population only. One report is published per \
    year, after its end. Results of samples count notices drawn by lot, not people, and \
    are published whole.";

/// Closings and alarms that another population counts.
const COUNTED_ELSEWHERE: [&str; 2] = ["dismissed", "review_lapsed"];

/// One population and the ways in which it is broken down.
pub struct Population {
    pub name: &'static str,
    pub breakdowns: Vec<(&'static str, Counts)>,
}

/// What the report is about.
pub struct About {
    pub authority: String,
    pub specimen: bool,
    pub year: i16,
    /// The year was over when the report was made.
    pub whole_year: bool,
    pub made_at: Timestamp,
}

/// The report, ready to be written.
pub struct Report {
    about: About,
    populations: Vec<(Population, super::suppression::Protected)>,
    samples: Vec<SampleResult>,
}

struct SampleResult {
    seed: String,
    begins_at: Timestamp,
    ends_at: Timestamp,
    population: u64,
    drawn: u64,
    found: Vec<(Finding, u64)>,
}

/// The populations of a year's figures.
pub fn populations(figures: &Figures) -> Vec<Population> {
    let not_taken = ["duplicate", "rejected"];
    let not_taken =
        not_taken.map(|name| (name.to_owned(), figures.total(&format!("intake.{name}"))));
    let rulings = ["granted", "lapsed", "refused"];
    let mut by_reviewer = Counts::new();
    for reviewer in figures.actors("review").into_keys() {
        let ruled = rulings.map(|ruling| figures.by("review", Some(ruling), &reviewer));
        by_reviewer.insert(reviewer, ruled.iter().sum());
    }
    let mut by_stage = figures.details("stage.decided_send");
    for (stage, n) in figures.details("stage.decided_close") {
        *by_stage.entry(stage).or_default() += n;
    }
    let elsewhere = |counts: Counts| -> Counts {
        let kept = |name: &String| !COUNTED_ELSEWHERE.contains(&name.as_str());
        counts.into_iter().filter(|(name, _)| kept(name)).collect()
    };
    let one = |name, breakdowns| Population { name, breakdowns };
    vec![
        one(
            "notices",
            vec![
                ("sender", figures.actors("event.notice_accepted")),
                ("provider", figures.actors("notice")),
            ],
        ),
        one("notices_not_taken", vec![("why", not_taken.into_iter().collect())]),
        one(
            "answers",
            vec![("outcome", figures.details("answer")), ("provider", figures.actors("answer"))],
        ),
        one("decisions", vec![("ground", figures.details("ground")), ("stage", by_stage)]),
        one("warnings", vec![("stage", figures.details("stage.warned"))]),
        one("linkings", vec![("purpose", figures.linkings())]),
        one(
            "rulings",
            vec![
                (
                    "ruling",
                    rulings
                        .map(|ruling| (ruling.to_owned(), figures.of("review", ruling)))
                        .into_iter()
                        .collect(),
                ),
                ("reviewer", by_reviewer),
            ],
        ),
        one("closings", vec![("why", elsewhere(figures.details("closed")))]),
        one("alarms", vec![("kind", elsewhere(figures.details("alarm")))]),
    ]
}

impl Report {
    pub fn new(about: About, figures: &Figures, samples: &[Sample]) -> Self {
        let protected = |population: Population| {
            let cells: Vec<Counts> =
                population.breakdowns.iter().map(|(_, cells)| cells.clone()).collect();
            let protected = protect(&cells);
            (population, protected)
        };
        Self {
            about,
            populations: populations(figures).into_iter().map(protected).collect(),
            samples: samples.iter().map(result).collect(),
        }
    }

    pub fn to_json(&self) -> Value {
        let number = |shown: &Shown| match shown {
            Shown::Exactly(n) => json!(n),
            Shown::KeptBack => json!("kept back"),
        };
        let populations = self.populations.iter().map(|(population, protected)| {
            let breakdowns = population.breakdowns.iter().zip(&protected.breakdowns);
            let breakdowns = breakdowns.map(|((by, _), cells)| match cells {
                Some(cells) => json!({
                    "by": by,
                    "cells": cells
                        .iter()
                        .map(|(name, shown)| json!({ "name": name, "count": number(shown) }))
                        .collect::<Vec<_>>(),
                }),
                None => json!({ "by": by, "cells": "left out" }),
            });
            json!({
                "population": population.name,
                "total": number(&protected.total),
                "breakdowns": breakdowns.collect::<Vec<_>>(),
            })
        });
        json!({
            "form": FORM,
            "specimen": self.about.specimen,
            "authority": self.about.authority,
            "year": self.about.year,
            "whole_year": self.about.whole_year,
            "made_at": self.about.made_at,
            "rule": { "fr": RULE_FR, "en": RULE_EN },
            "populations": populations.collect::<Vec<_>>(),
            "samples": self.samples.iter().map(SampleResult::to_json).collect::<Vec<_>>(),
        })
    }

    /// One number a line (RFC 4180), after remarks that begin with `#`.
    pub fn to_csv(&self) -> String {
        let about = &self.about;
        let mut text = format!("# {FORM}\r\n");
        if about.specimen {
            text.push_str("# SPECIMEN\r\n");
        }
        let whole = if about.whole_year { "whole year" } else { "the year is not over" };
        for line in [RULE_FR, RULE_EN] {
            write!(text, "# {line}\r\n").ok();
        }
        write!(text, "# {}, {} ({whole}), {}\r\n", about.authority, about.year, about.made_at).ok();
        text.push_str("population,breakdown,name,count\r\n");
        let number = |shown: &Shown| match shown {
            Shown::Exactly(n) => n.to_string(),
            Shown::KeptBack => "kept back".to_owned(),
        };
        for (population, protected) in &self.populations {
            let name = population.name;
            write!(text, "{name},,total,{}\r\n", number(&protected.total)).ok();
            for ((by, _), cells) in population.breakdowns.iter().zip(&protected.breakdowns) {
                let Some(cells) = cells else {
                    write!(text, "{name},{by},,left out\r\n").ok();
                    continue;
                };
                for (cell, shown) in cells {
                    write!(text, "{name},{by},{cell},{}\r\n", number(shown)).ok();
                }
            }
        }
        for sample in &self.samples {
            for (finding, n) in &sample.found {
                write!(text, "sample of {},finding,{},{n}\r\n", sample.begins_at, finding.name())
                    .ok();
            }
        }
        text
    }
}

fn result(sample: &Sample) -> SampleResult {
    let count = |finding| {
        let is = |one: &&entremise_store::oversight::Sampled| {
            one.finding.is_some_and(|(found, _)| found == finding)
        };
        (finding, sample.notices.iter().filter(is).count() as u64)
    };
    SampleResult {
        seed: sample.drawing.seed.clone(),
        begins_at: sample.drawing.begins_at,
        ends_at: sample.drawing.ends_at,
        population: sample.population,
        drawn: sample.notices.len() as u64,
        found: Finding::ALL.map(count).to_vec(),
    }
}

impl SampleResult {
    fn to_json(&self) -> Value {
        let checked: u64 = self.found.iter().map(|(_, n)| n).sum();
        let found = self.found.iter().map(|(finding, n)| {
            let share = interval::share(*n, checked);
            json!({
                "finding": finding.name(),
                "count": n,
                "share": share.map(|share| share.share),
                "low_95": share.map(|share| share.low),
                "high_95": share.map(|share| share.high),
            })
        });
        json!({
            "seed": self.seed,
            "begins_at": self.begins_at,
            "ends_at": self.ends_at,
            "population": self.population,
            "drawn": self.drawn,
            "checked": checked,
            "found": found.collect::<Vec<_>>(),
        })
    }
}

//! A row of steps, each timed, none hiding the next, and one table at the end.

use std::time::Instant;

use anyhow::Result;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Passed; so many tests, when it counted any.
    Passed(Option<usize>),
    /// Failed; so many passed and so many failed, when it counted any, and what it said last.
    Failed { passed: usize, failed: usize, last_words: Vec<String> },
    /// Could not be done here, and why that is no failure.
    Skipped(String),
}

#[derive(Default)]
pub struct Steps {
    rows: Vec<(String, Outcome, u64)>,
}

impl Steps {
    /// Runs a step. Trouble in it is a failure of it, and the next one runs all the same.
    pub fn run(&mut self, name: &str, step: impl FnOnce() -> Result<Outcome>) {
        println!("\n── {name} ──");
        let start = Instant::now();
        let outcome = step().unwrap_or_else(|trouble| {
            eprintln!("{name}: {trouble:#}");
            Outcome::Failed { passed: 0, failed: 1, last_words: vec![format!("{trouble:#}")] }
        });
        self.rows.push((name.to_owned(), outcome, start.elapsed().as_secs()));
    }

    /// Prints the table. True when nothing failed.
    pub fn conclude(&self) -> bool {
        let (mut passed, mut failed) = (0, 0);
        println!("\n{:<12} {:>8}  result", "step", "seconds");
        for (name, outcome, seconds) in &self.rows {
            let words = match outcome {
                Outcome::Passed(None) => {
                    passed += 1;
                    "passed".to_owned()
                }
                Outcome::Passed(Some(tests)) => {
                    passed += tests;
                    format!("passed ({tests} tests)")
                }
                Outcome::Failed { passed: good, failed: bad, .. } => {
                    passed += good;
                    failed += (*bad).max(1);
                    format!("FAILED ({bad} of {})", good + bad)
                }
                Outcome::Skipped(why) => format!("skipped: {why}"),
            };
            println!("{name:<12} {seconds:>8}  {words}");
        }
        self.repeat_failures();
        println!("\n{passed} passed, {failed} failed");
        failed == 0
    }

    /// Whoever is shown only the end of a long log must still see what failed.
    fn repeat_failures(&self) {
        for (name, outcome, _) in &self.rows {
            if let Outcome::Failed { last_words, .. } = outcome {
                println!("\n── {name} failed ──");
                last_words.iter().for_each(|line| println!("{line}"));
            }
        }
    }
}

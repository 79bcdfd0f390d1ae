//! Measures ours and the peers turn by turn on the same inputs, and writes docs/benchmarks.md.
//!
//! Only a ratio from one run counts: this kind of machine drifts by a factor of two. Nothing here
//! is a test; a slow day fails nobody.

mod measurements;
mod paper;
mod peers;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{answer, cargo, must};
use crate::place;
use measurements::{ALL, Measurement};
use paper::Row;
use peers::Peers;

pub fn list() -> Result<bool> {
    for measurement in &ALL {
        let state = if measurement.source().is_file() { "" } else { "  (not written yet)" };
        println!("{:<18} {}{state}", measurement.name, measurement.work);
        for peer in measurement.peers {
            println!("{:<18}   beside {}", "", peer.name);
        }
    }
    Ok(true)
}

/// Runs the named measurements, or all. True when each that could run did.
pub fn run(names: &[String], with_peers: bool, turns: usize) -> Result<bool> {
    if let Some(odd) = names.iter().find(|name| ALL.iter().all(|one| one.name != **name)) {
        bail!("there is no measurement {odd}; `cargo xtask bench --list` shows them");
    }
    std::env::set_current_dir(place::root())?;
    let chosen = |one: &&Measurement| names.is_empty() || names.iter().any(|name| name == one.name);
    let mut peers = Peers::new()?;
    let mut all_ran = true;
    let mut rows = Vec::new();
    for measurement in ALL.iter().filter(chosen) {
        println!("\n── {}: {} ──", measurement.name, measurement.work);
        match measure(measurement, with_peers.then_some(&mut peers), turns) {
            Ok(measured) => rows.extend(measured),
            Err(trouble) => {
                eprintln!("{}: {trouble:#}", measurement.name);
                all_ran = false;
            }
        }
    }
    peers.stop();
    paper::write(&rows)?;
    Ok(all_ran)
}

/// One measurement: ours, then each peer, then again.
fn measure(
    measurement: &Measurement,
    mut peers: Option<&mut Peers>,
    turns: usize,
) -> Result<Vec<Row>> {
    let program = build(measurement)?;
    let mut beside = Vec::new();
    if let Some(peers) = peers.as_deref_mut() {
        for peer in measurement.peers {
            match peers.prepare(peer) {
                Ok(()) => beside.push((peer, Vec::new())),
                Err(trouble) => eprintln!("not beside {}: {trouble:#}", peer.name),
            }
        }
    }
    let inputs = Peers::work();
    let mut ours = Vec::new();
    for turn in 1..=turns {
        let figure = our_figure(measurement, &program, &inputs)?;
        println!("turn {turn}: ours {figure:.1} {}", measurement.unit);
        ours.push(figure);
        for (peer, figures) in &mut beside {
            let Some(peers) = peers.as_deref_mut() else { continue };
            match peers.figure(peer) {
                Ok(figure) => {
                    println!("turn {turn}: {} {figure:.1}", peer.name);
                    figures.push(figure);
                }
                Err(trouble) => eprintln!("{}: {trouble:#}", peer.name),
            }
        }
    }
    let disk = match peers {
        Some(peers) if measurement.is_durable => peers.disk_flushes_per_s().ok(),
        _ => None,
    };
    let mut rows: Vec<Row> = beside
        .iter()
        .filter(|(_, figures)| !figures.is_empty())
        .map(|(peer, theirs)| Row::beside(measurement, peer, &ours, theirs, disk))
        .collect();
    if rows.is_empty() {
        rows.push(Row::alone(measurement, &ours, disk));
    }
    Ok(rows)
}

/// Builds our measuring program, optimised; see `profile.bench` in the workspace's manifest.
fn build(measurement: &Measurement) -> Result<PathBuf> {
    if !measurement.source().is_file() {
        bail!("{} is not written yet", measurement.source().display());
    }
    let mut build = cargo();
    build.args(["build", "--profile", "bench", "--package", measurement.package]);
    must(build.args(["--example", measurement.example]))?;
    Ok(place::target().join("release/examples").join(measurement.example))
}

/// The figure in the last line that our program prints.
fn our_figure(
    measurement: &Measurement,
    program: &PathBuf,
    inputs: &std::path::Path,
) -> Result<f64> {
    let mut command = Command::new(program);
    for argument in measurement.arguments {
        command.arg(argument.replace("{inputs}", &inputs.display().to_string()));
    }
    let said = answer(&mut command)?;
    let last = said.lines().rev().find(|line| line.trim_start().starts_with('{'));
    let last = last.with_context(|| format!("{} printed no JSON", measurement.example))?;
    let figures: serde_json::Value = serde_json::from_str(last)?;
    measurement
        .figures
        .iter()
        .find_map(|name| figures.get(name)?.as_f64())
        .with_context(|| format!("none of {:?} is in {last}", measurement.figures))
}

/// The middle one of some figures.
fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

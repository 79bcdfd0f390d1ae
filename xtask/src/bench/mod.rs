//! Measures ours and the peers turn by turn on the same inputs, and writes docs/benchmarks.md.
//!
//! Only a ratio from one run counts: this kind of machine drifts by a factor of two. Nothing here
//! is a test; a slow day fails nobody.

mod measurement;
mod measurements;
mod paper;
mod peers;
mod postfix;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{answer, cargo, must};
use crate::place;
use measurement::{Figure, Measurement};
use measurements::ALL;
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
    Peers::make_inputs(measurement.inputs)?;
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

/// Builds our measuring program and the room's own, optimised; see `profile.bench` in the
/// workspace's manifest.
fn build(measurement: &Measurement) -> Result<PathBuf> {
    if !measurement.source().is_file() {
        bail!("{} is not written yet", measurement.source().display());
    }
    let mut build = cargo();
    build.args(["build", "--profile", "bench", "--package", measurement.package]);
    must(build.args(["--bins", "--example", measurement.example]))?;
    Ok(place::target().join("release/examples").join(measurement.example))
}

/// Runs our program once and reads its rate.
fn our_figure(measurement: &Measurement, program: &Path, inputs: &Path) -> Result<f64> {
    let mut command = Command::new(program);
    for argument in measurement.arguments {
        let programs = place::target().join("release").display().to_string();
        let argument = argument.replace("{inputs}", &inputs.display().to_string());
        command.arg(argument.replace("{programs}", &programs));
    }
    let said = answer(&mut command)?;
    figure_in(&said, measurement.figure)
        .with_context(|| format!("{} printed no such figure:\n{said}", measurement.example))
}

fn figure_in(said: &str, figure: Figure) -> Option<f64> {
    match figure {
        Figure::Member(name) => {
            let last = said.lines().rfind(|line| line.trim_start().starts_with('{'))?;
            let members: serde_json::Value = serde_json::from_str(last).ok()?;
            members.get(name)?.as_f64()
        }
        Figure::Before(text, unit) => {
            let line = said.lines().rfind(|line| line.contains(text))?;
            let (before, _) = line.rsplit_once(unit)?;
            before.rsplit(' ').next()?.parse().ok()
        }
    }
}

/// The middle one of some figures.
fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_from_what_a_program_prints() {
        let said = "opened in 3 ms\nquestions as a batch, 1 thread(s): 5 in 0.1 s, 50 per second\n\
                    questions as a batch, 2 thread(s): 5 in 0.1 s, 90 per second\n    right 5";
        assert_eq!(figure_in(said, Figure::Before("as a batch", " per second")), Some(90.0));
        assert_eq!(figure_in("x\n{\"a\":1.5}\n", Figure::Member("a")), Some(1.5));
        assert_eq!(figure_in("x", Figure::Member("a")), None);
    }
}

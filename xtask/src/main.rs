//! `cargo xtask test|bench|fuzz|tidy|parts`: everything one does to this house besides building it.
//!
//! Knows commands, not code: no room of the house is imported here.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod command;
mod fuzz;
mod parts;
mod place;
mod python;
mod steps;
mod test;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tests, measures and fuzzes Entremise")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every test. What is needed and missing is installed with apt where that is allowed.
    Test {
        /// Names of steps; none means all. `--list` shows them.
        steps: Vec<String>,
        /// Only shows the steps.
        #[arg(long)]
        list: bool,
    },
    /// Measures, and writes docs/benchmarks.md.
    Bench {
        /// Names of measurements; none means all. `--list` shows them.
        names: Vec<String>,
        /// Runs the peers beside ours, turn by turn.
        #[arg(long)]
        peers: bool,
        /// How many turns; the median counts.
        #[arg(long, default_value_t = 3)]
        turns: usize,
        /// Only shows the measurements.
        #[arg(long)]
        list: bool,
    },
    /// Fuzzes each format for so many seconds.
    Fuzz {
        #[arg(default_value_t = 60)]
        seconds: u64,
    },
    /// Checks the source alone.
    Tidy,
    /// Shows which parts of the tests are here and which are missing.
    Parts,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test { list: true, .. } => test::list(),
        Task::Test { steps, .. } => test::run(&steps),
        Task::Bench { list: true, .. } => bench::list(),
        Task::Bench { names, peers, turns, .. } => bench::run(&names, peers, turns.max(1)),
        Task::Fuzz { seconds } => fuzz::run(seconds),
        Task::Tidy => test::run(&["tidy".to_owned()]),
        Task::Parts => parts::show(),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("xtask: {trouble:#}");
            ExitCode::FAILURE
        }
    }
}

//! The command line. One file per noun; every command that changes something names who does it.
//!
//! Exit codes: 0 done and fine, 1 done and something is not fine (a notice rejected, a proof that
//! does not hold), 2 wrong usage or trouble.

mod at;
mod deliberation;
mod desk;
mod duties;
mod key_file;
mod keys;
mod ledger;
mod mail;
mod notice;
mod outbox;
mod oversight;
mod party;
mod pilot;
mod quarantine;
mod regime;
mod register;
mod retention;
mod review;
mod rights;
mod simulate;
mod witness;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::serve;

/// Carries a notice from whoever observed a fact, through the provider, to the person concerned.
#[derive(Parser)]
#[command(name = "entremise", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Open the house: API, pages, workers.
    Serve {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Read notices and say what would become of them. Changes nothing.
    #[command(subcommand)]
    Notice(notice::Command),
    /// Read what came back for our mails. Changes nothing.
    #[command(subcommand)]
    Mail(mail::Command),
    /// The rules: show, check, compare.
    #[command(subcommand)]
    Regime(regime::Command),
    /// The register of suspended persons: its key, who is put on it and struck off.
    #[command(subcommand)]
    Register(register::Command),
    /// What other rules would have made of a history: messages, deadlines, hours, expense.
    Simulate(simulate::Arguments),
    /// The ledger: keys, publication, verification.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Cosign the checkpoints of others' ledgers: a process and a key of its own.
    #[command(subcommand)]
    Witness(witness::Command),
    /// Senders and providers: list, stop at once, resume.
    #[command(subcommand)]
    Party(party::Command),
    /// The desks of the house: who may come in with a passkey.
    #[command(subcommand)]
    Desk(desk::Command),
    /// The prior authorisation by an outside reviewer: keys, invitations, signing offline.
    #[command(subcommand)]
    Review(review::Command),
    /// A member's decision on a finding: keys, signing offline.
    #[command(subcommand)]
    Deliberation(deliberation::Command),
    /// For those who watch over it: the yearly report, a drawing redone. Changes nothing.
    #[command(subcommand)]
    Oversight(oversight::Command),
    /// The pilot: real intake from which nothing leaves. Begin, end, read, report.
    #[command(subcommand)]
    Pilot(pilot::Command),
    /// What could not be read: list, replay after a fix.
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// The compartments' keys: make, split, recover, replace.
    #[command(subcommand)]
    Keys(keys::Command),
    /// What was given up: list it, put it back.
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// What was erased, and what goes next.
    #[command(subcommand)]
    Retention(retention::Command),
    /// What a person may ask about themself.
    #[command(subcommand)]
    Rights(rights::Command),
}

/// What a command came to.
pub(crate) enum Outcome {
    Fine,
    /// Done as asked, and the answer is not a good one.
    NotFine,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap prints each where it belongs.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    tell();
    match run(cli.command) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::NotFine) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("entremise: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Serve { config } => {
            serve::run(&Config::read(&config)?)?;
            Ok(Outcome::Fine)
        }
        Command::Notice(command) => notice::run(command),
        Command::Mail(command) => mail::run(command),
        Command::Regime(command) => regime::run(command),
        Command::Register(command) => register::run(command),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Ledger(command) => ledger::run(command),
        Command::Witness(command) => witness::run(command),
        Command::Party(command) => party::run(command),
        Command::Desk(command) => desk::run(command),
        Command::Review(command) => review::run(command),
        Command::Deliberation(command) => deliberation::run(command),
        Command::Oversight(command) => oversight::run(command),
        Command::Pilot(command) => pilot::run(command),
        Command::Quarantine(command) => quarantine::run(command),
        Command::Keys(command) => keys::run(command),
        Command::Outbox(command) => outbox::run(command),
        Command::Retention(command) => retention::run(command),
        Command::Rights(command) => rights::run(command),
    }
}

/// Logs go to standard error, so that standard output stays what a program can read.
fn tell() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ENTREMISE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A second subscriber in one process (tests) is refused, and the first one serves.
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

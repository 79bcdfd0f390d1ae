//! The command line. Exit codes: 0 done, 1 not done (the reason is on stderr), 2 wrong usage.

pub mod alarms;
pub mod answer_file;
pub mod ask;
pub mod journal;
pub mod load;
pub mod measure;
pub mod register;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::keys::KeyFile;
use crate::relay::MailSystem;
use crate::serve::{stop, tls, wall_clock};

/// Says who held an address, a port and an instant, from the provider's own records.
#[derive(Parser)]
#[command(name = "entremise-connector", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Read the provider's records into the index.
    Load(load::LoadArguments),
    /// Ask one question, as the provider's engineer.
    Ask(ask::AskArguments),
    /// Answer authorities over HTTPS, and follow the configured log files.
    Serve(ConfigArgument),
    /// Read the configuration and say what is wrong with it.
    Check(ConfigArgument),
    /// Stop answering at once (503), also across restarts, until `resume`.
    StopAnswering(IndexArgument),
    /// Answer again.
    Resume(IndexArgument),
    /// Accounts that answer improbably often.
    Alarms(alarms::AlarmsArguments),
    /// Complete the authority's CSV of questions, where there is no connection.
    AnswerFile(answer_file::AnswerFileArguments),
    /// The provider's own journal of disclosures.
    Journal(journal::JournalArguments),
    /// Measures that authorities ordered: look, approve, decline, stop.
    Measure(measure::MeasureArguments),
    /// Ask an authority's register of suspended persons, before a new subscription.
    Register(register::RegisterArguments),
    /// Make or change the provider's keys.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

#[derive(clap::Args)]
pub struct ConfigArgument {
    #[arg(long)]
    pub config: PathBuf,
}

#[derive(clap::Args)]
pub struct IndexArgument {
    /// The index directory.
    #[arg(long)]
    pub index: PathBuf,
}

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Write a new key file (never over an existing one).
    New {
        /// Where to write it.
        #[arg(long)]
        out: PathBuf,
    },
    /// Add a handle key: new answers carry new handles, earlier handles stay known.
    Rotate {
        /// The key file to change.
        #[arg(long)]
        keys: PathBuf,
    },
    /// Print the public key that the authority pins to check our answers.
    Public {
        #[arg(long)]
        keys: PathBuf,
    },
}

/// Runs one command, which happens at one instant; the code is the process's exit code.
pub fn run(cli: Cli) -> anyhow::Result<u8> {
    let now = wall_clock()();
    match cli.command {
        Command::Load(arguments) => load::run(&arguments, now),
        Command::Ask(arguments) => ask::run(&arguments, now),
        Command::Serve(argument) => crate::serve::run(&argument.config),
        Command::Check(argument) => check(&argument.config),
        Command::StopAnswering(argument) => {
            stop::stop(&argument.index)?;
            println!("stopped; `resume` answers again");
            Ok(0)
        }
        Command::Resume(argument) => {
            let was_stopped = stop::resume(&argument.index)?;
            println!("{}", if was_stopped { "answering again" } else { "was not stopped" });
            Ok(0)
        }
        Command::Alarms(arguments) => alarms::run(&arguments, now),
        Command::AnswerFile(arguments) => answer_file::run(&arguments, now),
        Command::Journal(arguments) => journal::run(&arguments),
        Command::Measure(arguments) => measure::run(&arguments, now),
        Command::Register(arguments) => register::run(&arguments, now),
        Command::Keys { command } => keys(command),
    }
}

fn check(path: &std::path::Path) -> anyhow::Result<u8> {
    let config = Config::read(path)?;
    let keys = KeyFile::read(&config.key_path())?;
    tls::server_config(&config.tls)?;
    for source in &config.sources {
        for file in &source.files {
            std::fs::File::open(file).with_context(|| format!("opening {}", file.display()))?;
        }
    }
    if let Some(relay) = &config.relay {
        MailSystem::new(relay)?;
    }
    if let Some(measures) = &config.measures {
        measures.servers()?;
        for ordering in &measures.authorities {
            println!("{}: its measures last at most {} days", ordering.id, ordering.longest_days);
        }
        for person in &measures.persons {
            println!("  {} approves with {}", person.name, person.public_key);
        }
    }
    for authority in &config.authorities {
        println!(
            "{}: {} linkings of a handle without a grant, handles rest {} months",
            authority.id, authority.linkings_without_grant, authority.handle_rests_months
        );
        for key in &authority.reviewers {
            println!("  reviewer {} of {} with key {}", key.reviewer, key.body, key.id);
        }
    }
    println!("{} is in order; answers are signed with:", path.display());
    let public = keys.signing_key()?.verifying_key();
    println!("{} {}", public.key_id, public.to_base64());
    Ok(0)
}

fn keys(command: KeysCommand) -> anyhow::Result<u8> {
    match command {
        KeysCommand::New { out } => {
            let keys = KeyFile::generate()?;
            keys.write_new(&out)?;
            println!("{}", keys.signing_key()?.verifying_key().to_base64());
        }
        KeysCommand::Rotate { keys: path } => {
            println!("{}", KeyFile::read(&path)?.rotate(&path)?);
        }
        KeysCommand::Public { keys: path } => {
            let public = KeyFile::read(&path)?.signing_key()?.verifying_key();
            println!("{} {}", public.key_id, public.to_base64());
        }
    }
    Ok(0)
}

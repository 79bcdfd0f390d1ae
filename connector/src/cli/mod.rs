//! The command line. Exit codes: 0 done, 1 not done (the reason is on stderr), 2 wrong usage.

pub mod ask;
pub mod load;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

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
    /// Make or change the provider's keys.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
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

/// Runs one command; the code is the process's exit code.
pub fn run(cli: Cli) -> anyhow::Result<u8> {
    match cli.command {
        Command::Load(arguments) => load::run(&arguments),
        Command::Ask(arguments) => ask::run(&arguments),
        Command::Keys { command } => keys(command),
    }
}

fn keys(command: KeysCommand) -> anyhow::Result<u8> {
    use crate::keys::KeyFile;
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

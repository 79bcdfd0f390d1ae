//! `register ask`: may this person not subscribe? The person comes on standard input, never as an
//! argument that others on the machine can see; out comes `yes` or `no`.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use entremise_core::id::AuthorityId;
use entremise_wire::register::Person;
use jiff::Timestamp;

use crate::config::Config;
use crate::keys::KeyFile;
use crate::register::ask;

#[derive(clap::Args)]
pub struct RegisterArguments {
    #[command(subcommand)]
    command: RegisterCommand,
}

#[derive(Subcommand)]
enum RegisterCommand {
    /// Ask about one person: JSON on stdin with family_name, given_name, born_on, born_in. Prints
    /// `yes` where a measure bars them from subscribing, else `no`. The authority counts the
    /// question and does not see whom it is about.
    Ask {
        /// The configuration of `serve`.
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
    },
}

pub fn run(arguments: &RegisterArguments, now: Timestamp) -> anyhow::Result<u8> {
    let RegisterCommand::Ask { config, authority } = &arguments.command;
    let config = Config::read(config)?;
    let known = config.authorities.iter().find(|known| known.id == *authority);
    let known = known.with_context(|| format!("the configuration has no authority {authority}"))?;
    let register = known.register.as_ref();
    let register = register.with_context(|| format!("{authority} has no register configured"))?;
    let key = KeyFile::read(&config.key_path())?.signing_key()?;
    // The parser's words could repeat what it read.
    let person: Person = serde_json::from_reader(std::io::stdin())
        .map_err(|_| anyhow!("standard input is not the JSON of a person"))?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let is_barred = ask(&person, authority, register, &key, now)?;
    println!("{}", if is_barred { "yes" } else { "no" });
    Ok(0)
}

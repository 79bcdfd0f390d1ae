//! `entremise party`: the switch that stops a party at once, and says so in the ledger.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use entremise_core::id::{AuthorityId, PartyId, PersonId};
use entremise_core::ledger::Actor;
use entremise_store::SystemEntropy;

use super::Outcome;
use crate::config::Config;
use crate::serve::{open, wall_clock};

#[derive(Subcommand)]
pub enum Command {
    /// List the parties of an authority.
    List {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
    },
    /// Stop a party's traffic, both ways, at once.
    Stop {
        #[command(flatten)]
        whom: Whom,
        /// Why, in words the party will read.
        #[arg(long)]
        why: String,
    },
    /// Let a stopped party's traffic flow again.
    Resume {
        #[command(flatten)]
        whom: Whom,
    },
}

#[derive(Args)]
pub struct Whom {
    #[arg(long)]
    config: PathBuf,
    #[arg(long)]
    authority: AuthorityId,
    /// The person who decides it; stands in the ledger.
    #[arg(long)]
    by: PersonId,
    /// Say what would be done and do nothing.
    #[arg(long)]
    dry_run: bool,
    party: PartyId,
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::List { config, authority } => {
            let clock = wall_clock();
            let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
            for party in house.store.parties(&authority)? {
                let state = match &party.stopped {
                    Some(stopped) => format!("stopped since {}: {}", stopped.at, stopped.why),
                    None => "active".to_owned(),
                };
                println!("{:24} {:32} {state}", party.id.as_str(), party.name);
            }
        }
        Command::Stop { whom, why } => switch(&whom, Some(&why))?,
        Command::Resume { whom } => switch(&whom, None)?,
    }
    Ok(Outcome::Fine)
}

fn switch(whom: &Whom, why: Option<&str>) -> anyhow::Result<()> {
    let clock = wall_clock();
    let house = open(&Config::read(&whom.config)?, &clock, Arc::new(SystemEntropy::default()))?;
    house
        .store
        .party(&whom.authority, &whom.party)?
        .with_context(|| format!("{} has no party {}", whom.authority, whom.party))?;
    let verb = if why.is_some() { "stop" } else { "resume" };
    if whom.dry_run {
        println!("would {verb} {}", whom.party);
        return Ok(());
    }
    let by = Actor::Person(whom.by.clone());
    match why {
        Some(why) => house.store.stop(&whom.authority, &whom.party, why, &by, clock())?,
        None => house.store.resume(&whom.authority, &whom.party, &by, clock())?,
    }
    println!("{verb}: {} (entered in the ledger)", whom.party);
    Ok(())
}

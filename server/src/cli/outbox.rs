//! `entremise outbox`: effects that were given up, and putting them back once the cause is mended.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use entremise_core::id::{AuthorityId, EffectId, PersonId};
use entremise_core::ledger::Actor;
use entremise_store::SystemEntropy;

use super::Outcome;
use crate::config::Config;
use crate::serve::{open, wall_clock};

#[derive(Subcommand)]
pub enum Command {
    /// List what was given up, with why.
    Show {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
    },
    /// Put one effect back into its queue.
    PutBack {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
        #[arg(long)]
        effect: EffectId,
        /// The person who decides it; stands in the ledger.
        #[arg(long)]
        by: PersonId,
        /// Say what would be done and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let clock = wall_clock();
    match command {
        Command::Show { config, authority } => {
            let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
            for (case, row) in house.store.parked(&authority)? {
                let trouble = row.trouble.as_deref().unwrap_or("-");
                println!(
                    "{} {} case {case} {} attempts: {trouble}",
                    row.id,
                    row.effect.name(),
                    row.attempts
                );
            }
            Ok(Outcome::Fine)
        }
        Command::PutBack { config, authority, effect, by, dry_run } => {
            let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
            if dry_run {
                let is_parked =
                    house.store.parked(&authority)?.iter().any(|(_, row)| row.id == effect);
                println!("{}", if is_parked { "would put it back" } else { "is not parked" });
                return Ok(if is_parked { Outcome::Fine } else { Outcome::NotFine });
            }
            if house.store.put_back(&authority, effect, &Actor::Person(by), clock())? {
                println!("{effect}: back in its queue (entered in the ledger)");
                return Ok(Outcome::Fine);
            }
            println!("{effect}: nothing of this number was given up");
            Ok(Outcome::NotFine)
        }
    }
}

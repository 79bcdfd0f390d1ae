//! `entremise quarantine`: what could not be read is kept; after a fix it is read again.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Subcommand;
use entremise_core::id::AuthorityId;
use entremise_store::SystemEntropy;

use super::Outcome;
use crate::config::Config;
use crate::house::House;
use crate::intake::{Channel, NotTaken, Sending, receive};
use crate::serve::{Clock, open, wall_clock};

#[derive(Subcommand)]
pub enum Command {
    /// List what waits, with the code and the place of the first thing wrong.
    List {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
    },
    /// Read everything that waits again, as if it had just come from its sender.
    Replay {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
        /// Say what would be read and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let clock = wall_clock();
    match command {
        Command::List { config, authority } => {
            let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
            for row in house.store.quarantined(&authority)? {
                let sender = row.sender.as_ref().map_or("-", |sender| sender.as_str());
                println!("{} {} {sender} {} bytes", row.id.0, row.received_at, row.size_bytes);
                for reason in &row.reasons {
                    println!("  {reason}");
                }
            }
            Ok(Outcome::Fine)
        }
        Command::Replay { config, authority, dry_run } => {
            let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
            replay(&house, &authority, dry_run, &clock)
        }
    }
}

fn replay(
    house: &House,
    authority: &AuthorityId,
    dry_run: bool,
    clock: &Clock,
) -> anyhow::Result<Outcome> {
    let room = house.room(authority).with_context(|| format!("no authority {authority}"))?;
    let mut outcome = Outcome::Fine;
    for row in house.store.quarantined(authority)? {
        let id = row.id.0;
        let Some(sender) = row.sender.as_ref().and_then(|sender| room.sender(sender)) else {
            println!("{id}: its sender is not registered; register it, or look at it by hand");
            outcome = Outcome::NotFine;
            continue;
        };
        let Some(kept) = house.store.take_quarantined(row.id)? else { continue };
        let reading = entremise_formats::read(&kept.raw, entremise_formats::Hint::default());
        let readable = reading.outcomes.iter().filter(|item| item.verdict.is_ok()).count();
        println!("{id}: {readable} notice(s) can be read now");
        if dry_run || readable == 0 {
            outcome = if readable == 0 { Outcome::NotFine } else { outcome };
            continue;
        }
        let sending = Sending {
            channel: Channel::Folder,
            bytes: kept.raw,
            idempotency_key: Some(format!("quarantine-{id}")),
            jws: None,
            received_at: clock(),
        };
        match receive(&house.store, room, sender, sending) {
            Ok(report) => {
                house.store.release_quarantined(row.id, clock())?;
                println!("{id}: taken as batch {}", report.id);
            }
            Err(NotTaken::Trouble(trouble)) => return Err(trouble.into()),
            Err(not_taken) => {
                outcome = Outcome::NotFine;
                println!("{id}: {not_taken}");
            }
        }
    }
    Ok(outcome)
}

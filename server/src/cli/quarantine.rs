//! `entremise quarantine`: what could not be read is kept; after a fix it is read again.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use entremise_core::id::{AuthorityId, PersonId};
use entremise_store::{About, Look, LookField, LookPurpose, QuarantineId, SystemEntropy};

use super::Outcome;
use crate::config::Config;
use crate::house::House;
use crate::quarantine::{Reader, Replayed, replay as replay_one};
use crate::serve::{Clock, open, wall_clock};

/// Who has it opened, and by what text: both stand in the ledger before anything is opened.
#[derive(Args)]
pub struct Who {
    #[arg(long)]
    by: PersonId,
    /// The text that allows it, such as `CPI L331-23`.
    #[arg(long)]
    legal_basis: String,
}

#[derive(Subcommand)]
pub enum Command {
    /// List what waits, with the code and the place of the first thing wrong.
    List {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
    },
    /// Show the bytes of one thing that was set aside.
    Show {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
        #[command(flatten)]
        who: Who,
        id: uuid::Uuid,
    },
    /// Read everything that waits again, as if it had just come from its sender.
    Replay {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
        #[command(flatten)]
        who: Who,
        /// Say what would be read and take nothing; the look is entered all the same.
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
        Command::Show { config, authority, who, id } => {
            let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
            let look = Look {
                authority: &authority,
                person: &who.by,
                about: About::Quarantined(QuarantineId(id)),
                purpose: LookPurpose::Quarantine,
                legal_basis: &who.legal_basis,
                fields: &[LookField::Evidence],
            };
            let raw = house.store.look(&look, clock())?.raw.context("its bytes are erased")?;
            std::io::stdout().write_all(&raw)?;
            Ok(Outcome::Fine)
        }
        Command::Replay { config, authority, who, dry_run } => {
            let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
            replay(&house, &authority, &who, dry_run, &clock)
        }
    }
}

fn replay(
    house: &House,
    authority: &AuthorityId,
    who: &Who,
    dry_run: bool,
    clock: &Clock,
) -> anyhow::Result<Outcome> {
    let room = house.room(authority).with_context(|| format!("no authority {authority}"))?;
    let reader = Reader { by: &who.by, legal_basis: &who.legal_basis };
    let mut outcome = Outcome::Fine;
    for row in house.store.quarantined(authority)? {
        let id = row.id.0;
        match replay_one(house, room, &row, &reader, !dry_run, clock())? {
            Replayed::Taken(batch) => println!("{id}: taken as batch {batch}"),
            Replayed::Readable(notices) => println!("{id}: {notices} notice(s) can be read now"),
            Replayed::Gone => {}
            Replayed::NoSender => {
                println!("{id}: its sender is not registered; register it, or look at it by hand");
                outcome = Outcome::NotFine;
            }
            Replayed::StillUnreadable => {
                println!("{id}: 0 notice(s) can be read now");
                outcome = Outcome::NotFine;
            }
            Replayed::NotTaken(why) => {
                println!("{id}: {why}");
                outcome = Outcome::NotFine;
            }
        }
    }
    Ok(outcome)
}

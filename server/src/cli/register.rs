//! `entremise register`: the register of suspended persons. Whom it is about comes on standard
//! input, never as an argument, and goes no further than this process.

use anyhow::Context;
use clap::Subcommand;
use entremise_core::id::{CaseId, PersonId};
use entremise_core::ledger::Actor;
use entremise_wire::register::Person;
use jiff::Timestamp;

use super::Outcome;
use super::at::At;
use crate::house::House;
use crate::register;
use crate::serve::wall_clock;

#[derive(Subcommand)]
pub enum Command {
    /// Print the public key, which providers pin.
    Key {
        #[command(flatten)]
        at: At,
    },
    /// Put a person on it until a measure ends: the person as JSON, on stdin (family_name,
    /// given_name, born_on, born_in).
    Enlist {
        #[command(flatten)]
        at: At,
        /// The case of the measure.
        #[arg(long)]
        case: CaseId,
        /// The first instant after the measure, RFC 3339.
        #[arg(long)]
        until: Timestamp,
        #[arg(long)]
        by: PersonId,
        /// Read the person, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Strike a case's person off before the end.
    Strike {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        case: CaseId,
        #[arg(long)]
        by: PersonId,
        /// Say what would be struck, and strike nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Which cases have somebody on it, and until when. Names nobody.
    List {
        #[command(flatten)]
        at: At,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Key { at } => {
            let (house, _) = at.house()?;
            println!("{}", key(&house, &at)?.public());
        }
        Command::Enlist { at, case, until, by, dry_run } => {
            let (house, _) = at.house()?;
            let key = key(&house, &at)?;
            // The parser's words could repeat what it read.
            let person: Person = serde_json::from_reader(std::io::stdin())
                .map_err(|_| anyhow::anyhow!("standard input is not the JSON of a person"))?;
            if dry_run {
                key.tag(&person)?;
                println!("would enlist one person for case {case} until {until}");
                return Ok(Outcome::Fine);
            }
            let regime = &house.room(&at.authority).context("no such authority")?.config.regime;
            let of = (&at.authority, regime, case);
            let by = Actor::Person(by);
            register::enlist(&house.store, key, of, &person, until, &by, wall_clock()())?;
            println!("enlisted for case {case} until {until} (entered in the ledger)");
        }
        Command::Strike { at, case, by, dry_run } => {
            let (house, _) = at.house()?;
            if dry_run {
                println!("would strike whoever is there for case {case}");
                return Ok(Outcome::Fine);
            }
            let by = Actor::Person(by);
            if !register::strike(&house.store, &at.authority, case, &by, wall_clock()())? {
                println!("nobody is on the register for case {case}");
                return Ok(Outcome::NotFine);
            }
            println!("struck: case {case} (entered in the ledger; the key of the record is gone)");
        }
        Command::List { at } => {
            for row in at.house()?.0.store.suspended(&at.authority)? {
                println!("{}  since {}  until {}", row.case, row.enlisted_at, row.ends_at);
            }
        }
    }
    Ok(Outcome::Fine)
}

fn key<'h>(house: &'h House, at: &At) -> anyhow::Result<&'h entremise_wire::register::RegisterKey> {
    let room = house.room(&at.authority);
    let room = room.with_context(|| format!("no authority {}", at.authority))?;
    room.register_key.as_deref().context("the configuration has no register of this authority")
}

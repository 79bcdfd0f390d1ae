//! `entremise ledger`: publish it, and verify what anybody published.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use entremise_ledger::audit::command::{CheckReceipt, CheckText, Trouble, Verify};
use entremise_ledger::{Place, receipt};
use entremise_store::SystemEntropy;

use super::Outcome;
use crate::config::Config;
use crate::serve::{open, wall_clock};
use crate::worker::publish;

#[derive(Subcommand)]
pub enum Command {
    Verify(Verify),
    /// Make receipts, which prove entries offline, from the published files.
    Receipt(MakeReceipt),
    /// Check a receipt, offline, and say in a sentence what it proves.
    CheckReceipt(CheckReceipt),
    CheckText(CheckText),
    /// Publish new entries now (serve does it by itself).
    Publish {
        #[arg(long)]
        config: PathBuf,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Verify(verify) => outcome(verify.run()),
        Command::Receipt(make) => make.run(),
        Command::CheckReceipt(check) => outcome(check.run()),
        Command::CheckText(check) => outcome(check.run()),
        Command::Publish { config } => {
            let clock = wall_clock();
            let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
            for room in &house.rooms {
                let published = publish::ledger(&house, room, clock())?;
                println!(
                    "{}: {} entries, {} new; key {}",
                    room.config.id,
                    published.size,
                    published.added,
                    room.ledger_key.public().as_str(),
                );
            }
            Ok(Outcome::Fine)
        }
    }
}

/// Which entries, of which ledger.
#[derive(Args)]
pub struct MakeReceipt {
    /// A folder or an http(s) address of one ledger.
    ledger: String,
    /// All entries about a subject: `notice:…`, `case:…`.
    #[arg(long, conflicts_with = "entry", required_unless_present = "entry")]
    of: Option<String>,
    /// The entry of this number.
    #[arg(long)]
    entry: Option<u64>,
    /// A folder for the receipts, one file each (`<entry>.tlog-proof`). Without it the one receipt
    /// is printed.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl MakeReceipt {
    fn run(self) -> anyhow::Result<Outcome> {
        let place = Place::parse(&self.ledger)?;
        let place = place.only()?;
        let entries = match (&self.of, self.entry) {
            (_, Some(entry)) => vec![entry],
            (Some(subject), None) => {
                let found = receipt::entries_about(&*place, subject)?;
                for listed in &found {
                    eprintln!("entry {}: {}, dated {}", listed.entry, listed.kind, listed.at);
                }
                found.into_iter().map(|listed| listed.entry).collect()
            }
            (None, None) => Vec::new(),
        };
        match (&self.out, entries.as_slice()) {
            (_, []) => {
                eprintln!("the published ledger has no such entry");
                return Ok(Outcome::NotFine);
            }
            (None, [entry]) => print!("{}", receipt::make(&*place, *entry)?),
            (None, _) => bail!("several entries: name one with --entry, or a folder with --out"),
            (Some(folder), entries) => {
                std::fs::create_dir_all(folder)?;
                for entry in entries {
                    let path = folder.join(format!("{entry}.tlog-proof"));
                    let text = receipt::make(&*place, *entry)?.to_string();
                    std::fs::write(&path, text)
                        .with_context(|| format!("{} cannot be written", path.display()))?;
                    println!("{}", path.display());
                }
            }
        }
        Ok(Outcome::Fine)
    }
}

/// A verification's answer as the outcome of a command.
fn outcome(answer: Result<bool, Trouble>) -> anyhow::Result<Outcome> {
    match answer {
        Ok(true) => Ok(Outcome::Fine),
        Ok(false) => Ok(Outcome::NotFine),
        Err(trouble) => Err(anyhow!("{trouble}")),
    }
}

//! `entremise ledger`: publish it, and verify what anybody published.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Subcommand;
use entremise_ledger::{Options, Place, PublicKey, verify};
use entremise_store::SystemEntropy;

use super::Outcome;
use crate::config::Config;
use crate::serve::{open, wall_clock};
use crate::worker::publish;

#[derive(Subcommand)]
pub enum Command {
    /// Check a published ledger from its files alone: signatures, every hash, every entry.
    Verify {
        /// A folder or an http(s) address; of one authority, or of several.
        place: String,
        /// The public key you trust (a vkey), or a file that holds it. Without it the key found
        /// beside the ledger is used, and the answer says so.
        #[arg(long)]
        key: Vec<String>,
        /// A checkpoint you kept from before: the ledger must continue it.
        #[arg(long)]
        since: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Publish new entries now (serve does it by itself).
    Publish {
        #[arg(long)]
        config: PathBuf,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Verify { place, key, since, json } => verify_place(&place, &key, since, json),
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

fn verify_place(
    place: &str,
    keys: &[String],
    since: Option<PathBuf>,
    json: bool,
) -> anyhow::Result<Outcome> {
    let keys = keys.iter().map(|key| trusted(key)).collect::<anyhow::Result<Vec<_>>>()?;
    let since = since
        .map(|path| std::fs::read(&path).with_context(|| path.display().to_string()))
        .transpose()?;
    let options = Options { keys, since, progress: None };
    let report = verify(&Place::parse(place)?, options)?;
    if json {
        println!("{}", report.to_json());
    } else {
        print!("{report}");
    }
    Ok(if report.is_sound() { Outcome::Fine } else { Outcome::NotFine })
}

fn trusted(key: &str) -> anyhow::Result<PublicKey> {
    let text = match std::fs::read_to_string(key) {
        Ok(text) => text,
        Err(_) => key.to_owned(),
    };
    PublicKey::parse(text.trim()).with_context(|| format!("{key:?} is no vkey and no file of one"))
}

//! `entremise rights`: what the person behind a file number may ask: access, rectification, erasure
//! (Règlement (UE) 2016/679, arts 15 to 17). Every look stands in the ledger before it is taken.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use entremise_core::id::{AuthorityId, CaseId, PersonId, QuestionId};
use entremise_core::identification::Identity;
use entremise_core::ledger::Actor;
use entremise_store::{EraseError, Store, SystemEntropy, WhyErased, file_number};
use serde_json::Value;

use super::Outcome;
use crate::config::Config;
use crate::rights::held;
use crate::serve::{Clock, open, wall_clock};

#[derive(Args)]
pub struct Whose {
    #[arg(long)]
    config: PathBuf,
    #[arg(long)]
    authority: AuthorityId,
    /// The file number as it stands on the message.
    #[arg(long = "file")]
    file_number: String,
    /// The person of the house who answers; stands in the ledger.
    #[arg(long)]
    by: PersonId,
}

#[derive(Subcommand)]
pub enum Command {
    /// Say all that is held about the person.
    Access {
        #[command(flatten)]
        whose: Whose,
        /// The text that allows the look.
        #[arg(long, default_value = "Règlement (UE) 2016/679, art. 15")]
        legal_basis: String,
        /// One JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Replace what the provider disclosed by what is right: the identity as JSON, on stdin.
    Rectify {
        #[command(flatten)]
        whose: Whose,
        /// Which disclosure, as `access` names it.
        #[arg(long)]
        disclosure: QuestionId,
        /// Say what would be replaced and replace nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Erase what is held, where nothing stands against it.
    Erase {
        #[command(flatten)]
        whose: Whose,
        /// Say which file would be erased and erase nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let clock = wall_clock();
    match command {
        Command::Access { whose, legal_basis, json } => {
            let (store, case) = find(&whose, &clock)?;
            let held = held(&store, &whose.authority, case, &whose.by, &legal_basis, clock())?;
            if json {
                println!("{}", serde_json::to_string_pretty(&held)?);
            } else {
                tell(&serde_json::to_value(&held)?, 0);
            }
            Ok(Outcome::Fine)
        }
        Command::Rectify { whose, disclosure, dry_run } => {
            let (store, case) = find(&whose, &clock)?;
            let right: Identity = serde_json::from_reader(std::io::stdin())
                .map_err(|_| anyhow::anyhow!("standard input is not the JSON of an identity"))?;
            if dry_run {
                println!("would replace disclosure {disclosure} of {}", whose.file_number);
                return Ok(Outcome::Fine);
            }
            let by = Actor::Person(whose.by);
            let seq = store.rectify(&whose.authority, case, disclosure, &right, &by, clock())?;
            println!("rectified: entry {seq}; the key of what was there before is destroyed");
            Ok(Outcome::Fine)
        }
        Command::Erase { whose, dry_run } => {
            let (store, case) = find(&whose, &clock)?;
            if dry_run {
                println!("would erase {}", whose.file_number);
                return Ok(Outcome::Fine);
            }
            let by = Actor::Person(whose.by);
            match store.erase(&whose.authority, case, WhyErased::Asked, &by, clock()) {
                Ok(erased) => {
                    println!(
                        "erased: entry {}; notices {}, disclosures {}, documents {}",
                        erased.seq, erased.notices, erased.disclosures, erased.documents
                    );
                    Ok(Outcome::Fine)
                }
                Err(EraseError::Refused(refusal)) => {
                    println!("not erased: {refusal} (entered in the ledger)");
                    Ok(Outcome::NotFine)
                }
                Err(error) => Err(error.into()),
            }
        }
    }
}

fn find(whose: &Whose, clock: &Clock) -> anyhow::Result<(Store, CaseId)> {
    let house = open(&Config::read(&whose.config)?, clock, Arc::new(SystemEntropy::default()))?;
    let number = file_number::read(&whose.file_number).context("this is no file number")?;
    let case = house.store.find_file(&whose.authority, &number)?;
    let case = case.with_context(|| format!("there is no file {number}"))?;
    Ok((house.store, case))
}

/// All that is held as text: one line a value, indented by where it stands.
fn tell(value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('_', " ");
                match value {
                    Value::Object(_) | Value::Array(_) => {
                        println!("{indent}{name}:");
                        tell(value, depth + 1);
                    }
                    Value::Null => {}
                    Value::String(text) => println!("{indent}{name}: {text}"),
                    other => println!("{indent}{name}: {other}"),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                if value.is_object() {
                    println!("{indent}-");
                    tell(value, depth + 1);
                } else {
                    println!(
                        "{indent}- {}",
                        value.as_str().map_or(value.to_string(), str::to_owned)
                    );
                }
            }
        }
        other => println!("{indent}{other}"),
    }
}

//! `entremise desk`: lets a person of the house register a passkey, with a code that is handed over
//! by another way.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Subcommand;
use entremise_core::id::{AuthorityId, PersonId};
use entremise_store::SystemEntropy;

use super::Outcome;
use super::review::{CODE_VALID, fresh_code};
use crate::config::Config;
use crate::serve::{open, wall_clock};
use crate::web::passkey::known::code_digest;

#[derive(Subcommand)]
pub enum Command {
    /// Print a code with which a person of the house registers one passkey.
    Invite {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
        /// Who invites; stands in the ledger.
        #[arg(long)]
        by: PersonId,
        person: PersonId,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let Command::Invite { config, authority, by, person } = command;
    let clock = wall_clock();
    let config = Config::read(&config)?;
    let of = config.authority(&authority).with_context(|| format!("no authority {authority}"))?;
    let known = of.officers.iter().find(|officer| officer.id == person);
    if !known.is_some_and(|officer| officer.passkey || officer.signing_passkey) {
        bail!(
            "{person} is not among those who come in with a passkey (passkey = true), nor among \
             members who sign with one (signing_passkey = true)"
        );
    }
    if by == person {
        bail!("{by} invites somebody else: a way in is never given to oneself");
    }
    let house = open(&config, &clock, Arc::new(SystemEntropy::default()))?;
    let (code, now) = (fresh_code(), clock());
    let expires_at = now.checked_add(CODE_VALID).context("the clock is at the end of time")?;
    let digest = code_digest(&code);
    house.store.invite_reviewer(&authority, &person, &digest, &by, (now, expires_at))?;
    println!("{code}");
    eprintln!("for {person}, once, until {expires_at}; hand it over in person or by another way");
    Ok(Outcome::Fine)
}

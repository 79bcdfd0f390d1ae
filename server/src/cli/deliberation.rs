//! `entremise deliberation`: a member signs a decision on a machine of their own, which needs
//! neither the authority's configuration nor its store.

use std::path::PathBuf;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use entremise_core::authorisation::Signature;
use entremise_core::id::ReviewerKeyId;

use super::Outcome;
use super::key_file::{Holder, confirmed, read_text, write_private};
use crate::web::defence::statement::DecisionFile;

const MEMBER: Holder = Holder { form: "entremise member key v1", table: "authority.officer.key" };

#[derive(Subcommand)]
pub enum Command {
    /// Make a key, on a machine of your own. Its public half is printed for the configuration.
    Key {
        /// The key's name.
        #[arg(long)]
        id: ReviewerKeyId,
        #[arg(long)]
        out: PathBuf,
    },
    /// Print the public half of a key file.
    Show { key: PathBuf },
    /// Sign a decision that the desk gave you as a file.
    Sign(Sign),
}

#[derive(Args)]
pub struct Sign {
    #[arg(long)]
    key: PathBuf,
    /// The file from the desk.
    #[arg(long)]
    decision: PathBuf,
    #[arg(long)]
    out: PathBuf,
    /// Sign without asking: for scripts.
    #[arg(long)]
    yes: bool,
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Key { id, out } => MEMBER.make(id, &out)?,
        Command::Show { key } => {
            let (id, pair) = MEMBER.read(&key)?;
            MEMBER.print(&id, &pair);
        }
        Command::Sign(order) => return sign(&order),
    }
    Ok(Outcome::Fine)
}

fn sign(order: &Sign) -> anyhow::Result<Outcome> {
    let file = DecisionFile::read(&read_text(&order.decision)?)
        .with_context(|| order.decision.display().to_string())?;
    let (id, pair) = MEMBER.read(&order.key)?;
    let (text, outcome) = (file.statement.text(), file.statement.outcome.name());
    eprintln!("Reasons:\n{}\n\nYou sign this text:\n\n{text}", file.reasons);
    if !order.yes && !confirmed(outcome)? {
        eprintln!("nothing was signed");
        return Ok(Outcome::NotFine);
    }
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes()));
    let signed = file.signed(id, Signature::Ed25519 { signature });
    write_private(&order.out, &signed.to_json())?;
    println!("{}: {outcome}", order.out.display());
    Ok(Outcome::Fine)
}

//! `entremise deliberation`: a member signs a decision on a machine of their own, which needs
//! neither the authority's configuration nor its store.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use entremise_core::authorisation::{PublicKey, Signature};
use entremise_core::id::ReviewerKeyId;

use super::Outcome;
use super::key_file::{Holder, confirmed, read_text, write_private};
use crate::web::defence::statement::{DecisionFile, SignedDecision};

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
    /// Say what a signed decision says, and whether its signature holds, from the file alone.
    Verify {
        /// As it is attached to the file for the prosecutor.
        signed: PathBuf,
        /// The member's public key as you know it, base64url: the ledger names each registered one.
        #[arg(long)]
        public_key: Option<String>,
    },
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
        Command::Key { id, out } => MEMBER.make(&id, &out)?,
        Command::Show { key } => {
            let (id, pair) = MEMBER.read::<ReviewerKeyId>(&key)?;
            MEMBER.print(&id, &pair);
        }
        Command::Sign(order) => return sign(&order),
        Command::Verify { signed, public_key } => return verify(&signed, public_key.as_deref()),
    }
    Ok(Outcome::Fine)
}

fn sign(order: &Sign) -> anyhow::Result<Outcome> {
    let file = DecisionFile::read(&read_text(&order.decision)?)
        .with_context(|| order.decision.display().to_string())?;
    let (id, pair) = MEMBER.read::<ReviewerKeyId>(&order.key)?;
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

fn verify(path: &Path, expected: Option<&str>) -> anyhow::Result<Outcome> {
    let name = path.display().to_string();
    let signed = SignedDecision::read(&read_text(path)?).with_context(|| name.clone())?;
    println!("Reasons:\n{}\n\nSigned text:\n\n{}", signed.reasons, signed.text());
    let Some(key) = &signed.public_key else {
        bail!("{name}: no house has taken this decision: it names no public key");
    };
    let (kind, public_key) = match key {
        PublicKey::Ed25519 { public_key } => ("key file (Ed25519)", public_key),
        PublicKey::Passkey { public_key, .. } => ("passkey (WebAuthn, ES256)", public_key),
    };
    println!("key {} of {}, {kind}: {public_key}", signed.key, signed.statement.by);
    if expected.is_some_and(|expected| expected != public_key) {
        println!("{name}: this is NOT the public key that you know");
        return Ok(Outcome::NotFine);
    }
    if !signed.holds_under(key) {
        println!("{name}: the signature does NOT hold");
        return Ok(Outcome::NotFine);
    }
    println!("{name}: the signature holds");
    Ok(Outcome::Fine)
}

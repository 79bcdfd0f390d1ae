//! `entremise review`: the operator's side (invite, keys, file) and the reviewer's own, which runs
//! on a machine that is not the authority's and needs neither its configuration nor its store.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use entremise_core::authorisation::{Ruling, Signature, SignedStatement};
use entremise_core::id::{AuthorisationId, PersonId, ReviewerKeyId};
use entremise_core::ledger::Actor;
use entremise_store::{Entropy as _, SystemEntropy};
use jiff::SignedDuration;

use super::Outcome;
use super::at::At;
use super::key_file::{Holder, confirmed, read_text, write_private};
use crate::serve::wall_clock;
use crate::web::passkey::known::code_digest;
use crate::web::review::file::{RequestFile, RulingFile};
use crate::web::review::over_store::{request_file, reviewer_keys};

/// How long a registration code is good.
pub(super) const CODE_VALID: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Letters and digits that are not mistaken for each other; 32 of them, five bits each.
const CODE_SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[derive(Subcommand)]
pub enum Command {
    /// Reviewer: make or look at a key file, on a machine of your own.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Reviewer: show a request file as it is put before you.
    Show { request: PathBuf },
    /// Reviewer: rule on a request and sign, offline.
    Sign(Sign),
    /// Operator: let a reviewer register a passkey, with a code that you hand over another way.
    Invite {
        #[command(flatten)]
        at: At,
        /// Who invites; stands in the ledger. Never a reviewer.
        #[arg(long)]
        by: PersonId,
        reviewer: PersonId,
    },
    /// Operator: print what a provider pins (its connector's configuration).
    Keys {
        #[command(flatten)]
        at: At,
    },
    /// Operator: take a lost passkey out of use.
    Withdraw {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        by: PersonId,
        key: ReviewerKeyId,
    },
    /// Operator: list the requests that wait for a ruling. Opens nothing.
    List {
        #[command(flatten)]
        at: At,
    },
    /// Operator: write the file of a request for a reviewer who signs with a key file. A look at
    /// evidence; stands in the ledger.
    File {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        by: PersonId,
        #[arg(long)]
        out: PathBuf,
        request: AuthorisationId,
    },
}

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key. The file never leaves this machine; its public half is printed.
    Make {
        /// The key's name, as it will be pinned.
        #[arg(long)]
        id: ReviewerKeyId,
        #[arg(long)]
        out: PathBuf,
    },
    /// Print the public half of a key file.
    Show { key: PathBuf },
}

#[derive(Args)]
pub struct Sign {
    #[arg(long)]
    key: PathBuf,
    #[arg(long)]
    request: PathBuf,
    /// Authorise the linking.
    #[arg(long, conflicts_with = "refuse", required_unless_present = "refuse")]
    grant: bool,
    /// Refuse it.
    #[arg(long)]
    refuse: bool,
    /// A text file with the reasons.
    #[arg(long)]
    reasons: PathBuf,
    #[arg(long)]
    out: PathBuf,
    /// Sign without asking: for scripts.
    #[arg(long)]
    yes: bool,
}

const REVIEWER: Holder =
    Holder { form: "entremise reviewer key v1", table: "authority.reviewer.key" };

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Key(KeyCommand::Make { id, out }) => REVIEWER.make(&id, &out)?,
        Command::Key(KeyCommand::Show { key }) => {
            let (id, pair) = REVIEWER.read::<ReviewerKeyId>(&key)?;
            REVIEWER.print(&id, &pair);
        }
        Command::Show { request } => print!("{}", shown(&read_request(&request)?)),
        Command::Sign(order) => return sign(&order),
        Command::Invite { at, by, reviewer } => invite(&at, &by, &reviewer)?,
        Command::Keys { at } => print_pins(&at)?,
        Command::Withdraw { at, by, key } => {
            let (house, _) = at.house()?;
            if !house.store.withdraw_passkey(&at.authority, &key, &by, wall_clock()())? {
                bail!("no passkey {key} is in use");
            }
            println!("withdrawn: {key} (entered in the ledger; providers must unpin it too)");
        }
        Command::List { at } => {
            let (house, _) = at.house()?;
            for found in house.store.review_requests(&at.authority, wall_clock()())? {
                let lapses = found.lapses.map(|deadline| deadline.ends_at.to_string());
                let lapses = lapses.unwrap_or_else(|| "never".to_owned());
                println!("{}  before {}  lapses {lapses}", found.request, found.reviewer);
            }
        }
        Command::File { at, by, out, request } => {
            let (house, authority) = at.house()?;
            let now = wall_clock()();
            let found = house
                .store
                .review_request(&at.authority, request, now)?
                .context("no such request waits for a ruling")?;
            let name = authority.name.get("fr").cloned().unwrap_or_default();
            let by = Actor::Person(by);
            let file = request_file(&house.store, &at.authority, &name, &found, &by, now)?;
            write_private(&out, &file.to_json())?;
            println!("{}: for {} (the look is in the ledger)", out.display(), found.reviewer);
        }
    }
    Ok(Outcome::Fine)
}

fn invite(at: &At, by: &PersonId, reviewer: &PersonId) -> anyhow::Result<()> {
    let (house, authority) = at.house()?;
    let known = |id: &PersonId| authority.reviewers.iter().any(|known| known.id == *id);
    if !known(reviewer) {
        bail!("{reviewer} is not among the reviewers of {}", at.authority);
    }
    if known(by) {
        bail!("{by} is a reviewer; whoever runs the machines invites, and reviews nothing");
    }
    let code = fresh_code();
    let now = wall_clock()();
    let expires_at = now.checked_add(CODE_VALID).context("the clock is at the end of time")?;
    let digest = code_digest(&code);
    house.store.invite_reviewer(&at.authority, reviewer, &digest, by, (now, expires_at))?;
    println!("{code}");
    eprintln!("for {reviewer}, once, until {expires_at}; hand it over in person or by another way");
    Ok(())
}

/// A code of twenty signs: a hundred bits.
pub(super) fn fresh_code() -> String {
    let mut bytes = [0; 20];
    SystemEntropy::default().fill(&mut bytes);
    let signs: Vec<char> =
        bytes.iter().map(|byte| char::from(CODE_SIGNS[usize::from(byte & 31)])).collect();
    let groups: Vec<String> = signs.chunks(5).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// What goes into the connector's configuration, under the authority it belongs to. The provider
/// compares it with what the reviewer says on the telephone.
fn print_pins(at: &At) -> anyhow::Result<()> {
    let (house, authority) = at.house()?;
    for key in reviewer_keys(&house.store, &at.authority, &authority.reviewers)? {
        println!("[[authority.reviewer]]");
        print!("{}", toml::to_string(&key).context("a key is not TOML")?);
        println!();
    }
    Ok(())
}

fn read_request(path: &Path) -> anyhow::Result<RequestFile> {
    RequestFile::read(&read_text(path)?).with_context(|| path.display().to_string())
}

/// The request in words, and the dossier as it is digested.
fn shown(file: &RequestFile) -> String {
    let linking = &file.linking;
    let lapses = file.lapses_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let fields: Vec<&str> = linking.fields.iter().map(|field| field.name()).collect();
    let dossier: serde_json::Value = serde_json::from_str(&file.dossier).unwrap_or_default();
    format!(
        "{}\nrequest {}\nbefore {}, lapses {lapses}\n\nasked: linking {} of handle {}\n  at {} \
         ({}), purpose {}, fields {}\n\ndossier (SHA-256 {}):\n{}\n",
        file.authority,
        file.request,
        file.reviewer,
        linking.sequence,
        linking.handle,
        linking.provider,
        linking.regime,
        linking.purpose.name(),
        fields.join(", "),
        file.evidence,
        serde_json::to_string_pretty(&dossier).unwrap_or_default(),
    )
}

fn sign(order: &Sign) -> anyhow::Result<Outcome> {
    let request = read_request(&order.request)?;
    let (id, pair) = REVIEWER.read::<ReviewerKeyId>(&order.key)?;
    let reasons = read_text(&order.reasons)?.trim().to_owned();
    if reasons.is_empty() {
        bail!("{} is empty: a ruling needs its reasons", order.reasons.display());
    }
    let ruling = if order.grant { Ruling::Granted } else { Ruling::Refused };
    let statement = request.statement(ruling, &reasons);
    let text = statement.text();
    eprintln!("{}\nReasons:\n{reasons}\n\nYou sign this text:\n\n{text}", shown(&request));
    if !order.yes && !confirmed(ruling.name())? {
        eprintln!("nothing was signed");
        return Ok(Outcome::NotFine);
    }
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes()));
    let signed =
        SignedStatement { statement, key: id, signature: Signature::Ed25519 { signature } };
    write_private(&order.out, &RulingFile::new(signed, reasons).to_json())?;
    println!("{}: {}", order.out.display(), ruling.name());
    Ok(Outcome::Fine)
}

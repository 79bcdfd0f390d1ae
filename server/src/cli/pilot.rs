//! `entremise pilot`: two persons begin it and end it; what would have left is read; at the end a
//! report says what it showed.
//!
//! Who signs does so with a key file on a machine of their own, and needs neither configuration nor
//! store.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Subcommand, ValueEnum};
use entremise_core::id::{AuthorityId, PersonId};
use entremise_core::pilot::{Act, Agreed, Standing, Statement, Word};
use entremise_store::{About, Look, LookField, LookPurpose, file_number};
use jiff::SignedDuration;
use jiff::civil::Date;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::at::At;
use super::key_file::{Holder, confirmed, read_text, write_private};
use super::regime::Language;
use crate::config::{Authority, Signatory};
use crate::cost::Costs;
use crate::pilot::{Asked, html, report, text};
use crate::serve::wall_clock;

/// How long an act may wait for its second signature.
const ACT_VALID: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Messages listed at once.
const MESSAGES_MOST: usize = 10_000;

#[derive(Subcommand)]
pub enum Command {
    /// Signatory: make a key file, on a machine of your own; its public half is printed.
    Key {
        #[arg(long)]
        by: PersonId,
        #[arg(long)]
        out: PathBuf,
    },
    /// Write an act that two persons are to sign: to begin a pilot, or to go to real work.
    #[command(subcommand)]
    Draft(Draft),
    /// Signatory: sign an act, offline.
    Sign {
        act: PathBuf,
        #[arg(long)]
        key: PathBuf,
        /// Sign without asking: for scripts.
        #[arg(long)]
        yes: bool,
    },
    /// Put an act into force that two different persons signed. The ledger has it.
    Enact {
        #[command(flatten)]
        at: At,
        act: PathBuf,
        /// Say what would happen and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Where what comes in goes now, and by which acts.
    Status {
        #[command(flatten)]
        at: At,
    },
    /// The messages that would have left: a list, or all of one file to be read.
    Messages {
        #[command(flatten)]
        at: At,
        /// The file number in the pilot. Reading is a look: it stands in the ledger.
        #[arg(long = "file", requires = "by", requires = "out")]
        file_number: Option<String>,
        /// Who reads.
        #[arg(long)]
        by: Option<PersonId>,
        /// A folder into which the messages are written.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// What the pilot showed: ratios, decisions, missed times, work and expense.
    Report {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        first: Option<Date>,
        /// This day counts.
        #[arg(long)]
        last: Option<Date>,
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        #[arg(long, value_enum, default_value = "fr")]
        lang: Language,
    },
}

#[derive(Subcommand)]
pub enum Draft {
    /// Draw one network in so many, and send what comes from them to the pilot.
    Begin {
        #[command(flatten)]
        at: At,
        #[arg(long, default_value_t = 10)]
        one_in: u32,
        #[arg(long)]
        out: PathBuf,
    },
    /// End the pilot: what comes in from then on is real.
    GoLive {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Html,
}

/// An act on its way from one signatory to the other.
#[derive(Serialize, Deserialize)]
struct ActFile {
    form: String,
    statement: Statement,
    words: Vec<Word>,
}

const SIGNATORY: Holder =
    Holder { form: "entremise pilot key v1", table: "authority.pilot.signatory" };
const ACT: &str = "entremise pilot act v1";

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Key { by, out } => SIGNATORY.make(&by, &out)?,
        Command::Draft(Draft::Begin { at, one_in, out }) => {
            draft(&at, Act::Begin { one_in }, &out)?
        }
        Command::Draft(Draft::GoLive { at, out }) => draft(&at, Act::GoLive, &out)?,
        Command::Sign { act, key, yes } => return sign(&act, &key, yes),
        Command::Enact { at, act, dry_run } => enact(&at, &act, dry_run)?,
        Command::Status { at } => status(&at)?,
        Command::Messages { at, file_number, by, out } => match (file_number, by, out) {
            (Some(number), Some(by), Some(out)) => read_messages(&at, &number, &by, &out)?,
            _ => list_messages(&at)?,
        },
        Command::Report { at, first, last, format, lang } => {
            return tell(&at, (first, last), format, lang);
        }
    }
    Ok(Outcome::Fine)
}

fn pilot_of(authority: &Authority) -> anyhow::Result<AuthorityId> {
    authority.id.pilot().context("the authority's name is too long for a pilot")
}

fn draft(at: &At, act: Act, out: &Path) -> anyhow::Result<()> {
    let (house, authority) = at.house()?;
    ensure!(authority.pilot.is_some(), "the configuration has no pilot of {}", authority.id);
    let now = wall_clock()();
    let number = house.store.pilot_acts(&authority.id)?.last().map_or(1, |last| last.number + 1);
    let expires_at = now.checked_add(ACT_VALID).context("the clock is at the end of time")?;
    let statement = Statement { authority: authority.id, number, act, expires_at };
    let file = ActFile { form: ACT.to_owned(), statement, words: Vec::new() };
    write_private(out, &(serde_json::to_string_pretty(&file)? + "\n"))?;
    println!("{}: two persons sign it until {expires_at}; nothing is changed yet", out.display());
    Ok(())
}

fn sign(act: &Path, key: &Path, yes: bool) -> anyhow::Result<Outcome> {
    let mut file = read_act(act)?;
    let (by, pair) = SIGNATORY.read::<PersonId>(key)?;
    let text = file.statement.text(&by);
    eprintln!("You sign this text:\n\n{text}");
    let name = file.statement.act.name();
    if !yes && !confirmed(name)? {
        eprintln!("nothing was signed");
        return Ok(Outcome::NotFine);
    }
    file.words.retain(|word| word.by != by);
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes()));
    file.words.push(Word { by: by.clone(), signature });
    // Whole or not at all: another's signature stands in it.
    let fresh = act.with_extension("new");
    std::fs::write(&fresh, serde_json::to_string_pretty(&file)? + "\n")?;
    std::fs::rename(&fresh, act)?;
    println!("{}: {name}, signed by {by} ({} of 2)", act.display(), file.words.len().min(2));
    Ok(Outcome::Fine)
}

fn enact(at: &At, act: &Path, dry_run: bool) -> anyhow::Result<()> {
    let (house, authority) = at.house()?;
    let file = read_act(act)?;
    let now = wall_clock()();
    let of = &file.statement.authority;
    ensure!(*of == authority.id, "the act is of {of}, not of {}", authority.id);
    let pilot = authority.pilot.as_ref();
    let pilot = pilot.with_context(|| format!("the configuration has no pilot of {of}"))?;
    let agreed = Agreed::verified(file.statement, file.words, now, |by, text, signature| {
        holds(&pilot.signatories, by, text, signature)
    })?;
    if dry_run {
        println!("would put into force: {}", agreed.statement().act.name());
        return Ok(());
    }
    let entered = house.store.enter_pilot_act(&agreed, now)?;
    println!(
        "in force: act {} of {}, {} (entered in the ledger)",
        entered.number,
        authority.id,
        entered.act.name()
    );
    if entered.act == Act::GoLive {
        let piloted = pilot_of(&authority)?;
        let watched =
            indicatif::ProgressBar::new_spinner().with_message("closing the pilot's cases");
        let mut closed = 0;
        loop {
            match house.store.close_piloted(&piloted, wall_clock()())? {
                0 => break,
                some => closed += some,
            }
            watched.set_position(closed as u64);
        }
        watched.finish_and_clear();
        println!("{closed} cases of the pilot are closed; what is kept of them goes in its time");
    }
    Ok(())
}

/// Whether a signature is that of a person whom the configuration knows.
pub(crate) fn holds(known: &[Signatory], by: &PersonId, text: &str, signature: &str) -> bool {
    let key = known.iter().find(|signatory| signatory.id == *by).map(|found| &found.public_key);
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let (Some(key), Some(signature)) = (key.and_then(|key| decoded(key)), decoded(signature))
    else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key).verify(text.as_bytes(), &signature).is_ok()
}

fn status(at: &At) -> anyhow::Result<()> {
    let (house, authority) = at.house()?;
    match house.store.pilot_standing(&authority.id)? {
        Standing::Live => println!("{}: what comes in is real", authority.id),
        Standing::Pilot { draw } => println!(
            "{}: a pilot is run; one network in {} is drawn, and nothing leaves",
            authority.id, draw.one_in
        ),
    }
    for act in house.store.pilot_acts(&authority.id)? {
        let by: Vec<&str> = act.by.iter().map(PersonId::as_str).collect();
        println!("  act {}  {}  {}  by {}", act.number, act.at, act.act.name(), by.join(", "));
    }
    Ok(())
}

fn list_messages(at: &At) -> anyhow::Result<()> {
    let (house, authority) = at.house()?;
    let kept = house.store.kept_messages(&pilot_of(&authority)?, None, MESSAGES_MOST)?;
    for message in &kept {
        println!("{}  {}  {}", message.kept_at, message.file_number, message.name);
    }
    if kept.len() == MESSAGES_MOST {
        eprintln!("these are the first {MESSAGES_MOST}; name a --file to read one");
    }
    Ok(())
}

/// Writes the messages of one file. Who reads is in the ledger before anything is opened.
fn read_messages(at: &At, number: &str, by: &PersonId, out: &Path) -> anyhow::Result<()> {
    let (house, authority) = at.house()?;
    let pilot = pilot_of(&authority)?;
    let number = file_number::read(number).context("this is no file number")?;
    let case = house.store.find_file(&pilot, &number)?;
    let case = case.with_context(|| format!("the pilot has no file {number}"))?;
    // What belongs to an effect is what would have left; the rest of the case stays closed.
    let kept = house.store.documents(&pilot, &case)?;
    let messages = kept.iter().filter(|row| row.effect.is_some());
    let messages: Vec<LookField> = messages.map(|row| LookField::Document(row.id)).collect();
    ensure!(!messages.is_empty(), "file {number} has no messages");
    let look = Look {
        authority: &pilot,
        person: by,
        about: About::Case(case),
        purpose: LookPurpose::Pilot,
        legal_basis: "pilote : relecture des messages",
        fields: &messages,
    };
    let seen = house.store.look(&look, wall_clock()())?;
    std::fs::create_dir_all(out)?;
    for (place, (name, bytes)) in seen.documents.iter().enumerate() {
        let path = out.join(format!("{number}-{:02}-{name}", place + 1));
        std::fs::write(&path, bytes)?;
        println!("{}", path.display());
    }
    eprintln!("{} messages; the look is in the ledger, entry {}", seen.documents.len(), seen.seq);
    Ok(())
}

fn tell(
    at: &At,
    (first, last): (Option<Date>, Option<Date>),
    format: Format,
    lang: Language,
) -> anyhow::Result<Outcome> {
    let (house, authority) = at.house()?;
    let regime = house.store.regime(&authority.regime).context("the regime is not built in")?;
    let costs = authority.pilot.as_ref().and_then(|pilot| pilot.costs.as_deref());
    let costs = costs.map(Costs::read).transpose()?.unwrap_or_default();
    let asked = Asked { authority: &authority.id, regime, first, last, costs: &costs };
    let Some(report) = report(&house.store, &asked, wall_clock()())? else {
        bail!("{} never had a pilot", authority.id);
    };
    match format {
        Format::Text => print!("{}", text(&report, lang.into())),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
        Format::Html => print!("{}", html(&report, lang.into())),
    }
    Ok(Outcome::Fine)
}

fn read_act(path: &Path) -> anyhow::Result<ActFile> {
    let file: ActFile = serde_json::from_str(&read_text(path)?)
        .with_context(|| format!("{} is no act", path.display()))?;
    ensure!(file.form == ACT, "{} is no act of a pilot", path.display());
    Ok(file)
}

//! `measure`: what the provider's persons do about orders. Each signs with a key of their own; the
//! server carries out what two of them approved, within about a second. Works beside the running
//! server and without it.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use entremise_core::id::{AuthorityId, PersonId};
use entremise_wire::measure::{Demand, Impossible};
use jiff::Timestamp;

use crate::config::Config;
use crate::keys::KeyFile;
use crate::measure::config::MeasuresConfig;
use crate::measure::notes::{Note, PersonKey, Verdict};
use crate::measure::order::{Key, Order};
use crate::measure::state::{Memory, impossible, word};
use crate::measure::switch::{self, Switch};
use crate::measure::{account, sealer};

#[derive(clap::Args)]
pub struct MeasureArguments {
    #[command(subcommand)]
    command: MeasureCommand,
}

#[derive(Subcommand)]
enum MeasureCommand {
    /// Make a person's key, and print what stands under [[measures.person]].
    Key {
        #[arg(long)]
        out: PathBuf,
    },
    /// Every order and where it stands. Names no subscriber.
    List(At),
    /// One order in full, with the account. Run it as who may know.
    Show {
        #[command(flatten)]
        order: OneOrder,
    },
    /// Say yes to an order as it stands now. It takes two different persons.
    Approve {
        #[command(flatten)]
        order: OneOrder,
        #[command(flatten)]
        person: Signing,
    },
    /// Say that it cannot be done here.
    Refuse {
        #[command(flatten)]
        order: OneOrder,
        #[command(flatten)]
        person: Signing,
        /// line-ceased, line-of-necessity, sparing-impossible or decision-doubtful.
        #[arg(long, value_parser = impossible)]
        reason: Impossible,
    },
    /// Carry out nothing new, and lift what is in force at once.
    Stop {
        #[command(flatten)]
        at: At,
        /// Only this authority's.
        #[arg(long)]
        authority: Option<AuthorityId>,
        /// What is in force stays until its own end.
        #[arg(long)]
        keep: bool,
    },
    /// Take orders again. What was approved before must be approved again.
    Resume {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        authority: Option<AuthorityId>,
    },
}

#[derive(clap::Args)]
struct At {
    /// The configuration of `serve`.
    #[arg(long)]
    config: PathBuf,
}

#[derive(clap::Args)]
struct OneOrder {
    #[command(flatten)]
    at: At,
    /// The order's number; its first letters are enough.
    order: String,
}

#[derive(clap::Args)]
struct Signing {
    /// Who you are in [[measures.person]].
    #[arg(long)]
    by: PersonId,
    /// Your key, of `measure key`.
    #[arg(long)]
    key: PathBuf,
}

/// The configuration and what happened so far.
struct Desktop {
    config: Config,
    measures: MeasuresConfig,
    memory: Memory,
}

pub fn run(arguments: &MeasureArguments, now: Timestamp) -> anyhow::Result<u8> {
    match &arguments.command {
        MeasureCommand::Key { out } => println!("{}", PersonKey::write_new(out)?.public()),
        MeasureCommand::List(at) => list(&open(at)?, now),
        MeasureCommand::Show { order } => {
            let desktop = open(&order.at)?;
            let (key, order) = desktop.one(&order.order)?;
            show(&desktop, key, order, now)?;
        }
        MeasureCommand::Approve { order, person } => say(order, person, Verdict::Approved, now)?,
        MeasureCommand::Refuse { order, person, reason } => {
            say(order, person, Verdict::Declined { reason: *reason }, now)?;
        }
        MeasureCommand::Stop { at, authority, keep } => {
            let desktop = open(at)?;
            desktop.knows(authority.as_ref())?;
            let switch = if *keep { Switch::Keep } else { Switch::Lift };
            switch::stop(&desktop.config.index, authority.as_ref(), switch)?;
            println!("stopped; the running server acts on it within a second");
        }
        MeasureCommand::Resume { at, authority } => {
            let desktop = open(at)?;
            switch::resume(&desktop.config.index, authority.as_ref())?;
            println!("orders are taken again");
        }
    }
    Ok(0)
}

fn open(at: &At) -> anyhow::Result<Desktop> {
    let config = Config::read(&at.config)?;
    let measures = config.measures.clone().context("the configuration has no [measures]")?;
    let memory = Memory::read(&config.index)?;
    Ok(Desktop { config, measures, memory })
}

impl Desktop {
    /// The order whose number begins so.
    fn one(&self, given: &str) -> anyhow::Result<(&Key, &Order)> {
        let given = given.to_ascii_lowercase();
        let mut fitting =
            self.memory.orders.iter().filter(|(key, _)| key.1.to_string().starts_with(&given));
        match (fitting.next(), fitting.next()) {
            (Some(found), None) => Ok(found),
            (None, _) => bail!("there is no order {given:?}"),
            _ => bail!("several orders begin with {given:?}; give more letters"),
        }
    }

    /// A name that nobody has would stop nobody.
    fn knows(&self, authority: Option<&AuthorityId>) -> anyhow::Result<()> {
        let Some(given) = authority else { return Ok(()) };
        let is_known = self.measures.authorities.iter().any(|known| known.id == *given);
        ensure!(is_known, "[measures] has no authority {given}");
        Ok(())
    }
}

/// Where an order stands, in a word.
fn standing(order: &Order, now: Timestamp) -> String {
    let state = serde_json::to_value(order.status(now, None).state).unwrap_or_default();
    let of = |name: &str| state[name].as_str().unwrap_or_default().to_owned();
    let more = [of("how"), of("reason")].concat();
    let waits = match order.awaits_approval() {
        true => format!(" ({} of 2 approvals)", order.approvals.len()),
        false => String::new(),
    };
    [of("state"), if more.is_empty() { more } else { format!(" {more}") }, waits].concat()
}

fn list(desktop: &Desktop, now: Timestamp) {
    for (key, order) in &desktop.memory.orders {
        let window = match order.window() {
            Some(window) => format!("{} – {}", window.from, window.until),
            None => "to be lifted".to_owned(),
        };
        println!(
            "{}  {}  version {}  {window}  {}",
            key.1,
            key.0,
            order.order.version,
            standing(order, now)
        );
    }
}

fn show(desktop: &Desktop, key: &Key, order: &Order, now: Timestamp) -> anyhow::Result<()> {
    let sealer = sealer(&KeyFile::read(&desktop.config.key_path())?);
    let account = account(&sealer, key.1, order.account.as_deref());
    println!("order       {}", key.1);
    println!("authority   {} under {}", key.0, order.regime);
    println!("version     {} of {}", order.order.version, order.received_at);
    println!("decision    by {}, SHA-256 {}", word(&order.order.decided_by), order.order.decision);
    match &order.order.demand {
        Demand::Carry { starts_at, ends_at, spares } => {
            let spares: Vec<String> = spares.iter().map(word).collect();
            println!("window      {starts_at} – {ends_at}");
            println!("spares      {}", spares.join(", "));
        }
        Demand::Lift => println!("window      to be lifted"),
    }
    println!("account     {}", account.unwrap_or_default().escape_debug());
    println!("state       {}", standing(order, now));
    for person in &order.approvals {
        println!("approved by {person}");
    }
    Ok(())
}

/// Signs a person's word and leaves it for the server; says at once why it would not count.
fn say(order: &OneOrder, person: &Signing, verdict: Verdict, now: Timestamp) -> anyhow::Result<()> {
    let desktop = open(&order.at)?;
    let (key, order) = desktop.one(&order.order)?;
    let signing = PersonKey::read(&person.key)?;
    let note = Note::signed(&signing, key, order, verdict, person.by.clone(), now);
    let is_stopped = switch::of(&desktop.config.index, &key.0).is_some();
    let switched_at = desktop.memory.switched_at.get(&key.0).copied();
    note.judged(&desktop.measures.keys()?, Some(order), is_stopped, switched_at, now)?;
    note.leave(&desktop.config.index)?;
    println!("noted; version {} of order {}", order.order.version, key.1);
    Ok(())
}

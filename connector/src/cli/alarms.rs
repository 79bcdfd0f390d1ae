//! `alarms`: what the frequency alarm holds back, and letting it go again.

use std::path::PathBuf;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use jiff::Timestamp;

use crate::alarm::{AlarmFile, AlarmLine};
use crate::desk::account_sealer;
use crate::keys::KeyFile;
use crate::measure::state::word;

#[derive(clap::Args)]
pub struct AlarmsArguments {
    #[arg(long)]
    pub index: PathBuf,
    /// The key file; by default keys.json in the index.
    #[arg(long)]
    pub keys: Option<PathBuf>,
    #[command(subcommand)]
    pub command: AlarmsCommand,
}

#[derive(Subcommand)]
pub enum AlarmsCommand {
    /// The accounts whose answers are withheld. Names them: run it as the provider's engineer.
    List,
    /// Answer for an account again, after its records were checked.
    Clear {
        /// The alarm's id as `list` prints it; its first letters are enough.
        id: String,
    },
}

pub fn run(arguments: &AlarmsArguments, now: Timestamp) -> anyhow::Result<u8> {
    let mut alarms = AlarmFile::open(&arguments.index)?;
    match &arguments.command {
        AlarmsCommand::List => list(&alarms, arguments)?,
        AlarmsCommand::Clear { id } => {
            let id = full_id(&alarms, id)?;
            alarms.add(&AlarmLine::Cleared { id, at: now })?;
        }
    }
    Ok(0)
}

fn list(alarms: &AlarmFile, arguments: &AlarmsArguments) -> anyhow::Result<()> {
    let path = arguments.keys.clone().unwrap_or_else(|| KeyFile::path_in(&arguments.index));
    let sealer = account_sealer(&KeyFile::read(&path)?);
    for line in alarms.raised() {
        if let AlarmLine::Measure { id, at, authority, order, why } = line {
            println!("{id}  {at}  {}  order {order} of {authority}", word(why));
            continue;
        }
        let AlarmLine::Raised { id, at, questions, addresses, account } = line else { continue };
        let name = STANDARD
            .decode(account)
            .ok()
            .and_then(|sealed| sealer.open(&sealed, id.as_bytes()))
            .context("the alarm was raised under another key file")?;
        println!(
            "{id}  {at}  {questions} questions, {addresses} addresses in a day  {}",
            String::from_utf8_lossy(&name).escape_debug()
        );
    }
    Ok(())
}

fn full_id(alarms: &AlarmFile, given: &str) -> anyhow::Result<String> {
    let fitting: Vec<&String> = alarms
        .raised()
        .into_iter()
        .filter_map(|line| match line {
            AlarmLine::Raised { id, .. } | AlarmLine::Measure { id, .. }
                if id.starts_with(given) =>
            {
                Some(id)
            }
            _ => None,
        })
        .collect();
    match fitting[..] {
        [id] => Ok(id.clone()),
        [] => bail!("there is no alarm {given:?}"),
        _ => bail!("several alarms begin with {given:?}; give more letters"),
    }
}

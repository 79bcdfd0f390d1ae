//! `entremise keys`: the ceremony. Keys are made, split among persons, recovered, replaced; what to
//! do next is said at each step. No key and no share is ever an argument or stands in a log.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Subcommand;
use entremise_core::id::PersonId;
use entremise_core::ledger::{Actor, hexadecimal};
use entremise_store::{
    COMPARTMENTS, Key, KeyShare, KeySource, SystemEntropy, check_value, recover_key, split_key,
};

use super::Outcome;
use crate::config::Config;
use crate::serve::{open, places, wall_clock};

/// Clears the screen and what was scrolled away.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

#[derive(Subcommand)]
pub enum Command {
    /// Make the keys of the compartments that have none, where the configuration says they lie.
    Make {
        #[arg(long)]
        config: PathBuf,
    },
    /// Show which keys there are, by their check values.
    Show {
        #[arg(long)]
        config: PathBuf,
    },
    /// Split one key among several persons, who come to the screen one after the other.
    Split {
        #[arg(long)]
        config: PathBuf,
        /// cases, evidence, traffic or identity.
        #[arg(long)]
        compartment: String,
        /// How many persons get a share.
        #[arg(long)]
        shares: u8,
        /// How many of them must come to recover the key.
        #[arg(long)]
        threshold: u8,
    },
    /// Recover a key from its shares, which their holders type one after the other.
    Recover {
        #[arg(long)]
        config: PathBuf,
    },
    /// Replace the key of evidence, traffic or identity while the house runs. Run again, it ends
    /// what was cut off.
    Rotate {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        compartment: String,
        /// The person who decides it; stands in the ledger.
        #[arg(long)]
        by: PersonId,
        /// Say what would be done and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let (input, output) = (std::io::stdin(), std::io::stdout());
    let clears = output.is_terminal();
    let mut desk = Desk { input: &mut input.lock(), output: &mut output.lock(), clears };
    match command {
        Command::Make { config } => make(&mut desk, &places::source(&Config::read(&config)?)?),
        Command::Show { config } => show(&mut desk, &places::source(&Config::read(&config)?)?),
        Command::Split { config, compartment, shares, threshold } => {
            let source = places::source(&Config::read(&config)?)?;
            split(&mut desk, &source, &compartment, shares, threshold)
        }
        Command::Recover { config } => {
            recover(&mut desk, &places::source(&Config::read(&config)?)?)
        }
        Command::Rotate { config, compartment, by, dry_run } => {
            let config = Config::read(&config)?;
            rotate(&mut desk, &config, &compartment, by, dry_run)
        }
    }
}

/// Where the ceremony takes place: a screen and a keyboard.
struct Desk<'d> {
    input: &'d mut dyn BufRead,
    output: &'d mut dyn Write,
    clears: bool,
}

impl Desk<'_> {
    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        writeln!(self.output, "{text}")?;
        Ok(self.output.flush()?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            bail!("the ceremony was broken off");
        }
        Ok(line)
    }

    fn clear(&mut self) -> anyhow::Result<()> {
        if self.clears {
            write!(self.output, "{CLEAR}")?;
        }
        Ok(self.output.flush()?)
    }

    /// A share as it is typed, over as many lines as its holder likes, until an empty one. Asked
    /// for again until it is right.
    fn share(&mut self) -> anyhow::Result<KeyShare> {
        loop {
            self.say("Type the share, and an empty line after it:")?;
            let mut typed = String::new();
            loop {
                let line = self.line()?;
                if line.trim().is_empty() && !typed.is_empty() {
                    break;
                }
                typed.push_str(&line);
            }
            self.clear()?;
            match KeyShare::read(&typed) {
                Ok(share) => return Ok(share),
                Err(error) => self.say(&format!("Not taken: {error}. Look at the paper again."))?,
            }
        }
    }
}

fn make(desk: &mut Desk, source: &KeySource) -> anyhow::Result<Outcome> {
    if let KeySource::Token { token, .. } = source {
        token.make_key()?;
        desk.say("The token has its AES key; it can be used and never be read.")?;
    }
    source.make_missing(&SystemEntropy::default())?;
    show(desk, source)?;
    desk.say(
        "Next: split each of them with `entremise keys split`, before the house opens. A key that \
         is lost and was not split is lost with all that it seals.",
    )?;
    Ok(Outcome::Fine)
}

fn show(desk: &mut Desk, source: &KeySource) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Fine;
    for name in COMPARTMENTS {
        let versions = source.read(name)?;
        if versions.is_empty() {
            desk.say(&format!("{name:10} no key: make it, or recover it from its shares"))?;
            outcome = Outcome::NotFine;
        }
        for (version, key) in &versions {
            desk.say(&format!("{name:10} version {version:<4} check {}", check(key)))?;
        }
    }
    Ok(outcome)
}

fn check(key: &Key) -> String {
    hexadecimal(&check_value(key))
}

fn split(
    desk: &mut Desk,
    source: &KeySource,
    compartment: &str,
    shares: u8,
    threshold: u8,
) -> anyhow::Result<Outcome> {
    let versions = source.read(compartment)?;
    let (version, key) =
        versions.last_key_value().with_context(|| format!("{compartment} has no key to split"))?;
    let dealt = split_key(compartment, *version, key, shares, threshold)?;
    desk.say(&format!(
        "The key of {compartment}, version {version}, check {}, becomes {shares} shares. Any \
         {threshold} of them recover it; fewer tell nothing.\n\
         {shares} persons come to this screen one after the other. Each writes one share down by \
         hand and types it again. Nobody else looks, and nothing is printed or photographed.",
        check(key)
    ))?;
    for share in &dealt {
        desk.say(&format!("\nShare {}: its holder comes, and presses Enter.", share.number))?;
        desk.line()?;
        desk.say(&format!(
            "\n{compartment} · version {version} · share {} · any {threshold} of {shares}\n\n{}\n\
             Write down this heading and the 18 groups, then press Enter: the screen is cleared.",
            share.number,
            share.lines().as_str()
        ))?;
        desk.line()?;
        desk.clear()?;
        loop {
            let typed = desk.share()?;
            if typed.number == share.number && typed.lines() == share.lines() {
                break;
            }
            desk.say("Not taken: this is another share.")?;
        }
        desk.say(&format!("Share {} is written down rightly.", share.number))?;
    }
    desk.say(&format!(
        "\nDone. The holders keep their shares apart and tell nobody. Next: enter in the minutes \
         who holds which share of check {}. After a rotation these shares recover nothing: destroy \
         them, and split again.",
        check(key)
    ))?;
    Ok(Outcome::Fine)
}

fn recover(desk: &mut Desk, source: &KeySource) -> anyhow::Result<Outcome> {
    desk.say("The holders come to this screen one after the other.")?;
    let mut given: Vec<KeyShare> = Vec::new();
    let key = loop {
        let share = match desk.share() {
            Ok(share) => share,
            Err(error) if given.is_empty() => return Err(error),
            Err(error) => match recover_key(&given) {
                Err(too_few) => return Err(error.context(too_few)),
                Ok(_) => return Err(error),
            },
        };
        if given.iter().any(|known| known.number == share.number || !known.is_beside(&share)) {
            desk.say(&format!(
                "Not taken: share {} was given already, or is of another key.",
                share.number
            ))?;
            continue;
        }
        let left = usize::from(share.threshold).saturating_sub(given.len() + 1);
        desk.say(&format!(
            "Share {} of the key of {}, version {}. {left} more to come.",
            share.number,
            share.compartment(),
            share.version
        ))?;
        given.push(share);
        if left == 0 {
            break recover_key(&given)?;
        }
    };
    let (name, version) = (given[0].compartment(), given[0].version);
    source.add(name, version, &key)?;
    let lies = source.read(name)?.remove(&version);
    if lies.as_ref().is_none_or(|lies| check_value(lies) != check_value(&key)) {
        bail!("another key of {name}, version {version}, lies there; it was not written over");
    }
    desk.say(&format!(
        "The key of {name}, version {version}, is recovered: check {}. Hold it against the \
         minutes. Next: open the house; it refuses a key that is not the one its records are \
         sealed with.",
        check(&key)
    ))?;
    Ok(Outcome::Fine)
}

fn rotate(
    desk: &mut Desk,
    config: &Config,
    compartment: &str,
    by: PersonId,
    dry_run: bool,
) -> anyhow::Result<Outcome> {
    let clock = wall_clock();
    let house = open(config, &clock, Arc::new(SystemEntropy::default()))?;
    if dry_run {
        for state in house.store.key_states()? {
            let (version, check) = (state.version, &state.check);
            desk.say(&format!(
                "{:10} version {version:<4} {:10} check {check}",
                state.compartment, state.state
            ))?;
        }
        desk.say(&format!("would replace the current key of {compartment}"))?;
        return Ok(Outcome::Fine);
    }
    let rotation = house.store.rotate_keys(compartment, &Actor::Person(by), clock())?;
    desk.say(&format!(
        "{compartment}: version {} is the key now; {} record keys were wrapped anew (entered in \
         the ledger). Next: split it with `entremise keys split`, and destroy the old shares.",
        rotation.version, rotation.rewrapped
    ))?;
    for version in &rotation.by_hand {
        desk.say(&format!("By hand: destroy the key of {compartment}, version {version}."))?;
    }
    Ok(Outcome::Fine)
}

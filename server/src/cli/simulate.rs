//! `entremise simulate`: last year's cases under changed rules, beside what they were. Reads, and
//! changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use entremise_core::id::AuthorityId;
use entremise_core::regime::{Regime, RegimeFile, embedded};
use entremise_core::simulate::{LineHistory, Policy, Synthetic};
use entremise_store::SystemEntropy;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;

use super::Outcome;
use super::pilot::Format;
use super::regime::Language;
use crate::config::Config;
use crate::cost::Costs;
use crate::serve::{open, wall_clock};
use crate::simulate::{Comparison, Source, Trial, html, text};

/// Cases that are read in one go; a house with more is read in 64 parts.
const CASES_AT_ONCE: u64 = 20_000;
/// The signs a handle may begin with.
const SIGNS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[derive(Args)]
pub struct Arguments {
    /// The changed rules: a regime.toml.
    #[arg(long)]
    regime: PathBuf,
    /// What they are held against: a regime.toml; the built-in regime of the same id unless given.
    #[arg(long)]
    against: Option<PathBuf>,
    #[arg(long, value_enum)]
    history: History,
    /// For a ledger: the configuration of the house.
    #[arg(long, required_if_eq("history", "ledger"))]
    config: Option<PathBuf>,
    /// For a ledger: whose.
    #[arg(long, required_if_eq("history", "ledger"))]
    authority: Option<AuthorityId>,
    /// For a made-up history: from which it is made.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// For a made-up history: how many lines are seen at all.
    #[arg(long, default_value_t = 10_000)]
    lines: u64,
    #[arg(long)]
    from: Date,
    /// This day counts.
    #[arg(long)]
    to: Date,
    /// What is assumed of those who were never asked, as TOML; plain defaults unless given.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Units of cost with their sources, as TOML (docs/pilot.md).
    #[arg(long)]
    costs: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[arg(long, value_enum, default_value = "fr")]
    lang: Language,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum History {
    Ledger,
    Synthetic,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let would_be = regime(&arguments.regime)?;
    let was = match &arguments.against {
        Some(path) => regime(path)?,
        None => embedded(would_be.id())
            .with_context(|| format!("no built-in regime {}: name one --against", would_be.id()))?
            .without_words(),
    };
    ensure!(arguments.from <= arguments.to, "the last day lies before the first");
    let comparison = compare(arguments, &was, &would_be)?;
    let lang = arguments.lang.into();
    match arguments.format {
        Format::Text => print!("{}", text(&comparison, lang)),
        Format::Json => println!("{}", serde_json::to_string_pretty(&comparison)?),
        Format::Html => print!("{}", html(&comparison, lang)),
    }
    Ok(Outcome::Fine)
}

fn regime(path: &Path) -> anyhow::Result<Regime> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
    let file = RegimeFile::parse(&name, &text)?;
    Ok(Regime::from_file(file, &embedded::calendars()?)?.without_words())
}

fn compare(arguments: &Arguments, was: &Regime, would_be: &Regime) -> anyhow::Result<Comparison> {
    let zone = was.zone();
    let (from, to) = (zone.start_of(arguments.from), zone.end_of(arguments.to));
    let policy = arguments.policy.as_deref().map(policy).transpose()?.unwrap_or_default();
    let costs = arguments.costs.as_deref().map(Costs::read).transpose()?.unwrap_or_default();
    let mut trial = Trial::new(was, would_be, policy, to);
    let source = match arguments.history {
        History::Synthetic => {
            let made_up = Synthetic { seed: arguments.seed, lines: arguments.lines, from, to };
            let bar = bar(made_up.lines);
            for number in 0..made_up.lines {
                trial.take(&made_up.line(number));
                bar.inc(1);
            }
            bar.finish_and_clear();
            Source::Synthetic { seed: arguments.seed }
        }
        History::Ledger => lived(arguments, &mut trial, (from, to))?,
    };
    Ok(trial.end(source, (arguments.from, arguments.to), &costs))
}

/// Plays what a house lived through, part by part.
fn lived(
    arguments: &Arguments,
    trial: &mut Trial<'_>,
    span: (Timestamp, Timestamp),
) -> anyhow::Result<Source> {
    let config =
        arguments.config.as_deref().context("a ledger lies in a house: name its --config")?;
    let authority = arguments.authority.as_ref().context("whose ledger? name the --authority")?;
    let house = open(&Config::read(config)?, &wall_clock(), Arc::new(SystemEntropy::default()))?;
    let id = trial.was.id().parse()?;
    let (cases, erased) = house.store.ladder_cases(authority, &id, span)?;
    let parts: Vec<Option<char>> = match cases <= CASES_AT_ONCE {
        true => vec![None],
        false => SIGNS.chars().map(Some).collect(),
    };
    let bar = bar(cases - erased);
    for part in parts {
        for line in house.store.line_histories(authority, &id, span, part)? {
            let played = line.cases.len() as u64;
            trial.take(&LineHistory::read(line.line, line.cases, trial.was));
            bar.inc(played);
        }
    }
    bar.finish_and_clear();
    Ok(Source::Ledger { authority: authority.to_string(), erased })
}

fn policy(path: &Path) -> anyhow::Result<Policy> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

/// On a terminal, how far it has come; silent elsewhere.
fn bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

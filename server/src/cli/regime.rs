//! `entremise regime`: the rules as a lawyer, a programmer and a meeting room read them.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use entremise_core::deadline::Lang;
use entremise_core::prove::{Bound, Engine, Proof, Reached, prove};
use entremise_core::regime::{Finding, Regime, RegimeFile, check, diff, embedded, show};
use indicatif::ProgressBar;
use jiff::civil::Date;

use super::Outcome;
use super::duties::{self, Days};

#[derive(Subcommand)]
pub enum Command {
    /// The regimes inside this binary.
    List,
    /// The ladder as in force on a day.
    Show {
        id: String,
        /// The day, such as 2026-11-21.
        #[arg(long)]
        on: Date,
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        #[arg(long, value_enum, default_value = "fr")]
        lang: Language,
    },
    /// What is missing or contradictory in a regime: built in, or a file of yours.
    Check {
        /// The id of a built-in regime, or a path to a regime.toml or a duties.toml; left out, all
        /// built-in ones.
        regime: Option<String>,
        #[arg(long)]
        json: bool,
        /// Also plays every story under the regime, and proves what none of them can do.
        #[arg(long)]
        prove: bool,
        /// The most events in one story.
        #[arg(long, requires = "prove", default_value_t = Bound::default().depth)]
        depth: usize,
        /// The most states that are told apart: memory stays within about two kilobytes each.
        #[arg(long, requires = "prove", default_value_t = Bound::default().states)]
        states: usize,
        #[arg(long, value_enum, default_value = "fr")]
        lang: Language,
    },
    /// Who owes what to whom, within what time from which proven event.
    Duties {
        /// The id of a regime, or a path to a duties.toml.
        id: String,
        /// The day, such as 2026-11-21; left out, the last on which anything changed.
        #[arg(long)]
        on: Option<Date>,
        /// What changed since this day, instead of the table.
        #[arg(long)]
        since: Option<Date>,
        #[arg(long, value_enum, default_value = "text")]
        format: duties::Format,
        #[arg(long, value_enum, default_value = "fr")]
        lang: Language,
    },
    /// Plays dated situations under the duties, and says which of them hold.
    Situations {
        /// The id of a regime, or a path to a duties.toml.
        id: String,
        /// Situations as a party understands them; left out, those of the regime.
        file: Option<String>,
        #[arg(long)]
        json: bool,
        #[arg(long, value_enum, default_value = "fr")]
        lang: Language,
    },
    /// What changes between two days, from which day, and by which text.
    Diff {
        id: String,
        before: Date,
        after: Date,
        #[arg(long)]
        json: bool,
        #[arg(long, value_enum, default_value = "fr")]
        lang: Language,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Svg,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Language {
    Fr,
    En,
}

impl From<Language> for Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::Fr => Self::Fr,
            Language::En => Self::En,
        }
    }
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::List => {
            for id in embedded::ids() {
                let regime = embedded(id)?;
                println!("{id:28} {}", regime.title().in_lang(Lang::Fr));
            }
            for id in duties_alone() {
                let duties = entremise_core::duties::embedded(id)?;
                println!("{id:28} {}", duties.title().in_lang(Lang::Fr));
            }
        }
        Command::Show { id, on, format, lang } => {
            let regime = embedded(&id)?;
            match format {
                Format::Text => print!("{}", show::text(&regime, on, lang.into())?),
                Format::Json => println!("{:#}", show::json(&regime, on)?),
                Format::Svg => println!("{}", show::svg(&regime, on, lang.into())?),
            }
        }
        Command::Check { regime, json, prove: false, .. } => return check_each(regime, json),
        Command::Check { regime, json, depth, states, lang, .. } => {
            return prove_each(regime, Bound { depth, states }, json, lang.into());
        }
        Command::Duties { id, on, since, format, lang } => {
            return duties::print(&id, &Days { on, since }, format, lang.into());
        }
        Command::Situations { id, file, json, lang } => {
            return duties::play(&id, file.as_deref(), json, lang.into());
        }
        Command::Diff { id, before, after, json, lang } => {
            let regime = embedded(&id)?;
            if json {
                println!("{:#}", diff::json(&regime, before, after)?);
            } else {
                print!("{}", diff::text(&regime, before, after, lang.into())?);
            }
        }
    }
    Ok(Outcome::Fine)
}

/// The regimes that have duties and no ladder.
fn duties_alone() -> Vec<&'static str> {
    let ladders = embedded::ids();
    let all = entremise_core::duties::embedded::ids().into_iter();
    all.filter(|id| !ladders.contains(id)).collect()
}

/// The regimes that are meant: one, or all that are built in.
fn meant(regime: Option<String>) -> Vec<String> {
    regime.map_or_else(|| embedded::ids().into_iter().map(str::to_owned).collect(), |one| vec![one])
}

/// A regime's text, and what is wrong with it.
fn checked(regime: &str) -> anyhow::Result<(String, Vec<Finding>)> {
    let text = match embedded::text(regime) {
        Some(text) => text.to_owned(),
        None => {
            let path = PathBuf::from(regime);
            std::fs::read_to_string(&path).with_context(|| {
                format!("{regime} is neither a built-in regime nor a file that can be read")
            })?
        }
    };
    let findings = check(&RegimeFile::parse(regime, &text)?);
    Ok((text, findings))
}

fn check_each(regime: Option<String>, json: bool) -> anyhow::Result<Outcome> {
    let mut fine = true;
    let alone = if regime.is_none() { duties_alone() } else { Vec::new() };
    for regime in meant(regime).into_iter().chain(alone.into_iter().map(str::to_owned)) {
        let owed = duties::findings(&regime)?;
        let ladder = embedded::text(&regime).is_some() || owed.is_none();
        let mut findings = if ladder { checked(&regime)?.1 } else { Vec::new() };
        findings.extend(owed.into_iter().flatten());
        if json {
            println!("{}", serde_json::to_string_pretty(&findings)?);
        } else {
            for finding in &findings {
                println!("{finding}");
            }
            println!("{regime}: {} finding(s)", findings.len());
        }
        fine &= findings.is_empty();
    }
    Ok(if fine { Outcome::Fine } else { Outcome::NotFine })
}

fn prove_each(
    regime: Option<String>,
    bound: Bound,
    json: bool,
    lang: Lang,
) -> anyhow::Result<Outcome> {
    let mut proofs = Vec::new();
    for name in meant(regime) {
        let (text, findings) = checked(&name)?;
        // Without order in the file there is no law to tell stories under.
        if !findings.is_empty() {
            return check_each(Some(name), json);
        }
        let regime = Regime::parse(&name, &text, &embedded::calendars()?)?;
        let bar = ProgressBar::new_spinner().with_message(name.clone());
        let proof = prove(&regime, &Engine::real(), bound, &mut |reached| {
            let Reached { states, transitions, depth, .. } = reached;
            bar.set_message(format!("{name}: {states} / {transitions} / {depth}"));
            bar.tick();
        });
        bar.finish_and_clear();
        if !json {
            print!("{}", proof.text(lang));
        }
        proofs.push(proof);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&proofs)?);
    }
    let fine = proofs.iter().all(Proof::holds);
    Ok(if fine { Outcome::Fine } else { Outcome::NotFine })
}

//! `entremise regime`: the rules as a lawyer, a programmer and a meeting room read them.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use entremise_core::deadline::Lang;
use entremise_core::regime::{RegimeFile, check, diff, embedded, show};
use jiff::civil::Date;

use super::Outcome;

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
        /// The id of a built-in regime, or a path to a regime.toml.
        regime: String,
        #[arg(long)]
        json: bool,
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
        }
        Command::Show { id, on, format, lang } => {
            let regime = embedded(&id)?;
            match format {
                Format::Text => print!("{}", show::text(&regime, on, lang.into())?),
                Format::Json => println!("{:#}", show::json(&regime, on)?),
                Format::Svg => println!("{}", show::svg(&regime, on, lang.into())?),
            }
        }
        Command::Check { regime, json } => return check_one(&regime, json),
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

fn check_one(regime: &str, json: bool) -> anyhow::Result<Outcome> {
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
    if json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        for finding in &findings {
            println!("{finding}");
        }
        println!("{regime}: {} finding(s)", findings.len());
    }
    Ok(if findings.is_empty() { Outcome::Fine } else { Outcome::NotFine })
}

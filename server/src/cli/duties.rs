//! `entremise regime duties` and `regime situations`: who owes what to whom by when, and whether a
//! party's own understanding of it is that of the file.

use anyhow::Context;
use entremise_core::deadline::Lang;
use entremise_core::duties::situations::{self, Difference, Played};
use entremise_core::duties::{Duties, DutiesFile, check, diff_json, diff_text, embedded, show};
use entremise_core::regime::embedded::calendars;
use entremise_core::regime::{Finding, Regime, RegimeFile};
use jiff::civil::Date;

use super::Outcome;

/// How the table is set.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
    Html,
}

/// The days that are asked about.
pub struct Days {
    /// The day of the table; left out, the last day on which anything changed.
    pub on: Option<Date>,
    /// What has changed since this day, instead of the table.
    pub since: Option<Date>,
}

/// Prints the table of a day, or what changed between two.
pub fn print(name: &str, days: &Days, format: Format, lang: Lang) -> anyhow::Result<Outcome> {
    let duties = read(name)?;
    let on = days.on.or_else(|| duties.days().last().copied());
    let on = on.context("these duties are in force on no day")?;
    match (days.since, format) {
        (None, Format::Text) => print!("{}", show::text(&duties, on, lang)),
        (None, Format::Json) => println!("{:#}", show::json(&duties, on)),
        (None, Format::Html) => print!("{}", show::html(&duties, on, lang)),
        (Some(since), Format::Text) => print!("{}", diff_text(&duties, since, on, lang)),
        (Some(since), Format::Json) => println!("{:#}", diff_json(&duties, since, on)),
        (Some(_), Format::Html) => anyhow::bail!("what changed is told as text or as JSON"),
    }
    Ok(Outcome::Fine)
}

/// Plays the situations of a regime, or those of a file, and says which do not hold.
pub fn play(name: &str, file: Option<&str>, json: bool, lang: Lang) -> anyhow::Result<Outcome> {
    let duties = read(name)?;
    let (path, text) = match file {
        Some(path) => (path, from_disk(path)?),
        None => {
            let known = embedded::situations(duties.id());
            let text = known.with_context(|| format!("{name} has no situations: name a file"))?;
            (name, text.to_owned())
        }
    };
    let played = situations::play(&duties, &situations::parse(path, &text)?);
    if json {
        println!("{}", serde_json::to_string_pretty(&played)?);
    } else {
        print!("{}", told(&played, lang));
    }
    let fine = played.iter().all(Played::holds);
    Ok(if fine { Outcome::Fine } else { Outcome::NotFine })
}

fn told(played: &[Played], lang: Lang) -> String {
    let mut out = String::new();
    for one in played {
        let holds = match (one.holds(), lang) {
            (true, Lang::Fr) => "vrai",
            (true, Lang::En) => "holds",
            (false, Lang::Fr) => "faux",
            (false, Lang::En) => "fails",
        };
        out.push_str(&format!("{holds:<6}{}\n", one.title));
        for differs in &one.differs {
            let Difference { step, of, expected, found, words } = differs;
            out.push_str(&match lang {
                Lang::Fr => {
                    format!("      {step}. {of}\u{a0}: attendu {expected}, obtenu {found}\n")
                }
                Lang::En => format!("      {step}. {of}: expected {expected}, found {found}\n"),
            });
            if !words.in_lang(lang).is_empty() {
                out.push_str(&format!("         {}\n", words.in_lang(lang)));
            }
        }
    }
    let (all, held) = (played.len(), played.iter().filter(|one| one.holds()).count());
    out.push_str(&match lang {
        Lang::Fr => format!("{held} situation(s) vraie(s) sur {all}\n"),
        Lang::En => format!("{held} of {all} situation(s) hold\n"),
    });
    out
}

/// The findings of a duties file, or none where the name is not that of one.
pub fn findings(name: &str) -> anyhow::Result<Option<Vec<Finding>>> {
    let text = match embedded::text(name) {
        Some(text) => text.to_owned(),
        None if name.ends_with("duties.toml") => from_disk(name)?,
        None => return Ok(None),
    };
    let file = DutiesFile::parse(name, &text)?;
    let ladder = ladder(name, &file)?;
    let found = check(&file, ladder.as_ref());
    let lawful = found.is_empty();
    if lawful {
        // What only shows when the file is put to use, such as a calendar that is not there.
        Duties::parse(name, &text, ladder, &calendars()?)?;
    }
    Ok(Some(found))
}

/// Duties from the binary, or from a file on disk.
fn read(name: &str) -> anyhow::Result<Duties> {
    if embedded::text(name).is_some() || !name.ends_with(".toml") {
        return Ok(embedded(name)?);
    }
    let text = from_disk(name)?;
    let ladder = ladder(name, &DutiesFile::parse(name, &text)?)?;
    Ok(Duties::parse(name, &text, ladder, &calendars()?)?)
}

/// The ladder beside a duties file: `regime.toml` in the same folder, else the one in the binary.
fn ladder(name: &str, file: &DutiesFile) -> anyhow::Result<Option<Regime>> {
    let beside = std::path::Path::new(name).with_file_name("regime.toml");
    if name.ends_with(".toml") && beside.exists() {
        let path = beside.display().to_string();
        let regime = RegimeFile::parse(&path, &from_disk(&path)?)?;
        return Ok(Some(Regime::from_file(regime, &calendars()?)?));
    }
    Ok(embedded::ladder(&file.id)?)
}

fn from_disk(path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))
}

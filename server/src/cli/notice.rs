//! `entremise notice check`: what would become of these notices.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use entremise_core::regime::screening::screen;
use entremise_core::regime::{Regime, embedded, rules::SenderKind};
use entremise_formats::limits::INPUT_BYTES;
use entremise_formats::{Hint, NoticeRead, report};
use jiff::Timestamp;
use jiff::civil::Date;

use super::Outcome;

#[derive(Subcommand)]
pub enum Command {
    /// Read files and say for each notice: accepted, or rejected with code and place.
    Check {
        /// One JSON object per notice, on a line each.
        #[arg(long)]
        json: bool,
        /// Screen against this regime too (else only the format is judged).
        #[arg(long, requires = "on")]
        regime: Option<String>,
        /// The day of receipt for the screening, such as 2026-11-21.
        #[arg(long, requires = "regime")]
        on: Option<Date>,
        /// Admit documentation addresses (RFC 5737, RFC 3849) in the screening.
        #[arg(long)]
        specimen: bool,
        /// `-` reads standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let Command::Check { json, regime, on, specimen, files } = command;
    let screening = match (regime, on) {
        (Some(id), Some(day)) => {
            let regime = embedded(&id).with_context(|| format!("regime {id}"))?;
            Some(Screening { received_at: regime.zone().end_of(day), regime, specimen })
        }
        _ => None,
    };
    let mut outcome = Outcome::Fine;
    for file in &files {
        let bytes = read(file)?;
        for mut item in entremise_formats::read(&bytes, Hint::default()).outcomes {
            if let Some(screening) = &screening {
                screening.apply(&mut item);
            }
            if item.verdict.is_err() {
                outcome = Outcome::NotFine;
            }
            tell(file, &item, json);
        }
    }
    Ok(outcome)
}

struct Screening {
    regime: Regime,
    /// The last instant of the day: everything observed on it counts as in time.
    received_at: Timestamp,
    specimen: bool,
}

impl Screening {
    fn apply(&self, item: &mut NoticeRead) {
        let Ok(notice) = &item.verdict else { return };
        let kind = SenderKind::RightsHolderBody;
        if let Err(rejections) = screen(notice, kind, self.received_at, &self.regime, self.specimen)
        {
            item.verdict = Err(rejections);
        }
    }
}

fn tell(file: &Path, item: &NoticeRead, json: bool) {
    let name = file.display().to_string();
    if json {
        println!("{}", report::check_report(&name, item));
        return;
    }
    let version = item.version.as_deref().unwrap_or("");
    match &item.verdict {
        Ok(_) => println!("{name}, {}: {} {version}: accepted", item.place, item.format),
        Err(rejections) => {
            println!("{name}, {}: {} {version}: rejected", item.place, item.format);
            for rejection in rejections {
                println!("  {} at {}: {}", rejection.code, rejection.at, rejection.how);
            }
        }
    }
}

/// Reads a file, never more than a little over what the formats take in one piece: what is longer
/// is refused by its length alone.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = INPUT_BYTES as u64 + 1;
    let name = || format!("{} cannot be read", file.display());
    if file == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut bytes).with_context(name)?;
    } else {
        std::fs::File::open(file)
            .with_context(name)?
            .take(most)
            .read_to_end(&mut bytes)
            .with_context(name)?;
    }
    Ok(bytes)
}

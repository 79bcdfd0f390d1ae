//! `entremise retention`: what was erased when, what goes next, what a court has kept.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use entremise_core::id::AuthorityId;
use entremise_store::{RetentionReport, SystemEntropy};

use super::Outcome;
use crate::config::Config;
use crate::serve::{open, wall_clock};

#[derive(Subcommand)]
pub enum Command {
    /// Report on one authority; each erasure names the line of the ledger that proves it.
    Report {
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        authority: AuthorityId,
        /// One JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let Command::Report { config, authority, json } = command;
    let clock = wall_clock();
    let house = open(&Config::read(&config)?, &clock, Arc::new(SystemEntropy::default()))?;
    let report = house.store.retention_report(&authority, clock())?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", text(&report));
    }
    // What should be gone and is not is no good answer.
    Ok(if report.overdue == 0 && report.under_way == 0 { Outcome::Fine } else { Outcome::NotFine })
}

fn text(report: &RetentionReport) -> String {
    use std::fmt::Write;
    let mut text = format!("{} at {}\n\nErased:\n", report.authority, report.at);
    for line in &report.erased {
        let counts = line.counts;
        let done = line.done_at.map_or("under way".to_owned(), |at| format!("done {at}"));
        let _ = writeln!(
            text,
            "  entry {:>8}  {}  {:13} {:13} notices {}, disclosures {}, documents {}, batches {}, \
             set aside {}; {done}",
            counts.seq,
            line.entered_at,
            line.kind,
            line.why,
            counts.notices,
            counts.disclosures,
            counts.documents,
            counts.batches,
            counts.quarantined
        );
    }
    let _ = writeln!(text, "\nDue in the coming month, if nothing happens:");
    for day in &report.due {
        let _ = writeln!(text, "  {}  {:10} {}", day.day, day.kind, day.count);
    }
    let _ = writeln!(text, "\nOverdue: {}", report.overdue);
    let _ = writeln!(text, "\nKept by order of a court:");
    for held in &report.held {
        let file = held.file_number.clone().unwrap_or_else(|| held.case.to_string());
        let seq = held.seq.map_or("-".to_owned(), |seq| seq.to_string());
        let _ = writeln!(text, "  {file}  until {}, ordered by entry {seq}", held.until);
    }
    text
}

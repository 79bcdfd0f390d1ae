//! `entremise mail read`: what became of our mails, as their bounces say.

use std::path::PathBuf;

use clap::Subcommand;
use entremise_formats::{bounce, report};

use super::Outcome;

#[derive(Subcommand)]
pub enum Command {
    /// Read delivery reports, feedback reports and automatic replies.
    Read {
        /// One JSON object per recipient, on a line each.
        #[arg(long)]
        json: bool,
        /// `-` reads standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let Command::Read { json, files } = command;
    for file in &files {
        let bytes = super::notice::read(file)?;
        let name = file.display().to_string();
        for line in report::mail_report(&name, &bounce::read_report(&bytes)) {
            if json {
                println!("{line}");
            } else {
                let said = |member: &str| match &line[member] {
                    serde_json::Value::String(text) => text.clone(),
                    serde_json::Value::Null => "-".to_owned(),
                    other => other.to_string(),
                };
                println!(
                    "{name}: {} {} {} {}{}",
                    said("kind"),
                    said("recipient"),
                    said("status"),
                    said("reason"),
                    if line["permanent"] == true { " (permanent)" } else { "" },
                );
            }
        }
    }
    Ok(Outcome::Fine)
}

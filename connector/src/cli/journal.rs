//! `journal verify`: reads the provider's own journal of disclosures as a stranger would, and says
//! what it holds. Needs no key.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;

use crate::chain;
use crate::desk::RECORDS_FILE;

#[derive(clap::Args)]
pub struct JournalArguments {
    #[command(subcommand)]
    command: JournalCommand,
}

#[derive(Subcommand)]
enum JournalCommand {
    /// Check that no line was changed, moved, added or taken out, and count what was done.
    Verify {
        /// The index directory.
        #[arg(long)]
        index: PathBuf,
    },
}

pub fn run(arguments: &JournalArguments) -> anyhow::Result<u8> {
    let JournalCommand::Verify { index } = &arguments.command;
    let read = |name: &str| match std::fs::read(index.join(name)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        outcome => outcome.with_context(|| format!("reading {}", index.join(name).display())),
    };
    // The records first: each has its line in the journal before its answer leaves.
    let records = read(RECORDS_FILE)?;
    let journal = read(chain::FILE)?;
    let records = records.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let verified = chain::verify(&journal, records)
        .with_context(|| format!("{} does not hold together", index.join(chain::FILE).display()))?;
    for ((authority, act, purpose, outcome), count) in &verified.counts {
        println!("{authority}\t{act}\t{purpose}\t{outcome}\t{count}");
    }
    println!("{} records kept, {} erased with their handles", verified.kept, verified.erased);
    println!("{} lines, head {}", verified.head.lines, verified.head.digest);
    Ok(0)
}

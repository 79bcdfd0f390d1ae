//! `entremise-audit`: verifies a ledger or a receipt. Needs nothing but their files.
//!
//! Exit codes: 0 it holds, 1 it does not, 2 wrong usage or trouble.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use entremise_audit::command::{CheckReceipt, CheckText, Verify};

/// Verifies a published ledger and its receipts, without trust in who published them.
#[derive(Parser)]
#[command(name = "entremise-audit", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(Verify),
    Receipt(CheckReceipt),
    Text(CheckText),
}

fn main() -> ExitCode {
    // A second provider would be an error; there is only this one.
    #[cfg(feature = "web")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let answer = match Cli::parse().command {
        Command::Verify(verify) => verify.run(),
        Command::Receipt(receipt) => receipt.run(),
        Command::Text(text) => text.run(),
    };
    match answer {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("entremise-audit: {trouble}");
            ExitCode::from(2)
        }
    }
}

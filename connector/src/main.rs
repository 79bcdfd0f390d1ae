//! The provider's command line and server. Everything it does is in the library.

use std::process::ExitCode;

use clap::Parser;
use entremise_connector::cli::{Cli, run};

/// Reading notices and setting letters allocate much and in many threads; see docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("entremise-connector: {error:#}");
            ExitCode::from(1)
        }
    }
}

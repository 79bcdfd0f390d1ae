//! `entremise`: the service and its command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    entremise_server::cli::main()
}

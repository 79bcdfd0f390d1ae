//! `entremise`: the service and its command line.

use std::process::ExitCode;

/// Reading notices and setting letters allocate much and in many threads; see docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    entremise_server::cli::main()
}

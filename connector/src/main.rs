//! The provider's command line and server. Everything it does is in the library.

use std::process::ExitCode;

use clap::Parser;
use entremise_connector::cli::{Cli, run};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Reading notices and setting letters allocate much and in many threads; see docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Err(error) = leave_no_core_file() {
        eprintln!("entremise-connector: core files cannot be forbidden: {error}");
        return ExitCode::from(1);
    }
    match run(Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("entremise-connector: {error:#}");
            ExitCode::from(1)
        }
    }
}

/// What this process holds in memory must not reach the disk when it dies: no core file, whatever
/// the machine's own setting, and no other process of the same account looks in.
fn leave_no_core_file() -> Result<(), rustix::io::Errno> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

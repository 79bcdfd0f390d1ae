//! `entremise`: the service and its command line.

use std::process::ExitCode;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Reading notices and setting letters allocate much and in many threads; see docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Err(error) = leave_no_core_file() {
        eprintln!("entremise: core files cannot be forbidden: {error}");
        return ExitCode::from(2);
    }
    entremise_server::cli::main()
}

/// What this process holds in memory must not reach the disk when it dies: no core file, whatever
/// the machine's own setting, and no other process of the same account looks in.
fn leave_no_core_file() -> Result<(), rustix::io::Errno> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

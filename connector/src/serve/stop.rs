//! The kill-switch: a flag file in the index directory. While it lies there nothing is answered,
//! and the authority is told so. Works without the server, and outlives its restart.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// What the flag file is called.
pub const FLAG: &str = "answering.stopped";

fn flag(directory: &Path) -> PathBuf {
    directory.join(FLAG)
}

pub fn is_stopped(directory: &Path) -> bool {
    flag(directory).exists()
}

/// From the next request on, everything is answered 503.
pub fn stop(directory: &Path) -> anyhow::Result<()> {
    let path = flag(directory);
    fs::write(&path, "answering was stopped by the provider\n")
        .with_context(|| format!("writing {}", path.display()))
}

/// Takes the flag away. True where it was there.
pub fn resume(directory: &Path) -> anyhow::Result<bool> {
    let path = flag(directory);
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("removing {}", path.display())),
    }
}

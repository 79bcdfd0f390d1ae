//! The kill-switch of measures: a flag file for an authority, or for all. While it lies there
//! nothing new is carried out and no order is taken; what is in force is lifted at once, or kept to
//! its end where the file says so. Works without the server and outlives its restart. The server
//! enters it in the journal when it sees it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use entremise_core::id::AuthorityId;
use serde::{Deserialize, Serialize};

/// What the flag files are called; an authority's has its name behind.
const FLAG: &str = "measures.stopped";

/// What becomes of what is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    Lift,
    Keep,
}

impl Switch {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lift => "lift",
            Self::Keep => "keep",
        }
    }
}

fn flag(directory: &Path, authority: Option<&AuthorityId>) -> PathBuf {
    match authority {
        Some(authority) => directory.join(format!("{FLAG}.{authority}")),
        None => directory.join(FLAG),
    }
}

/// Whether an authority's measures are stopped. A flag that cannot be read lifts: in doubt nobody
/// is cut off.
pub fn of(directory: &Path, authority: &AuthorityId) -> Option<Switch> {
    let read = |authority| match fs::read_to_string(flag(directory, authority)) {
        Ok(text) if text.trim() == Switch::Keep.name() => Some(Switch::Keep),
        Ok(_) => Some(Switch::Lift),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(_) => Some(Switch::Lift),
    };
    match (read(None), read(Some(authority))) {
        (Some(Switch::Lift), _) | (_, Some(Switch::Lift)) => Some(Switch::Lift),
        (all, own) => all.or(own),
    }
}

pub fn stop(
    directory: &Path,
    authority: Option<&AuthorityId>,
    switch: Switch,
) -> anyhow::Result<()> {
    let path = flag(directory, authority);
    fs::write(&path, switch.name()).with_context(|| format!("writing {}", path.display()))
}

/// Takes the flag away.
pub fn resume(directory: &Path, authority: Option<&AuthorityId>) -> anyhow::Result<()> {
    let path = flag(directory, authority);
    match fs::remove_file(&path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!("was not stopped"),
        Err(error) => Err(error).with_context(|| format!("removing {}", path.display())),
    }
}

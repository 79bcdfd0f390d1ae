//! Which house a command works at: its configuration, and the authority in it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use entremise_core::id::AuthorityId;
use entremise_store::SystemEntropy;

use crate::config::{Authority, Config};
use crate::house::House;
use crate::serve::{open, wall_clock};

#[derive(Args)]
pub struct At {
    #[arg(long)]
    config: PathBuf,
    /// The authority itself, never its pilot.
    #[arg(long)]
    pub authority: AuthorityId,
}

impl At {
    /// Opens the house, and reads what the configuration says of the authority.
    pub fn house(&self) -> anyhow::Result<(House, Authority)> {
        let config = Config::read(&self.config)?;
        let authority = config
            .authority(&self.authority)
            .with_context(|| format!("the configuration knows no authority {}", self.authority))?
            .clone();
        let house = open(&config, &wall_clock(), Arc::new(SystemEntropy::default()))?;
        Ok((house, authority))
    }
}

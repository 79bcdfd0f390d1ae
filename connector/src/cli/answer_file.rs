//! `answer-file`: the historic exchange. One numbered CSV of questions comes in, the same file
//! goes back completed. A number that was answered is answered the same again; another content
//! under it is refused, and so is a file whose digest is not its own.

use std::path::PathBuf;

use anyhow::{Context, bail};
use entremise_core::id::{AuthorityId, BatchId, RegimeId};
use entremise_formats::identification_csv::{read_request, write_answer};
use entremise_wire::message::IdentificationBatch;
use jiff::Timestamp;

use crate::config::{AlarmConfig, Authority, Config, longest_file, shortest_window};
use crate::desk::{Desk, Setup};
use crate::directory::Directory;
use crate::identify::Network;
use crate::keys::KeyFile;
use crate::read::digest;

#[derive(clap::Args)]
pub struct AnswerFileArguments {
    /// The authority's file.
    pub request: PathBuf,
    /// Where to write the completed file; never over an existing one.
    #[arg(long)]
    pub out: PathBuf,
    /// The index directory.
    #[arg(long)]
    pub index: PathBuf,
    /// The key file; by default keys.json in the index.
    #[arg(long)]
    pub keys: Option<PathBuf>,
    /// Prefixes, retention, clocks, authorities and alarm from the configuration of `serve`.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The authority that sent the file.
    #[arg(long)]
    pub authority: AuthorityId,
}

pub fn run(arguments: &AnswerFileArguments, now: Timestamp) -> anyhow::Result<u8> {
    let bytes = std::fs::read(&arguments.request)
        .with_context(|| format!("reading {}", arguments.request.display()))?;
    if arguments.out.exists() {
        bail!("{} is there already", arguments.out.display());
    }
    let request =
        read_request(&bytes).with_context(|| format!("reading {}", arguments.request.display()))?;
    let path = arguments.keys.clone().unwrap_or_else(|| KeyFile::path_in(&arguments.index));
    let desk = Desk::open(setup(arguments, &request.regime)?, KeyFile::read(&path)?)?;
    let batch = IdentificationBatch {
        batch: batch_id(&arguments.authority, &request.number),
        authority: arguments.authority.clone(),
        regime: request.regime.clone(),
        questions: request.questions.clone(),
    };
    let asked = hex::encode(digest(&bytes));
    let answers = desk
        .identifications(&batch, &asked, now)
        .with_context(|| format!("answering {}", arguments.request.display()))?
        .answers;
    let completed = write_answer(&request, &answers)?;
    std::fs::write(&arguments.out, completed)
        .with_context(|| format!("writing {}", arguments.out.display()))?;
    println!("{}: {} rows answered", arguments.out.display(), answers.len());
    Ok(0)
}

fn setup(arguments: &AnswerFileArguments, regime: &RegimeId) -> anyhow::Result<Setup> {
    if let Some(path) = &arguments.config {
        let mut setup = Setup::of(&Config::read(path)?)?;
        setup.index.clone_from(&arguments.index);
        return Ok(setup);
    }
    let authority = Authority {
        id: arguments.authority.clone(),
        regimes: vec![regime.clone()],
        // Files are handed over by a person, who is the check of who sent them.
        key_id: String::new(),
        public_key: String::new(),
        questions_per_day: entremise_wire::message::QUESTIONS_MAX as u32,
        provider: None,
        // A file asks for handles alone.
        linkings_without_grant: 0,
        linking_again_after_months: shortest_window(),
        handle_rests_months: longest_file(),
        reviewers: Vec::new(),
        register: None,
    };
    Ok(Setup {
        index: arguments.index.clone(),
        network: Network::default(),
        authorities: vec![authority],
        alarm: AlarmConfig::default(),
        subscribers: Directory::None,
        mail: None,
    })
}

/// A file's number is its batch: the same number is the same UUID (RFC 9562 version 8).
fn batch_id(authority: &AuthorityId, number: &str) -> BatchId {
    let digest = digest(format!("identification file {authority} {number}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    BatchId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_number_is_one_batch_for_one_authority() {
        let id = |authority: &str, number| batch_id(&authority.parse().unwrap(), number);
        assert_eq!(id("autorite", "7"), id("autorite", "7"));
        assert_ne!(id("autorite", "7"), id("autorite", "8"));
        assert_ne!(id("autorite", "7"), id("other", "7"));
        assert_ne!(id("autorite", "7").0, Uuid::nil());
    }
}

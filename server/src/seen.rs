//! What a look opened of a case's notices, put together notice by notice: for a member who
//! deliberates, and for the file that goes to the prosecutor.

use std::collections::BTreeMap;

use entremise_core::id::NoticeId;
use entremise_core::notice::{Observation, Source, Work};
use entremise_store::Seen;
use jiff::Timestamp;
use serde::Deserialize;

/// One observation, with the works it is about where they were opened too. No `Debug`.
pub struct SeenFact {
    pub observed_at: Timestamp,
    pub source: Source,
    pub protocol: Option<String>,
    /// Titles, or file names where a work has none.
    pub works: Vec<String>,
}

#[derive(Deserialize)]
struct Traffic {
    source: Source,
    observation: Observation,
    protocol: Option<String>,
}

#[derive(Deserialize)]
struct Evidence {
    #[serde(default)]
    works: Vec<Work>,
}

/// The works of each notice whose evidence was opened.
///
/// # Errors
/// What is kept cannot be read.
pub fn works(seen: &Seen) -> Result<BTreeMap<NoticeId, Vec<String>>, serde_json::Error> {
    let mut works = BTreeMap::new();
    for (notice, value) in &seen.evidence {
        let evidence = Evidence::deserialize(value)?;
        let titles = evidence.works.into_iter().filter_map(|work| work.title.or(work.file_name));
        works.insert(*notice, titles.collect());
    }
    Ok(works)
}

/// The facts that were opened, the oldest first.
///
/// # Errors
/// What is kept cannot be read.
pub fn facts(seen: &Seen) -> Result<Vec<SeenFact>, serde_json::Error> {
    let mut works = works(seen)?;
    let mut facts = Vec::with_capacity(seen.traffic.len());
    for (notice, value) in &seen.traffic {
        let Traffic { source, observation, protocol } = Traffic::deserialize(value)?;
        let works = works.remove(notice).unwrap_or_default();
        facts.push(SeenFact { observed_at: observation.from, source, protocol, works });
    }
    facts.sort_by_key(|fact| fact.observed_at);
    Ok(facts)
}

//! Handles rest. One that was not given in an answer for the agreed months is forgotten: the way
//! back from it, its count and what was answered about it are erased from the disk. Who is named
//! after that gets a handle of the next generation, which nobody can tell from a stranger's.
//!
//! Of a generation only its number is kept, for an authority and a regime: nothing remains that
//! belongs to one subscriber.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use entremise_core::id::{AuthorityId, Handle, RegimeId};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::identify::Line;
use super::{Desk, HandleLine, Memory};
use crate::config::longest_file;
use crate::handle::HandleMaker;

/// The file in the index directory.
const FILE: &str = "generations.json";

/// Which generation new handles belong to, by authority and regime. Absent: the first, 0.
pub(super) struct Generations {
    path: PathBuf,
    present: BTreeMap<AuthorityId, BTreeMap<RegimeId, u32>>,
}

impl Generations {
    pub fn read(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join(FILE);
        let present = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        Ok(Self { path, present })
    }

    fn of(&self, authority: &AuthorityId, regime: &RegimeId) -> u32 {
        self.present.get(authority).and_then(|regimes| regimes.get(regime)).copied().unwrap_or(0)
    }

    /// A handle of this generation is forgotten: no later one may be of it.
    fn leave(&mut self, line: &HandleLine) {
        let regimes = self.present.entry(line.authority.clone()).or_default();
        let present = regimes.entry(line.regime.clone()).or_default();
        *present = (*present).max(line.generation.saturating_add(1));
    }

    /// Durable before anything is erased: a handle that was forgotten must not come back.
    fn write(&self) -> anyhow::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file = File::create(&fresh).with_context(|| fresh.display().to_string())?;
        file.write_all(&serde_json::to_vec_pretty(&self.present)?)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        if let Some(directory) = self.path.parent() {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }
}

impl Memory {
    pub(super) fn generation(&self, authority: &AuthorityId, regime: &RegimeId) -> u32 {
        self.generations.of(authority, regime)
    }
}

impl Desk {
    /// The generation of an account's handle: the one it has, or the present one.
    pub(super) fn generation_of(
        &self,
        handles: &HandleMaker,
        authority: &AuthorityId,
        regime: &RegimeId,
        account: &[u8],
    ) -> u32 {
        let memory = self.memory();
        let present = memory.generation(authority, regime);
        let is_known = |generation: &u32| {
            let handle = handles.handle_of(*generation, authority, regime, account);
            memory.handles.contains_key(&handle)
        };
        (0..present).rev().find(is_known).unwrap_or(present)
    }

    /// Forgets the handles that rested. Looked through once a day (UTC), before the first call.
    pub(super) fn let_rest(&self, now: Timestamp) -> anyhow::Result<()> {
        let today = now.as_second().div_euclid(86_400);
        if self.memory().rested_on == Some(today) {
            return Ok(());
        }
        let _alone = self.calls.alone();
        let mut memory = self.memory();
        memory.rested_on = Some(today);
        let rested = self.rested(&memory, now)?;
        if !rested.is_empty() {
            rested.iter().for_each(|line| memory.generations.leave(line));
            memory.generations.write()?;
            let rested: HashSet<Handle> = rested.into_iter().map(|line| line.handle).collect();
            let mut kept = HashMap::new();
            self.handles.erase(|bytes, place| {
                let line: HandleLine = serde_json::from_slice(bytes)?;
                let keep = !rested.contains(&line.handle);
                if keep {
                    kept.insert(line.handle, place);
                }
                Ok(keep)
            })?;
            memory.handles = kept;
            tracing::info!(handles = rested.len(), "handles that rested are forgotten");
        }
        // Also after a crash in the midst of it: what belongs to no known handle goes.
        self.records().erase(|handle| memory.handles.contains_key(handle))?;
        self.erase_answers(&mut memory, now)
    }

    /// The handles whose time is over.
    fn rested(&self, memory: &Memory, now: Timestamp) -> anyhow::Result<Vec<HandleLine>> {
        let months = |authority: &AuthorityId, regime: &RegimeId| {
            self.agreed(authority, regime)
                .map_or(longest_file(), |agreed| agreed.handle_rests_months)
        };
        let shortest = self.authorities.iter().map(|authority| authority.handle_rests_months);
        let none_after = months_before(now, shortest.chain([longest_file()]).min().unwrap_or(0));
        let mut rested = Vec::new();
        for (handle, place) in &memory.handles {
            let named = memory.named.get(handle).copied().unwrap_or(Timestamp::MIN);
            if named > none_after {
                continue;
            }
            let line: HandleLine = self.handles.read(*place)?;
            if named <= months_before(now, months(&line.authority, &line.regime)) {
                rested.push(line);
            }
        }
        Ok(rested)
    }

    /// Answers that name a forgotten handle, and those older than any handle rests.
    fn erase_answers(&self, memory: &mut Memory, now: Timestamp) -> anyhow::Result<()> {
        let Memory { handles, named, questions, .. } = memory;
        if named.keys().all(|handle| handles.contains_key(handle)) {
            return Ok(());
        }
        let longest = self.authorities.iter().map(|authority| authority.handle_rests_months);
        let oldest = months_before(now, longest.chain([longest_file()]).max().unwrap_or(0));
        let mut kept = HashMap::new();
        self.answers.erase(|bytes, place| {
            let line = match serde_json::from_slice(bytes)? {
                Line::Batch(_) => return Ok(true),
                Line::Answer(line) => line,
            };
            let forgotten = line.names().is_some_and(|handle| !handles.contains_key(handle));
            let keep = !forgotten && line.at > oldest;
            if keep {
                kept.insert(line.answer.id, (line.asked, place));
            }
            Ok(keep)
        })?;
        *questions = kept;
        named.retain(|handle, _| handles.contains_key(handle));
        Ok(())
    }
}

/// The instant so many months of the calendar (UTC) before.
pub(super) fn months_before(now: Timestamp, months: u32) -> Timestamp {
    let now = now.to_zoned(TimeZone::UTC);
    let before = now.checked_sub(i64::from(months).months());
    before.map_or(Timestamp::MIN, |before| before.timestamp())
}

//! The frequency alarm: an account that answers for improbably many look-ups stops being an
//! answer until the provider's engineer has looked.
//!
//! In 2013 a failed look-up answered with one real subscriber, 1,531 times; nobody noticed for
//! months (law.md A7). Counted here per account over a day: questions, and distinct addresses.
//! A raised alarm is a line in `alarms.jsonl` and a warning in the log; it names the account only
//! in sealed form. `alarms clear` ends it, and counting begins anew.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use entremise_core::id::{AuthorityId, OrderId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::AlarmConfig;

/// The window, seconds.
const WINDOW_SECS: i64 = 86_400;

/// One line of `alarms.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AlarmLine {
    Raised {
        /// The account's keyed name, hexadecimal: what `alarms clear` takes.
        id: String,
        at: Timestamp,
        questions: usize,
        addresses: usize,
        /// The account name, sealed with the provider's key, base64.
        account: String,
    },
    /// Something about a measure wants a person.
    Measure {
        id: String,
        at: Timestamp,
        authority: AuthorityId,
        order: OrderId,
        why: Why,
    },
    Cleared {
        id: String,
        at: Timestamp,
    },
}

/// What is the matter with a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is over, and may still be in force.
    MeasureNotLifted,
    MeasureNotApplied,
    /// Its fifteen days are running out.
    MeasureUndecided,
}

impl AlarmLine {
    fn at(&self) -> Timestamp {
        match self {
            Self::Raised { at, .. } | Self::Measure { at, .. } | Self::Cleared { at, .. } => *at,
        }
    }
}

/// Which accounts are alarmed now, as the file says.
#[derive(Clone, Debug, Default)]
pub struct AlarmFile {
    path: PathBuf,
    read_bytes: u64,
    raised: HashMap<String, AlarmLine>,
    cleared: HashMap<String, Timestamp>,
}

impl AlarmFile {
    pub fn open(directory: &Path) -> anyhow::Result<Self> {
        let mut file = Self { path: directory.join("alarms.jsonl"), ..Self::default() };
        file.refresh()?;
        Ok(file)
    }

    /// Reads what was added since, by this process or by `alarms clear`.
    pub fn refresh(&mut self) -> anyhow::Result<()> {
        let length = fs::metadata(&self.path).map(|metadata| metadata.len()).unwrap_or(0);
        if length == self.read_bytes {
            return Ok(());
        }
        let text =
            fs::read(&self.path).with_context(|| format!("reading {}", self.path.display()))?;
        self.raised.clear();
        self.cleared.clear();
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in text[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: AlarmLine = serde_json::from_slice(line)
                .with_context(|| format!("{} is damaged", self.path.display()))?;
            match &line {
                AlarmLine::Raised { id, .. } | AlarmLine::Measure { id, .. } => {
                    self.raised.insert(id.clone(), line);
                }
                AlarmLine::Cleared { id, at } => {
                    self.raised.remove(id);
                    self.cleared.insert(id.clone(), *at);
                }
            }
        }
        self.read_bytes = length;
        Ok(())
    }

    pub fn is_raised(&self, id: &str) -> bool {
        self.raised.contains_key(id)
    }

    /// The alarms that nobody has cleared, oldest first.
    pub fn raised(&self) -> Vec<&AlarmLine> {
        let mut lines: Vec<&AlarmLine> = self.raised.values().collect();
        lines.sort_by_key(|line| line.at());
        lines
    }

    fn cleared_at(&self, id: &str) -> Option<Timestamp> {
        self.cleared.get(id).copied()
    }

    /// Adds a line, durably.
    pub fn add(&mut self, line: &AlarmLine) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)
            .with_context(|| format!("writing {}", self.path.display()))?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        self.refresh()
    }
}

/// What was asked about each account in the last day.
#[derive(Debug, Default)]
pub struct Frequencies {
    seen: HashMap<String, VecDeque<(Timestamp, String)>>,
}

/// An account that just became improbable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    pub questions: usize,
    pub addresses: usize,
}

impl Frequencies {
    /// Counts one answer that names an account. `address` is any stable name of the address.
    pub fn count(
        &mut self,
        id: &str,
        address: String,
        at: Timestamp,
        limits: &AlarmConfig,
        alarms: &AlarmFile,
    ) -> Option<TooOften> {
        let seen = self.seen.entry(id.to_owned()).or_default();
        seen.push_back((at, address));
        let day_ago = Timestamp::from_second(at.as_second() - WINDOW_SECS).unwrap_or(at);
        let since = alarms.cleared_at(id).map_or(day_ago, |cleared| cleared.max(day_ago));
        while seen.front().is_some_and(|(asked, _)| *asked <= since) {
            seen.pop_front();
        }
        let addresses = seen.iter().map(|(_, address)| address).collect::<HashSet<_>>().len();
        let too_often = seen.len() > limits.questions_per_day as usize
            || addresses > limits.addresses_per_day as usize;
        too_often.then_some(TooOften { questions: seen.len(), addresses })
    }
}

//! The desk where authorities are answered: who held an address, how the subscriber is reached, and
//! messages that are handed over. It knows no socket and reads no clock, so that a whole day can be
//! told in a test.
//!
//! What it believes of an authority is what the provider pinned: its key, its regimes, its
//! reviewers' keys. What it believes of a count is its own journal.

mod calls;
mod disclose;
mod given;
mod identify;
mod permit;
mod records;
mod relay;
mod rest;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use anyhow::{Context, bail};
use entremise_core::id::{AuthorityId, BatchId, Handle, QuestionId, RegimeId};
use entremise_wire::message::QUESTIONS_MAX;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::calls::{AtWork, Calls};
pub use self::identify::Unkept;
use self::identify::{BatchLine, Line};
pub use self::records::FILE as RECORDS_FILE;
use self::records::Records;
use crate::alarm::{AlarmFile, Frequencies};
use crate::chain::Chain;
use crate::config::{AlarmConfig, Authority, Config};
use crate::directory::Directory;
use crate::identify::Network;
use crate::index::Index;
use crate::index::accounts::AccountSeal;
use crate::journal::{Journal, LinePlace};
use crate::keys::{KeyFile, Sealer};
use crate::relay::MailSystem;

/// The reason of an answer that the alarm withholds.
pub const TOO_OFTEN: &str = "subscriber_answers_too_often";

/// Why a whole call is not answered.
#[derive(Debug, thiserror::Error)]
pub enum CallRefused {
    #[error("the provider does not answer this authority under this regime")]
    NotAgreed,
    #[error("a batch has at most {QUESTIONS_MAX} questions")]
    TooMany,
    #[error("the batch id was used for another content")]
    BatchChanged,
    #[error("the day's questions are used up")]
    Quota { retry_after_secs: i64 },
    #[error("the provider's machine is in trouble")]
    Trouble(#[from] anyhow::Error),
}

/// One line of `handles.jsonl`: the way back from a handle, sealed.
#[derive(Serialize, Deserialize)]
struct HandleLine {
    handle: Handle,
    key_id: String,
    authority: AuthorityId,
    regime: RegimeId,
    /// Which of the provider's generations of handles it belongs to.
    #[serde(default)]
    generation: u32,
    /// The account name, sealed with the provider's key, base64.
    account: String,
}

/// Who is behind a handle, for the provider's own use.
pub enum Behind {
    /// It was never given to this authority under this regime, or is forgotten.
    Nobody,
    /// The alarm holds the account back.
    InDoubt,
    Account(Vec<u8>),
}

/// Everything the desk needs to answer.
pub struct Desk {
    directory: PathBuf,
    keys: KeyFile,
    network: Network,
    authorities: Vec<Authority>,
    limits: AlarmConfig,
    subscribers: Directory,
    mail: Option<MailSystem>,
    seal: AccountSeal,
    /// Account names outside the index: in the handle map and in alarms.
    sealer: Sealer,
    index: RwLock<Arc<Index>>,
    answers: Journal,
    handles: Journal,
    /// What was disclosed and handed over. Held from the decision to the entry: two requests for
    /// one handle must not both count as the second.
    records: Mutex<Records>,
    chain: Chain,
    memory: Mutex<Memory>,
    /// Nothing is erased while a call is answered.
    calls: Calls,
    _lock: File,
}

/// What is remembered of the journals.
struct Memory {
    batches: HashMap<BatchId, String>,
    questions: HashMap<QuestionId, (String, LinePlace)>,
    /// Questions per authority on one day (UTC).
    days: HashMap<AuthorityId, (i64, u32)>,
    handles: HashMap<Handle, LinePlace>,
    /// When a handle was last given in an answer.
    named: HashMap<Handle, Timestamp>,
    /// The generation that new handles belong to.
    generations: rest::Generations,
    /// The day (UTC) on which handles were last looked through for those that rest.
    rested_on: Option<i64>,
    frequencies: Frequencies,
    alarms: AlarmFile,
}

/// What the provider has agreed and knows, out of its configuration.
pub struct Setup {
    pub index: PathBuf,
    pub network: Network,
    pub authorities: Vec<Authority>,
    pub alarm: AlarmConfig,
    pub subscribers: Directory,
    pub mail: Option<MailSystem>,
}

impl Setup {
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            index: config.index.clone(),
            network: config.network()?,
            authorities: config.authorities.clone(),
            alarm: config.alarm.clone(),
            subscribers: Directory::new(config.directory.as_ref()),
            mail: config.relay.as_ref().map(MailSystem::new).transpose()?,
        })
    }
}

impl Desk {
    /// Opens index and journals. Nothing is answered yet. One desk at a time: the journals have
    /// one writer.
    pub fn open(setup: Setup, keys: KeyFile) -> anyhow::Result<Self> {
        let directory = setup.index;
        let lock = File::create(directory.join("desk.lock"))
            .with_context(|| format!("locking {}", directory.display()))?;
        if lock.try_lock().is_err() {
            bail!("the server is running on {}; stop it first", directory.display());
        }
        let index = Index::open(&directory, &keys)?;
        let mut memory = Memory {
            batches: HashMap::new(),
            questions: HashMap::new(),
            days: HashMap::new(),
            handles: HashMap::new(),
            named: HashMap::new(),
            generations: rest::Generations::read(&directory)?,
            rested_on: None,
            frequencies: Frequencies::default(),
            alarms: AlarmFile::open(&directory)?,
        };
        let limits = setup.alarm;
        let answers = Journal::open(&directory.join("answers.jsonl"), |line, place| {
            memory.replay(line, place, &limits);
        })?;
        let handles =
            Journal::open(&directory.join("handles.jsonl"), |line: HandleLine, place| {
                memory.handles.insert(line.handle, place);
            })?;
        let (mut entered, mut grants) = (HashSet::new(), HashSet::new());
        let chain = Chain::open(&directory, |entry| {
            entered.extend(entry.record);
            grants.extend(entry.authorisation.map(|grant| (entry.authority, grant)));
        })?;
        let records = Records::open(&directory, &entered, grants)?;
        Ok(Self {
            network: setup.network,
            authorities: setup.authorities,
            limits,
            subscribers: setup.subscribers,
            mail: setup.mail,
            seal: AccountSeal::new(&keys.index),
            sealer: account_sealer(&keys),
            index: RwLock::new(Arc::new(index)),
            answers,
            handles,
            records: Mutex::new(records),
            chain,
            memory: Mutex::new(memory),
            calls: Calls::default(),
            directory,
            keys,
            _lock: lock,
        })
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn generation(&self) -> u64 {
        self.index().manifest.generation
    }

    /// Whether a signing key is the one pinned for an authority.
    pub fn key_belongs_to(&self, key_id: &str, authority: &AuthorityId) -> bool {
        self.authorities.iter().any(|known| known.id == *authority && known.key_id == key_id)
    }

    /// Takes the newest generation of the index, if there is one.
    pub fn refresh_index(&self) -> anyhow::Result<()> {
        if self.index().is_stale() {
            let fresh = Arc::new(Index::open(&self.directory, &self.keys)?);
            *self.index.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(())
    }

    /// How many linkings of a handle the provider itself counts.
    pub fn linkings(&self, handle: &Handle) -> u32 {
        self.records().memory.given.get(handle).map_or(0, given::Given::linkings)
    }

    /// The provider's journal: measures are entered in it too.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    fn agreed(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
    ) -> Result<&Authority, CallRefused> {
        self.authorities
            .iter()
            .find(|known| known.id == *authority && known.regimes.contains(regime))
            .ok_or(CallRefused::NotAgreed)
    }

    /// A batch id stands for one content.
    pub(crate) fn is_same_batch(&self, batch: BatchId, asked: &str) -> Result<(), CallRefused> {
        match self.memory().batches.get(&batch) {
            Some(known) if known != asked => Err(CallRefused::BatchChanged),
            _ => Ok(()),
        }
    }

    pub(crate) fn keep_batch(&self, batch: BatchId, asked: &str) -> Result<(), CallRefused> {
        let line = BatchLine { batch, asked: asked.to_owned() };
        self.answers.append(&[Line::Batch(line)])?;
        self.answers.make_durable()?;
        self.memory().batches.insert(batch, asked.to_owned());
        Ok(())
    }

    fn index(&self) -> Arc<Index> {
        Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // A panic while it was held leaves counts that are at most one too high.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        // What was written and not remembered is found again at the next start.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held while a call is answered: nothing is erased under it.
    fn at_work(&self) -> AtWork {
        self.calls.begin()
    }
}

/// The sealer of account names outside the index.
pub fn account_sealer(keys: &KeyFile) -> Sealer {
    keys.index.sealer("entremise account of handle v1")
}

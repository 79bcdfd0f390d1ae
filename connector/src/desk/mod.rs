//! The desk where authorities are answered: caps, idempotence, the alarm, the journal. It knows
//! no socket and reads no clock, so that a whole day can be told in a test.

mod disclose;

use std::collections::HashMap;
use std::fs::File;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::id::{AuthorityId, BatchId, Handle, QuestionId, RegimeId};
use entremise_core::identification::{Answer, Outcome, Question};
use entremise_wire::message::{IdentificationAnswers, IdentificationBatch, QUESTIONS_MAX};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alarm::{AlarmFile, AlarmLine, Frequencies};
use crate::answering::{Answered, Answering};
use crate::config::{AlarmConfig, Authority, Config};
use crate::directory::Directory;
use crate::identify::{Identifier, Network};
use crate::index::Index;
use crate::index::accounts::AccountSeal;
use crate::journal::{Journal, LinePlace};
use crate::keys::{KeyFile, Sealer};
use crate::read::digest;

/// The reason of an answer that the alarm withholds.
pub const TOO_OFTEN: &str = "subscriber_answers_too_often";

/// Smaller batches are answered before a second thread has begun.
const BATCH_WORTH_THREADS: usize = 1_000;

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

/// One line of `answers.jsonl`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on its way to or from the file")]
enum Line {
    Answer(AnswerLine),
    Batch(BatchLine),
}

#[derive(Serialize, Deserialize)]
struct AnswerLine {
    authority: AuthorityId,
    at: Timestamp,
    /// SHA-256 of the question, hexadecimal.
    asked: String,
    /// Keyed names of account and address, for the alarm.
    account: Option<String>,
    address: Option<String>,
    answer: Answer,
}

#[derive(Serialize, Deserialize)]
struct BatchLine {
    batch: BatchId,
    asked: String,
}

/// One line of `handles.jsonl`: the way back from a handle, sealed.
#[derive(Serialize, Deserialize)]
struct HandleLine {
    handle: Handle,
    key_id: String,
    authority: AuthorityId,
    regime: RegimeId,
    /// The account name, sealed with the provider's key, base64.
    account: String,
}

/// Everything the desk needs to answer.
pub struct Desk {
    directory: PathBuf,
    keys: KeyFile,
    network: Network,
    authorities: Vec<Authority>,
    limits: AlarmConfig,
    subscribers: Directory,
    seal: AccountSeal,
    /// Account names outside the index: in the handle map and in alarms.
    sealer: Sealer,
    index: RwLock<Arc<Index>>,
    answers: Journal,
    handles: Journal,
    disclosures: Journal,
    memory: Mutex<Memory>,
    _lock: File,
}

/// What is remembered of the journals.
struct Memory {
    batches: HashMap<BatchId, String>,
    questions: HashMap<QuestionId, (String, LinePlace)>,
    /// Questions per authority on one day (UTC).
    days: HashMap<AuthorityId, (i64, u32)>,
    handles: HashMap<Handle, LinePlace>,
    disclosed: HashMap<QuestionId, (String, LinePlace)>,
    disclosed_batches: HashMap<BatchId, String>,
    disclosure_counts: HashMap<Handle, u32>,
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
}

impl Setup {
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            index: config.index.clone(),
            network: config.network()?,
            authorities: config.authorities.clone(),
            alarm: config.alarm.clone(),
            subscribers: Directory::new(config.directory.as_ref()),
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
            disclosed: HashMap::new(),
            disclosed_batches: HashMap::new(),
            disclosure_counts: HashMap::new(),
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
        let disclosures = disclose::open_journal(&directory, &mut memory)?;
        Ok(Self {
            network: setup.network,
            authorities: setup.authorities,
            limits,
            subscribers: setup.subscribers,
            seal: AccountSeal::new(&keys.index),
            sealer: account_sealer(&keys),
            index: RwLock::new(Arc::new(index)),
            answers,
            handles,
            disclosures,
            memory: Mutex::new(memory),
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

    /// Answers a batch. `asked` is the digest of its body: the same batch again gets the same
    /// answers, another content under its id is refused.
    pub fn identifications(
        &self,
        batch: &IdentificationBatch,
        asked: &str,
        now: Timestamp,
    ) -> Result<IdentificationAnswers, CallRefused> {
        let authority = self.agreed(&batch.authority, &batch.regime)?;
        if batch.questions.len() > QUESTIONS_MAX {
            return Err(CallRefused::TooMany);
        }
        let fresh = self.admit(authority, batch, asked, now)?;
        let index = self.index();
        let identifier = Identifier::new(&index, &self.network);
        let answering = Answering::new(&index, &self.keys, &batch.authority, &batch.regime);
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = if batch.questions.len() < BATCH_WORTH_THREADS { 1 } else { threads };
        let findings = identifier.find_all(&batch.questions, now, threads);
        let mut answers = Vec::with_capacity(batch.questions.len());
        let mut lines = Vec::new();
        let mut named = Vec::new();
        for ((question, fresh), finding) in batch.questions.iter().zip(fresh).zip(findings) {
            match fresh {
                Known::Answered(place) => answers.push(self.answered(place)?),
                Known::Changed => answers.push(changed(question)),
                Known::No(asked) => {
                    let found = answering.answer(question, identifier.explain(question, finding));
                    let line = self.guard(question, found, batch, asked, now, &mut named)?;
                    answers.push(line.answer.clone());
                    // What passes must not stick to the question's id.
                    if !line.answer.is_to_be_asked_again() {
                        lines.push(Line::Answer(line));
                    }
                }
            }
        }
        lines.push(Line::Batch(BatchLine { batch: batch.batch, asked: asked.to_owned() }));
        self.keep(&lines, named)?;
        Ok(IdentificationAnswers { batch: batch.batch, answers })
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

    /// Which questions are new, after cap and batch id were tested. Counts the new ones.
    fn admit(
        &self,
        authority: &Authority,
        batch: &IdentificationBatch,
        asked: &str,
        now: Timestamp,
    ) -> Result<Vec<Known>, CallRefused> {
        let mut memory = self.memory();
        if memory.batches.get(&batch.batch).is_some_and(|known| known != asked) {
            return Err(CallRefused::BatchChanged);
        }
        let known: Vec<Known> = batch
            .questions
            .iter()
            .map(|question| {
                let asked = question_digest(question, &batch.authority, &batch.regime);
                match memory.questions.get(&question.id) {
                    Some((before, place)) if *before == asked => Known::Answered(*place),
                    Some(_) => Known::Changed,
                    None => Known::No(asked),
                }
            })
            .collect();
        let new = known.iter().filter(|known| matches!(known, Known::No(_))).count() as u32;
        let today = now.as_second().div_euclid(86_400);
        let (day, count) = memory.days.entry(authority.id.clone()).or_insert((today, 0));
        if *day != today {
            (*day, *count) = (today, 0);
        }
        if count.saturating_add(new) > authority.questions_per_day {
            let retry_after_secs = 86_400 - now.as_second().rem_euclid(86_400);
            return Err(CallRefused::Quota { retry_after_secs });
        }
        *count += new;
        Ok(known)
    }

    /// Counts an answer that names somebody; withholds it where the account is alarmed.
    fn guard(
        &self,
        question: &Question,
        found: Answered,
        batch: &IdentificationBatch,
        asked: String,
        now: Timestamp,
        named: &mut Vec<HandleLine>,
    ) -> Result<AnswerLine, CallRefused> {
        let mut line = AnswerLine {
            authority: batch.authority.clone(),
            at: now,
            asked,
            account: None,
            address: None,
            answer: found.answer,
        };
        let Some(account) = found.account else { return Ok(line) };
        let id = hex::encode(self.seal.keyed(&account));
        let address = hex::encode(self.seal.keyed(question.ip.to_string().as_bytes()));
        line.account = Some(id.clone());
        line.address = Some(address.clone());
        let mut memory = self.memory();
        memory.alarms.refresh()?;
        let Memory { frequencies, alarms, .. } = &mut *memory;
        let too_often = frequencies.count(&id, address, now, &self.limits, alarms);
        if let Some(too_often) = too_often
            && !alarms.is_raised(&id)
        {
            tracing::warn!(
                alarm = %id,
                questions = too_often.questions,
                addresses = too_often.addresses,
                "an account answers improbably often; its answers are withheld"
            );
            let sealed = self.sealer.seal(&account, id.as_bytes())?;
            alarms.add(&AlarmLine::Raised {
                id: id.clone(),
                at: now,
                questions: too_often.questions,
                addresses: too_often.addresses,
                account: STANDARD.encode(sealed),
            })?;
        }
        if alarms.is_raised(&id) {
            line.answer.outcome = Outcome::Refused { reason: TOO_OFTEN.to_owned() };
            line.answer.evidence = None;
            line.answer.why = "This subscriber answers for improbably many questions; the \
                               provider checks its records first."
                .to_owned();
            return Ok(line);
        }
        if let Outcome::Identified { handle, .. } = &line.answer.outcome
            && !memory.handles.contains_key(handle)
        {
            let sealed = self.sealer.seal(&account, handle.as_str().as_bytes())?;
            named.push(HandleLine {
                handle: handle.clone(),
                key_id: self.keys.handle_key().id.clone(),
                authority: batch.authority.clone(),
                regime: batch.regime.clone(),
                account: STANDARD.encode(sealed),
            });
        }
        Ok(line)
    }

    /// Journals what was answered; only then may it leave.
    fn keep(&self, lines: &[Line], named: Vec<HandleLine>) -> Result<(), CallRefused> {
        if !named.is_empty() {
            let places = self.handles.append(&named)?;
            self.handles.make_durable()?;
            let mut memory = self.memory();
            for (line, place) in named.into_iter().zip(places) {
                memory.handles.insert(line.handle, place);
            }
        }
        let places = self.answers.append(lines)?;
        self.answers.make_durable()?;
        let mut memory = self.memory();
        for (line, place) in lines.iter().zip(places) {
            memory.remember(line, place);
        }
        Ok(())
    }

    fn answered(&self, place: LinePlace) -> Result<Answer, CallRefused> {
        let line: AnswerLine = self.answers.read(place)?;
        Ok(line.answer)
    }

    fn index(&self) -> Arc<Index> {
        Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // A panic while it was held leaves counts that are at most one too high.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sealer of account names outside the index.
pub fn account_sealer(keys: &KeyFile) -> Sealer {
    keys.index.sealer("entremise account of handle v1")
}

/// Whether a question was asked before.
enum Known {
    Answered(LinePlace),
    Changed,
    No(String),
}

impl Memory {
    fn remember(&mut self, line: &Line, place: LinePlace) {
        match line {
            Line::Answer(line) => {
                self.questions.insert(line.answer.id, (line.asked.clone(), place));
            }
            Line::Batch(line) => {
                self.batches.insert(line.batch, line.asked.clone());
            }
        }
    }

    fn replay(&mut self, line: Line, place: LinePlace, limits: &AlarmConfig) {
        self.remember(&line, place);
        let Line::Answer(line) = line else { return };
        let day = line.at.as_second().div_euclid(86_400);
        let (counted, count) = self.days.entry(line.authority).or_insert((day, 0));
        if *counted == day {
            *count += 1;
        } else if *counted < day {
            (*counted, *count) = (day, 1);
        }
        if let (Some(account), Some(address)) = (line.account, line.address) {
            self.frequencies.count(&account, address, line.at, limits, &self.alarms);
        }
    }
}

fn question_digest(question: &Question, authority: &AuthorityId, regime: &RegimeId) -> String {
    let text = serde_json::to_vec(&(authority, regime, question))
        .expect("a question is plain data and always has a JSON form");
    hex::encode(digest(&text))
}

fn changed(question: &Question) -> Answer {
    Answer {
        id: question.id,
        outcome: Outcome::Refused { reason: "question_changed".to_owned() },
        evidence: None,
        why: "This question id was answered before for another question.".to_owned(),
    }
}

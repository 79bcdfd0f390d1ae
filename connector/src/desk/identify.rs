//! The first call: who held these addresses? Answered with handles, once per question id, counted
//! against the day's cap and the alarm, and journalled before it leaves.

use std::num::NonZero;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::id::{AuthorityId, BatchId, Handle, RegimeId};
use entremise_core::identification::{Answer, Outcome, Question};
use entremise_wire::message::{IdentificationAnswers, IdentificationBatch, QUESTIONS_MAX};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::calls::AtWork;
use super::{CallRefused, Desk, HandleLine, Memory, TOO_OFTEN};
use crate::alarm::AlarmLine;
use crate::answering::{Answered, Answering};
use crate::config::{AlarmConfig, Authority};
use crate::identify::Identifier;
use crate::journal::LinePlace;
use crate::read::digest;

/// Smaller batches are answered before a second thread has begun.
const BATCH_WORTH_THREADS: usize = 1_000;

/// One line of `answers.jsonl`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on its way to or from the file")]
pub(super) enum Line {
    Answer(AnswerLine),
    Batch(BatchLine),
}

#[derive(Serialize, Deserialize)]
pub(super) struct AnswerLine {
    authority: AuthorityId,
    pub(super) at: Timestamp,
    /// SHA-256 of the question, hexadecimal.
    pub(super) asked: String,
    /// Keyed names of account and address, for the alarm.
    account: Option<String>,
    address: Option<String>,
    pub(super) answer: Answer,
}

#[derive(Serialize, Deserialize)]
pub(super) struct BatchLine {
    pub(super) batch: BatchId,
    pub(super) asked: String,
}

/// Whether a question was asked before.
enum Known {
    Answered(LinePlace),
    Changed,
    No(String),
}

/// What must be on the disk before an answer leaves. The call has ended when it is dropped.
pub struct Unkept {
    lines: Vec<Line>,
    named: Vec<HandleLine>,
    _at_work: AtWork,
}

impl Desk {
    /// Answers a batch. `asked` is the digest of its body: the same batch again gets the same
    /// answers, another content under its id is refused.
    pub fn identifications(
        &self,
        batch: &IdentificationBatch,
        asked: &str,
        now: Timestamp,
    ) -> Result<IdentificationAnswers, CallRefused> {
        let (answers, unkept) = self.identifications_unkept(batch, asked, now)?;
        self.keep(&[unkept])?;
        Ok(answers)
    }

    /// The same, not yet kept: the answers must not leave before [`Desk::keep`] was successful.
    pub fn identifications_unkept(
        &self,
        batch: &IdentificationBatch,
        asked: &str,
        now: Timestamp,
    ) -> Result<(IdentificationAnswers, Unkept), CallRefused> {
        let authority = self.agreed(&batch.authority, &batch.regime)?;
        if batch.questions.len() > QUESTIONS_MAX {
            return Err(CallRefused::TooMany);
        }
        self.let_rest(now)?;
        let at_work = self.at_work();
        let fresh = self.admit(authority, batch, asked, now)?;
        let index = self.index();
        let identifier = Identifier::new(&index, &self.network);
        let answering = Answering::new(&index, &self.keys, &batch.authority, &batch.regime)
            .of_generation(|handles, account| {
                self.generation_of(handles, &batch.authority, &batch.regime, account)
            });
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
        let answers = IdentificationAnswers { batch: batch.batch, answers };
        Ok((answers, Unkept { lines, named, _at_work: at_work }))
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
                generation: memory.generation(&batch.authority, &batch.regime),
                account: STANDARD.encode(sealed),
            });
        }
        Ok(line)
    }

    /// Journals what was answered in some calls, with one flush of each file for all of them; only
    /// then may it leave.
    ///
    /// Both files are flushed at once. A crash in between may leave an answer that never left and
    /// names a handle with no way back: the first call after it erases such answers (`rest`).
    pub fn keep(&self, calls: &[Unkept]) -> anyhow::Result<()> {
        let named: Vec<&HandleLine> = calls.iter().flat_map(|call| &call.named).collect();
        let lines: Vec<&Line> = calls.iter().flat_map(|call| &call.lines).collect();
        let handles = if named.is_empty() { Vec::new() } else { self.handles.append(&named)? };
        let places = self.answers.append(&lines)?;
        std::thread::scope(|scope| {
            let way_back = (!named.is_empty()).then(|| scope.spawn(|| self.handles.make_durable()));
            self.answers.make_durable()?;
            way_back.map_or(Ok(()), |flush| flush.join().expect("flushing does not panic"))
        })?;
        let mut memory = self.memory();
        for (line, place) in named.into_iter().zip(handles) {
            memory.handles.insert(line.handle.clone(), place);
        }
        for (line, place) in lines.into_iter().zip(places) {
            memory.remember(line, place);
        }
        Ok(())
    }

    fn answered(&self, place: LinePlace) -> Result<Answer, CallRefused> {
        let line: AnswerLine = self.answers.read(place)?;
        Ok(line.answer)
    }
}

impl AnswerLine {
    /// Whom the answer names, by handle.
    pub(super) fn names(&self) -> Option<&Handle> {
        match &self.answer.outcome {
            Outcome::Identified { handle, .. } => Some(handle),
            _ => None,
        }
    }
}

impl Memory {
    pub(super) fn remember(&mut self, line: &Line, place: LinePlace) {
        match line {
            Line::Answer(line) => {
                if let Some(handle) = line.names() {
                    let last = self.named.entry(handle.clone()).or_insert(line.at);
                    *last = line.at.max(*last);
                }
                self.questions.insert(line.answer.id, (line.asked.clone(), place));
            }
            Line::Batch(line) => {
                self.batches.insert(line.batch, line.asked.clone());
            }
        }
    }

    pub(super) fn replay(&mut self, line: Line, place: LinePlace, limits: &AlarmConfig) {
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

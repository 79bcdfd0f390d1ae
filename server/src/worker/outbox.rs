//! Effects out, events back. A worker takes no hint: it claims what is ready, enters its intent,
//! acts, and settles; what it could not do goes back with a time, and what it can't do is parked
//! where a person sees it.

use std::collections::BTreeMap;

use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, BatchId, PartyId, QuestionId, RegimeId};
use entremise_core::identification::{Answer, Question};
use entremise_core::ledger::Actor;
use entremise_store::{ApplyError, CaseRef, Claimed, Settlement, Trouble};
use entremise_wire::message::IdentificationBatch;
use jiff::{SignedDuration, Timestamp};

use super::{Round, beside, disclose, file, measure, notify, relay, send, transmit};
use crate::house::{House, ProviderRoom};
use crate::provider::{Answering, ProviderTrouble};

/// A claim is ours for this long; a worker that dies gives it back by silence.
const LEASE_SECS: i64 = 300;
/// After so many tries an effect is parked and a person is told.
const ATTEMPTS_MAX: u32 = 12;
/// Facts moved in one round.
const FACTS_MOST: usize = 1_000;
/// Questions claimed in one round: one historic file's worth.
const QUESTIONS_MOST: usize = 50_000;
/// Questions in one call to a connector, well below its limits.
const BATCH_MOST: usize = 5_000;
const DISCLOSURES_MOST: usize = 200;
const DISCLOSURES: [&str; 2] = ["request_disclosure", "request_authorised_disclosure"];
const MESSAGES_MOST: usize = 200;
/// Files are large.
const FILES_MOST: usize = 10;
const ALARMS_MOST: usize = 1_000;
/// How long a request about one subscriber may be answered.
const REQUEST_EXPIRES_SECS: i64 = 72 * 3600;

const WORKER: &str = "outbox";

/// One round over every queue.
pub fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = establish_facts(house, now)?;
    round += ask_providers(house, now)?;
    round += disclose::requests(house, claim_of(house, &DISCLOSURES, DISCLOSURES_MOST, now)?, now)?;
    round += send_messages(house, now)?;
    round += relay::messages(house, claim(house, "relay_message", MESSAGES_MOST, now)?, now)?;
    round += transmit::files(house, claim(house, "transmit_file", FILES_MOST, now)?, now)?;
    round += measure::open(house, claim(house, "open_measure", FACTS_MOST, now)?, now)?;
    round += notify::letters(house, claim(house, "notify_measure", MESSAGES_MOST, now)?, now)?;
    round += measure::orders(house, claim(house, "order_measure", MESSAGES_MOST, now)?, now)?;
    ring_bells(house, now)?;
    Ok(round)
}

fn claim(house: &House, queue: &str, most: usize, now: Timestamp) -> Result<Vec<Claimed>, Trouble> {
    claim_of(house, &[queue], most, now)
}

fn claim_of(
    house: &House,
    queues: &[&str],
    most: usize,
    now: Timestamp,
) -> Result<Vec<Claimed>, Trouble> {
    house.store.claim(queues, WORKER, LEASE_SECS, most, now)
}

/// Moves identified facts into the cases of their handles.
fn establish_facts(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let claims = claim(house, "establish_fact", FACTS_MOST, now)?;
    let done = claims.len();
    let settlements = claims
        .into_iter()
        .filter_map(|claim| {
            let Effect::EstablishFact { line, fact } = claim.effect.clone() else { return None };
            let case = CaseRef::Line {
                authority: claim.authority.clone(),
                regime: claim.regime.clone(),
                line,
            };
            let event = Some((case, Event::FactEstablished { fact }));
            Some(Settlement { claim, outcome: "established", event, actor: Actor::House })
        })
        .collect();
    settle_all(house, settlements, now)?;
    Ok(Round { done, ..Round::default() })
}

/// Claims that go to one provider in one batch.
pub(super) type Batches = BTreeMap<(AuthorityId, RegimeId, PartyId), Vec<Claimed>>;

pub(super) fn by_provider(claims: Vec<Claimed>) -> Batches {
    let mut batches = Batches::new();
    for claim in claims {
        let provider = match &claim.effect {
            Effect::AskProvider { provider, .. } => provider.clone(),
            Effect::RequestDisclosure { line, .. }
            | Effect::RequestAuthorisedDisclosure { line, .. } => line.provider.clone(),
            _ => continue,
        };
        let key = (claim.authority.clone(), claim.regime.clone(), provider);
        batches.entry(key).or_default().push(claim);
    }
    batches
}

/// The id of a batch is made of its first effect, so that a repeated try is the same batch to the
/// provider as long as the same effects are in it.
fn batch_id(claims: &[Claimed]) -> BatchId {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for claim in claims {
        digest.update(claim.id.0.as_bytes());
    }
    batch_of(digest)
}

/// The id of a call about one effect. A later end makes another batch, about the same request.
pub(super) fn batch_until(claim: &Claimed, expires_at: Timestamp) -> BatchId {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    digest.update(claim.id.0.as_bytes());
    digest.update(&expires_at.as_second().to_be_bytes());
    batch_of(digest)
}

fn batch_of(digest: ring::digest::Context) -> BatchId {
    let digest = digest.finish();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    BatchId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn ask_providers(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for ((authority, regime, provider), mut claims) in
        by_provider(claim(house, "ask_provider", QUESTIONS_MOST, now)?)
    {
        claims.sort_by_key(|claim| claim.id);
        if house.store.is_pilot_over(&authority)? {
            round += over(house, claims, now)?;
            continue;
        }
        let Some(room) = house.provider(&authority, &provider) else {
            round += park(house, &claims, "provider_unknown", now)?;
            continue;
        };
        round += match &room.answering {
            Some(answering) => {
                let mut asked = Round::default();
                for batch in claims.chunks(BATCH_MOST) {
                    let batch = batch.to_vec();
                    asked += ask(house, room, answering.as_ref(), &regime, batch, now)?;
                }
                asked
            }
            None => file::set_aside(house, room, &regime, claims, now)?,
        };
    }
    Ok(round)
}

/// Questions that a pilot left behind: nobody has a reason to ask them any more.
fn over(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let done = claims.len();
    let settlement =
        |claim| Settlement { claim, outcome: "pilot_over", event: None, actor: Actor::House };
    settle_all(house, claims.into_iter().map(settlement).collect(), now)?;
    Ok(Round { done, ..Round::default() })
}

/// One batch to one connector. Intent and `QuestionAsked` are entered before anything leaves.
fn ask(
    house: &House,
    room: &ProviderRoom,
    answering: &dyn Answering,
    regime: &RegimeId,
    claims: Vec<Claimed>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let questions = questions(house, &claims, now)?;
    let batch = IdentificationBatch {
        batch: batch_id(&claims),
        authority: room.authority.clone(),
        regime: regime.clone(),
        questions,
    };
    match answering.identify(&batch, now) {
        Ok(answers) => settle_answers(house, room, claims, answers, now),
        Err(trouble) => put_back(house, claims, &trouble, now),
    }
}

/// The questions of these claims, each entered as asked. The question's id is the effect's.
pub(crate) fn questions(
    house: &House,
    claims: &[Claimed],
    now: Timestamp,
) -> Result<Vec<Question>, Trouble> {
    house.store.intend_many(claims, now)?;
    let asked: Vec<_> = claims
        .iter()
        .map(|claim| {
            let case = CaseRef::Id(claim.authority.clone(), claim.case);
            (case, Event::QuestionAsked { question: QuestionId(claim.id.0) }, Actor::House)
        })
        .collect();
    house.store.apply_many(&asked, now)?;
    let material = house.store.question_material(claims, now)?;
    Ok(material
        .into_iter()
        .map(|(effect, traffic)| {
            // The observer's clock was ahead by the offset: the fact happened that much earlier.
            let ahead = SignedDuration::from_millis(traffic.clock_offset_ms.unwrap_or(0));
            let corrected = |at: Timestamp| at.saturating_sub(ahead).unwrap_or(at);
            Question {
                id: QuestionId(effect.0),
                ip: traffic.ip,
                port: traffic.port,
                transport: traffic.transport,
                at: corrected(traffic.observed_at),
                until: traffic.observed_until.map(corrected),
                error_ms: traffic.clock_error_ms.unwrap_or(UNDECLARED_CLOCK_ERROR_MS),
            }
        })
        .collect())
}

/// Assumed where the regime admits a notice without a declared clock: a second either way, the
/// granularity RFC 6302 asks servers to log at.
const UNDECLARED_CLOCK_ERROR_MS: u32 = 1_000;

fn settle_answers(
    house: &House,
    room: &ProviderRoom,
    claims: Vec<Claimed>,
    answers: Vec<Answer>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let mut answers: BTreeMap<QuestionId, Answer> =
        answers.into_iter().map(|answer| (answer.id, answer)).collect();
    let (mut settlements, mut unanswered) = (Vec::new(), Vec::new());
    let mut round = Round::default();
    for claim in claims {
        let question = QuestionId(claim.id.0);
        let Some(answer) = answers.remove(&question) else {
            unanswered.push(claim);
            continue;
        };
        // Its records come late: the question waits, as long as a person would try.
        if answer.is_to_be_asked_again() && claim.attempts < ATTEMPTS_MAX {
            round += retry(house, &claim, "records_not_there_yet", None, now)?;
            continue;
        }
        let case = CaseRef::Id(claim.authority.clone(), claim.case);
        let outcome = answer.outcome.name();
        let event = Some((case, Event::Answered { question, outcome: answer.outcome }));
        let actor = Actor::Party(room.config.id.clone());
        settlements.push(Settlement { claim, outcome, event, actor });
    }
    round.done += settlements.len();
    settle_all(house, settlements, now)?;
    let missing = ProviderTrouble::Again { what: "left unanswered".to_owned(), after_secs: None };
    round += put_back(house, unanswered, &missing, now)?;
    Ok(round)
}

/// Until when a request may be answered: the same in every try, so that a repetition is one; when
/// that time is over, so much later again.
pub(super) fn expires_at(claim: &Claimed, now: Timestamp) -> Timestamp {
    let waited = now.duration_since(claim.asked_at).as_secs().max(0);
    let spans = 1 + waited / REQUEST_EXPIRES_SECS;
    let later = SignedDuration::from_secs(spans.saturating_mul(REQUEST_EXPIRES_SECS));
    claim.asked_at.saturating_add(later).unwrap_or(Timestamp::MAX)
}

/// An alarm stands on the board from the moment it was raised; here it is said to the operator's
/// log, where a pager listens.
fn ring_bells(house: &House, now: Timestamp) -> Result<(), Trouble> {
    let settlements = claim(house, "raise_alarm", ALARMS_MOST, now)?
        .into_iter()
        .map(|claim| {
            if let Effect::RaiseAlarm { alarm } = &claim.effect {
                let (authority, case) = (&claim.authority, claim.case);
                tracing::warn!(alarm = alarm.name(), %authority, %case, "alarm");
            }
            Settlement { claim, outcome: "told", event: None, actor: Actor::House }
        })
        .collect();
    settle_all(house, settlements, now)
}

fn send_messages(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = send::messages(house, claim(house, "send_message", MESSAGES_MOST, now)?, now)?;
    let beside = claim_of(house, &beside::QUEUES, MESSAGES_MOST, now)?;
    round += beside::messages(house, beside, now)?;
    Ok(round)
}

/// Settles, and lets only trouble through: a refused event stands in the ledger, and its effect is
/// done all the same.
pub(crate) fn settle_all(
    house: &House,
    settlements: Vec<Settlement>,
    now: Timestamp,
) -> Result<(), Trouble> {
    match house.store.settle_many(settlements, now) {
        Ok(_) | Err(ApplyError::Refused(_) | ApplyError::NoSuchCase) => Ok(()),
        Err(ApplyError::Trouble(trouble)) => Err(trouble),
    }
}

/// Hands claims back to the outbox with the time of the next try, or parks them for a person.
pub(crate) fn put_back(
    house: &House,
    claims: Vec<Claimed>,
    trouble: &ProviderTrouble,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let (name, after) = match trouble {
        ProviderTrouble::Again { after_secs, .. } => ("not_reached", *after_secs),
        ProviderTrouble::Refused { after_secs, .. } => ("refused_by_provider", *after_secs),
        ProviderTrouble::Untrusted { .. } => ("untrusted_answer", None),
    };
    if !claims.is_empty() {
        tracing::warn!(trouble = name, what = %trouble, effects = claims.len(), "put back");
    }
    let mut round = Round::default();
    for claim in claims {
        round += retry(house, &claim, name, after, now)?;
    }
    Ok(round)
}

/// The next try: twice as late each time, from half a minute to six hours.
pub(crate) fn retry(
    house: &House,
    claim: &Claimed,
    name: &'static str,
    after_secs: Option<i64>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    if claim.attempts >= ATTEMPTS_MAX {
        house.store.give_up(claim, name, now)?;
        return Ok(Round { given_up: 1, ..Round::default() });
    }
    let backoff = (30_i64 << claim.attempts.min(10)).min(6 * 3600);
    let after = after_secs.unwrap_or(backoff).clamp(1, 24 * 3600);
    house.store.retry(claim, name, after, now)?;
    Ok(Round { retried: 1, ..Round::default() })
}

pub(super) fn park(
    house: &House,
    claims: &[Claimed],
    name: &'static str,
    now: Timestamp,
) -> Result<Round, Trouble> {
    for claim in claims {
        house.store.give_up(claim, name, now)?;
    }
    Ok(Round { given_up: claims.len(), ..Round::default() })
}

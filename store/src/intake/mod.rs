//! A batch becomes notices, cases and questions, all of it or nothing.
//!
//! Screening is done before this room: here the sender's switch, the day's quota and duplicates are
//! decided, under the authority's lock. Evidence and traffic are written beside the cases and
//! committed before them: the commit of the cases makes them real, and what a crash leaves behind
//! is swept.

mod batch;
mod digest;
mod group;

use std::collections::HashMap;
use std::sync::Arc;

use entremise_core::case::Subject;
use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, BatchId, CaseId, NoticeId, PartyId, RegimeId};
use entremise_core::ledger::{self as form, Actor};
use entremise_core::notice::Notice;
use entremise_core::rejection::{Code, Rejection};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::apply::CaseRef;
use crate::conn::{Bulk, Kind, Value};
use crate::door::{Door, json};
use crate::trouble::Trouble;
use crate::{Inner, Store, party};
pub(crate) use batch::raw_of;
use digest::Digests;
use group::{Compartments, Prepared};
pub(crate) use group::{IntakeGate, IntakeHands};

/// What a sender handed in, read and screened. No `Debug`: it holds the notices themselves.
pub struct IncomingBatch {
    pub id: BatchId,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub sender: PartyId,
    pub format: &'static str,
    pub channel: &'static str,
    /// The bytes as they came; kept sealed, once.
    pub raw: Vec<u8>,
    /// The law counts from here. A batch that waited is entered in the ledger when its turn comes.
    pub received_at: Timestamp,
    pub idempotency_key: Option<String>,
    /// SHA-256 of the bytes as they came.
    pub body_digest: [u8; 32],
    /// The signature, where one came with it.
    pub proof: Option<Vec<u8>>,
    pub notices: Vec<IncomingNotice>,
}

/// One notice of a batch, or why it is none.
pub struct IncomingNotice {
    /// Where in the batch: a JSON pointer, a line, a mail part.
    pub place: String,
    /// With the provider that holds the address.
    pub verdict: Result<(Notice, PartyId), Vec<Rejection>>,
}

/// What became of a batch: what the sender gets, and gets again when it asks again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchReport {
    pub id: BatchId,
    pub received_at: Timestamp,
    pub results: Vec<ItemResult>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemResult {
    pub place: String,
    pub sender_case_id: Option<String>,
    #[serde(flatten)]
    pub verdict: ItemVerdict,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum ItemVerdict {
    /// Also for a retraction: the notice that was taken back.
    Accepted {
        notice: NoticeId,
    },
    /// The same fact, or the sender's same number, came before.
    DuplicateOf {
        notice: NoticeId,
    },
    Rejected {
        rejections: Vec<Rejection>,
    },
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("the idempotency key was used for another body")]
    KeyReused,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// What will be done with one notice, decided before anything is written.
enum Plan<'b> {
    Accept { notice: &'b Notice, provider: &'b PartyId, digests: Digests, ids: Ids },
    Retract { notice: NoticeId, case: CaseId },
    Duplicate { of: NoticeId },
    Reject { rejections: Vec<Rejection> },
}

#[derive(Clone, Copy)]
struct Ids {
    notice: NoticeId,
    case: CaseId,
}

impl Store {
    /// Takes a batch. The same batch again (same key and body, or same id and body) changes nothing
    /// and yields the stored report.
    pub fn intake(&self, batch: IncomingBatch) -> Result<BatchReport, IntakeError> {
        self.intake_many(vec![batch])
            .pop()
            .unwrap_or_else(|| Err(Trouble::never("a batch was left without its report").into()))
    }

    /// Takes batches that came at the same time, with as few flushes as they allow. Each stands
    /// alone: one that is not taken holds up no other. The reports stand in the batches' order.
    pub fn intake_many(
        &self,
        batches: Vec<IncomingBatch>,
    ) -> Vec<Result<BatchReport, IntakeError>> {
        group::take_turn(&self.inner, batches)
    }

    /// The report of a batch that was taken.
    pub fn batch_report(
        &self,
        authority: &AuthorityId,
        sender: &PartyId,
        batch: &BatchId,
    ) -> Result<Option<BatchReport>, Trouble> {
        batch::report(&self.inner, authority, sender, batch)
    }
}

/// Decides on each notice, in the order of the batch.
fn plan<'b>(
    door: &mut Door,
    inner: &Inner,
    batch: &'b IncomingBatch,
    digests: &[Option<Digests>],
) -> Result<Vec<Plan<'b>>, Trouble> {
    let sender = party::find(door.tx, &batch.authority, &batch.sender)?;
    let is_stopped = sender.is_some_and(|sender| sender.stopped.is_some());
    let mut left = quota_left(door, inner, batch)?;
    let mut seen = digest::known(door.tx, digests.iter().flatten())?;
    let ids = door.draw.ids(door.at, batch.notices.len());
    let cases = door.draw.ids(door.at, batch.notices.len());
    let mut plans = Vec::with_capacity(batch.notices.len());
    let ids = ids.into_iter().zip(cases).zip(digests);
    for (incoming, ((notice_id, case_id), digests)) in batch.notices.iter().zip(ids) {
        let ids = Ids { notice: NoticeId(notice_id), case: CaseId(case_id) };
        let plan = match (&incoming.verdict, digests.as_ref()) {
            _ if is_stopped => reject(Code::SenderStopped, "", "the sender is stopped"),
            (Ok((notice, _)), Some(digests)) if notice.claim.retraction => retract(&seen, digests),
            (Ok((notice, provider)), Some(digests)) => match first(&seen, digests) {
                Some(of) => Plan::Duplicate { of: of.notice },
                None if left == 0 => {
                    reject(Code::Quota, "", "the day's quota is used up; bring it again tomorrow")
                }
                None => {
                    left -= 1;
                    seen.extend(digests.keys().map(|key| (key, ids)));
                    Plan::Accept { notice, provider, digests: *digests, ids }
                }
            },
            (Err(rejections), _) => Plan::Reject { rejections: rejections.clone() },
            (Ok(_), None) => return Err(Trouble::never("a notice was left without its digests")),
        };
        plans.push(plan);
    }
    Ok(plans)
}

fn reject<'b>(code: Code, at: &str, how: &str) -> Plan<'b> {
    Plan::Reject { rejections: vec![Rejection::new(code, at, how)] }
}

/// The first notice that one of the digests was seen on.
fn first(seen: &HashMap<[u8; digest::BYTES], Ids>, digests: &Digests) -> Option<Ids> {
    digests.keys().find_map(|key| seen.get(&key).copied())
}

/// A retraction names the notice by the sender's own number.
fn retract<'b>(seen: &HashMap<[u8; digest::BYTES], Ids>, digests: &Digests) -> Plan<'b> {
    match digests.by_number.and_then(|key| seen.get(&key)) {
        Some(ids) => Plan::Retract { notice: ids.notice, case: ids.case },
        None => reject(
            Code::FieldInvalid,
            "sender_case_id",
            "no notice of yours has this number; give the number of the notice you take back",
        ),
    }
}

/// How many more notices the sender may bring on this local day.
fn quota_left(door: &mut Door, inner: &Inner, batch: &IncomingBatch) -> Result<i64, Trouble> {
    let (regime, day) = local_day(inner, batch, door.at)?;
    let rules = regime
        .at(door.at)
        .map_err(|error| Trouble::never_from("the regime is not in force on this day", error))?;
    let row = door.tx.query_one(
        "-- sender-day
         SELECT notices FROM sender_day
         WHERE authority = $1 AND regime = $2 AND sender = $3 AND day = $4",
        &[
            batch.authority.as_str().into(),
            batch.regime.as_str().into(),
            batch.sender.as_str().into(),
            Value::Text(&day),
        ],
    )?;
    let brought = row.map_or(Ok(0), |row| row.integer(0))?;
    Ok((i64::from(rules.intake.notices_per_day_max) - brought).max(0))
}

fn local_day<'i>(
    inner: &'i Inner,
    batch: &IncomingBatch,
    at: Timestamp,
) -> Result<(&'i entremise_core::regime::Regime, String), Trouble> {
    let regime = inner
        .regimes
        .get(&batch.regime)
        .ok_or_else(|| Trouble::never("the batch's regime is not among those loaded"))?;
    Ok((regime, regime.zone().day_of(at).to_string()))
}

/// Writes what was decided, and sends what is to be sealed to its compartments.
fn enter(
    door: &mut Door,
    inner: &Inner,
    prepared: &Arc<Prepared>,
    plans: &[Plan],
    compartments: &mut Compartments,
) -> Result<BatchReport, Trouble> {
    let batch = &prepared.batch;
    let accepted: Vec<(Uuid, usize)> = plans
        .iter()
        .enumerate()
        .filter_map(|(place, plan)| match plan {
            Plan::Accept { ids, .. } => Some((ids.notice.0, place)),
            _ => None,
        })
        .collect();
    let count = accepted.len();
    door.expect(count);
    compartments.send(prepared, door.at, &accepted, &mut door.draw);
    let actor = Actor::Party(batch.sender.clone());
    let mut results = Vec::with_capacity(plans.len());
    for (incoming, plan) in batch.notices.iter().zip(plans) {
        let verdict = take(door, batch, &incoming.place, plan, &actor)?;
        let notice = incoming.verdict.as_ref().ok().map(|(notice, _)| notice);
        results.push(ItemResult {
            place: incoming.place.clone(),
            sender_case_id: notice.and_then(|notice| notice.sender_case_id.clone()),
            verdict,
        });
    }
    write_notices(door, batch, plans)?;
    add_to_day(door, inner, batch, count)?;
    let report = BatchReport { id: batch.id, received_at: batch.received_at, results };
    batch::keep(door, inner, batch, &report)?;
    Ok(report)
}

fn take(
    door: &mut Door,
    batch: &IncomingBatch,
    place: &str,
    plan: &Plan,
    actor: &Actor,
) -> Result<ItemVerdict, Trouble> {
    match plan {
        Plan::Accept { notice, provider, ids, .. } => {
            let subject = Subject::Notice { notice: ids.notice, provider: (*provider).clone() };
            let index = door.open_case(ids.case, &batch.regime, subject);
            let event = Event::NoticeAccepted {
                notice: ids.notice,
                sender: batch.sender.clone(),
                provider: (*provider).clone(),
                fact_at: notice.observation.from,
            };
            door.take(index, &event, actor)?.map_err(|refusal| {
                Trouble::never_from("the regime cannot open a case for a screened notice", refusal)
            })?;
            door.count("notice", "accepted", 1);
            Ok(ItemVerdict::Accepted { notice: ids.notice })
        }
        Plan::Retract { notice, case } => {
            let case = CaseRef::Id(batch.authority.clone(), *case);
            let index = door.find(&case)?.ok_or_else(|| Trouble::never("a notice has no case"))?;
            match door.take(index, &Event::NoticeRetracted { notice: *notice }, actor)? {
                Ok(_) => Ok(ItemVerdict::Accepted { notice: *notice }),
                Err(_) => Ok(ItemVerdict::Rejected {
                    rejections: vec![Rejection::new(
                        Code::FieldInvalid,
                        "sender_case_id",
                        "the notice was answered already and can no longer be taken back",
                    )],
                }),
            }
        }
        Plan::Duplicate { of } => {
            let body = serde_json::json!({ "batch": batch.id, "place": place, "duplicate_of": of });
            let subject = form::Subject::Notice(*of);
            let kind = form::Kind::Intake("duplicate");
            door.enter(&batch.regime, subject, kind, actor.clone(), json(&body))?;
            door.count("notice", "duplicate", 1);
            Ok(ItemVerdict::DuplicateOf { notice: *of })
        }
        Plan::Reject { rejections } => {
            let codes: Vec<Code> = rejections.iter().map(|rejection| rejection.code).collect();
            let body = serde_json::json!({ "batch": batch.id, "place": place, "codes": codes });
            let subject = form::Subject::House;
            let kind = form::Kind::Intake("rejected");
            door.enter(&batch.regime, subject, kind, actor.clone(), json(&body))?;
            door.count("notice", "rejected", 1);
            for code in codes {
                door.count("rejection", code.name(), 1);
            }
            Ok(ItemVerdict::Rejected { rejections: rejections.clone() })
        }
    }
}

static NOTICES: Bulk = Bulk {
    name: "notice-write",
    table: "notice",
    columns: &[
        ("notice_id", Kind::Bytes),
        ("authority", Kind::Text),
        ("regime", Kind::Text),
        ("case_id", Kind::Bytes),
        ("batch_id", Kind::Bytes),
        ("sender", Kind::Text),
        ("received_at", Kind::Integer),
        ("by_number", Kind::Bytes),
        ("by_observation", Kind::Bytes),
    ],
    conflict: "",
};

fn write_notices(door: &mut Door, batch: &IncomingBatch, plans: &[Plan]) -> Result<(), Trouble> {
    let mut values = Vec::with_capacity(plans.len() * NOTICES.columns.len());
    for plan in plans {
        let Plan::Accept { digests, ids, .. } = plan else { continue };
        values.extend([
            Value::id(&ids.notice.0),
            batch.authority.as_str().into(),
            batch.regime.as_str().into(),
            Value::id(&ids.case.0),
            Value::id(&batch.id.0),
            batch.sender.as_str().into(),
            Value::time(batch.received_at),
            Value::maybe(digests.by_number.as_ref(), |key| Value::Bytes(key)),
            Value::Bytes(&digests.by_observation),
        ]);
    }
    door.tx.insert(&NOTICES, &values)
}

fn add_to_day(
    door: &mut Door,
    inner: &Inner,
    batch: &IncomingBatch,
    accepted: usize,
) -> Result<(), Trouble> {
    if accepted == 0 {
        return Ok(());
    }
    let (_, day) = local_day(inner, batch, door.at)?;
    door.tx
        .execute(
            "-- sender-day-add
             INSERT INTO sender_day (authority, regime, sender, day, notices)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (authority, regime, sender, day)
             DO UPDATE SET notices = sender_day.notices + excluded.notices",
            &[
                batch.authority.as_str().into(),
                batch.regime.as_str().into(),
                batch.sender.as_str().into(),
                Value::Text(&day),
                Value::count(accepted),
            ],
        )
        .map(|_| ())
}

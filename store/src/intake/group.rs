//! Batches that come at the same time are committed together, with their evidence and traffic
//! written beside them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use entremise_core::id::{AuthorityId, RegimeId};
use entremise_core::notice::Notice;
use jiff::Timestamp;
use uuid::Uuid;

use super::digest::{self, Digests};
use super::{BatchReport, IncomingBatch, IntakeError, batch, enter, plan};
use crate::Inner;
use crate::compartment::{Arriving, Compartment, Fresh, Record, RecordKind, Sent};
use crate::conn::Tx;
use crate::content::{EvidenceOut, TrafficOut};
use crate::door::{Door, json};
use crate::entropy::Draw;
use crate::gate::Gate;
use crate::hand::{Hand, Promise};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// Notices in one transaction, unless a single batch has more: nobody waits long for others.
const NOTICES_AT_ONCE: usize = 4_000;
/// Notices for which it is worth waking those who write beside: fewer wait for more.
const WORTH_A_CALL: usize = 250;

type Answer = Result<BatchReport, IntakeError>;

/// A batch before the gate, with what needs no lock done.
pub(crate) struct Prepared {
    pub(super) batch: IncomingBatch,
    pub(super) digests: Vec<Option<Digests>>,
}

/// Where batches wait for their turn.
pub(crate) type IntakeGate = Gate<Arc<Prepared>, Answer>;

/// Who writes what, while the cases are written by whoever serves the group.
pub(crate) struct IntakeHands {
    evidence: Hand,
    evidence_keys: Hand,
    traffic: Hand,
    traffic_keys: Hand,
}

impl IntakeHands {
    pub fn new() -> Result<Self, Trouble> {
        Ok(Self {
            evidence: Hand::new("evidence")?,
            evidence_keys: Hand::new("evidence keys")?,
            traffic: Hand::new("traffic")?,
            traffic_keys: Hand::new("traffic keys")?,
        })
    }
}

/// Takes batches in, together with those that wait beside them.
pub(super) fn take_turn(inner: &Inner, batches: Vec<IncomingBatch>) -> Vec<Answer> {
    let asked = batches.into_iter().map(|batch| {
        let digests = digest::of_batch(&inner.digest_key, &batch);
        let weight = batch.notices.len();
        (Arc::new(Prepared { batch, digests }), weight)
    });
    let serve = |group: &[&Arc<Prepared>]| take_together(inner, group);
    let answers = inner.intake_gate.pass_many(asked.collect(), NOTICES_AT_ONCE, serve);
    answers.into_iter().map(|answer| answer?).collect()
}

/// One transaction of the cases, with those of evidence, of traffic and of their keys beside it.
/// The cases are committed last, when the others are on the disk: two flushes in a row.
fn take_together(inner: &Inner, group: &[&Arc<Prepared>]) -> Result<Vec<Answer>, Trouble> {
    inner.cases.write(|tx| {
        // Where this fails, the others are told nothing more and keep nothing.
        let mut compartments = Compartments::of(inner);
        let answers = take_batches(tx, inner, group, &mut compartments)?;
        compartments.finish()?;
        inner.fault("intake.cases")?;
        Ok(answers)
    })
}

fn take_batches(
    tx: &mut Tx,
    inner: &Inner,
    group: &[&Arc<Prepared>],
    compartments: &mut Compartments,
) -> Result<Vec<Answer>, Trouble> {
    // Authorities are locked in the one order that everybody keeps.
    let mut authorities: BTreeMap<&AuthorityId, Vec<usize>> = BTreeMap::new();
    for (place, prepared) in group.iter().enumerate() {
        authorities.entry(&prepared.batch.authority).or_default().push(place);
    }
    let mut answers: Vec<Option<Answer>> = Vec::new();
    answers.resize_with(group.len(), || None);
    for (authority, places) in authorities {
        let received = places.iter().map(|place| group[*place].batch.received_at);
        let at = received.max().unwrap_or(Timestamp::MIN);
        let mut door = Door::open(tx, inner, authority, at, Lateness::Admit)?;
        for place in places {
            answers[place] = Some(take_batch(&mut door, inner, group[place], compartments)?);
        }
        // Written over there while the cases are written here.
        compartments.pass_on();
        door.close()?;
    }
    Ok(answers.into_iter().flatten().collect())
}

fn take_batch(
    door: &mut Door,
    inner: &Inner,
    prepared: &Arc<Prepared>,
    compartments: &mut Compartments,
) -> Result<Answer, Trouble> {
    match batch::stored(door, inner, &prepared.batch) {
        Ok(Some(report)) => return Ok(Ok(report)),
        Ok(None) => {}
        Err(IntakeError::KeyReused) => return Ok(Err(IntakeError::KeyReused)),
        Err(IntakeError::Trouble(trouble)) => return Err(trouble),
    }
    let plans = plan(door, inner, &prepared.batch, &prepared.digests)?;
    enter(door, inner, prepared, &plans, compartments).map(Ok)
}

/// What goes to the four databases that are written beside the cases.
pub(super) struct Compartments<'i> {
    inner: &'i Inner,
    waiting: Vec<Part>,
    ways: Option<Ways>,
}

/// The accepted notices of one batch, with the keys of their records.
struct Part {
    prepared: Arc<Prepared>,
    at: Timestamp,
    raw: Fresh,
    notices: Vec<Keyed>,
}

struct Keyed {
    id: Uuid,
    /// In the batch.
    place: usize,
    evidence: Fresh,
    traffic: Fresh,
}

type Parts = Arc<Vec<Part>>;

/// A hand at work on one database, and what comes of it.
struct Way(Sender<Sent<Parts>>, Promise<Result<(), Trouble>>);

struct Ways {
    evidence: Way,
    evidence_keys: Way,
    traffic: Way,
    traffic_keys: Way,
}

impl<'i> Compartments<'i> {
    fn of(inner: &'i Inner) -> Self {
        Self { inner, waiting: Vec::new(), ways: None }
    }

    /// Draws the keys here, where the order of draws is fixed; sealing happens over there.
    pub fn send(
        &mut self,
        prepared: &Arc<Prepared>,
        at: Timestamp,
        accepted: &[(Uuid, usize)],
        draw: &mut Draw,
    ) {
        let mut keys = || accepted.iter().map(|_| Fresh::draw(draw)).collect::<Vec<_>>();
        let (traffic, evidence) = (keys(), keys());
        let keyed = accepted.iter().zip(traffic.into_iter().zip(evidence));
        let notices = keyed
            .map(|(&(id, place), (traffic, evidence))| Keyed { id, place, evidence, traffic })
            .collect();
        let prepared = Arc::clone(prepared);
        self.waiting.push(Part { prepared, at, raw: Fresh::draw(draw), notices });
        if self.waiting.iter().map(|part| part.notices.len()).sum::<usize>() >= WORTH_A_CALL {
            self.pass_on();
        }
    }

    /// Has the hands write what waits. One that is gone has failed, and says so when it is waited
    /// for.
    fn pass_on(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let parts = Arc::new(std::mem::take(&mut self.waiting));
        let ways = self.ways.get_or_insert_with(|| Ways::open(self.inner));
        for way in [&ways.evidence, &ways.traffic, &ways.evidence_keys, &ways.traffic_keys] {
            let _ = way.0.send(Sent::More(Arc::clone(&parts)));
        }
    }

    /// Has all four committed, at the same time, and waits for it.
    fn finish(mut self) -> Result<(), Trouble> {
        self.pass_on();
        let Some(Ways { evidence, evidence_keys, traffic, traffic_keys }) = self.ways else {
            return Ok(());
        };
        let traffic_keys = traffic_keys.finish();
        self.inner.fault("intake.records")?;
        let (evidence, traffic) = (evidence.finish(), traffic.finish());
        self.inner.fault("intake.keys")?;
        let evidence_keys = evidence_keys.finish();
        for (kept, step) in [
            ([evidence, evidence_keys], "intake.evidence"),
            ([traffic, traffic_keys], "intake.traffic"),
        ] {
            for promise in kept {
                promise.kept().ok_or_else(|| Trouble::never("a writer of records died"))??;
            }
            self.inner.fault(step)?;
        }
        Ok(())
    }
}

impl Ways {
    fn open(inner: &Inner) -> Self {
        let IntakeHands { evidence, evidence_keys, traffic, traffic_keys } = &inner.intake_hands;
        Self {
            evidence: Way::open(evidence, &inner.evidence, |compartment, parts| {
                compartment.keep_records(parts, Part::evidence)
            }),
            evidence_keys: Way::open(evidence_keys, &inner.evidence, |compartment, parts| {
                compartment.keep_keys(parts, Part::evidence_keys)
            }),
            traffic: Way::open(traffic, &inner.traffic, |compartment, parts| {
                compartment.keep_records(parts, Part::traffic)
            }),
            traffic_keys: Way::open(traffic_keys, &inner.traffic, |compartment, parts| {
                compartment.keep_keys(parts, Part::traffic_keys)
            }),
        }
    }
}

impl Way {
    fn open(
        hand: &Hand,
        compartment: &Arc<Compartment>,
        keep: fn(&Compartment, &Receiver<Sent<Parts>>) -> Result<(), Trouble>,
    ) -> Self {
        let (send, arriving) = channel();
        let compartment = Arc::clone(compartment);
        Self(send, hand.give(move || keep(&compartment, &arriving)))
    }

    fn finish(self) -> Promise<Result<(), Trouble>> {
        let _ = self.0.send(Sent::All);
        self.1
    }
}

impl Arriving for Part {
    fn owner(&self) -> (&AuthorityId, &RegimeId) {
        (&self.prepared.batch.authority, &self.prepared.batch.regime)
    }

    fn created_at(&self) -> Timestamp {
        self.at
    }
}

impl Part {
    fn evidence(&self) -> Vec<Record> {
        let notices = self.records(|keyed| keyed.evidence, |notice| json(&EvidenceOut::of(notice)));
        let batch = &self.prepared.batch;
        notices.chain(std::iter::once_with(|| batch::raw_record(self.raw, batch))).collect()
    }

    fn evidence_keys(&self) -> Vec<(Uuid, Fresh)> {
        let notices = self.notices.iter().map(|keyed| (keyed.id, keyed.evidence));
        notices.chain(std::iter::once((self.prepared.batch.id.0, self.raw))).collect()
    }

    fn traffic(&self) -> Vec<Record> {
        self.records(|keyed| keyed.traffic, |notice| json(&TrafficOut::of(notice))).collect()
    }

    fn traffic_keys(&self) -> Vec<(Uuid, Fresh)> {
        self.notices.iter().map(|keyed| (keyed.id, keyed.traffic)).collect()
    }

    fn records(
        &self,
        fresh: fn(&Keyed) -> Fresh,
        content: fn(&Notice) -> Vec<u8>,
    ) -> impl Iterator<Item = Record> {
        self.notices.iter().filter_map(move |keyed| {
            // Only what was accepted was sent here.
            let incoming = self.prepared.batch.notices.get(keyed.place)?;
            let (notice, _) = incoming.verdict.as_ref().ok()?;
            let (fresh, content) = (fresh(keyed), content(notice));
            Some(Record { id: keyed.id, kind: RecordKind::Notice, fresh, content })
        })
    }
}

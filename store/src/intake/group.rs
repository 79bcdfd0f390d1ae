//! Batches that come at the same time are committed together, with their evidence and traffic
//! written beside them.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};

use entremise_core::id::{AuthorityId, RegimeId};
use entremise_core::notice::Notice;
use jiff::Timestamp;
use uuid::Uuid;

use super::digest::{self, Digests};
use super::{BatchReport, IncomingBatch, IntakeError, batch, enter, plan};
use crate::Inner;
use crate::compartment::{Arriving, Fresh, Record, RecordKind, Sent};
use crate::conn::Tx;
use crate::content::{EvidenceOut, TrafficOut};
use crate::door::{Door, json};
use crate::entropy::Draw;
use crate::gate::Gate;
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// Notices in one transaction, unless a single batch has more: nobody waits long for others.
const NOTICES_AT_ONCE: usize = 4_000;

type Answer = Result<BatchReport, IntakeError>;

/// A batch before the gate, with what needs no lock done.
pub(crate) struct Asked {
    batch: IncomingBatch,
    digests: Vec<Option<Digests>>,
}

/// Where batches wait for their turn.
pub(crate) type IntakeGate = Gate<Asked, Answer>;

/// Takes a batch in, together with those that wait beside it.
pub(super) fn take_turn(inner: &Inner, batch: IncomingBatch) -> Answer {
    let digests = digest::of_batch(&inner.digest_key, &batch);
    let weight = batch.notices.len();
    let asked = Asked { batch, digests };
    inner.intake_gate.pass(asked, weight, NOTICES_AT_ONCE, |group| take_together(inner, group))?
}

/// One transaction of the cases, with one of evidence and one of traffic beside it. The cases are
/// committed last, when the other two are on the disk.
fn take_together(inner: &Inner, group: &[&Asked]) -> Result<Vec<Answer>, Trouble> {
    inner.cases.write(|tx| {
        std::thread::scope(|threads| {
            let (compartments, evidence, traffic) = Compartments::new();
            let evidence = threads.spawn(move || inner.evidence.keep_arriving(&evidence));
            let traffic = threads.spawn(move || inner.traffic.keep_arriving(&traffic));
            // Where this fails, the channels close unfinished and the other two keep nothing.
            let answers = take_batches(tx, inner, group, &compartments)?;
            compartments.finish();
            let died = |_| Trouble::never("a thread that writes a compartment died");
            evidence.join().map_err(died)??;
            inner.fault("intake.evidence")?;
            traffic.join().map_err(died)??;
            inner.fault("intake.traffic")?;
            inner.fault("intake.cases")?;
            Ok(answers)
        })
    })
}

fn take_batches<'b>(
    tx: &mut Tx,
    inner: &Inner,
    group: &[&'b Asked],
    compartments: &Compartments<'b>,
) -> Result<Vec<Answer>, Trouble> {
    // Authorities are locked in the one order that everybody keeps.
    let mut authorities: BTreeMap<&AuthorityId, Vec<usize>> = BTreeMap::new();
    for (place, asked) in group.iter().enumerate() {
        authorities.entry(&asked.batch.authority).or_default().push(place);
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
        door.close()?;
    }
    Ok(answers.into_iter().flatten().collect())
}

fn take_batch<'b>(
    door: &mut Door,
    inner: &Inner,
    asked: &'b Asked,
    compartments: &Compartments<'b>,
) -> Result<Answer, Trouble> {
    let batch = &asked.batch;
    match batch::stored(door, inner, batch) {
        Ok(Some(report)) => return Ok(Ok(report)),
        Ok(None) => {}
        Err(IntakeError::KeyReused) => return Ok(Err(IntakeError::KeyReused)),
        Err(IntakeError::Trouble(trouble)) => return Err(trouble),
    }
    let plans = plan(door, inner, batch, &asked.digests)?;
    enter(door, inner, batch, &plans, compartments).map(Ok)
}

/// The two compartments that are written beside the cases.
pub(super) struct Compartments<'b> {
    evidence: Sender<Sent<EvidencePart<'b>>>,
    traffic: Sender<Sent<TrafficPart<'b>>>,
}

/// The accepted notices of one batch, with the keys of their records.
struct Part<'b> {
    batch: &'b IncomingBatch,
    at: Timestamp,
    notices: Vec<(Uuid, &'b Notice, Fresh)>,
}

struct EvidencePart<'b>(Part<'b>, Fresh);
struct TrafficPart<'b>(Part<'b>);

type Ends<'b> =
    (Compartments<'b>, Receiver<Sent<EvidencePart<'b>>>, Receiver<Sent<TrafficPart<'b>>>);

impl<'b> Compartments<'b> {
    fn new() -> Ends<'b> {
        let (to_evidence, evidence) = channel();
        let (to_traffic, traffic) = channel();
        (Self { evidence: to_evidence, traffic: to_traffic }, evidence, traffic)
    }

    /// Draws the keys here, where the order of draws is fixed; sealing happens over there. A
    /// receiver that is gone has failed, and says so when it is joined.
    pub fn send(
        &self,
        batch: &'b IncomingBatch,
        at: Timestamp,
        accepted: Vec<(Uuid, &'b Notice)>,
        draw: &mut Draw,
    ) {
        let mut keyed = || {
            let keyed = accepted.iter().map(|(id, notice)| (*id, *notice, Fresh::draw(draw)));
            keyed.collect()
        };
        let traffic = Part { batch, at, notices: keyed() };
        let evidence = Part { batch, at, notices: keyed() };
        let _ = self.traffic.send(Sent::More(TrafficPart(traffic)));
        let _ = self.evidence.send(Sent::More(EvidencePart(evidence, Fresh::draw(draw))));
    }

    fn finish(&self) {
        let _ = self.evidence.send(Sent::All);
        let _ = self.traffic.send(Sent::All);
    }
}

impl Arriving for EvidencePart<'_> {
    fn owner(&self) -> (&AuthorityId, &RegimeId) {
        (&self.0.batch.authority, &self.0.batch.regime)
    }

    fn created_at(&self) -> Timestamp {
        self.0.at
    }

    fn records(&self) -> impl Iterator<Item = Record> {
        let notices = self.0.notices.iter().map(|(id, notice, fresh)| Record {
            id: *id,
            kind: RecordKind::Notice,
            fresh: *fresh,
            content: json(&EvidenceOut::of(notice)),
        });
        notices.chain(std::iter::once_with(|| batch::raw_record(self.1, self.0.batch)))
    }
}

impl Arriving for TrafficPart<'_> {
    fn owner(&self) -> (&AuthorityId, &RegimeId) {
        (&self.0.batch.authority, &self.0.batch.regime)
    }

    fn created_at(&self) -> Timestamp {
        self.0.at
    }

    fn records(&self) -> impl Iterator<Item = Record> {
        self.0.notices.iter().map(|(id, notice, fresh)| Record {
            id: *id,
            kind: RecordKind::Notice,
            fresh: *fresh,
            content: json(&TrafficOut::of(notice)),
        })
    }
}

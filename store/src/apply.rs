//! The one door: an event comes in; the case, its ledger lines, effects and alarms go out, in one
//! transaction. There is no verb that saves a case.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use entremise_core::case::Case;
use entremise_core::event::{Event, Line};
use entremise_core::id::{AuthorityId, CaseId, EffectId, RegimeId};
use entremise_core::ledger::Actor;
use entremise_core::procedure::measure::Pronounced;
use entremise_core::step::Refusal;
use jiff::Timestamp;

use crate::Store;
use crate::door::Door;
use crate::gate::Gate;
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// Which case an event happens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseRef {
    Id(AuthorityId, CaseId),
    /// The open case of a line; one is opened where there is none.
    Line {
        authority: AuthorityId,
        regime: RegimeId,
        line: Line,
    },
    /// A new case of a measure.
    Measure {
        authority: AuthorityId,
        regime: RegimeId,
        measure: Box<Pronounced>,
    },
}

impl CaseRef {
    pub fn authority(&self) -> &AuthorityId {
        match self {
            Self::Id(authority, _)
            | Self::Line { authority, .. }
            | Self::Measure { authority, .. } => authority,
        }
    }
}

/// What an event did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub case: Case,
    pub effects: Vec<EffectId>,
    /// The place of the event's line in the authority's ledger.
    pub seq: u64,
}

/// Why an event did nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The law says no; the refusal is in the ledger.
    #[error(transparent)]
    Refused(Refusal),
    #[error("there is no such case")]
    NoSuchCase,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Events in one transaction: nobody waits long for others.
const EVENTS_AT_ONCE: usize = 256;

type Answer = Result<Applied, ApplyError>;

/// One event before the gate.
struct Asked {
    case: CaseRef,
    event: Event,
    actor: Actor,
    now: Timestamp,
}

/// A gate for each authority: a group takes the lock of one, and none waits for another's.
#[derive(Default)]
pub(crate) struct ApplyGates(Mutex<BTreeMap<AuthorityId, Arc<Gate<Asked, Answer>>>>);

impl ApplyGates {
    fn of(&self, authority: &AuthorityId) -> Arc<Gate<Asked, Answer>> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(authority) {
            return Arc::clone(gate);
        }
        Arc::clone(gates.entry(authority.clone()).or_default())
    }
}

impl Store {
    /// Lets one event happen to one case.
    ///
    /// `now` is the instant of the step and of its ledger line. It is raised to the instant of the
    /// authority's last line where a clock is up to a minute behind; further behind is `Trouble`.
    pub fn apply(
        &self,
        case: &CaseRef,
        event: &Event,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Applied, ApplyError> {
        let asked = Asked { case: case.clone(), event: event.clone(), actor: actor.clone(), now };
        let gate = self.inner.apply_gates.of(case.authority());
        gate.pass(asked, 1, EVENTS_AT_ONCE, |group| self.apply_together(group))?
    }

    /// One transaction for those who came at the same time, each at its own instant.
    fn apply_together(&self, group: &[&Asked]) -> Result<Vec<Answer>, Trouble> {
        self.inner.cases.write(|tx| {
            let answers = group.iter().map(|asked| {
                let authority = asked.case.authority();
                let late = Lateness::Refuse;
                let mut door = Door::open(tx, &self.inner, authority, asked.now, late)?;
                let Some(index) = door.find(&asked.case)? else {
                    return Ok(Err(ApplyError::NoSuchCase));
                };
                // The refusal, too, will be committed.
                let applied = door.take(index, &asked.event, &asked.actor)?;
                door.close()?;
                Ok(applied.map_err(ApplyError::Refused))
            });
            let answers = answers.collect::<Result<_, Trouble>>()?;
            self.inner.fault("apply.commit")?;
            Ok(answers)
        })
    }

    /// Many events in one transaction, in the given order; one that is refused or finds no case
    /// does not hold up the others. The answers stand in the order of the events.
    pub fn apply_many(
        &self,
        events: &[(CaseRef, Event, Actor)],
        now: Timestamp,
    ) -> Result<Vec<Result<Applied, ApplyError>>, Trouble> {
        let mut authorities: Vec<&AuthorityId> =
            events.iter().map(|(case, _, _)| case.authority()).collect();
        // Always locked in the same order, or two calls could wait for each other.
        authorities.sort_unstable();
        authorities.dedup();
        self.inner.cases.write(|tx| {
            let mut answers: Vec<Option<Result<Applied, ApplyError>>> = Vec::new();
            answers.resize_with(events.len(), || None);
            for authority in authorities {
                let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
                let cases = events.iter().map(|(case, _, _)| case);
                door.prepare(cases.filter(|case| case.authority() == authority))?;
                for (place, (case, event, actor)) in events.iter().enumerate() {
                    if case.authority() != authority {
                        continue;
                    }
                    answers[place] = Some(match door.find(case)? {
                        Some(index) => door.take(index, event, actor)?.map_err(ApplyError::Refused),
                        None => Err(ApplyError::NoSuchCase),
                    });
                }
                door.close()?;
            }
            self.inner.fault("apply.commit")?;
            Ok(answers.into_iter().flatten().collect())
        })
    }
}

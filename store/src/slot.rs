//! When the house can hear persons: slots that an officer publishes, each chosen by one case.
//! Opens no compartment; a slot knows a case's number and nothing of anybody.

use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, CaseId, PersonId};
use entremise_core::ledger::Actor;
use jiff::Timestamp;

use crate::Store;
use crate::apply::{Applied, ApplyError, CaseRef};
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// A time at which somebody can be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub starts_at: Timestamp,
    /// Who offers it, and convenes whoever takes it.
    pub published_by: PersonId,
    pub taken_by: Option<CaseId>,
}

/// Why a slot was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SlotError {
    /// It was never offered, is past, or somebody was faster.
    #[error("the slot is not free")]
    NotFree,
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl From<Trouble> for SlotError {
    fn from(trouble: Trouble) -> Self {
        Self::Apply(trouble.into())
    }
}

impl Store {
    /// Offers slots. One that is offered already stays as it is. Yields how many are new.
    pub fn publish_slots(
        &self,
        authority: &AuthorityId,
        slots: &[Timestamp],
        by: &PersonId,
        now: Timestamp,
    ) -> Result<u64, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let mut published = Vec::new();
            for slot in slots {
                let new = door.tx.execute(
                    "-- slot-publish
                     INSERT INTO hearing_slot (authority, starts_at, published_by, published_at)
                     VALUES ($1, $2, $3, $4) ON CONFLICT (authority, starts_at) DO NOTHING",
                    &[
                        authority.as_str().into(),
                        Value::time(*slot),
                        by.as_str().into(),
                        Value::time(now),
                    ],
                )?;
                if new == 1 {
                    published.push(*slot);
                }
            }
            if published.is_empty() {
                return Ok(0);
            }
            let body = json(&serde_json::json!({ "slots": published }));
            door.enter_house("hearing_slots_published", &Actor::Person(by.clone()), body)?;
            door.close()?;
            Ok(published.len() as u64)
        })
    }

    /// Takes back a slot that nobody chose. Yields whether there was one.
    pub fn withdraw_slot(
        &self,
        authority: &AuthorityId,
        slot: Timestamp,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let gone = door.tx.execute(
                "-- slot-withdraw
                 DELETE FROM hearing_slot
                 WHERE authority = $1 AND starts_at = $2 AND case_id IS NULL",
                &[authority.as_str().into(), Value::time(slot)],
            )?;
            if gone == 0 {
                return Ok(false);
            }
            let body = json(&serde_json::json!({ "slot": slot }));
            door.enter_house("hearing_slot_withdrawn", &Actor::Person(by.clone()), body)?;
            door.close()?;
            Ok(true)
        })
    }

    /// The slots after an instant, the soonest first, taken or not.
    pub fn slots(
        &self,
        authority: &AuthorityId,
        after: Timestamp,
        at_most: usize,
    ) -> Result<Vec<Slot>, Trouble> {
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- slots-after
                 SELECT starts_at, published_by, case_id FROM hearing_slot
                 WHERE authority = $1 AND starts_at > $2 ORDER BY starts_at LIMIT $3",
                &[authority.as_str().into(), Value::time(after), at_most.into()],
            )
        })?;
        rows.iter().map(slot).collect()
    }

    /// Lets the person concerned ask for a hearing at a slot: request, choice and convocation are
    /// one transaction. A slot that the case held before is free again.
    ///
    /// # Errors
    /// [`SlotError`]. What the law refuses takes no slot; the refusal stands in the ledger.
    pub fn ask_for_slot(
        &self,
        (authority, case): (&AuthorityId, CaseId),
        starts_at: Timestamp,
        now: Timestamp,
    ) -> Result<Applied, SlotError> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let Some(by) = free_slot(door.tx, authority, starts_at, now)? else {
                return Ok(Err(SlotError::NotFree));
            };
            let of = CaseRef::Id(authority.clone(), case);
            let received_at = now;
            let convened = Event::HearingConvened { by: by.clone(), slot: starts_at };
            let steps = [
                (Event::HearingRequested { received_at }, Actor::Concerned),
                (convened, Actor::Person(by)),
            ];
            let mut asked = None;
            for (event, actor) in steps {
                let Some(index) = door.find(&of)? else {
                    return Ok(Err(SlotError::Apply(ApplyError::NoSuchCase)));
                };
                match door.take(index, &event, &actor)? {
                    Ok(applied) => asked = asked.or(Some(applied)),
                    // The refusal is committed, and the slot stays free.
                    Err(refusal) => {
                        door.close()?;
                        return Ok(Err(SlotError::Apply(ApplyError::Refused(refusal))));
                    }
                }
            }
            choose(door.tx, authority, case, starts_at)?;
            door.close()?;
            let asked = asked.ok_or(Trouble::never("a request was just entered"))?;
            Ok::<_, Trouble>(Ok(asked))
        })?
    }
}

/// Who offers the slot, if nobody took it and it is to come.
fn free_slot(
    tx: &mut Tx,
    authority: &AuthorityId,
    starts_at: Timestamp,
    now: Timestamp,
) -> Result<Option<PersonId>, Trouble> {
    let row = tx.query_one(
        "-- slot-free
         SELECT published_by FROM hearing_slot
         WHERE authority = $1 AND starts_at = $2 AND starts_at > $3 AND case_id IS NULL",
        &[authority.as_str().into(), Value::time(starts_at), Value::time(now)],
    )?;
    row.map(|row| row.word(0)).transpose()
}

/// The authority's lock is held: nobody chooses the same slot at the same time.
fn choose(
    tx: &mut Tx,
    authority: &AuthorityId,
    case: CaseId,
    starts_at: Timestamp,
) -> Result<(), Trouble> {
    tx.execute(
        "-- slot-give-back
         UPDATE hearing_slot SET case_id = NULL WHERE authority = $1 AND case_id = $2",
        &[authority.as_str().into(), Value::id(&case.0)],
    )?;
    tx.execute(
        "-- slot-choose
         UPDATE hearing_slot SET case_id = $3 WHERE authority = $1 AND starts_at = $2",
        &[authority.as_str().into(), Value::time(starts_at), Value::id(&case.0)],
    )?;
    Ok(())
}

fn slot(row: &Row) -> Result<Slot, Trouble> {
    let taken_by = row.maybe_id(2)?.map(CaseId);
    Ok(Slot { starts_at: row.time(0)?, published_by: row.word(1)?, taken_by })
}

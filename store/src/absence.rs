//! Who looks after a case, who is away, and who acts in their place. Numbers of persons and
//! instants: why somebody is away is kept nowhere. Opens no compartment.

use entremise_core::id::{AuthorityId, CaseId, PersonId};
use entremise_core::ledger::Actor;
use jiff::Timestamp;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// A time in which somebody acts in another's place. It ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    pub absent: PersonId,
    pub substitute: PersonId,
    pub starts_at: Timestamp,
    /// Exclusive.
    pub ends_at: Timestamp,
}

impl Absence {
    /// Whether the substitute acts at this instant.
    pub fn lasts(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }
}

/// Why an absence was not entered.
#[derive(Debug, thiserror::Error)]
pub enum NotEntered {
    #[error("it ends before it begins, or is over")]
    Over,
    #[error("nobody substitutes themselves")]
    OwnSubstitute,
    #[error("this person is away in that time already")]
    Overlaps,
    #[error("the substitute is away in that time, or this person substitutes somebody in it")]
    SubstituteAway,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Store {
    /// Lets a person look after a case from now on. Whoever did before does no longer.
    pub fn take_charge(
        &self,
        authority: &AuthorityId,
        case: CaseId,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            door.tx.execute(
                "-- charge-take
                 INSERT INTO case_charge (case_id, authority, person, taken_at)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (case_id) DO UPDATE SET person = excluded.person,
                     taken_at = excluded.taken_at",
                &[
                    Value::id(&case.0),
                    authority.as_str().into(),
                    person.as_str().into(),
                    Value::time(now),
                ],
            )?;
            let body = json(&serde_json::json!({ "case": case }));
            door.enter_house("case_taken_on", &Actor::Person(person.clone()), body)?;
            door.close()
        })
    }

    /// Who looks after a case, where somebody said so.
    pub fn in_charge(
        &self,
        authority: &AuthorityId,
        case: CaseId,
    ) -> Result<Option<PersonId>, Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- charge-of
                 SELECT person FROM case_charge WHERE case_id = $1 AND authority = $2",
                &[Value::id(&case.0), authority.as_str().into()],
            )
        })?;
        row.map(|row| row.word(0)).transpose()
    }

    /// The open cases that a person looks after, the nearest deadline first.
    pub fn charges(
        &self,
        authority: &AuthorityId,
        person: &PersonId,
        at_most: usize,
    ) -> Result<Vec<CaseId>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- charges
                 SELECT cases.case_id, COALESCE(cases.due_at, 9223372036854775807) AS due
                 FROM case_charge JOIN cases ON cases.case_id = case_charge.case_id
                 WHERE case_charge.authority = $1 AND case_charge.person = $2 AND cases.closed = 0
                 ORDER BY due, cases.case_id LIMIT $3",
                &[authority.as_str().into(), person.as_str().into(), Value::count(at_most)],
            )
        })?;
        rows.iter().map(|row| Ok(CaseId(row.id(0)?))).collect()
    }

    /// Lets a substitute act in an absent person's place for a time.
    ///
    /// # Errors
    /// [`NotEntered`]. Who may substitute whom is a rule of the desks, asked before.
    pub fn enter_absence(
        &self,
        authority: &AuthorityId,
        absence: &Absence,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<(), NotEntered> {
        let Absence { absent, substitute, starts_at, ends_at } = absence;
        if ends_at <= starts_at || *ends_at <= now {
            return Err(NotEntered::Over);
        }
        if absent == substitute {
            return Err(NotEntered::OwnSubstitute);
        }
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            if meets(door.tx, authority, absence, |other| other.absent == *absent)? {
                return Err(NotEntered::Overlaps);
            }
            // Neither a chain of substitutes nor a ring.
            let in_chain =
                |other: &Absence| other.absent == *substitute || other.substitute == *absent;
            if meets(door.tx, authority, absence, in_chain)? {
                return Err(NotEntered::SubstituteAway);
            }
            door.tx.execute(
                "-- absence-enter
                 INSERT INTO absence (authority, absent, starts_at, ends_at, substitute, entered_by,
                     entered_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (authority, absent, starts_at) DO UPDATE SET
                     ends_at = excluded.ends_at, substitute = excluded.substitute,
                     entered_by = excluded.entered_by, entered_at = excluded.entered_at",
                &[
                    authority.as_str().into(),
                    absent.as_str().into(),
                    Value::time(*starts_at),
                    Value::time(*ends_at),
                    substitute.as_str().into(),
                    by.as_str().into(),
                    Value::time(now),
                ],
            )?;
            let body = serde_json::json!({
                "absent": absent,
                "substitute": substitute,
                "starts_at": starts_at,
                "ends_at": ends_at,
            });
            door.enter_house("absence_entered", &Actor::Person(by.clone()), json(&body))?;
            door.close()?;
            Ok(())
        })
    }

    /// Ends an absence now, or before it begins. Yields whether there was one.
    pub fn end_absence(
        &self,
        authority: &AuthorityId,
        absent: &PersonId,
        starts_at: Timestamp,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let ended = door.tx.execute(
                "-- absence-end
                 UPDATE absence SET ends_at = $4
                 WHERE authority = $1 AND absent = $2 AND starts_at = $3 AND ends_at > $4",
                &[
                    authority.as_str().into(),
                    absent.as_str().into(),
                    Value::time(starts_at),
                    Value::time(now.max(starts_at)),
                ],
            )?;
            if ended == 0 {
                return Ok(false);
            }
            let body = json(&serde_json::json!({ "absent": absent, "starts_at": starts_at }));
            door.enter_house("absence_ended", &Actor::Person(by.clone()), body)?;
            door.close()?;
            Ok(true)
        })
    }

    /// The absences that are not over, the soonest first.
    pub fn absences(
        &self,
        authority: &AuthorityId,
        now: Timestamp,
    ) -> Result<Vec<Absence>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- absences
                 SELECT absent, substitute, starts_at, ends_at FROM absence
                 WHERE authority = $1 AND ends_at > $2 ORDER BY starts_at, absent",
                &[authority.as_str().into(), Value::time(now)],
            )
        })?;
        let all = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(all.into_iter().filter(|absence| absence.starts_at < absence.ends_at).collect())
    }

    /// Enters that a person does something in an absent one's place: before it is done, in the
    /// substitute's own name.
    pub fn act_in_place(
        &self,
        authority: &AuthorityId,
        (case, action): (CaseId, &str),
        absent: &PersonId,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let body = serde_json::json!({ "case": case, "action": action, "for": absent });
            door.enter_house("acted_in_place", &Actor::Person(by.clone()), json(&body))?;
            door.close()
        })
    }
}

/// Whether such an absence shares any instant with this one.
fn meets(
    tx: &mut Tx,
    authority: &AuthorityId,
    of: &Absence,
    is: impl Fn(&Absence) -> bool,
) -> Result<bool, Trouble> {
    let rows = tx.query(
        "-- absence-meets
         SELECT absent, substitute, starts_at, ends_at FROM absence
         WHERE authority = $1 AND ends_at > $2",
        &[authority.as_str().into(), Value::time(of.starts_at)],
    )?;
    for row in &rows {
        let other = read(row)?;
        if is(&other) && other.starts_at < of.ends_at && other.starts_at < other.ends_at {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(row: &Row) -> Result<Absence, Trouble> {
    Ok(Absence {
        absent: row.word(0)?,
        substitute: row.word(1)?,
        starts_at: row.time(2)?,
        ends_at: row.time(3)?,
    })
}

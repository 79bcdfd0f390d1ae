//! Whether an authority's intake goes to its pilot or to real work, by acts of two persons.
//!
//! A pilot's rows are those of another authority, by name (`AuthorityId::pilot`): what keeps two
//! authorities apart keeps a pilot apart from what comes after it. Knows no message and no
//! provider.

use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, CaseId, EffectId, PersonId};
use entremise_core::ledger::{Actor, hexadecimal};
use entremise_core::pilot::{Act, Agreed, Draw, Standing};
use jiff::Timestamp;

use crate::Store;
use crate::apply::CaseRef;
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// Cases that one transaction closes when a pilot ends: nobody waits long.
const CLOSED_AT_ONCE: usize = 500;

/// One act as it was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PilotAct {
    /// From 1.
    pub number: u32,
    pub act: Act,
    /// Who signed.
    pub by: Vec<PersonId>,
    pub at: Timestamp,
    /// Of a beginning: what is drawn by.
    pub draw: Option<Draw>,
}

/// Why an act was not entered.
#[derive(Debug, thiserror::Error)]
pub enum PilotError {
    #[error("the next act of this authority has the number {next}; this one says {given}")]
    OutOfTurn { next: u32, given: u32 },
    #[error("{authority} is {standing} already")]
    NothingToDo { authority: AuthorityId, standing: &'static str },
    #[error("a pilot has no pilot, and a name of 58 characters at most is needed")]
    NoPilotOf,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// A message that would have left, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptMessage {
    pub case: CaseId,
    pub file_number: String,
    pub effect: EffectId,
    /// `message.txt`, `letter.pdf`.
    pub name: String,
    pub kept_at: Timestamp,
}

impl Store {
    /// Enters an act in both ledgers, the authority's and its pilot's; from its commit on it holds.
    /// The draw of a beginning is made here, by nobody's choice.
    pub fn enter_pilot_act(&self, agreed: &Agreed, now: Timestamp) -> Result<PilotAct, PilotError> {
        let statement = agreed.statement();
        let authority = &statement.authority;
        let pilot = authority.pilot().filter(|_| !authority.is_pilot());
        let pilot = pilot.ok_or(PilotError::NoPilotOf)?;
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let last = acts(door.tx, authority)?.pop();
            let next = last.as_ref().map_or(1, |last| last.number.saturating_add(1));
            if statement.number != next {
                return Err(PilotError::OutOfTurn { next, given: statement.number });
            }
            let is_piloted = matches!(last, Some(PilotAct { draw: Some(_), .. }));
            let draw = match statement.act {
                Act::Begin { one_in } => Some(Draw { seed: door.draw.array(), one_in }),
                Act::GoLive => None,
            };
            if draw.is_some() == is_piloted {
                let standing = if is_piloted { "in its pilot" } else { "at real work" };
                return Err(PilotError::NothingToDo { authority: authority.clone(), standing });
            }
            let by = agreed.words().iter().map(|word| word.by.clone()).collect();
            let act = PilotAct { number: next, act: statement.act, by, at: door.at, draw };
            note(door.tx, authority, &act)?;
            let name = match act.act {
                Act::Begin { .. } => "pilot_begun",
                Act::GoLive => "pilot_ended",
            };
            // Who may not see one of the ledgers finds it in the other.
            let body = json(&serde_json::json!({
                "statement": statement,
                "signatures": agreed.words(),
                "seed": act.draw.as_ref().map(|draw| hexadecimal(&draw.seed)),
                "pilot": pilot,
            }));
            door.enter_house(name, &Actor::House, body.clone())?;
            door.close()?;
            let mut door = Door::open(tx, &self.inner, &pilot, now, Lateness::Admit)?;
            door.enter_house(name, &Actor::House, body)?;
            door.close()?;
            self.inner.fault("pilot.commit")?;
            Ok(act)
        })
    }

    /// Where what comes in goes now.
    pub fn pilot_standing(&self, authority: &AuthorityId) -> Result<Standing, Trouble> {
        let last = self.pilot_acts(authority)?.pop();
        Ok(match last.and_then(|act| act.draw) {
            Some(draw) => Standing::Pilot { draw },
            None => Standing::Live,
        })
    }

    /// All acts of an authority, oldest first.
    pub fn pilot_acts(&self, authority: &AuthorityId) -> Result<Vec<PilotAct>, Trouble> {
        self.inner.cases.read(|tx| acts(tx, authority))
    }

    /// Whether this is a pilot whose authority has gone to real work: nobody is asked anything for
    /// it any more.
    pub fn is_pilot_over(&self, pilot: &AuthorityId) -> Result<bool, Trouble> {
        let Some(of) = pilot.piloted() else { return Ok(false) };
        Ok(self.pilot_standing(&of)? == Standing::Live)
    }

    /// Closes the cases of a pilot that is over, some at a time; yields how many were closed. What
    /// is kept of them goes by the rules of keeping. Nothing is done while the pilot runs.
    pub fn close_piloted(&self, pilot: &AuthorityId, now: Timestamp) -> Result<usize, Trouble> {
        if !self.is_pilot_over(pilot)? {
            return Ok(0);
        }
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- piloted-open
                 SELECT case_id FROM cases WHERE authority = $1 AND closed = 0
                 ORDER BY case_id LIMIT $2",
                &[pilot.as_str().into(), Value::count(CLOSED_AT_ONCE)],
            )
        })?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let case = CaseRef::Id(pilot.clone(), CaseId(row.id(0)?));
            events.push((case, Event::PilotEnded, Actor::House));
        }
        let answers = self.apply_many(&events, now)?;
        Ok(answers.iter().filter(|answer| answer.is_ok()).count())
    }

    /// The messages that would have left, oldest first. Opens none.
    pub fn kept_messages(
        &self,
        pilot: &AuthorityId,
        case: Option<CaseId>,
        most: usize,
    ) -> Result<Vec<KeptMessage>, Trouble> {
        let wanted = case.map(|case| case.0);
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- kept-messages
                 SELECT document.case_id, cases.file_number, document.effect_id, document.name,
                     document.kept_at
                 FROM document JOIN cases ON cases.case_id = document.case_id
                     JOIN outbox ON outbox.effect_id = document.effect_id
                 WHERE document.authority = $1 AND outbox.queue = 'keep_in_house'
                     AND ($2 = document.case_id OR $3 = 1)
                 ORDER BY document.kept_at, document.record_id LIMIT $4",
                &[
                    pilot.as_str().into(),
                    Value::id(&wanted.unwrap_or_default()),
                    i64::from(wanted.is_none()).into(),
                    Value::count(most),
                ],
            )
        })?;
        rows.iter()
            .map(|row| {
                Ok(KeptMessage {
                    case: CaseId(row.id(0)?),
                    file_number: row.maybe_text(1)?.unwrap_or_default().to_owned(),
                    effect: EffectId(row.id(2)?),
                    name: row.text(3)?.to_owned(),
                    kept_at: row.time(4)?,
                })
            })
            .collect()
    }
}

fn acts(tx: &mut Tx, authority: &AuthorityId) -> Result<Vec<PilotAct>, Trouble> {
    let rows = tx.query(
        "-- pilot-acts
         SELECT number, one_in, seed, signed_by, entered_at FROM pilot_act
         WHERE authority = $1 ORDER BY number",
        &[authority.as_str().into()],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<PilotAct, Trouble> {
    let odd = || Trouble::never("a stored act of a pilot is not of the form it was written in");
    let number = u32::try_from(row.integer(0)?).map_err(|_| odd())?;
    let (act, draw) = match row.maybe_bytes(2)? {
        Some(seed) => {
            let one_in = u32::try_from(row.integer(1)?).map_err(|_| odd())?;
            let seed = seed.try_into().map_err(|_| odd())?;
            (Act::Begin { one_in }, Some(Draw { seed, one_in }))
        }
        None => (Act::GoLive, None),
    };
    let by = row.text(3)?.split(' ').map(str::parse).collect::<Result<_, _>>();
    Ok(PilotAct { number, act, by: by.map_err(|_| odd())?, at: row.time(4)?, draw })
}

fn note(tx: &mut Tx, authority: &AuthorityId, act: &PilotAct) -> Result<(), Trouble> {
    let by: Vec<&str> = act.by.iter().map(PersonId::as_str).collect();
    let by = by.join(" ");
    tx.execute(
        "-- pilot-act-note
         INSERT INTO pilot_act (authority, number, act, one_in, seed, signed_by, entered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            authority.as_str().into(),
            i64::from(act.number).into(),
            act.act.name().into(),
            Value::maybe(act.draw.as_ref(), |draw| i64::from(draw.one_in).into()),
            Value::maybe(act.draw.as_ref(), |draw| Value::Bytes(&draw.seed)),
            Value::Text(&by),
            Value::time(act.at),
        ],
    )
    .map(|_| ())
}

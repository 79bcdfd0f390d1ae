//! What could not be read or trusted, set aside until a person has looked at it. The bytes are
//! sealed in the evidence compartment; the cases compartment knows that they are there.

use entremise_core::id::{AuthorityId, PartyId, PersonId, RegimeId};
use entremise_core::ledger::Actor;
use entremise_core::rejection::Rejection;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Store;
use crate::compartment::{Fresh, Record, RecordKind};
use crate::conn::Value;
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::look::{About, Look, LookError, LookField, LookPurpose};
use crate::trouble::Trouble;

/// One thing set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuarantineId(pub Uuid);

/// What came, and why it is set aside. No `Debug`: nobody knows yet what is in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Quarantined {
    pub authority: AuthorityId,
    pub regime: RegimeId,
    /// Who sent it, where that is proven.
    pub sender: Option<PartyId>,
    pub channel: String,
    pub raw: Vec<u8>,
    pub reasons: Vec<Rejection>,
    pub received_at: Timestamp,
}

/// What is known without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    pub id: QuarantineId,
    pub regime: RegimeId,
    pub sender: Option<PartyId>,
    pub channel: String,
    pub size_bytes: u64,
    pub reasons: Vec<Rejection>,
    pub received_at: Timestamp,
}

impl Store {
    /// Sets something aside.
    pub fn quarantine(&self, given: Quarantined) -> Result<QuarantineId, Trouble> {
        let reasons = json(&given.reasons);
        let at = given.received_at;
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, &given.authority, at, Lateness::Admit)?;
            let id = door.draw.id(at);
            let record = Record {
                id,
                kind: RecordKind::Quarantine,
                fresh: Fresh::draw(&mut door.draw),
                content: given.raw.clone(),
            };
            let records = std::iter::once(record);
            self.inner.evidence.keep(&given.authority, &given.regime, records, at)?;
            self.inner.fault("quarantine.evidence")?;
            door.tx.execute(
                "-- quarantine-keep
                 INSERT INTO quarantine (quarantine_id, authority, regime, sender, channel,
                     size_bytes, reasons, received_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &[
                    Value::id(&id),
                    given.authority.as_str().into(),
                    given.regime.as_str().into(),
                    Value::maybe(given.sender.as_ref(), |sender| sender.as_str().into()),
                    Value::Text(&given.channel),
                    Value::count(given.raw.len()),
                    Value::Text(&String::from_utf8_lossy(&reasons)),
                    Value::time(at),
                ],
            )?;
            let codes: Vec<_> = given.reasons.iter().map(|reason| reason.code).collect();
            let body = json(&serde_json::json!({ "quarantine": id, "codes": codes }));
            door.enter_house("quarantined", &Actor::House, body)?;
            door.close()?;
            Ok(QuarantineId(id))
        })
    }

    /// What waits for a look, oldest first.
    pub fn quarantined(&self, authority: &AuthorityId) -> Result<Vec<QuarantineRow>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- quarantined
                 SELECT quarantine_id, regime, sender, channel, size_bytes, reasons, received_at
                 FROM quarantine WHERE authority = $1 AND released_at IS NULL
                 ORDER BY quarantine_id",
                &[authority.as_str().into()],
            )
        })?;
        rows.iter()
            .map(|row| {
                Ok(QuarantineRow {
                    id: QuarantineId(row.id(0)?),
                    regime: row.word(1)?,
                    sender: match row.maybe_text(2)? {
                        Some(_) => Some(row.word(2)?),
                        None => None,
                    },
                    channel: row.text(3)?.to_owned(),
                    size_bytes: u64::try_from(row.integer(4)?).unwrap_or(0),
                    reasons: row.json(5)?,
                    received_at: row.time(6)?,
                })
            })
            .collect()
    }

    /// Opens what was set aside, to be read again at a person's word: a look, entered as one. It
    /// stays there until it is released.
    pub fn take_quarantined(
        &self,
        id: QuarantineId,
        person: &PersonId,
        legal_basis: &str,
        now: Timestamp,
    ) -> Result<Option<Quarantined>, LookError> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- quarantined-by-id
                 SELECT authority, regime, sender, channel, reasons, received_at
                 FROM quarantine WHERE quarantine_id = $1 AND released_at IS NULL",
                &[Value::id(&id.0)],
            )
        })?;
        let Some(row) = row else { return Ok(None) };
        let authority: AuthorityId = row.word(0)?;
        let look = Look {
            authority: &authority,
            person,
            about: About::Quarantined(id),
            purpose: LookPurpose::Quarantine,
            legal_basis,
            fields: &[LookField::Evidence],
        };
        let Some(raw) = self.look(&look, now)?.raw else { return Ok(None) };
        Ok(Some(Quarantined {
            regime: row.word(1)?,
            sender: match row.maybe_text(2)? {
                Some(_) => Some(row.word(2)?),
                None => None,
            },
            channel: row.text(3)?.to_owned(),
            raw,
            reasons: row.json(4)?,
            received_at: row.time(5)?,
            authority,
        }))
    }

    /// Ends a quarantine: what was in it has gone its way, or is not worth going any.
    pub fn release_quarantined(&self, id: QuarantineId, now: Timestamp) -> Result<(), Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- quarantine-authority
                 SELECT authority FROM quarantine
                 WHERE quarantine_id = $1 AND released_at IS NULL",
                &[Value::id(&id.0)],
            )
        })?;
        let Some(row) = row else { return Ok(()) };
        let authority = row.word(0)?;
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, &authority, now, Lateness::Refuse)?;
            let released = door.tx.execute(
                "-- quarantine-release
                 UPDATE quarantine SET released_at = $2
                 WHERE quarantine_id = $1 AND released_at IS NULL",
                &[Value::id(&id.0), Value::time(now)],
            )?;
            if released == 1 {
                let body = json(&serde_json::json!({ "quarantine": id }));
                door.enter_house("quarantine_released", &Actor::House, body)?;
            }
            door.close()
        })
    }
}

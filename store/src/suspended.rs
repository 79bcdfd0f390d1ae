//! The register of suspended persons: entered when a measure is carried out, struck when it ends,
//! and asked about without anybody seeing whom. Knows tags, never a name.
//!
//! A tag lies sealed under a key of its own. Striking destroys that key, so that no old backup of
//! the data answers yes for somebody whose measure has ended.

use entremise_core::id::{AuthorityId, CaseId, PartyId, QuestionId, RegimeId};
use entremise_core::ledger::{self as form, Actor};
use entremise_wire::register::Tag;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::Store;
use crate::compartment::{Fresh, Record, RecordKind};
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// How long a question's number is remembered: longer than a signed request is taken.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(48);

/// Who is put on the register. No `Debug`.
pub struct Enlisted<'e> {
    pub authority: &'e AuthorityId,
    pub regime: &'e RegimeId,
    /// The case of the measure.
    pub case: CaseId,
    pub tag: Tag,
    /// The first instant after the measure: from then on the answer is no.
    pub ends_at: Timestamp,
}

/// One entry, without its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspendedRow {
    pub case: CaseId,
    pub enlisted_at: Timestamp,
    pub ends_at: Timestamp,
}

/// One question of a provider.
#[derive(Clone, Debug)]
pub struct RegisterCall<'c> {
    pub authority: &'c AuthorityId,
    pub provider: &'c PartyId,
    pub question: QuestionId,
    /// The local day on which it is counted.
    pub day: Date,
    pub most_per_day: u32,
}

/// Why nobody is asked about.
#[derive(Debug, thiserror::Error)]
pub enum NotAnswered {
    #[error("this question was asked before; a question is good once")]
    AskedBefore,
    #[error("{most} questions a day are agreed, and all are used")]
    DayIsFull { most: u32 },
    #[error("this provider is stopped")]
    Stopped,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Store {
    /// Puts a person on the register until a measure ends; again, with another end, where the
    /// measure was varied: what was there before is struck.
    pub fn enlist_suspended(
        &self,
        entry: Enlisted<'_>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.strike_suspended(entry.authority, entry.case, "varied", by, now)?;
        let Enlisted { authority, regime, case, tag, ends_at } = entry;
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let id = door.draw.id(door.at);
            let record = Record {
                id,
                kind: RecordKind::Suspended,
                fresh: Fresh::draw(&mut door.draw),
                content: tag.0.to_vec(),
            };
            self.inner.identity.keep(authority, regime, std::iter::once(record), door.at)?;
            self.inner.fault("suspended.identity")?;
            let at = Value::time(door.at);
            door.tx.execute(
                "-- suspended-enlist
                 INSERT INTO suspended (entry_id, authority, regime, case_id, enlisted_at, ends_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    Value::id(&id),
                    authority.as_str().into(),
                    regime.as_str().into(),
                    Value::id(&case.0),
                    at,
                    Value::time(ends_at),
                ],
            )?;
            let body = json(&serde_json::json!({ "entry": id, "ends_at": ends_at }));
            let (subject, kind) = (form::Subject::Case(case), form::Kind::House("enlisted"));
            door.enter(regime, subject, kind, by.clone(), body)?;
            door.close()
        })
    }

    /// Strikes a case's person off, if there is one; yields whether there was. The ledger says so,
    /// then the record's key is destroyed.
    pub fn strike_suspended(
        &self,
        authority: &AuthorityId,
        case: CaseId,
        why: &'static str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        let struck = self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let at = Value::time(door.at);
            let row = door.tx.query_one(
                "-- suspended-strike
                 UPDATE suspended SET struck_at = $3
                 WHERE authority = $1 AND case_id = $2 AND struck_at IS NULL
                 RETURNING entry_id, regime",
                &[authority.as_str().into(), Value::id(&case.0), at],
            )?;
            let Some(row) = row else { return Ok(None) };
            let id = row.id(0)?;
            let body = json(&serde_json::json!({ "entry": id, "why": why }));
            let (subject, kind) = (form::Subject::Case(case), form::Kind::House("struck"));
            door.enter(&row.word(1)?, subject, kind, by.clone(), body)?;
            door.close()?;
            Ok::<_, Trouble>(Some(id))
        })?;
        self.inner.fault("suspended.struck")?;
        match struck {
            Some(id) => self.forget_struck(&[id], now).map(|()| true),
            None => Ok(false),
        }
    }

    /// Strikes whoever's measure has ended or was put off, by its time or with its case, and ends
    /// what a crash cut off. Yields how many.
    pub fn strike_ended(&self, now: Timestamp) -> Result<usize, Trouble> {
        let (ended, cut_off) = self.inner.cases.read(|tx| {
            let ended = tx.query(
                "-- suspended-ended
                 SELECT authority, case_id FROM suspended
                 WHERE struck_at IS NULL AND (ends_at <= $1 OR EXISTS
                     (SELECT 1 FROM cases
                      WHERE cases.case_id = suspended.case_id AND (cases.closed = 1
                          OR cases.procedure = 'measure'
                          AND cases.state_name NOT IN ('ordered', 'in_force', 'held'))))
                 ORDER BY ends_at LIMIT 500",
                &[Value::time(now)],
            )?;
            let cut_off = tx.query(
                "-- suspended-cut-off
                 SELECT entry_id FROM suspended WHERE struck_at IS NOT NULL AND erased_at IS NULL",
                &[],
            )?;
            Ok::<_, Trouble>((ended, cut_off))
        })?;
        let ids = cut_off.iter().map(|row| row.id(0)).collect::<Result<Vec<_>, _>>()?;
        self.forget_struck(&ids, now)?;
        for row in &ended {
            let case = CaseId(row.id(1)?);
            self.strike_suspended(&row.word(0)?, case, "ended", &Actor::House, now)?;
        }
        Ok(ended.len() + ids.len())
    }

    /// Destroys the keys of what the ledger says is struck.
    fn forget_struck(&self, ids: &[Uuid], now: Timestamp) -> Result<(), Trouble> {
        if ids.is_empty() {
            return Ok(());
        }
        self.inner.identity.erase(ids)?;
        let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        self.inner.cases.write(|tx| {
            tx.query_each(
                "-- suspended-erased
                 UPDATE suspended SET erased_at = $2 WHERE entry_id = $1[] RETURNING entry_id",
                &keys,
                &[Value::time(now)],
            )
            .map(|_| ())
        })
    }

    /// Counts one question, and enters it: that it was asked and by which provider, never whom it
    /// is about, which nobody here knows. Yields how many the provider asked that day, this
    /// included.
    pub fn count_question(
        &self,
        call: &RegisterCall<'_>,
        now: Timestamp,
    ) -> Result<u64, NotAnswered> {
        let RegisterCall { authority, provider, .. } = call;
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let party = crate::party::find(door.tx, authority, provider)?;
            let actor = Actor::Party((*provider).clone());
            let n = asked_that_day(door.tx, call)?;
            let refused = match party {
                Some(party) if party.stopped.is_some() => Some(NotAnswered::Stopped),
                _ if n >= u64::from(call.most_per_day) => {
                    Some(NotAnswered::DayIsFull { most: call.most_per_day })
                }
                _ if !note_question(&mut door, call)? => Some(NotAnswered::AskedBefore),
                _ => None,
            };
            let (name, body) = match &refused {
                Some(why) => ("register_refused", serde_json::json!({ "why": why.to_string() })),
                None => ("register_asked", serde_json::json!({ "n": n + 1 })),
            };
            door.enter_house(name, &actor, json(&body))?;
            door.close()?;
            self.inner.fault("suspended.counted")?;
            // A refusal stands in the ledger too.
            Ok::<_, Trouble>(refused.map_or(Ok(n + 1), Err))
        })?
    }

    /// The tags of all whose measure lasts at this instant. Call it behind `count_question`: the
    /// look is entered before.
    pub fn suspended_tags(
        &self,
        authority: &AuthorityId,
        now: Timestamp,
    ) -> Result<Vec<Tag>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- suspended-now
                 SELECT entry_id FROM suspended
                 WHERE authority = $1 AND struck_at IS NULL AND ends_at > $2 AND NOT EXISTS
                     (SELECT 1 FROM cases
                      WHERE cases.case_id = suspended.case_id AND cases.closed = 1)",
                &[authority.as_str().into(), Value::time(now)],
            )
        })?;
        let ids = rows.iter().map(|row| row.id(0)).collect::<Result<Vec<_>, _>>()?;
        self.open_tags(authority, &ids)
    }

    /// Who is on the register, by case. Opens nothing.
    pub fn suspended(&self, authority: &AuthorityId) -> Result<Vec<SuspendedRow>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- suspended-list
                 SELECT case_id, enlisted_at, ends_at FROM suspended
                 WHERE authority = $1 AND struck_at IS NULL ORDER BY ends_at, case_id",
                &[authority.as_str().into()],
            )
        })?;
        let read = |row: &Row| {
            let case = CaseId(row.id(0)?);
            Ok(SuspendedRow { case, enlisted_at: row.time(1)?, ends_at: row.time(2)? })
        };
        rows.iter().map(read).collect()
    }
}

impl Store {
    /// Opens tags of the register, for an answer that has its line. One whose key is gone is
    /// absent.
    fn open_tags(&self, authority: &AuthorityId, ids: &[Uuid]) -> Result<Vec<Tag>, Trouble> {
        let opened = self.inner.identity.open_records(authority, ids)?;
        let tags = opened.into_iter().map(|(_, content)| {
            let tag = content.as_slice().try_into();
            tag.map(Tag).map_err(|_| Trouble::never("a tag of the register is not 32 bytes long"))
        });
        tags.collect()
    }
}

fn asked_that_day(tx: &mut Tx, call: &RegisterCall<'_>) -> Result<u64, Trouble> {
    let day = call.day.to_string();
    let row = tx.query_one(
        "-- suspended-day
         SELECT n FROM suspended_day WHERE authority = $1 AND provider = $2 AND day = $3",
        &[call.authority.as_str().into(), call.provider.as_str().into(), Value::Text(&day)],
    )?;
    Ok(u64::try_from(row.map_or(Ok(0), |row| row.integer(0))?).unwrap_or(0))
}

/// Notes a question; whether it is a new one. Old numbers go: a signed request is taken for
/// minutes.
fn note_question(door: &mut Door, call: &RegisterCall<'_>) -> Result<bool, Trouble> {
    let at = door.at;
    let old = at.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    door.tx.execute(
        "-- suspended-asked-forget\nDELETE FROM suspended_asked WHERE asked_at < $1",
        &[Value::time(old)],
    )?;
    let noted = door.tx.execute(
        "-- suspended-asked-note
         INSERT INTO suspended_asked (authority, question_id, asked_at) VALUES ($1, $2, $3)
         ON CONFLICT (authority, question_id) DO NOTHING",
        &[call.authority.as_str().into(), Value::id(&call.question.0), Value::time(at)],
    )?;
    if noted == 0 {
        return Ok(false);
    }
    let day = call.day.to_string();
    door.tx.execute(
        "-- suspended-day-add
         INSERT INTO suspended_day (authority, provider, day, n) VALUES ($1, $2, $3, 1)
         ON CONFLICT (authority, provider, day) DO UPDATE SET n = suspended_day.n + 1",
        &[call.authority.as_str().into(), call.provider.as_str().into(), Value::Text(&day)],
    )?;
    Ok(true)
}

//! The end of personal data: the ledger says what is erased, then the records' keys are destroyed,
//! then it is noted that they are. A crash in between is made good by doing it again.
//!
//! What stays of a case: opaque numbers, its file number, its instants, and the leaves of its
//! ledger lines, which say nothing without the salts and bodies that go here too.

use entremise_core::case::{Case, State, Subject};
use entremise_core::id::{AuthorityId, CaseId, NoticeId};
use entremise_core::ledger::{self as form, Actor};
use entremise_core::procedure::{identification, ladder, measure};
use entremise_core::step::{Refusal, due};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::rows;
use crate::trouble::Trouble;

/// What stands where a handle stood.
const NO_HANDLE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a case's data go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyErased {
    /// The time of keeping is over.
    TimeIsOver,
    /// The person concerned asked, and nothing stands against it.
    Asked,
}

impl WhyErased {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TimeIsOver => "time_is_over",
            Self::Asked => "asked",
        }
    }
}

/// What was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The line of the ledger.
    pub seq: u64,
    pub notices: u64,
    pub disclosures: u64,
    pub documents: u64,
    #[serde(default)]
    pub batches: u64,
    #[serde(default)]
    pub quarantined: u64,
}

/// Why nothing was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The law says no; the refusal is in the ledger.
    #[error(transparent)]
    Refused(Refusal),
    #[error("there is no such case")]
    NoSuchCase,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Whose keys go, by compartment, and what they were to.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Records {
    pub evidence: Vec<Uuid>,
    pub traffic: Vec<Uuid>,
    pub identity: Vec<Uuid>,
    /// Dossiers and reasons of a prior review; they lie in evidence.
    #[serde(default)]
    pub review: Vec<Uuid>,
    pub erased: Erased,
}

impl Records {
    fn leave_out(&mut self, before: &Self) {
        self.evidence.retain(|id| !before.evidence.contains(id));
        self.traffic.retain(|id| !before.traffic.contains(id));
        self.identity.retain(|id| !before.identity.contains(id));
        self.review.retain(|id| !before.review.contains(id));
        self.erased.notices = self.evidence.len() as u64;
    }

    fn is_empty(&self) -> bool {
        [&self.evidence, &self.traffic, &self.identity, &self.review]
            .iter()
            .all(|ids| ids.is_empty())
    }
}

/// An erasure that the ledger has.
pub(crate) struct Entered {
    pub id: Uuid,
    pub subject: Option<Uuid>,
    pub records: Records,
}

impl Store {
    /// Erases the personal data of a closed case: its notices that no other case still needs, what
    /// was disclosed for it, its messages and their proofs. Again changes nothing.
    pub fn erase(
        &self,
        authority: &AuthorityId,
        case: CaseId,
        why: WhyErased,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Erased, EraseError> {
        let erased = self.erase_many(authority, &[case], why, by, now)?.pop();
        erased.unwrap_or_else(|| Err(Trouble::never("an erasure was left without answer").into()))
    }

    /// As `erase`, for many cases with as few flushes as for one. One that is refused or is not
    /// there holds up no other. The answers stand in the order of the cases.
    pub fn erase_many(
        &self,
        authority: &AuthorityId,
        cases: &[CaseId],
        why: WhyErased,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Result<Erased, EraseError>>, Trouble> {
        let entered = self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let entered = cases.iter().map(|case| self.enter_erasure(&mut door, *case, why, by));
            let entered = entered.collect::<Result<Vec<_>, Trouble>>()?;
            door.close()?;
            Ok::<_, Trouble>(entered)
        })?;
        self.inner.fault("erase.entered")?;
        self.carry_out(entered.iter().flatten(), now)?;
        Ok(entered.into_iter().map(|entered| Ok(entered?.records.erased)).collect())
    }

    /// Ends erasures that were cut off.
    pub(crate) fn end_cut_off(&self, now: Timestamp) -> Result<(), Trouble> {
        self.carry_out(&self.cut_off()?, now)
    }

    fn enter_erasure(
        &self,
        door: &mut Door,
        case: CaseId,
        why: WhyErased,
        by: &Actor,
    ) -> Result<Result<Entered, EraseError>, Trouble> {
        let stored = rows::case_by_id(door.tx, &door.authority, case)?;
        let Some(stored) = stored else { return Ok(Err(EraseError::NoSuchCase)) };
        let subject = form::Subject::Case(case);
        if let Err(refusal) = self.may_erase(&stored.case, why, door.at) {
            let kind = form::Kind::House("erasure_refused");
            let body = json(&serde_json::json!({ "refusal": refusal.name() }));
            door.enter(&stored.case.regime, subject, kind, by.clone(), body)?;
            return Ok(Err(EraseError::Refused(refusal)));
        }
        let mut records = records_of(door.tx, &stored.case)?;
        if let Some((before, is_done)) = before(door.tx, case)? {
            records.leave_out(&before.records);
            if !is_done || records.is_empty() {
                return Ok(Ok(before));
            }
        }
        blot(door.tx, &stored.case, &records)?;
        let body = json(&serde_json::json!({
            "why": why.name(),
            "counts": {
                "notices": records.erased.notices,
                "disclosures": records.erased.disclosures,
                "documents": records.erased.documents,
            },
            "notices": records.evidence,
            "identity": records.identity,
        }));
        let kind = form::Kind::House("erasure");
        let regime = &stored.case.regime;
        records.erased.seq = door.enter(regime, subject, kind, by.clone(), body)?;
        let entered = Entered { id: door.draw.id(door.at), subject: Some(case.0), records };
        note(door, regime.as_str(), "case", why.name(), &entered)?;
        Ok(Ok(entered))
    }

    /// Only what is closed and held by no court; before its time only when the person asks.
    fn may_erase(&self, case: &Case, why: WhyErased, now: Timestamp) -> Result<(), Refusal> {
        let held_until = match &case.state {
            State::Ladder(state) => state.held_until(),
            State::Measure(state) => state.held_until(),
            State::Identification(_) => None,
        };
        if let Some(until) = held_until.filter(|until| now < *until) {
            return Err(Refusal::OnHold { until });
        }
        let regime = self.inner.regimes.get(&case.regime);
        let end = regime.map(|regime| due(case, regime)).transpose()?.flatten();
        let kept = match &case.state {
            State::Ladder(state) => match state.bare() {
                ladder::State::Closed { kept, .. } => kept,
                _ => return Err(not_yet(case, end)),
            },
            State::Measure(state) => match state.bare() {
                measure::State::Closed { kept, .. } => kept,
                _ => return Err(not_yet(case, end)),
            },
            State::Identification(identification::State::Closed { kept, .. }) => kept,
            State::Identification(_) => return Err(not_yet(case, end)),
        };
        match (kept, why) {
            (Some(_), WhyErased::TimeIsOver) => Err(not_yet(case, end)),
            _ => Ok(()),
        }
    }

    /// Destroys the keys, then notes that it is done.
    pub(crate) fn carry_out<'e>(
        &self,
        entered: impl IntoIterator<Item = &'e Entered>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let entered: Vec<&Entered> = entered.into_iter().collect();
        let all = |of: fn(&Records) -> &Vec<Uuid>| -> Vec<Uuid> {
            entered.iter().flat_map(|entered| of(&entered.records)).copied().collect()
        };
        let mut evidence = all(|records| &records.evidence);
        evidence.extend(all(|records| &records.review));
        self.inner.evidence.erase(&evidence)?;
        self.inner.traffic.erase(&all(|records| &records.traffic))?;
        self.inner.identity.erase(&all(|records| &records.identity))?;
        self.inner.fault("erase.destroyed")?;
        self.inner.cases.write(|tx| {
            let subjects = entered.iter().filter_map(|entered| entered.subject);
            let subjects: Vec<_> = subjects.map(Uuid::into_bytes).collect();
            let subjects: Vec<&[u8]> = subjects.iter().map(<[u8; 16]>::as_slice).collect();
            for sql in [
                "-- disclosures-forget
                 DELETE FROM disclosure WHERE case_id = $1[] RETURNING case_id",
                "-- documents-forget
                 DELETE FROM document WHERE case_id = $1[] RETURNING case_id",
                "-- messages-forget
                 DELETE FROM party_message WHERE case_id = $1[] RETURNING case_id",
                "-- charge-forget
                 DELETE FROM case_charge WHERE case_id = $1[] RETURNING case_id",
            ] {
                tx.query_each(sql, &subjects, &[])?;
            }
            let ids: Vec<&[u8]> =
                entered.iter().map(|entered| entered.id.as_bytes().as_slice()).collect();
            tx.query_each(
                "-- erasure-done
                 UPDATE erasure SET done_at = $2 WHERE erasure_id = $1[] AND done_at IS NULL
                 RETURNING erasure_id",
                &ids,
                &[Value::time(now)],
            )
            .map(|_| ())
        })
    }

    /// Erasures that the ledger has and a crash kept from being carried out.
    fn cut_off(&self) -> Result<Vec<Entered>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- erasures-open
                 SELECT erasure_id, subject, records FROM erasure WHERE done_at IS NULL
                 ORDER BY entered_at LIMIT 1000",
                &[],
            )
        })?;
        rows.iter().map(read_entered).collect()
    }
}

fn not_yet(case: &Case, end: Option<entremise_core::procedure::Due>) -> Refusal {
    match end {
        Some(end) => Refusal::NotYetDue { ends_at: end.at() },
        None => Refusal::OutOfTurn { state: case.state.name(), event: "erasure" },
    }
}

/// What a case holds in the compartments, but for notices that another case still needs.
fn records_of(tx: &mut Tx, case: &Case) -> Result<Records, Trouble> {
    let notices = match &case.subject {
        Subject::Notice { notice, .. } => vec![notice.0],
        Subject::Line(_) => notices_of(tx, case.id)?.iter().map(|notice| notice.0).collect(),
        Subject::Measure(_) => Vec::new(),
    };
    let keys: Vec<&[u8]> = notices.iter().map(|id| id.as_bytes().as_slice()).collect();
    // A line's case needs its notices until it is erased itself; an identification while open.
    let needed = tx.query_each(
        "-- notices-needed
         SELECT fact.notice_id FROM fact
         WHERE fact.notice_id = $1[] AND fact.case_id <> $2 AND NOT EXISTS
             (SELECT 1 FROM erasure WHERE erasure.subject = fact.case_id)
         UNION ALL
         SELECT notice.notice_id FROM notice JOIN cases ON cases.case_id = notice.case_id
         WHERE notice.notice_id = $1[] AND notice.case_id <> $2 AND cases.closed = 0",
        &keys,
        &[Value::id(&case.id.0)],
    )?;
    let needed = ids(&needed)?;
    let evidence: Vec<Uuid> = notices.into_iter().filter(|id| !needed.contains(id)).collect();
    let disclosures = ids(&tx.query(
        "-- disclosures-of-case\nSELECT question_id FROM disclosure WHERE case_id = $1",
        &[Value::id(&case.id.0)],
    )?)?;
    let kept_on = crate::measure::still_needed(tx, case.id)?;
    let left_over = crate::measure::left_over(tx, case.id)?;
    let disclosures: Vec<Uuid> = disclosures
        .into_iter()
        .filter(|question| !kept_on.contains(question))
        .chain(left_over)
        .collect();
    let documents = ids(&tx.query(
        "-- document-records\nSELECT record_id FROM document WHERE case_id = $1",
        &[Value::id(&case.id.0)],
    )?)?;
    let review = ids(&tx.query(
        "-- review-records-of-case
         SELECT request_id FROM review_request WHERE case_id = $1
         UNION ALL SELECT reasons_id FROM review_ruling WHERE case_id = $1",
        &[Value::id(&case.id.0)],
    )?)?;
    let erased = Erased {
        notices: evidence.len() as u64,
        disclosures: disclosures.len() as u64,
        documents: documents.len() as u64,
        ..Erased::default()
    };
    let identity = disclosures.into_iter().chain(documents).collect();
    Ok(Records { traffic: evidence.clone(), evidence, identity, review, erased })
}

/// The notices that stand against a line's case.
pub(crate) fn notices_of(tx: &mut Tx, case: CaseId) -> Result<Vec<NoticeId>, Trouble> {
    let rows = tx.query(
        "-- facts-of-case\nSELECT notice_id FROM fact WHERE case_id = $1 ORDER BY notice_id",
        &[Value::id(&case.0)],
    )?;
    Ok(ids(&rows)?.into_iter().map(NoticeId).collect())
}

pub(crate) fn ids(rows: &[Row]) -> Result<Vec<Uuid>, Trouble> {
    rows.iter().map(|row| row.id(0)).collect()
}

/// What the cases compartment itself says of the person: bodies and salts of the lines about the
/// case and its identifications, and the handle wherever it stands.
fn blot(tx: &mut Tx, case: &Case, records: &Records) -> Result<(), Trouble> {
    let notices: Vec<&[u8]> = records.evidence.iter().map(|id| id.as_bytes().as_slice()).collect();
    let mut cases = ids(&tx.query_each(
        "-- identifications-of\nSELECT case_id FROM notice WHERE notice_id = $1[]",
        &notices,
        &[],
    )?)?;
    cases.push(case.id.0);
    let mut subjects: Vec<&[u8]> = cases.iter().map(|id| id.as_bytes().as_slice()).collect();
    if let Some(line) = case.subject.line() {
        for sql in [
            "-- handle-of-case
             UPDATE cases SET subject = REPLACE(subject, $2, $3), state = REPLACE(state, $2, $3),
                 handle = NULL
             WHERE case_id = $1[] RETURNING case_id",
            "-- handle-of-effects
             UPDATE outbox SET body = REPLACE(body, $2, $3) WHERE case_id = $1[]
             RETURNING case_id",
        ] {
            tx.query_each(sql, &subjects, &[line.handle.as_str().into(), NO_HANDLE.into()])?;
        }
    }
    subjects.extend(notices);
    tx.query_each(
        "-- ledger-blot
         UPDATE ledger SET salt = NULL, body = NULL
         WHERE subject = $1[] AND subject IS NOT NULL AND authority = $2 AND body IS NOT NULL
             AND kind <> 'house.erasure'
         RETURNING seq",
        &subjects,
        &[case.authority.as_str().into()],
    )
    .map(|_| ())
}

/// The last erasure of a case, and whether it is carried out.
fn before(tx: &mut Tx, case: CaseId) -> Result<Option<(Entered, bool)>, Trouble> {
    let row = tx.query_one(
        "-- erasure-of-case
         SELECT erasure_id, subject, records, done_at FROM erasure
         WHERE subject = $1 AND subject IS NOT NULL AND kind = 'case' ORDER BY seq DESC LIMIT 1",
        &[Value::id(&case.0)],
    )?;
    row.map(|row| Ok((read_entered(&row)?, row.maybe_time(3)?.is_some()))).transpose()
}

/// Whether a case's data were erased: then nothing is kept for it any more.
pub(crate) fn is_erased(tx: &mut Tx, case: CaseId) -> Result<bool, Trouble> {
    Ok(before(tx, case)?.is_some())
}

fn read_entered(row: &Row) -> Result<Entered, Trouble> {
    Ok(Entered { id: row.id(0)?, subject: row.maybe_id(1)?, records: row.json(2)? })
}

/// Notes what the ledger has, to be carried out.
pub(crate) fn note(
    door: &mut Door,
    regime: &str,
    kind: &'static str,
    why: &'static str,
    entered: &Entered,
) -> Result<(), Trouble> {
    let records = String::from_utf8_lossy(&json(&entered.records)).into_owned();
    let seq = i64::try_from(entered.records.erased.seq).unwrap_or(i64::MAX);
    let at = Value::time(door.at);
    let authority = door.authority.clone();
    door.tx
        .execute(
            "-- erasure-note
             INSERT INTO erasure (erasure_id, authority, regime, kind, subject, why, seq,
                 entered_at, records)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[
                Value::id(&entered.id),
                authority.as_str().into(),
                regime.into(),
                kind.into(),
                Value::maybe(entered.subject.as_ref(), Value::id),
                why.into(),
                seq.into(),
                at,
                Value::Text(&records),
            ],
        )
        .map(|_| ())
}

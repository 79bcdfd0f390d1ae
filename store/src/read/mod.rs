//! Reading for people and pages: the desk, a case file, the board of alarms, the counts.
//!
//! Never opens a compartment: nothing here can show an address, a name or a title.

mod board;
mod file;
mod holdings;

pub use board::{AlarmBoard, AlarmId, AlarmRow, Counts};
pub(crate) use file::effect_by_id;
pub use file::{CaseFile, EffectRow, HistoryEntry};
pub use holdings::SendingRow;

use entremise_core::asked::Asked;
use entremise_core::case::{Case, State};
use entremise_core::id::{AuthorityId, BatchId, CaseId, NoticeId, PartyId, QuestionId, RegimeId};
use jiff::Timestamp;

use crate::Store;
use crate::conn::{Row, Value};
use crate::rows;
use crate::trouble::Trouble;

/// Which part of the desk.
#[derive(Clone, Debug)]
pub struct WorkOrder {
    pub limit: usize,
    /// The last row of the page before.
    pub after: Option<WorkPlace>,
}

/// A row's place on the desk; opaque to whoever turns the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkPlace {
    pub desk_at: i64,
    pub case: CaseId,
}

/// Before the first row of every desk.
const FIRST: WorkPlace = WorkPlace { desk_at: i64::MIN, case: CaseId(uuid::Uuid::nil()) };

/// A case that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkRow {
    pub case: Case,
    pub file_number: Option<String>,
    pub due_at: Option<Timestamp>,
    /// Somebody is late, and an alarm was raised.
    pub late: bool,
    pub place: WorkPlace,
}

/// Where a notice went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    pub notice: NoticeId,
    pub regime: RegimeId,
    pub case: CaseId,
    pub batch: BatchId,
    pub sender: PartyId,
    pub received_at: Timestamp,
}

impl WorkRow {
    /// Reads a case's row; `desk_at` says where the next page of the same list begins.
    fn read(row: &Row, desk_at: i64) -> Result<Self, Trouble> {
        let stored = rows::read_case(row)?;
        Ok(Self {
            late: is_late(&stored.case.state),
            place: WorkPlace { desk_at, case: stored.case.id },
            case: stored.case,
            file_number: stored.file_number,
            due_at: stored.due_at,
        })
    }
}

impl Store {
    /// Open cases that wait for a person or are late, the next deadline first.
    pub fn work(&self, authority: &AuthorityId, order: WorkOrder) -> Result<Vec<WorkRow>, Trouble> {
        let after = order.after.unwrap_or(FIRST);
        let found = self.inner.cases.read(|tx| {
            tx.query(
                "-- desk
                 SELECT case_id, authority, regime, subject, state, opened_at, file_number,
                     question, due_at, desk_at
                 FROM cases
                 WHERE authority = $1 AND desk_at IS NOT NULL
                     AND (desk_at, case_id) > ($2, $3)
                 ORDER BY desk_at, case_id LIMIT $4",
                &[
                    authority.as_str().into(),
                    after.desk_at.into(),
                    Value::id(&after.case.0),
                    Value::count(order.limit),
                ],
            )
        })?;
        found.iter().map(|row| WorkRow::read(row, row.integer(9)?)).collect()
    }

    /// As `work`, of one kind: read where that kind begins.
    pub fn work_asking(
        &self,
        authority: &AuthorityId,
        asked: Asked,
        order: WorkOrder,
    ) -> Result<Vec<WorkRow>, Trouble> {
        let after = order.after.unwrap_or(FIRST);
        let found = self.inner.cases.read(|tx| {
            tx.query(
                "-- desk-asking
                 SELECT case_id, authority, regime, subject, state, opened_at, file_number,
                     question, due_at, desk_at
                 FROM cases
                 WHERE authority = $1 AND asked = $2 AND desk_at IS NOT NULL
                     AND (desk_at, case_id) > ($3, $4)
                 ORDER BY desk_at, case_id LIMIT $5",
                &[
                    authority.as_str().into(),
                    asked.name().into(),
                    after.desk_at.into(),
                    Value::id(&after.case.0),
                    Value::count(order.limit),
                ],
            )
        })?;
        found.iter().map(|row| WorkRow::read(row, row.integer(9)?)).collect()
    }

    /// When the cases of the desk are due, the next first, `most` of them; none for a case that has
    /// no deadline. Reads an index and no case.
    pub fn desk_deadlines(
        &self,
        authority: &AuthorityId,
        most: usize,
    ) -> Result<Vec<Option<Timestamp>>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- desk-deadlines
                 SELECT desk_at FROM cases
                 WHERE authority = $1 AND desk_at IS NOT NULL
                 ORDER BY desk_at, case_id LIMIT $2",
                &[authority.as_str().into(), Value::count(most)],
            )
        })?;
        let due_at = |row: &Row| match row.integer(0)? {
            rows::NEVER_DUE => Ok(None),
            _ => row.time(0).map(Some),
        };
        rows.iter().map(due_at).collect()
    }

    /// Open cases of a line that stand so, by the state's name: those that lie on no desk.
    pub fn standing(
        &self,
        authority: &AuthorityId,
        state: &str,
        order: WorkOrder,
    ) -> Result<Vec<WorkRow>, Trouble> {
        let after = order.after.map_or(uuid::Uuid::nil(), |place| place.case.0);
        let found = self.inner.cases.read(|tx| {
            tx.query(
                "-- standing
                 SELECT case_id, authority, regime, subject, state, opened_at, file_number,
                     question, due_at
                 FROM cases
                 WHERE authority = $1 AND state_name = $2 AND case_id > $3
                     AND procedure = 'ladder' AND closed = 0
                 ORDER BY case_id LIMIT $4",
                &[
                    authority.as_str().into(),
                    state.into(),
                    Value::id(&after),
                    Value::count(order.limit),
                ],
            )
        })?;
        found.iter().map(|row| WorkRow::read(row, i64::MIN)).collect()
    }

    /// The case of a file number, however its parts are separated.
    pub fn find_file(
        &self,
        authority: &AuthorityId,
        file_number: &str,
    ) -> Result<Option<CaseId>, Trouble> {
        let Some(number) = crate::file_number::read(file_number) else { return Ok(None) };
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- case-of-file-number
                 SELECT case_id FROM cases
                 WHERE authority = $1 AND file_number = $2 AND file_number IS NOT NULL",
                &[authority.as_str().into(), Value::Text(&number)],
            )
        })?;
        row.map(|row| row.id(0).map(CaseId)).transpose()
    }

    /// The identification whose question this is.
    pub fn find_question(
        &self,
        authority: &AuthorityId,
        question: QuestionId,
    ) -> Result<Option<CaseId>, Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- case-of-question
                 SELECT case_id FROM cases
                 WHERE question = $1 AND authority = $2 AND question IS NOT NULL",
                &[Value::id(&question.0), authority.as_str().into()],
            )
        })?;
        row.map(|row| row.id(0).map(CaseId)).transpose()
    }

    /// Where a notice went.
    pub fn notice(
        &self,
        authority: &AuthorityId,
        notice: NoticeId,
    ) -> Result<Option<NoticeRow>, Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- notice-by-id
                 SELECT notice_id, regime, case_id, batch_id, sender, received_at
                 FROM notice WHERE notice_id = $1 AND authority = $2",
                &[Value::id(&notice.0), authority.as_str().into()],
            )
        })?;
        row.map(|row| {
            Ok(NoticeRow {
                notice: NoticeId(row.id(0)?),
                regime: row.word(1)?,
                case: CaseId(row.id(2)?),
                batch: BatchId(row.id(3)?),
                sender: row.word(4)?,
                received_at: row.time(5)?,
            })
        })
        .transpose()
    }
}

fn is_late(state: &State) -> bool {
    use entremise_core::procedure::{identification, ladder};
    match state {
        State::Ladder(state) if state.challenge().is_some_and(|(_, alarmed)| alarmed) => true,
        State::Ladder(state) if state.has_late_message() => true,
        State::Identification(identification::State::Asked { alarmed, .. })
        | State::Ladder(
            ladder::State::Proposed { alarmed, .. }
            | ladder::State::Asking { alarmed, .. }
            | ladder::State::Contradictory { alarmed, .. }
            | ladder::State::Deliberating { alarmed, .. }
            | ladder::State::Transmitted { alarmed, .. },
        ) => *alarmed,
        State::Measure(state) => state.waits_for_a_person(),
        _ => false,
    }
}

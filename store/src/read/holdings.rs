//! What belongs to one sender or one provider: its sendings, what it used of its day, what it owes.
//!
//! Never opens a compartment, and yields nothing of another party's.

use entremise_core::case::State;
use entremise_core::id::{AuthorityId, BatchId, CaseId, NoticeId, PartyId, RegimeId};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{WorkOrder, WorkPlace, WorkRow};
use crate::Store;
use crate::conn::Value;
use crate::rows;
use crate::trouble::Trouble;

/// What a sender handed in once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingRow {
    pub batch: BatchId,
    pub format: String,
    /// `http`, `mail`, `folder`.
    pub channel: String,
    pub received_at: Timestamp,
}

impl Store {
    /// A sender's sendings, the newest first, from one on.
    pub fn sendings(
        &self,
        authority: &AuthorityId,
        sender: &PartyId,
        before: Option<BatchId>,
        limit: usize,
    ) -> Result<Vec<SendingRow>, Trouble> {
        // Numbers of batches rise with time.
        let before = before.map_or(uuid::Uuid::max(), |batch| batch.0);
        let found = self.inner.cases.read(|tx| {
            tx.query(
                "-- sendings
                 SELECT batch_id, format, channel, received_at FROM batch
                 WHERE authority = $1 AND sender = $2 AND batch_id < $3
                 ORDER BY batch_id DESC LIMIT $4",
                &[
                    authority.as_str().into(),
                    sender.as_str().into(),
                    Value::id(&before),
                    Value::count(limit),
                ],
            )
        })?;
        found
            .iter()
            .map(|row| {
                Ok(SendingRow {
                    batch: BatchId(row.id(0)?),
                    format: row.text(1)?.to_owned(),
                    channel: row.text(2)?.to_owned(),
                    received_at: row.time(3)?,
                })
            })
            .collect()
    }

    /// How many notices of a sender were accepted on a day of the regime's time zone.
    pub fn brought_on(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        sender: &PartyId,
        day: Date,
    ) -> Result<u64, Trouble> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- sender-day-read
                 SELECT notices FROM sender_day
                 WHERE authority = $1 AND regime = $2 AND sender = $3 AND day = $4",
                &[
                    authority.as_str().into(),
                    regime.as_str().into(),
                    sender.as_str().into(),
                    Value::Text(&day.to_string()),
                ],
            )
        })?;
        let brought = row.map_or(Ok(0), |row| row.integer(0))?;
        Ok(u64::try_from(brought).unwrap_or(0))
    }

    /// Open cases that wait for an answer of this provider, the next deadline first.
    pub fn owed_by(
        &self,
        authority: &AuthorityId,
        provider: &PartyId,
        order: WorkOrder,
    ) -> Result<Vec<WorkRow>, Trouble> {
        let nil = CaseId(uuid::Uuid::nil());
        let after = order.after.unwrap_or(WorkPlace { desk_at: i64::MIN, case: nil });
        let found = self.inner.cases.read(|tx| {
            tx.query(
                "-- owed-by-provider
                 SELECT case_id, authority, regime, subject, state, opened_at, file_number,
                     question, due_at
                 FROM cases
                 WHERE authority = $1 AND provider = $2
                     AND closed = 0 AND state_name IN ('asked', 'asking')
                     AND due_at IS NOT NULL AND (due_at, case_id) > ($3, $4)
                 ORDER BY due_at, case_id LIMIT $5",
                &[
                    authority.as_str().into(),
                    provider.as_str().into(),
                    after.desk_at.into(),
                    Value::id(&after.case.0),
                    Value::count(order.limit),
                ],
            )
        })?;
        found.iter().map(|row| WorkRow::read(row, row.integer(8)?)).collect()
    }

    /// How the cases stand to which a notice's fact belongs: that of its line, or none.
    pub fn cases_of_fact(
        &self,
        authority: &AuthorityId,
        notice: NoticeId,
    ) -> Result<Vec<State>, Trouble> {
        let found = self.inner.cases.read(|tx| {
            tx.query(
                "-- cases-of-fact
                 SELECT cases.case_id, authority, regime, subject, state, opened_at, file_number,
                     question, due_at
                 FROM fact JOIN cases ON cases.case_id = fact.case_id
                 WHERE fact.notice_id = $1 AND cases.authority = $2",
                &[Value::id(&notice.0), authority.as_str().into()],
            )
        })?;
        found.iter().map(|row| Ok(rows::read_case(row)?.case.state)).collect()
    }
}

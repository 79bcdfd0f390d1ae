//! A sender's side over the real house.

use std::ops::Deref;
use std::sync::Arc;

use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, BatchId, NoticeId, PartyId, PersonId};
use entremise_core::ledger::Actor;
use entremise_store::{ApplyError, BatchReport, CaseRef, ItemVerdict as NoticeVerdict};
use jiff::Timestamp;

use super::desk::{NoticeView, ResultView, SenderDesk, Sending, SendingRow, Sendings, Withdrawn};
use crate::house::House;
use crate::receipt::{self, NotNow};
use crate::standing::{NoticeStatus, Standing};
use crate::web::desk::{DeskTrouble, ReceiptGiven};
use crate::web::of_house::{OfHouse, told};
use crate::worker::publish;

/// Sendings on a page: the report of each is opened to count in it.
const SENDINGS: usize = 10;
/// Notices on a page.
const NOTICES: usize = 50;

/// One authority, as its senders see it.
pub struct HouseSender(OfHouse);

impl Deref for HouseSender {
    type Target = OfHouse;

    fn deref(&self) -> &OfHouse {
        &self.0
    }
}

impl HouseSender {
    pub fn new(house: Arc<House>, authority: AuthorityId) -> Self {
        Self(OfHouse { house, authority })
    }

    fn standing(&self, sender: &PartyId, notice: &str) -> Result<Option<Standing>, DeskTrouble> {
        let Ok(notice) = notice.parse::<NoticeId>() else { return Ok(None) };
        Standing::find(self.store(), &self.authority, sender, notice).map_err(told)
    }

    fn status(&self, sender: &PartyId, verdict: &NoticeVerdict) -> Option<NoticeStatus> {
        let NoticeVerdict::Accepted { notice } = verdict else { return None };
        Some(self.standing(sender, &notice.to_string()).ok()??.status)
    }
}

impl SenderDesk for HouseSender {
    fn sendings(
        &self,
        sender: &PartyId,
        before: Option<&str>,
        now: Timestamp,
    ) -> Result<Sendings, DeskTrouble> {
        let (store, authority) = (self.store(), &self.authority);
        let regime = self.regime()?;
        let rules = regime.at(now).map_err(told)?;
        let before = before.and_then(|batch| batch.parse::<BatchId>().ok());
        let mut found = store.sendings(authority, sender, before, SENDINGS + 1).map_err(told)?;
        let more = found.len() > SENDINGS;
        found.truncate(SENDINGS);
        let mut rows = Vec::new();
        for row in found {
            let report = store.batch_report(authority, sender, &row.batch).map_err(told)?;
            let results = report.map(|report| report.results).unwrap_or_default();
            let count = |of: fn(&NoticeVerdict) -> bool| {
                results.iter().filter(|result| of(&result.verdict)).count() as u64
            };
            rows.push(SendingRow {
                batch: row.batch.to_string(),
                received_at: row.received_at,
                format: row.format,
                channel: row.channel,
                accepted: count(|verdict| matches!(verdict, NoticeVerdict::Accepted { .. })),
                duplicate: count(|verdict| matches!(verdict, NoticeVerdict::DuplicateOf { .. })),
                rejected: count(|verdict| matches!(verdict, NoticeVerdict::Rejected { .. })),
            });
        }
        let day = regime.zone().day_of(now);
        let own = self.party(sender)?;
        let of = self.house.room(authority).map(|room| &room.config.regime).ok_or(DeskTrouble)?;
        Ok(Sendings {
            zone: regime.zone().clone(),
            name: own.name,
            next: rows.last().filter(|_| more).map(|row| row.batch.clone()),
            rows,
            used: store.brought_on(authority, of, sender, day).map_err(told)?,
            quota: u64::from(rules.intake.notices_per_day_max),
            stopped: own.stopped,
        })
    }

    fn sending(
        &self,
        sender: &PartyId,
        batch: &str,
        from: usize,
    ) -> Result<Option<Sending>, DeskTrouble> {
        let Ok(batch) = batch.parse::<BatchId>() else { return Ok(None) };
        let report = self.store().batch_report(&self.authority, sender, &batch).map_err(told)?;
        let Some(BatchReport { received_at, results, .. }) = report else { return Ok(None) };
        let total = results.len();
        let notices: Vec<ResultView> = results
            .into_iter()
            .skip(from)
            .take(NOTICES)
            .map(|result| ResultView {
                place: result.place,
                sender_case_id: result.sender_case_id,
                status: self.status(sender, &result.verdict),
                verdict: result.verdict,
            })
            .collect();
        let next = Some(from + notices.len()).filter(|next| *next < total && !notices.is_empty());
        Ok(Some(Sending {
            zone: self.zone()?,
            batch: batch.to_string(),
            received_at,
            erased: total == 0,
            notices,
            total,
            next,
        }))
    }

    fn notice(&self, sender: &PartyId, notice: &str) -> Result<Option<NoticeView>, DeskTrouble> {
        let Some(standing) = self.standing(sender, notice)? else { return Ok(None) };
        Ok(Some(NoticeView {
            zone: self.zone()?,
            notice: standing.row.notice,
            batch: standing.row.batch.to_string(),
            received_at: standing.row.received_at,
            status: standing.status,
            steps: standing.steps,
        }))
    }

    fn withdraw(
        &self,
        sender: &PartyId,
        notice: &str,
        _by: &PersonId,
        now: Timestamp,
    ) -> Result<Withdrawn, DeskTrouble> {
        let Some(Standing { row, file, .. }) = self.standing(sender, notice)? else {
            return Ok(Withdrawn::NoSuchNotice);
        };
        let case = CaseRef::Id(self.authority.clone(), file.case.id);
        let event = Event::NoticeRetracted { notice: row.notice };
        // For the ledger it is the sender's act; who did it stands in the log of decisions.
        let actor = Actor::Party(sender.clone());
        match self.store().apply(&case, &event, &actor, now) {
            Ok(_) => Ok(Withdrawn::Done),
            Err(ApplyError::Refused(refusal)) => Ok(Withdrawn::Refused(refusal.name().to_owned())),
            Err(ApplyError::NoSuchCase) => Ok(Withdrawn::NoSuchNotice),
            Err(ApplyError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn receipt(&self, sender: &PartyId, notice: &str) -> Result<(u64, ReceiptGiven), DeskTrouble> {
        let Some(Standing { file, .. }) = self.standing(sender, notice)? else {
            return Ok((0, ReceiptGiven::NotKnown));
        };
        let accepted = file.history.iter().find(|entry| entry.kind == "event.notice_accepted");
        let Some(entry) = accepted.map(|entry| entry.seq) else {
            return Ok((0, ReceiptGiven::NotKnown));
        };
        let room = self.house.room(&self.authority).ok_or(DeskTrouble)?;
        let ledger = publish::folder(&self.house, room);
        match receipt::opened(self.store(), &self.authority, &ledger, entry) {
            Ok(receipt) => Ok((entry, ReceiptGiven::Text(receipt.to_string()))),
            Err(NotNow::NotYet) => Ok((entry, ReceiptGiven::NotYet)),
            Err(why) => Err(told(why)),
        }
    }
}

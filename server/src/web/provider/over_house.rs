//! A provider's side over the real house.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use entremise_core::case::{State, Subject};
use entremise_core::effect::Effect;
use entremise_core::id::{AuthorityId, CaseId, PartyId, PersonId, QuestionId};
use entremise_core::procedure::identification;
use entremise_core::regime::Regime;
use entremise_core::step::due;
use entremise_store::{CaseFile, WorkOrder, WorkPlace, WorkRow};
use jiff::Timestamp;

use super::desk::{Answered, HandedIn, Late, OrderView, Owed, OwedRow, ProviderDesk, What};
use crate::config::Answers;
use crate::handover::{self, NotTaken};
use crate::house::House;
use crate::order_file;
use crate::receipt::{self, NotNow};
use crate::web::desk::{Delay, DeskTrouble, ReceiptGiven};
use crate::web::of_house::{OfHouse, told};
use crate::worker::publish;

/// Rows on a page: each one's case is read for when it was asked.
const ROWS: usize = 50;
/// Files shown: two months of days.
const FILES: usize = 60;

/// One authority, as its providers see it.
pub struct HouseProvider(OfHouse);

impl Deref for HouseProvider {
    type Target = OfHouse;

    fn deref(&self) -> &OfHouse {
        &self.0
    }
}

impl HouseProvider {
    pub fn new(house: Arc<House>, authority: AuthorityId) -> Self {
        Self(OfHouse { house, authority })
    }

    pub(super) fn house(&self) -> (&House, &AuthorityId) {
        (&self.house, &self.authority)
    }

    /// Where this provider's files lie; none where it answers another way.
    fn folder(&self, provider: &PartyId) -> Option<PathBuf> {
        match &self.house.provider(&self.authority, provider)?.config.answers {
            Answers::File { folder } => Some(folder.clone()),
            Answers::Connector { .. } => None,
        }
    }

    fn row(&self, regime: &Regime, row: &WorkRow, now: Timestamp) -> Result<OwedRow, DeskTrouble> {
        let file = self.store().case_file(&self.authority, &row.case.id).map_err(told)?;
        let (question, what, asked_at) = match &row.case.state {
            State::Identification(identification::State::Asked { question, asked_at, .. }) => {
                (Some(question.to_string()), What::Identification, Some(*asked_at))
            }
            _ => match file.as_ref().and_then(disclosure) {
                Some((number, at)) => (Some(number), What::Disclosure, Some(at)),
                None => (None, What::Disclosure, None),
            },
        };
        let deadline = due(&row.case, regime).ok().flatten().map(|due| due.deadline);
        let is_past = row.due_at.is_some_and(|due| due <= now);
        Ok(OwedRow {
            question: question.unwrap_or_default(),
            what,
            asked_at,
            deadline,
            late: row.late || is_past,
        })
    }

    /// The case behind a question of this provider, while its answer is awaited.
    fn find(&self, provider: &PartyId, question: &str) -> Result<Option<CaseFile>, DeskTrouble> {
        let Ok(question) = question.parse::<QuestionId>() else { return Ok(None) };
        let case = self.store().find_question(&self.authority, question).map_err(told)?;
        let Some(case) = case else { return Ok(None) };
        let file = self.store().case_file(&self.authority, &case).map_err(told)?;
        let is_theirs = |file: &CaseFile| match &file.case.subject {
            Subject::Notice { provider: of, .. } => of == provider,
            Subject::Line(_) | Subject::Measure(_) => false,
        };
        Ok(file.filter(is_theirs))
    }
}

impl ProviderDesk for HouseProvider {
    fn owed(
        &self,
        provider: &PartyId,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Owed, DeskTrouble> {
        let (store, authority) = (self.store(), &self.authority);
        let regime = self.regime()?;
        let order = WorkOrder { limit: ROWS + 1, after: after.and_then(read_place) };
        let mut found = store.owed_by(authority, provider, order).map_err(told)?;
        let more = found.len() > ROWS;
        found.truncate(ROWS);
        let next = found.last().filter(|_| more).map(|row| write_place(row.place));
        let rows = found.iter().map(|row| self.row(&regime, row, now));
        let rows: Vec<OwedRow> = rows.collect::<Result<_, _>>()?;
        let folder = self.folder(provider);
        let files = match &folder {
            Some(folder) => handover::files(folder, FILES).map_err(told)?,
            None => Vec::new(),
        };
        let own = self.party(provider)?;
        Ok(Owed {
            zone: regime.zone().clone(),
            name: own.name,
            answers_by_file: folder.is_some(),
            late: rows.iter().filter(|row| row.late).count() as u64,
            rows,
            next,
            files,
            orders: self.orders(provider)?,
            stopped: own.stopped,
        })
    }

    fn file(&self, provider: &PartyId, number: &str) -> Result<Option<Vec<u8>>, DeskTrouble> {
        let Some(folder) = self.folder(provider) else { return Ok(None) };
        handover::read(&folder, number).map_err(told)
    }

    fn hand_in(
        &self,
        provider: &PartyId,
        number: &str,
        bytes: &[u8],
    ) -> Result<HandedIn, DeskTrouble> {
        let Some(folder) = self.folder(provider) else { return Ok(HandedIn::NotAsked) };
        match handover::hand_in(&folder, number, bytes) {
            Ok(answers) => Ok(HandedIn::Taken(answers)),
            Err(NotTaken::NotAsked) => Ok(HandedIn::NotAsked),
            Err(NotTaken::Bad(why)) => Ok(HandedIn::Bad(why.to_string())),
            Err(NotTaken::Disk(error)) => Err(told(error)),
        }
    }

    fn late(&self, provider: &PartyId, now: Timestamp) -> Result<Late, DeskTrouble> {
        let regime = self.regime()?;
        let order = WorkOrder { limit: ROWS + 1, after: None };
        let found = self.store().owed_by(&self.authority, provider, order).map_err(told)?;
        let more = found.len() > ROWS;
        let rows = found.iter().take(ROWS).map(|row| self.row(&regime, row, now));
        let rows: Vec<OwedRow> = rows.collect::<Result<_, _>>()?;
        let rows: Vec<OwedRow> = rows.into_iter().filter(|row| row.late).collect();
        let due = rows.iter().filter_map(|row| Some(row.deadline.as_ref()?.ends_at));
        let by_days = Delay::counted(due, now);
        Ok(Late { zone: self.zone()?, rows, by_days, more })
    }

    fn receipt(
        &self,
        provider: &PartyId,
        question: &str,
    ) -> Result<(u64, ReceiptGiven), DeskTrouble> {
        let Some(file) = self.find(provider, question)? else {
            return Ok((0, ReceiptGiven::NotKnown));
        };
        let asked = file.history.iter().find(|entry| entry.kind == "event.question_asked");
        let Some(entry) = asked.map(|entry| entry.seq) else {
            return Ok((0, ReceiptGiven::NotKnown));
        };
        let room = self.house.room(&self.authority).ok_or(DeskTrouble)?;
        // Closed: the line proves when it was asked, and says nothing else.
        match receipt::closed(&publish::folder(&self.house, room), entry) {
            Ok(receipt) => Ok((entry, ReceiptGiven::Text(receipt.to_string()))),
            Err(NotNow::NotYet) => Ok((entry, ReceiptGiven::NotYet)),
            Err(why) => Err(told(why)),
        }
    }

    fn order(
        &self,
        provider: &PartyId,
        number: &str,
        _now: Timestamp,
    ) -> Result<Option<OrderView>, DeskTrouble> {
        let found = self.ordered(provider, number)?;
        let Some(found) = found else { return Ok(None) };
        let signs = &self.house.room(&self.authority).ok_or(DeskTrouble)?.ledger_key;
        let file = order_file::write(&found.row.order, signs).map_err(told)?;
        let (zone, key) = (self.zone()?, signs.public().to_string());
        Ok(Some(OrderView { zone, row: found.row, started: found.started, file, key }))
    }

    fn answer(
        &self,
        provider: &PartyId,
        number: &str,
        text: &str,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Answered, DeskTrouble> {
        self.enter(provider, number, text, by, now)
    }
}

/// The last request for the means to reach a subscriber, and since when it stands.
fn disclosure(file: &CaseFile) -> Option<(String, Timestamp)> {
    let asks = |effect: &Effect| {
        matches!(
            effect,
            Effect::RequestDisclosure { .. } | Effect::RequestAuthorisedDisclosure { .. }
        )
    };
    let row = file.effects.iter().rev().find(|row| asks(&row.effect))?;
    Some((row.id.to_string(), row.created_at))
}

fn write_place(place: WorkPlace) -> String {
    format!("{}.{}", place.desk_at, place.case)
}

fn read_place(text: &str) -> Option<WorkPlace> {
    let (desk_at, case) = text.split_once('.')?;
    Some(WorkPlace { desk_at: desk_at.parse().ok()?, case: case.parse::<CaseId>().ok()? })
}

//! The desk over the real store: what the pages ask, read from cases and ledger, in views.
//!
//! Opens no compartment. The code of a message is checked before anything is looked up, so a wrong
//! number and a wrong code cost the same time.

mod case;
mod defence;
mod receipts;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use entremise_core::effect::Effect;
use entremise_core::event::{Decision, DeliveryStatus, Event};
use entremise_core::id::{AuthorityId, CaseId, PersonId, RegimeId};
use entremise_core::ledger::Actor;
use entremise_core::regime::embedded;
use entremise_store::{AlarmId, ApplyError, CaseFile, CaseRef, Store, Trouble, file_number};
use jiff::Timestamp;

pub(super) use case::{timeline, version};

use super::desk::{
    CaseView, Checked, DecideOutcome, DecisionOrder, Desk, DeskTrouble, Genuine, PublicRung,
    ReceiptGiven, Sent, TodayView, WorkQuery,
};
use crate::house::House;
use crate::worker::publish;

/// Whether a typed code belongs to a file number.
type CodeHolds = dyn Fn(&str, &str) -> bool + Send + Sync;

/// One authority's desk.
pub struct StoreDesk {
    pub(in crate::web) store: Store,
    pub(in crate::web) authority: AuthorityId,
    /// Whose ladder the public page explains; any that is loaded where none is named.
    regime: Option<RegimeId>,
    /// Whether a code belongs to a file number; takes the same time for every wrong code.
    code_holds: Box<CodeHolds>,
    /// Where the ledger is published; without it there are no receipts.
    ledger: Option<PathBuf>,
}

impl StoreDesk {
    pub fn new(house: Arc<House>, authority: AuthorityId) -> Self {
        let store = house.store.clone();
        let of = authority.clone();
        let room = house.room(&authority);
        let regime = room.map(|room| room.config.regime.clone());
        let ledger = room.map(|room| publish::folder(&house, room));
        let desk = Self::over(store, authority, move |number, typed| {
            house.room(&of).is_some_and(|room| room.delivery.codes.holds(number, typed))
        });
        Self { regime, ledger, ..desk }
    }

    /// The desk over a store alone.
    pub fn over(
        store: Store,
        authority: AuthorityId,
        code_holds: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { store, authority, regime: None, code_holds: Box::new(code_holds), ledger: None }
    }

    /// The same, with the folder in which the ledger is published.
    pub fn with_ledger(self, ledger: PathBuf) -> Self {
        Self { ledger: Some(ledger), ..self }
    }

    /// The file of a number, for whoever holds its code; none in it where it is erased.
    pub(in crate::web) fn opened_by(
        &self,
        number: &str,
        code: &str,
    ) -> Result<Option<Option<CaseFile>>, DeskTrouble> {
        // What cannot be a file number is checked all the same: the answer takes as long.
        let number = file_number::read(number).unwrap_or_else(|| number.to_owned());
        if !(self.code_holds)(&number, code) {
            return Ok(None);
        }
        self.find(&number).map(Some).map_err(told)
    }

    /// The case of a file number, or of its own number.
    fn find(&self, reference: &str) -> Result<Option<CaseFile>, Trouble> {
        find(&self.store, &self.authority, reference)
    }
}

impl Desk for StoreDesk {
    fn today(&self, query: &WorkQuery, now: Timestamp) -> Result<TodayView, DeskTrouble> {
        work::today(self, query, now).map_err(told)
    }

    fn case(&self, reference: &str, now: Timestamp) -> Result<Option<CaseView>, DeskTrouble> {
        let Some(file) = self.find(reference).map_err(told)? else { return Ok(None) };
        case::view(self, &file, now).map_err(told)
    }

    fn decide(&self, order: &DecisionOrder, now: Timestamp) -> Result<DecideOutcome, DeskTrouble> {
        let Some(file) = self.find(&order.reference).map_err(told)? else {
            return Ok(DecideOutcome::NoSuchCase);
        };
        if case::version(&file) != order.version {
            return Ok(DecideOutcome::Stale);
        }
        let decision =
            Decision { by: order.by.clone(), verdict: order.verdict, ground: order.ground };
        let case = CaseRef::Id(self.authority.clone(), file.case.id);
        let actor = Actor::Person(order.by.clone());
        match self.store.apply(&case, &Event::Decided(decision), &actor, now) {
            Ok(_) => Ok(DecideOutcome::Entered),
            Err(ApplyError::Refused(refusal)) => {
                Ok(DecideOutcome::Refused(refusal.name().to_owned()))
            }
            Err(ApplyError::NoSuchCase) => Ok(DecideOutcome::NoSuchCase),
            Err(ApplyError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn settle_alarm(
        &self,
        alarm: &str,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        let Ok(id) = alarm.parse().map(AlarmId) else { return Ok(false) };
        let by = Actor::Person(by.clone());
        self.store.settle_alarm(&self.authority, id, &by, now).map_err(told)
    }

    fn ladder(&self, now: Timestamp) -> Result<Vec<PublicRung>, DeskTrouble> {
        let named = self.regime.as_ref().and_then(|id| self.store.regime(id));
        let regime = named.or_else(|| {
            embedded::ids().into_iter().find_map(|id| self.store.regime(&id.parse().ok()?))
        });
        let rules = regime.and_then(|regime| regime.at(now).ok());
        Ok(rules.map(PublicRung::of).unwrap_or_default())
    }

    fn check(&self, number: &str, code: &str, _: Timestamp) -> Result<Checked, DeskTrouble> {
        // Behind the code the reader holds a message of ours, even where its file is erased.
        let Some(file) = self.opened_by(number, code)? else { return Ok(Checked::NotKnown) };
        let (stage, messages) = file.as_ref().map(sent).unwrap_or_default();
        let messages = self.days(file.as_ref(), messages);
        let proofs = file.map(|file| self.proofs(&file)).unwrap_or_default();
        Ok(Checked::Genuine(Genuine { stage, messages, proofs }))
    }

    fn message_receipt(
        &self,
        number: &str,
        code: &str,
        entry: u64,
    ) -> Result<ReceiptGiven, DeskTrouble> {
        match self.opened_by(number, code)? {
            Some(Some(file)) => self.receipt_of_message(&file, entry),
            _ => Ok(ReceiptGiven::NotKnown),
        }
    }

    fn line_receipt(&self, reference: &str, entry: u64) -> Result<ReceiptGiven, DeskTrouble> {
        let file = self.find(reference).map_err(told)?;
        let ours = file.is_some_and(|file| file.history.iter().any(|line| line.seq == entry));
        if ours { self.receipt(entry, false) } else { Ok(ReceiptGiven::NotKnown) }
    }
}

/// An authority's case by its file number, or by its own number.
pub(super) fn find(
    store: &Store,
    authority: &AuthorityId,
    reference: &str,
) -> Result<Option<CaseFile>, Trouble> {
    let id = match reference.parse::<CaseId>() {
        Ok(id) => Some(id),
        Err(_) => store.find_file(authority, reference)?,
    };
    match id {
        Some(id) => store.case_file(authority, &id),
        None => Ok(None),
    }
}

/// A message and the first proof that it left.
type Left = (entremise_core::regime::rules::ChannelKind, Timestamp);

/// The last stage whose message was asked for, and when its messages left.
fn sent(file: &CaseFile) -> (String, Vec<Left>) {
    let mut last = None;
    for effect in &file.effects {
        if let Effect::SendMessage { stage, stage_id, .. } = &effect.effect {
            last = Some((*stage, stage_id.clone()));
        }
    }
    let Some((stage, id)) = last else { return Default::default() };
    let mut messages: Vec<Left> = Vec::new();
    for entry in file.history.iter().filter(|entry| entry.kind == "event.delivery") {
        if let Some(Event::Delivery(report)) = &entry.event
            && report.stage == stage
            && report.status == DeliveryStatus::HandedOver
            && messages.iter().all(|(channel, _)| *channel != report.channel)
        {
            messages.push((report.channel, report.at));
        }
    }
    (id, messages)
}

impl StoreDesk {
    fn days(&self, file: Option<&CaseFile>, messages: Vec<Left>) -> Vec<Sent> {
        let regime = file.and_then(|file| self.store.regime(&file.case.regime));
        let Some(regime) = regime else { return Vec::new() };
        messages
            .into_iter()
            .map(|(channel, at)| Sent { channel, day: regime.zone().day_of(at) })
            .collect()
    }
}

/// The trouble goes to the log, which names the statement; the page says that there is one.
fn told(trouble: Trouble) -> DeskTrouble {
    tracing::error!(%trouble, "the desk cannot answer");
    DeskTrouble
}

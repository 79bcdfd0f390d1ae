//! A person's rights over the real store.

use entremise_core::id::{AuthorityId, CaseId};
use entremise_core::ledger::Actor;
use entremise_core::step::Refusal;
use entremise_store::{EraseError, LookError, RectifyError, Store, Trouble, WhyErased};
use jiff::Timestamp;

use super::desk::{
    AccessOrder, AccessOutcome, EraseOutcome, RectifyOrder, RectifyOutcome, RightsDesk,
};
use crate::rights::held;
use crate::web::desk::{DeskTrouble, NotDone, OnCase};
use crate::web::store_desk;

/// One authority's answers to the persons behind its cases.
pub struct StoreRights {
    store: Store,
    authority: AuthorityId,
}

impl StoreRights {
    pub fn new(store: Store, authority: AuthorityId) -> Self {
        Self { store, authority }
    }

    /// The case of an order, if it still stands where the officer saw it.
    fn case(&self, of: &OnCase) -> Result<Result<CaseId, NotDone>, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, &of.reference).map_err(told)?;
        Ok(match file {
            None => Err(NotDone::NoSuchCase),
            Some(file) if store_desk::version(&file) != of.version => Err(NotDone::Stale),
            Some(file) => Ok(file.case.id),
        })
    }
}

impl RightsDesk for StoreRights {
    fn access(&self, order: &AccessOrder, now: Timestamp) -> Result<AccessOutcome, DeskTrouble> {
        let case = match self.case(&order.of)? {
            Ok(case) => case,
            Err(not) => return Ok(AccessOutcome::Not(not)),
        };
        let by = &order.of.by;
        match held(&self.store, &self.authority, case, by, &order.legal_basis, now) {
            Ok(held) => Ok(AccessOutcome::Shown(Box::new(held))),
            Err(LookError::NoSuchThing) => Ok(AccessOutcome::Not(NotDone::NoSuchCase)),
            Err(LookError::NoLegalBasis) => Err(DeskTrouble),
            Err(LookError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn rectify(&self, order: &RectifyOrder, now: Timestamp) -> Result<RectifyOutcome, DeskTrouble> {
        let case = match self.case(&order.of)? {
            Ok(case) => case,
            Err(not) => return Ok(RectifyOutcome::Not(not)),
        };
        let by = Actor::Person(order.of.by.clone());
        let (disclosure, right) = (order.disclosure, &order.right);
        match self.store.rectify(&self.authority, case, disclosure, right, &by, now) {
            Ok(_) => Ok(RectifyOutcome::Replaced),
            Err(RectifyError::NothingDisclosed) => Ok(RectifyOutcome::NothingDisclosed),
            Err(RectifyError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn erase(&self, order: &OnCase, now: Timestamp) -> Result<EraseOutcome, DeskTrouble> {
        let case = match self.case(order)? {
            Ok(case) => case,
            Err(not) => return Ok(EraseOutcome::Not(not)),
        };
        let by = Actor::Person(order.by.clone());
        match self.store.erase(&self.authority, case, WhyErased::Asked, &by, now) {
            Ok(_) => Ok(EraseOutcome::Erased),
            Err(EraseError::Refused(refusal)) => {
                Ok(EraseOutcome::Refused { name: refusal.name(), until: until(&refusal) })
            }
            Err(EraseError::NoSuchCase) => Ok(EraseOutcome::Not(NotDone::NoSuchCase)),
            Err(EraseError::Trouble(trouble)) => Err(told(trouble)),
        }
    }
}

fn until(refusal: &Refusal) -> Option<Timestamp> {
    match refusal {
        Refusal::NotYetDue { ends_at } => Some(*ends_at),
        Refusal::OnHold { until } => Some(*until),
        _ => None,
    }
}

/// The trouble goes to the log; the page says that there is one.
fn told(trouble: Trouble) -> DeskTrouble {
    tracing::error!(%trouble, "a person's rights cannot be answered");
    DeskTrouble
}

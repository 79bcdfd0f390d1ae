//! The person's side over the real store.

use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, Digest};
use entremise_core::ledger::{Actor, hexadecimal};
use entremise_core::procedure::ladder::Deliberated;
use entremise_core::step::step;
use entremise_store::{
    About, ApplyError, CaseFile, CaseRef, Look, LookError, LookField, LookPurpose, Seen, Store,
    Trouble,
};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use super::desk::{
    DefenceAct, DefenceDesk, DefenceOrder, DefenceOutcome, Document, ExamineOutcome, Examined,
};
use crate::seen;
use crate::web::desk::{DeskTrouble, NotDone, OnCase};
use crate::web::store_desk;

/// The text by which a member looks at the facts again.
const FRESH_LOOK: &str = "CPI R331-14";

/// One authority's cases, from the person's side.
pub struct StoreDefence {
    store: Store,
    authority: AuthorityId,
}

impl StoreDefence {
    pub fn new(store: Store, authority: AuthorityId) -> Self {
        Self { store, authority }
    }

    /// The case of an order, if it still stands where the officer saw it.
    fn case(&self, of: &OnCase) -> Result<Result<CaseFile, NotDone>, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, &of.reference).map_err(told)?;
        Ok(match file {
            None => Err(NotDone::NoSuchCase),
            Some(file) if store_desk::version(&file) != of.version => Err(NotDone::Stale),
            Some(file) => Ok(file),
        })
    }

    /// Whether the law takes the event; what it refuses is for the ledger, and keeps no document.
    fn would_take(&self, file: &CaseFile, event: &Event, now: Timestamp) -> bool {
        let regime = self.store.regime(&file.case.regime);
        regime.is_some_and(|regime| step(&file.case, event, now, regime).is_ok())
    }
}

impl DefenceDesk for StoreDefence {
    fn enter(&self, order: &DefenceOrder, now: Timestamp) -> Result<DefenceOutcome, DeskTrouble> {
        let file = match self.case(&order.of)? {
            Ok(file) => file,
            Err(not) => return Ok(DefenceOutcome::Not(not)),
        };
        let by = Actor::Person(order.of.by.clone());
        let (event, document) = told_by(order, now)?;
        if let Some((kind, ending, bytes, digest)) = document
            && self.would_take(&file, &event, now)
        {
            let name = format!("{kind}-{}.{ending}", &digest.as_str()[..12]);
            let (authority, case) = (&self.authority, file.case.id);
            self.store.keep_case_document(authority, case, &name, bytes, &by, now).map_err(told)?;
        }
        let case = CaseRef::Id(self.authority.clone(), file.case.id);
        match self.store.apply(&case, &event, &by, now) {
            Ok(_) => Ok(DefenceOutcome::Entered),
            Err(ApplyError::Refused(refusal)) => Ok(DefenceOutcome::Refused(refusal.name())),
            Err(ApplyError::NoSuchCase) => Ok(DefenceOutcome::Not(NotDone::NoSuchCase)),
            Err(ApplyError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn examine(&self, of: &OnCase, now: Timestamp) -> Result<ExamineOutcome, DeskTrouble> {
        let file = match self.case(of)? {
            Ok(file) => file,
            Err(not) => return Ok(ExamineOutcome::Not(not)),
        };
        let look = Look {
            authority: &self.authority,
            person: &of.by,
            about: About::Case(file.case.id),
            purpose: LookPurpose::Decide,
            legal_basis: FRESH_LOOK,
            fields: &[LookField::Evidence, LookField::Traffic],
        };
        match self.store.look(&look, now) {
            Ok(seen) => Ok(ExamineOutcome::Shown(Box::new(examined(&seen)?))),
            Err(LookError::NoSuchThing) => Ok(ExamineOutcome::Not(NotDone::NoSuchCase)),
            Err(LookError::NoLegalBasis) => Err(DeskTrouble),
            Err(LookError::Trouble(trouble)) => Err(told(trouble)),
        }
    }
}

/// A document to keep: its kind, its ending, its bytes and their digest.
type Kept<'o> = (&'static str, &'static str, &'o [u8], Digest);

/// The event of an act, and the document that goes with it.
fn told_by(order: &DefenceOrder, now: Timestamp) -> Result<(Event, Option<Kept<'_>>), DeskTrouble> {
    let by = || order.of.by.clone();
    let kept = |kind, document: &'_ Document| -> Result<_, DeskTrouble> {
        Ok((kind, document.ending, sha256(&document.bytes)?))
    };
    Ok(match &order.act {
        DefenceAct::Observations { document, received_at } => {
            let (kind, ending, digest) = kept("observations", document)?;
            let (document, received_at) = (&document.bytes, *received_at);
            let event = Event::ObservationsReceived { document: digest.clone(), received_at };
            (event, Some((kind, ending, document, digest)))
        }
        DefenceAct::Situation { document, received_at } => {
            let (kind, ending, digest) = kept("situation", document)?;
            let (document, received_at) = (&document.bytes, *received_at);
            let event = Event::SituationStated { document: digest.clone(), received_at };
            (event, Some((kind, ending, document, digest)))
        }
        DefenceAct::HearingAsked { received_at } => {
            (Event::HearingRequested { received_at: *received_at }, None)
        }
        DefenceAct::Convened { slot } => (Event::HearingConvened { by: by(), slot: *slot }, None),
        DefenceAct::Held { record, counsel } => {
            let (kind, ending, digest) = kept("hearing-record", record)?;
            let event = Event::HearingHeld {
                by: by(),
                record: digest.clone(),
                counsel: *counsel,
                held_at: now,
            };
            (event, Some((kind, ending, &record.bytes, digest)))
        }
        DefenceAct::Missed => (Event::HearingMissed { by: by() }, None),
        DefenceAct::Deliberated { outcome, reasons, examined } => {
            let digest = sha256(reasons.as_bytes())?;
            let event = Event::Deliberated(Deliberated {
                by: by(),
                outcome: *outcome,
                reasons: digest.clone(),
                examined: examined.clone(),
            });
            (event, Some(("reasons", "txt", reasons.as_bytes(), digest)))
        }
        DefenceAct::Outcome { outcome, judgment } => {
            let (kind, ending, digest) = kept("judgment", judgment)?;
            let event =
                Event::OutcomeReported { by: by(), outcome: *outcome, judgment: digest.clone() };
            (event, Some((kind, ending, &judgment.bytes, digest)))
        }
    })
}

/// What was opened, and its digest.
fn examined(seen: &Seen) -> Result<Examined, DeskTrouble> {
    let opened = serde_json::json!({ "evidence": &seen.evidence, "traffic": &seen.traffic });
    let facts = seen::facts(seen).map_err(|error| {
        tracing::error!(%error, "a kept notice cannot be read");
        DeskTrouble
    })?;
    Ok(Examined { facts, digest: sha256(opened.to_string().as_bytes())? })
}

fn sha256(bytes: &[u8]) -> Result<Digest, DeskTrouble> {
    hexadecimal(digest(&SHA256, bytes).as_ref()).parse().map_err(|_| DeskTrouble)
}

fn told(trouble: Trouble) -> DeskTrouble {
    tracing::error!(%trouble, "the person's side could not be entered");
    DeskTrouble
}

//! Challenges and hearings' slots over the store: what waits for an answer, and what the person
//! wrote, opened after the ledger has the look.

use entremise_core::case::State;
use entremise_core::procedure::ladder::answer_due;
use entremise_store::{About, Look, LookError, LookField, LookPurpose};
use jiff::Timestamp;

use super::desk::{ChallengeView, SlotsView, WrittenOutcome};
use super::over_store::{StoreDefence, told};
use crate::web::desk::{DeskTrouble, NotDone, OnCase};
use crate::web::store_desk;

/// The text by which an officer reads what a person wrote, to answer it.
const TO_ANSWER: &str = "CPI R331-11";

/// What the person wrote or added, by the first word of a document's name.
const KINDS: [&str; 3] = ["challenge-", "observations-", "situation-"];

/// Slots that a page shows.
const SLOTS_MAX: usize = 200;

pub(super) fn open(
    house: &StoreDefence,
    reference: &str,
) -> Result<Option<ChallengeView>, DeskTrouble> {
    let file = store_desk::find(&house.store, &house.authority, reference).map_err(told)?;
    let Some(file) = file else { return Ok(None) };
    let State::Ladder(state) = &file.case.state else { return Ok(None) };
    let Some((challenge, _)) = state.challenge() else { return Ok(None) };
    let regime = house.store.regime(&file.case.regime);
    let due = regime.and_then(|regime| answer_due(state, regime));
    Ok(Some(ChallengeView {
        grounds: challenge.grounds.clone(),
        received_at: challenge.received_at,
        document: challenge.document.clone(),
        answer_by: due.map(|due| due.deadline),
    }))
}

pub(super) fn written(
    house: &StoreDefence,
    of: &OnCase,
    now: Timestamp,
) -> Result<WrittenOutcome, DeskTrouble> {
    let file = match house.case(of)? {
        Ok(file) => file,
        Err(not) => return Ok(WrittenOutcome::Not(not)),
    };
    let kept = house.store.documents(&house.authority, &file.case.id).map_err(told)?;
    let of_person = kept.iter().filter(|row| KINDS.iter().any(|kind| row.name.starts_with(kind)));
    let of_person: Vec<LookField> = of_person.map(|row| LookField::Document(row.id)).collect();
    if of_person.is_empty() {
        return Ok(WrittenOutcome::Shown(Vec::new()));
    }
    let look = Look {
        authority: &house.authority,
        person: &of.by,
        about: About::Case(file.case.id),
        purpose: LookPurpose::Answer,
        legal_basis: TO_ANSWER,
        fields: &of_person,
    };
    let seen = match house.store.look(&look, now) {
        Ok(seen) => seen,
        Err(LookError::NoSuchThing) => return Ok(WrittenOutcome::Not(NotDone::NoSuchCase)),
        Err(LookError::NoLegalBasis) => return Err(DeskTrouble),
        Err(LookError::Trouble(trouble)) => return Err(told(trouble)),
    };
    let shown = seen.documents.into_iter().map(|(name, bytes)| {
        let text = name.ends_with(".txt").then(|| String::from_utf8(bytes).ok()).flatten();
        (name, text)
    });
    Ok(WrittenOutcome::Shown(shown.collect()))
}

pub(super) fn slots(house: &StoreDefence, now: Timestamp) -> Result<SlotsView, DeskTrouble> {
    let slots = house.store.slots(&house.authority, now, SLOTS_MAX).map_err(told)?;
    let regimes = entremise_core::regime::embedded::ids();
    let regime = regimes.into_iter().find_map(|id| house.store.regime(&id.parse().ok()?));
    let zone = regime.ok_or(DeskTrouble)?.zone().clone();
    let slots = slots.into_iter().map(|slot| (slot.starts_at, slot.taken_by.is_some()));
    Ok(SlotsView { zone, slots: slots.collect() })
}

//! What a person handed in, as the office opens it: one document at a time, after the ledger has
//! the look. What a document is say its bytes; what it is called says the house.

use entremise_core::case::State;
use entremise_core::deadline::Zone;
use entremise_core::event::Event;
use entremise_core::id::PersonId;
use entremise_core::procedure::ladder::ChallengeGround;
use entremise_store::{About, DocumentId, DocumentRow, Look, LookError, LookField, LookPurpose};
use jiff::Timestamp;

use super::over_store::{FRESH_LOOK, StoreDefence, told};
use crate::web::desk::DeskTrouble;
use crate::web::store_desk;
use crate::web::upload;

/// The text by which an officer reads what a person handed in.
const TO_ANSWER: &str = "CPI R331-11";

/// What a person hands in, by the first words of a document's name.
const KINDS: [&str; 5] =
    ["observations", "challenge", "situation", "postponement-request", "appeal"];

/// What a case holds of the person's, closed.
pub struct PapersView {
    pub zone: Zone,
    /// The case is a measure's.
    pub of_measure: bool,
    /// The oldest first.
    pub papers: Vec<Paper>,
}

/// One document, closed.
pub struct Paper {
    pub id: DocumentId,
    /// Its name in the house; never one that the sender gave.
    pub name: String,
    /// One of `KINDS`.
    pub kind: &'static str,
    pub kept_at: Timestamp,
    pub size_bytes: u64,
}

/// Why somebody opens a document: follows from the desk at which they sit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToRead {
    /// To answer the person, or to prepare the case.
    Answer,
    /// To deliberate.
    Decide,
}

/// A document that was opened. No `Debug`: it may name anybody.
pub struct Opened {
    /// `pdf`, `png`, `jpg`, `txt`, by its bytes.
    pub ending: &'static str,
    pub bytes: Vec<u8>,
}

/// Whether the law takes a challenge of this case now.
pub(super) fn takes_challenge(
    house: &StoreDefence,
    reference: &str,
    now: Timestamp,
) -> Result<bool, DeskTrouble> {
    let file = store_desk::find(&house.store, &house.authority, reference).map_err(told)?;
    let grounds = vec![ChallengeGround::Other];
    let document = "0".repeat(64).parse().map_err(|_| DeskTrouble)?;
    let event = Event::ChallengeReceived { grounds, document, received_at: now };
    Ok(file.is_some_and(|file| house.would_take(&file, &event, now)))
}

/// What the person handed in. Opens nothing.
pub(super) fn papers(
    house: &StoreDefence,
    reference: &str,
) -> Result<Option<PapersView>, DeskTrouble> {
    let file = store_desk::find(&house.store, &house.authority, reference).map_err(told)?;
    let Some(file) = file else { return Ok(None) };
    let Some(regime) = house.store.regime(&file.case.regime) else { return Ok(None) };
    let kept = house.store.documents(&house.authority, &file.case.id).map_err(told)?;
    Ok(Some(PapersView {
        zone: regime.zone().clone(),
        of_measure: matches!(file.case.state, State::Measure(_)),
        papers: kept.into_iter().filter_map(of_person).collect(),
    }))
}

/// A document of the person's own, of a kind that can be opened.
fn of_person(row: DocumentRow) -> Option<Paper> {
    let (stem, ending) = row.name.rsplit_once('.')?;
    let (kind, digest) = stem.rsplit_once('-')?;
    let kind = KINDS.into_iter().find(|known| *known == kind)?;
    let is_ours = !digest.is_empty() && digest.bytes().all(|one| one.is_ascii_hexdigit());
    let opens = row.effect.is_none() && is_ours && upload::ENDINGS.contains(&ending);
    let DocumentRow { id, kept_at, size_bytes, .. } = row;
    opens.then_some(Paper { id, name: row.name, kind, kept_at, size_bytes })
}

/// Opens one document of the person's, after the ledger has the look; none where there is no such
/// document, or it is not what it was taken for.
pub(super) fn open(
    house: &StoreDefence,
    (reference, name): (&str, &str),
    by: &PersonId,
    why: ToRead,
    now: Timestamp,
) -> Result<Option<Opened>, DeskTrouble> {
    // Whatever else lies with a case is opened by other pages, for other purposes.
    let Some(known) = papers(house, reference)? else { return Ok(None) };
    let Some(paper) = known.papers.into_iter().find(|paper| paper.name == name) else {
        return Ok(None);
    };
    let file = store_desk::find(&house.store, &house.authority, reference).map_err(told)?;
    let Some(file) = file else { return Ok(None) };
    let (purpose, legal_basis) = match why {
        ToRead::Answer => (LookPurpose::Answer, TO_ANSWER),
        ToRead::Decide => (LookPurpose::Decide, FRESH_LOOK),
    };
    let look = Look {
        authority: &house.authority,
        person: by,
        about: About::Case(file.case.id),
        purpose,
        legal_basis,
        fields: &[LookField::Document(paper.id)],
    };
    let seen = match house.store.look(&look, now) {
        Ok(seen) => seen,
        Err(LookError::NoSuchThing) => return Ok(None),
        Err(LookError::NoLegalBasis) => return Err(DeskTrouble),
        Err(LookError::Trouble(trouble)) => return Err(told(trouble)),
    };
    Ok(seen.documents.into_iter().next().and_then(|(_, bytes)| {
        let ending = upload::ending(&bytes)?;
        name.ends_with(&format!(".{ending}")).then_some(Opened { ending, bytes })
    }))
}

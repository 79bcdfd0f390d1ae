//! The complete file for the prosecutor: gathered after the ledger has the look, kept as sent, left
//! in the hand-over folder as one package.
//!
//! Order, and what holds if we crash in between: intent entered; look entered, then opened; the
//! statement kept; the package left; settled. Whatever is repeated makes the same statement, and a
//! package that was left is left once.

use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::AuthorityId;
use entremise_core::ledger::Actor;
use entremise_core::procedure::ladder::Deliberated;
use entremise_letters::transmission::{Piece, Transmission};
use entremise_store::{
    About, CaseFile, Claimed, Look, LookError, LookField, LookPurpose, Seen, Settlement, Trouble,
};
use jiff::Timestamp;

use super::dossier::{self, Dossier};
use super::outbox::{retry, settle_all};
use super::{Round, content, originals, publish};
use crate::delivery::prosecutor::Package;
use crate::house::{House, Room};
use crate::receipt::{self, NotNow};

/// The text by which a file is opened for the prosecutor.
const BASIS: &str = "CPI R331-14";
const ALL: &[LookField] =
    &[LookField::Evidence, LookField::Traffic, LookField::Identity, LookField::Documents];

/// Hands over the files that these claims name.
pub fn files(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for claim in claims {
        round += file(house, claim, now)?;
    }
    Ok(round)
}

fn file(house: &House, claim: Claimed, now: Timestamp) -> Result<Round, Trouble> {
    let Effect::TransmitFile { decision, .. } = &claim.effect else {
        return Ok(Round::default());
    };
    let Some(room) = house.room(&claim.authority) else { return Ok(Round::default()) };
    let Some(prosecutor) = &room.delivery.prosecutor else {
        // No folder is named in the configuration: a person must.
        house.store.give_up(&claim, "no_way_to_the_prosecutor", now)?;
        return Ok(Round { given_up: 1, ..Round::default() });
    };
    house.store.intend(&claim, now)?;
    // As of the effect's own instant, so that every try makes the same statement.
    let written_at = claim.asked_at;
    let gathered = match gather(house, room, &claim, decision, written_at, now)? {
        Ok(gathered) => gathered,
        Err(why) => return retry(house, &claim, why, None, now),
    };
    let (statement, pieces) = gathered;
    let set = room.delivery.renderer.transmission(&statement, &pieces, written_at);
    let sealed = set
        .map_err(anyhow::Error::from)
        .and_then(|pdf| Ok(prosecutor.seal(&pdf, &statement.authority.name, written_at)?));
    let pdf = match sealed {
        Ok(pdf) => pdf,
        Err(error) => {
            tracing::error!(effect = %claim.id, %error, "a file cannot be set");
            house.store.give_up(&claim, "not_composed", now)?;
            return Ok(Round { given_up: 1, ..Round::default() });
        }
    };
    house.store.keep_document(claim.id, "transmission.pdf", &pdf.bytes, now)?;
    let package = Package {
        effect: claim.id,
        file_number: &statement.file_number,
        authority: (&statement.authority.name, claim.authority.as_str()),
        statement: &pdf,
        pieces: &pieces,
        at: written_at,
    };
    if let Err(error) = prosecutor.leave(&package) {
        tracing::warn!(effect = %claim.id, %error, "a file cannot be left for the prosecutor");
        return retry(house, &claim, "carrier_not_ready", None, now);
    }
    let settlement = Settlement { claim, outcome: "handed_over", event: None, actor: Actor::House };
    settle_all(house, vec![settlement], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

/// The statement and its pieces; or why they are not all there yet.
type Gathered = Result<(Transmission, Vec<Piece>), &'static str>;

fn gather(
    house: &House,
    room: &Room,
    claim: &Claimed,
    decision: &Deliberated,
    written_at: Timestamp,
    now: Timestamp,
) -> Result<Gathered, Trouble> {
    let (authority, case) = (&claim.authority, &claim.case);
    let Some(found) = house.store.case_file(authority, case)? else { return Ok(Err("no_case")) };
    let Some(regime) = house.store.regime(&claim.regime) else { return Ok(Err("no_regime")) };
    let mut identifications = Vec::with_capacity(found.identifications.len());
    for identification in &found.identifications {
        identifications.extend(house.store.case_file(authority, identification)?);
    }
    // The receipts first: what is not published yet is waited for, and nothing was opened for it.
    let Some(receipts) = receipts(house, room, claim, &found, written_at)? else {
        return Ok(Err("not_published_yet"));
    };
    keep_originals(house, &found, authority, now)?;
    let seen = match look(house, claim, decision, now)? {
        Some(seen) => seen,
        None => return Ok(Err("nothing_to_open")),
    };
    let dossier = Dossier {
        authority: content::authority(&room.config, entremise_letters::Language::Fr),
        ledger_origin: room.config.ledger_origin.clone(),
        providers: &room.config.providers,
        senders: &room.config.senders,
        regime,
        file: &found,
        identifications: &identifications,
        decision,
        written_at,
    };
    Ok(put_together(&dossier, &seen, receipts).map_err(|error| {
        tracing::error!(effect = %claim.id, %error, "what is kept of a file cannot be read");
        "kept_data_unreadable"
    }))
}

/// What came in against the person, as it came, where its batch is not erased yet. What was erased
/// left its originals with the case.
fn keep_originals(
    house: &House,
    found: &CaseFile,
    authority: &AuthorityId,
    now: Timestamp,
) -> Result<(), Trouble> {
    let facts = found.history.iter().filter_map(|entry| match &entry.event {
        Some(Event::FactEstablished { fact }) => Some(fact.notice),
        _ => None,
    });
    for notice in facts {
        if let Some(row) = house.store.notice(authority, notice)? {
            originals::keep(house, authority, row.batch, now)?;
        }
    }
    Ok(())
}

fn put_together(
    dossier: &Dossier<'_>,
    seen: &Seen,
    receipts: Vec<Piece>,
) -> Result<(Transmission, Vec<Piece>), serde_json::Error> {
    let mut pieces = dossier::pieces(dossier, seen)?;
    pieces.extend(receipts);
    Ok((dossier::statement(dossier, seen, &pieces)?, pieces))
}

fn look(
    house: &House,
    claim: &Claimed,
    decision: &Deliberated,
    now: Timestamp,
) -> Result<Option<Seen>, Trouble> {
    let look = Look {
        authority: &claim.authority,
        person: &decision.by,
        about: About::Case(claim.case),
        purpose: LookPurpose::Transmit,
        legal_basis: BASIS,
        fields: ALL,
    };
    match house.store.look(&look, now) {
        Ok(seen) => Ok(Some(seen)),
        Err(LookError::NoSuchThing | LookError::NoLegalBasis) => Ok(None),
        Err(LookError::Trouble(trouble)) => Err(trouble),
    }
}

/// A receipt for each event of the case up to the decision; none while one is not published.
fn receipts(
    house: &House,
    room: &Room,
    claim: &Claimed,
    file: &CaseFile,
    written_at: Timestamp,
) -> Result<Option<Vec<Piece>>, Trouble> {
    let ledger = publish::folder(house, room);
    let events = file
        .history
        .iter()
        .filter(|entry| entry.kind.starts_with("event.") && entry.at <= written_at);
    let mut receipts = Vec::new();
    for entry in events {
        let made = receipt::opened(&house.store, &claim.authority, &ledger, entry.seq);
        let receipt = match made {
            Ok(receipt) => receipt,
            Err(NotNow::NotYet) => return Ok(None),
            Err(NotNow::Trouble(trouble)) => return Err(trouble),
            Err(NotNow::Ledger(why)) => {
                tracing::error!(%why, "the published ledger gives no receipt");
                return Ok(None);
            }
        };
        receipts.push(Piece {
            name: format!("registre-{}.tlog-proof", entry.seq),
            description: format!("Reçu du registre, entrée {} ({})", entry.seq, entry.kind),
            media_type: "text/plain",
            bytes: receipt.to_string().into_bytes(),
        });
    }
    Ok(Some(receipts))
}

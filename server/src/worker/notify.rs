//! The letter that notifies a person of a measure: worded from what was pronounced, kept as sent,
//! handed to the post. What became of it comes back as news of a letter, like any other's.

use entremise_core::deadline::{Lang, date_words};
use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event};
use entremise_core::ledger::Actor;
use entremise_core::procedure::measure::Terms;
use entremise_core::regime::Regime;
use entremise_letters::address::PostalAddress;
use entremise_letters::{self as letters, Language};
use entremise_store::{CaseRef, Claimed, LinkError, MeasureMaterial, Settlement, Trouble};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::outbox::{retry, settle_all};
use super::{Round, content, measure};
use crate::delivery::Handover;
use crate::delivery::post::{Letter, Product};
use crate::delivery::render::WarningContent;
use crate::house::{House, Room};

/// Sends the letters that these claims ask for.
pub fn letters(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for claim in claims {
        round += letter(house, claim, now)?;
    }
    Ok(round)
}

fn letter(house: &House, claim: Claimed, now: Timestamp) -> Result<Round, Trouble> {
    let Some(room) = house.room(&claim.authority) else { return Ok(Round::default()) };
    let Some(file) = measure::subject(&claim).map(|measure| measure.file) else {
        return Ok(Round::default());
    };
    house.store.intend(&claim, now)?;
    let material = match house.store.measure_material(&claim, file, now) {
        Ok(material) => material,
        Err(LinkError::Trouble(trouble)) => return Err(trouble),
        Err(error) => {
            // Nobody can be written to: a person must have it served.
            tracing::error!(effect = %claim.id, %error, "a measure cannot be notified by letter");
            return told(house, claim, "no_usable_address", DeliveryStatus::Bounced, now, now);
        }
    };
    // As of the effect's own instant, so that every try sends the bytes that are kept.
    let written_at = house.store.effect(claim.id)?.map_or(now, |found| found.row.created_at);
    let name = material.identity.name.clone().unwrap_or_default();
    let Ok(recipient) = PostalAddress::named(&name, &material.identity.postal_address) else {
        return told(house, claim, "no_usable_address", DeliveryStatus::Bounced, now, now);
    };
    let letter = match composed(house, room, &claim, &material, recipient, written_at) {
        Ok(letter) => letter,
        Err(why) => {
            tracing::error!(effect = %claim.id, why, "the letter of a measure cannot be composed");
            house.store.give_up(&claim, "not_composed", now)?;
            return Ok(Round { given_up: 1, ..Round::default() });
        }
    };
    house.store.keep_document(claim.id, "letter.pdf", &letter.pdf.bytes, now)?;
    match room.delivery.post.hand_over(&letter, now) {
        Handover::HandedOver { reference, at } => {
            house.store.keep_document(claim.id, "handed-over.txt", reference.as_bytes(), now)?;
            told(house, claim, "handed_over", DeliveryStatus::HandedOver, at, now)
        }
        Handover::Refused { .. } => {
            told(house, claim, "refused_by_carrier", DeliveryStatus::Bounced, now, now)
        }
        Handover::Again { after, .. } => {
            retry(house, &claim, "carrier_not_ready", Some(after.as_secs()), now)
        }
        Handover::Blocked { .. } | Handover::Unknown { .. } => {
            retry(house, &claim, "answer_lost", None, now)
        }
    }
}

fn composed(
    house: &House,
    room: &Room,
    claim: &Claimed,
    material: &MeasureMaterial,
    recipient: PostalAddress,
    at: Timestamp,
) -> Result<Letter, String> {
    let Effect::NotifyMeasure { letter, channel, terms, .. } = &claim.effect else {
        return Err("not a measure's letter".to_owned());
    };
    let regime = house.store.regime(&claim.regime);
    let regime = regime.ok_or_else(|| format!("no regime {}", claim.regime))?;
    let zone = TimeZone::get(regime.zone().name()).map_err(|error| error.to_string())?;
    let product = Product::of(*channel).ok_or("not a letter")?;
    let words = content_of(room, claim, material, letter, *terms, regime);
    let pdf = words
        .letter(&room.delivery.renderer, &room.delivery.codes, recipient.clone(), at, &zone)
        .map_err(|error| error.to_string())?;
    let sender = room.delivery.sender.clone();
    Ok(Letter { effect: claim.id, product, recipient, pdf, sender })
}

fn content_of(
    room: &Room,
    claim: &Claimed,
    material: &MeasureMaterial,
    letter: &str,
    terms: Terms,
    regime: &Regime,
) -> WarningContent {
    let provider = room.providers.iter().find(|known| known.config.id == material.provider);
    let pronounced = measure::subject(claim);
    let judged = pronounced.map(|measure| &measure.sentence);
    let day = judged.map(|sentence| regime.zone().day_of(sentence.pronounced_at));
    let mut cites: Vec<String> = Vec::new();
    for value in ["pronounced_by", "implement_within", "spares"] {
        let path = judged.map(|sentence| format!("measure.{}.{value}", sentence.measure));
        let cited = path.zip(day).and_then(|(path, day)| regime.cites(&path, day));
        if let Some(citation) = cited.filter(|citation| !cites.contains(&citation.cite)) {
            cites.push(citation.cite.clone());
        }
    }
    let deadline = letters::Deadline {
        what: format!("La suspension prononcée dure {} jours, par un jugement du", terms.days()),
        until: day.map_or_else(String::new, |day| date_words(day, Lang::Fr)),
        why: "Elle se compte du jour où votre fournisseur d’accès la met en place.".to_owned(),
    };
    WarningContent {
        regime: claim.regime.to_string(),
        letter: letter.to_owned(),
        language: Language::Fr,
        authority: content::authority(&room.config, Language::Fr),
        file_number: material.file_number.clone(),
        provider: provider.map(|known| known.config.name.clone()).unwrap_or_default(),
        facts: Vec::new(),
        names_works: false,
        deadlines: vec![deadline],
        cites,
    }
}

/// What the post says of a letter, as an event of its case.
fn told(
    house: &House,
    claim: Claimed,
    outcome: &'static str,
    status: DeliveryStatus,
    at: Timestamp,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let event = report(&claim.effect, status, at);
    let case = CaseRef::Id(claim.authority.clone(), claim.case);
    let event = event.map(|event| (case, event));
    settle_all(house, vec![Settlement { claim, outcome, event, actor: Actor::House }], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

/// News of the letter of a measure: it has one letter at a time, and no stage.
pub(super) fn report(effect: &Effect, status: DeliveryStatus, at: Timestamp) -> Option<Event> {
    let Effect::NotifyMeasure { channel, .. } = effect else { return None };
    Some(Event::Delivery(DeliveryReport { stage: 0, channel: *channel, status, at }))
}

//! What a pilot does instead of sending: messages are put into words for an addressee who does not
//! exist, kept, and taken for carried; nobody is asked who anybody is.
//!
//! Knows no provider and no carrier: there is no way out from here.

use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event};
use entremise_core::id::QuestionId;
use entremise_core::identification::Purpose;
use entremise_core::ledger::Actor;
use entremise_core::regime::Regime;
use entremise_core::regime::rules::{ChannelKind, Stage};
use entremise_letters::Language;
use entremise_letters::address::PostalAddress;
use entremise_store::{CaseRef, Claimed, Settlement, Trouble};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::outbox::{retry, settle_all};
use super::{Round, content};
use crate::delivery::render::WarningContent;
use crate::house::{House, Room};

const LEASE_SECS: i64 = 300;
const AT_ONCE: usize = 200;
const DAY_SECS: i64 = 24 * 3600;

/// Carries out in the house what would have left it, and ends what belongs to a pilot that is over.
pub(super) fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for claim in house.store.claim(&["keep_in_house"], "pilot", LEASE_SECS, AT_ONCE, now)? {
        round += keep(house, claim, now)?;
    }
    for room in house.rooms.iter().filter(|room| room.config.id.is_pilot()) {
        round.done += house.store.close_piloted(&room.config.id, now)?;
    }
    Ok(round)
}

fn keep(house: &House, claim: Claimed, now: Timestamp) -> Result<Round, Trouble> {
    let Effect::KeepInHouse { instead_of } = &claim.effect else { return Ok(Round::default()) };
    let question = QuestionId(claim.id.0);
    match &**instead_of {
        _ if house.store.is_pilot_over(&claim.authority)? => {
            done(house, claim, "pilot_over", None, now)
        }
        // As if the provider had said all that it was asked: nothing is known of anybody.
        Effect::RequestDisclosure { fields, .. } => {
            let event = Event::Disclosed { question, fields: fields.clone() };
            done(house, claim, "not_asked", Some(event), now)
        }
        Effect::SendMessage { .. } | Effect::RelayMessage { .. } => message(house, claim, now),
        Effect::TransmitFile { .. } => done(house, claim, "kept_transmission", None, now),
        // Nobody was written to, so nobody waits for it; what was answered stands in the file.
        Effect::SendAnswer { .. } => done(house, claim, "kept_answer", None, now),
        // No reviewer is asked during a pilot, so none can have allowed it.
        _ => {
            house.store.give_up(&claim, "not_for_a_pilot", now)?;
            Ok(Round { given_up: 1, ..Round::default() })
        }
    }
}

/// What is to be written, whoever would have carried it.
struct Wanted {
    stage: usize,
    channel: ChannelKind,
}

fn wanted(effect: &Effect) -> Option<Wanted> {
    let Effect::KeepInHouse { instead_of } = effect else { return None };
    match &**instead_of {
        Effect::SendMessage { stage, channel, .. } => {
            Some(Wanted { stage: *stage, channel: *channel })
        }
        Effect::RelayMessage { stage, .. } => {
            Some(Wanted { stage: *stage, channel: ChannelKind::Email })
        }
        _ => None,
    }
}

/// Words and keeps one message; it counts as handed over at once, and a letter against signature as
/// presented some days later.
fn message(house: &House, claim: Claimed, now: Timestamp) -> Result<Round, Trouble> {
    let Some(wanted) = wanted(&claim.effect) else { return Ok(Round::default()) };
    let Some(room) = house.room(&claim.authority) else { return Ok(Round::default()) };
    let since = claim.asked_at;
    let is_registered = wanted.channel == ChannelKind::RegisteredLetter;
    let days = room.config.pilot.as_ref().map_or(0, |pilot| pilot.presented_after_days);
    let presented = SignedDuration::from_secs(i64::from(days) * DAY_SECS);
    let presented_at = since.saturating_add(presented).unwrap_or(Timestamp::MAX);
    if claim.attempts <= 1 {
        house.store.intend(&claim, now)?;
        if let Err(why) = write(house, room, &claim, &wanted, since, now)? {
            tracing::warn!(effect = %claim.id, why, "a message of the pilot cannot be written");
            return retry(house, &claim, "not_composed", None, now);
        }
        if is_registered {
            let event = delivery(&wanted, DeliveryStatus::HandedOver, now);
            let case = CaseRef::Id(claim.authority.clone(), claim.case);
            house.store.apply_many(&[(case, event, Actor::House)], now)?;
        }
    }
    if !is_registered {
        let event = delivery(&wanted, DeliveryStatus::HandedOver, now);
        let outcome = match wanted.channel {
            ChannelKind::Email => "kept_email",
            _ => "kept_letter",
        };
        return done(house, claim, outcome, Some(event), now);
    }
    if now < presented_at {
        let wait = presented_at.duration_since(now).as_secs().max(1);
        house.store.retry(&claim, "on_its_way", wait, now)?;
        return Ok(Round { retried: 1, ..Round::default() });
    }
    let event = delivery(&wanted, DeliveryStatus::Presented, presented_at);
    done(house, claim, "kept_registered_letter", Some(event), now)
}

fn delivery(wanted: &Wanted, status: DeliveryStatus, at: Timestamp) -> Event {
    let Wanted { stage, channel } = *wanted;
    Event::Delivery(DeliveryReport { stage, channel, status, at })
}

fn done(
    house: &House,
    claim: Claimed,
    outcome: &'static str,
    event: Option<Event>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let case = CaseRef::Id(claim.authority.clone(), claim.case);
    let event = event.map(|event| (case, event));
    settle_all(house, vec![Settlement { claim, outcome, event, actor: Actor::House }], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

/// The message as its addressee would have had it, but for the addressee; or why there is none.
fn write(
    house: &House,
    room: &Room,
    claim: &Claimed,
    wanted: &Wanted,
    at: Timestamp,
    now: Timestamp,
) -> Result<Result<(), String>, Trouble> {
    let (regime, rung) = match rung(house, claim, wanted.stage, at) {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let purpose: Purpose = rung.linking.purpose;
    let material = match house.store.message_material(claim, purpose, &Actor::House, now) {
        Ok(material) => material,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let Ok(zone) = TimeZone::get(regime.zone().name()) else {
        return Ok(Err("no such time zone".to_owned()));
    };
    let content = content::content(room, claim, &material, rung, regime, at);
    let made = match wanted.channel {
        ChannelKind::Email => mail(room, &content, at, &zone).map(|text| ("message.txt", text)),
        ChannelKind::Letter | ChannelKind::RegisteredLetter => {
            letter(room, &content, at, &zone).map(|pdf| ("letter.pdf", pdf))
        }
    };
    match made {
        Ok((name, bytes)) => house.store.keep_document(claim.id, name, &bytes, now).map(|_| Ok(())),
        Err(why) => Ok(Err(why)),
    }
}

fn rung<'h>(
    house: &'h House,
    claim: &Claimed,
    stage: usize,
    at: Timestamp,
) -> Result<(&'h Regime, &'h Stage), String> {
    let regime = house.store.regime(&claim.regime);
    let regime = regime.ok_or_else(|| format!("no regime {}", claim.regime))?;
    let rung = regime.at(at).ok().and_then(|rules| rules.stages.get(stage));
    Ok((regime, rung.ok_or_else(|| "no such stage on that day".to_owned())?))
}

/// The text of the mail under a heading that says what it is. Never the signed mail itself: what is
/// kept must be of no use to whoever would pass it off as real.
fn mail(
    room: &Room,
    content: &WarningContent,
    at: Timestamp,
    zone: &TimeZone,
) -> Result<Vec<u8>, String> {
    let texts = content.mail(&room.delivery.codes, at, zone).map_err(|error| error.to_string())?;
    let (heading, subject) = match content.language {
        Language::Fr => ("PILOTE (SPECIMEN)\u{a0}: CE MESSAGE N’A PAS ÉTÉ ENVOYÉ.", "Objet\u{a0}:"),
        Language::En => ("PILOT (SPECIMEN): THIS MESSAGE WAS NOT SENT.", "Subject:"),
    };
    Ok(format!("{heading}\n\n{subject} {}\n\n{}", texts.subject, texts.text).into_bytes())
}

fn letter(
    room: &Room,
    content: &WarningContent,
    at: Timestamp,
    zone: &TimeZone,
) -> Result<Vec<u8>, String> {
    let lines = match content.language {
        Language::Fr => {
            ["Destinataire SPECIMEN", "PILOTE\u{a0}: LETTRE NON ENVOYÉE", "00000 SPECIMEN"]
        }
        Language::En => ["SPECIMEN addressee", "PILOT: THIS LETTER WAS NOT SENT", "00000 SPECIMEN"],
    };
    let addressee = PostalAddress::new(lines).map_err(|error| error.to_string())?;
    let (renderer, codes) = (&room.delivery.renderer, &room.delivery.codes);
    let pdf = content.letter(renderer, codes, addressee, at, zone);
    pdf.map(|pdf| pdf.bytes).map_err(|error| error.to_string())
}

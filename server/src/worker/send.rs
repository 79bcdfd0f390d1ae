//! Messages of a stage: linked, put into words, kept as sent, handed to a carrier, settled.
//!
//! Order, and what holds if we crash in between: intent entered; linking entered, then opened; the
//! message kept; handed over; settled. A crash before the hand-over repeats it all with the same
//! bytes and the same Message-ID; a crash after it leaves an effect whose carrier recognises the
//! repetition by the effect's number.

use std::collections::BTreeMap;

use entremise_core::effect::Effect;
use entremise_core::event::{ConvocationReport, DeliveryReport, DeliveryStatus, Event};
use entremise_core::id::{AuthorityId, PartyId};
use entremise_core::identification::Identity;
use entremise_core::ledger::Actor;
use entremise_core::regime::Regime;
use entremise_core::regime::rules::{ChannelKind, Stage};
use entremise_letters::address::PostalAddress;
use entremise_store::{
    CaseRef, Claimed, LookError, LookField, LookPurpose, OwnLook, Settlement, Trouble,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::outbox::{retry, settle_all};
use super::{Round, content};
use crate::delivery::Handover;
use crate::delivery::email::{MailAddress, OutgoingMail};
use crate::delivery::post::{Letter, Product};
use crate::delivery::render::WarningContent;
use crate::house::{House, Room};

/// The text by which the addressee of a convocation is looked up.
const CONVENES: &str = "CPI R331-13";
/// Connections to one relay at once. Two keep both cores signing and the relay unhurried.
const CONNECTIONS: usize = 2;

/// Sends what these claims ask for: letters one by one, mails in one go per relay.
pub fn messages(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    let mut mails: BTreeMap<(AuthorityId, PartyId), Vec<(Claimed, OutgoingMail)>> = BTreeMap::new();
    for claim in claims {
        let Some(room) = house.room(&claim.authority) else { continue };
        house.store.intend(&claim, now)?;
        // Written as of the effect's own instant, so that every try sends the bytes that are kept.
        let written_at = house.store.effect(claim.id)?.map_or(now, |found| found.row.created_at);
        let (regime, rung) = match stage(house, &claim, written_at) {
            Ok(found) => found,
            Err(why) => {
                round += impossible(house, &claim, &why, now)?;
                continue;
            }
        };
        let purpose = rung.linking.purpose;
        let material = match house.store.message_material(&claim, purpose, &Actor::House, now) {
            Ok(material) => material,
            Err(error) => {
                tracing::warn!(effect = %claim.id, %error, "a message cannot be composed");
                round += retry(house, &claim, "not_linked", None, now)?;
                continue;
            }
        };
        let content = content::content(room, &claim, &material, rung, regime, written_at);
        let Effect::SendMessage { channel, .. } = &claim.effect else { continue };
        let to = Addressee { channel: *channel, identity: &material.identity };
        match compose(house, room, &claim, to, &content, regime, written_at)? {
            Composed::Mail(mail) => {
                let relay = (claim.authority.clone(), material.provider.clone());
                mails.entry(relay).or_default().push((claim, mail));
            }
            Composed::Letter(letter) => {
                let handover = room.delivery.post.hand_over(&letter, now);
                round += settle(house, claim, handover, now)?;
            }
            Composed::NoAddress => {
                round += finish(house, claim, "no_usable_address", DeliveryStatus::Bounced, now)?;
            }
            Composed::Impossible(why) => round += impossible(house, &claim, &why, now)?,
        }
    }
    for ((authority, provider), batch) in mails {
        round += hand_over(house, &authority, &provider, batch, now)?;
    }
    Ok(round)
}

/// Sends the letters that say when a person will be heard. Nothing is opened for them but where
/// their addressee lives.
pub fn convocations(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for claim in claims {
        let Some(room) = house.room(&claim.authority) else { continue };
        house.store.intend(&claim, now)?;
        let written_at = house.store.effect(claim.id)?.map_or(now, |found| found.row.created_at);
        let (identity, content) = match convocation(house, room, &claim, written_at, now)? {
            Ok(found) => found,
            Err(why) => {
                round += impossible(house, &claim, &why, now)?;
                continue;
            }
        };
        let (Effect::SendConvocation { channel, .. }, Some(regime)) =
            (&claim.effect, house.store.regime(&claim.regime))
        else {
            continue;
        };
        let to = Addressee { channel: *channel, identity: &identity };
        round += match compose(house, room, &claim, to, &content, regime, written_at)? {
            Composed::Letter(letter) => {
                settle(house, claim, room.delivery.post.hand_over(&letter, now), now)?
            }
            Composed::NoAddress => {
                finish(house, claim, "no_usable_address", DeliveryStatus::Bounced, now)?
            }
            // A mail proves no presentation: nobody is convened by one.
            Composed::Mail(_) => impossible(house, &claim, "a convocation is a letter", now)?,
            Composed::Impossible(why) => impossible(house, &claim, &why, now)?,
        };
    }
    Ok(round)
}

/// Where the person lives, and what the letter says; or why there is none.
fn convocation(
    house: &House,
    room: &Room,
    claim: &Claimed,
    written_at: Timestamp,
    now: Timestamp,
) -> Result<Result<(Identity, WarningContent), String>, Trouble> {
    let Effect::SendConvocation { stage, slot, .. } = &claim.effect else {
        return Ok(Err("not a convocation".to_owned()));
    };
    let regime = house.store.regime(&claim.regime);
    let rung =
        regime.and_then(|regime| Some((regime, regime.at(written_at).ok()?.stages.get(*stage)?)));
    let Some((regime, rung)) = rung else { return Ok(Err("no such stage today".to_owned())) };
    let file = house.store.case_file(&claim.authority, &claim.case)?;
    let Some(number) = file.and_then(|file| file.file_number) else {
        return Ok(Err("a case without a file number".to_owned()));
    };
    let content = content::convocation(room, claim, rung, regime, (*slot, written_at), number);
    let look = OwnLook {
        authority: &claim.authority,
        case: claim.case,
        legal_basis: CONVENES,
        fields: &[LookField::Identity],
    };
    match house.store.look_for_letter(&look, LookPurpose::Convene, now) {
        Ok(seen) => {
            let last = seen.identities.into_iter().last();
            Ok(last.map(|(_, identity)| (identity, content)).ok_or("nobody is known".to_owned()))
        }
        Err(LookError::Trouble(trouble)) => Err(trouble),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// The stage whose message this is, in the rules of that instant.
fn stage<'h>(
    house: &'h House,
    claim: &Claimed,
    at: Timestamp,
) -> Result<(&'h Regime, &'h Stage), String> {
    let Effect::SendMessage { stage, .. } = &claim.effect else {
        return Err("not a message".to_owned());
    };
    let regime = house.store.regime(&claim.regime);
    let regime = regime.ok_or_else(|| format!("no regime {}", claim.regime))?;
    let rung = regime.at(at).ok().and_then(|rules| rules.stages.get(*stage));
    Ok((regime, rung.ok_or_else(|| "no such stage today".to_owned())?))
}

/// A person must look at it: no try will do better.
pub(super) fn impossible(
    house: &House,
    claim: &Claimed,
    why: &str,
    now: Timestamp,
) -> Result<Round, Trouble> {
    tracing::error!(effect = %claim.id, why, "a message cannot be composed");
    house.store.give_up(claim, "not_composed", now)?;
    Ok(Round { given_up: 1, ..Round::default() })
}

/// A message in the form its carrier takes.
pub(super) enum Composed {
    Mail(OutgoingMail),
    Letter(Letter),
    /// What the provider disclosed cannot be written on an envelope of either kind.
    NoAddress,
    Impossible(String),
}

/// To whom, and by which way.
#[derive(Clone, Copy)]
pub(super) struct Addressee<'a> {
    pub channel: ChannelKind,
    pub identity: &'a Identity,
}

pub(super) fn compose(
    house: &House,
    room: &Room,
    claim: &Claimed,
    to: Addressee<'_>,
    content: &WarningContent,
    regime: &Regime,
    now: Timestamp,
) -> Result<Composed, Trouble> {
    let Addressee { channel, identity } = to;
    let Ok(zone) = TimeZone::get(regime.zone().name()) else {
        return Ok(Composed::Impossible("no such time zone".to_owned()));
    };
    let codes = &room.delivery.codes;
    match channel {
        ChannelKind::Email => {
            let first = identity.emails.first().map(|text| MailAddress::new(text));
            let Some(Ok(address)) = first else { return Ok(Composed::NoAddress) };
            let texts = match content.mail(codes, now, &zone) {
                Ok(texts) => texts,
                Err(error) => return Ok(Composed::Impossible(error.to_string())),
            };
            let composer = &room.delivery.composer;
            match composer.compose(claim.id, address, &texts, content.language, now) {
                Ok(mail) => {
                    house.store.keep_document(claim.id, "message.eml", &mail.bytes, now)?;
                    Ok(Composed::Mail(mail))
                }
                Err(error) => Ok(Composed::Impossible(error.to_string())),
            }
        }
        ChannelKind::Letter | ChannelKind::RegisteredLetter => {
            let Some(product) = Product::of(channel) else {
                return Ok(Composed::Impossible("not a letter".to_owned()));
            };
            let name = identity.name.as_deref().unwrap_or_default();
            let lines = &identity.postal_address;
            let Ok(recipient) = PostalAddress::named(name, lines) else {
                return Ok(Composed::NoAddress);
            };
            let renderer = &room.delivery.renderer;
            let pdf = match content.letter(renderer, codes, recipient.clone(), now, &zone) {
                Ok(pdf) => pdf,
                Err(error) => return Ok(Composed::Impossible(error.to_string())),
            };
            house.store.keep_document(claim.id, "letter.pdf", &pdf.bytes, now)?;
            Ok(Composed::Letter(Letter {
                effect: claim.id,
                product,
                recipient,
                pdf,
                sender: room.delivery.sender.clone(),
            }))
        }
    }
}

fn hand_over(
    house: &House,
    authority: &AuthorityId,
    provider: &PartyId,
    batch: Vec<(Claimed, OutgoingMail)>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let (claims, mails): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let mut round = Round::default();
    let Some(room) = house.provider(authority, provider) else {
        for claim in claims {
            house.store.give_up(&claim, "provider_unknown", now)?;
            round.given_up += 1;
        }
        return Ok(round);
    };
    // A runtime of its own for these few sockets: the worker is a thread that may wait.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::Again { what: "open a socket", source: Some(error.into()) })?;
    let handovers = runtime.block_on(room.relay.hand_over(mails, CONNECTIONS, now));
    for (claim, handover) in claims.into_iter().zip(handovers) {
        round += settle(house, claim, handover, now)?;
    }
    Ok(round)
}

/// Turns a carrier's word into an event. Only its own words make `HandedOver`.
pub(super) fn settle(
    house: &House,
    claim: Claimed,
    handover: Handover,
    now: Timestamp,
) -> Result<Round, Trouble> {
    match handover {
        Handover::HandedOver { reference, at } => {
            house.store.keep_document(claim.id, "handed-over.txt", reference.as_bytes(), now)?;
            let status = DeliveryStatus::HandedOver;
            finish_at(house, claim, "handed_over", status, at, now)
        }
        Handover::Refused { .. } => {
            finish(house, claim, "refused_by_carrier", DeliveryStatus::Bounced, now)
        }
        Handover::Blocked { reply } => {
            tracing::warn!(effect = %claim.id, code = reply.code, "we are blocked");
            if claim.attempts <= 1 {
                tell(house, &claim, DeliveryStatus::Blocked, now)?;
            }
            retry(house, &claim, "blocked", Some(BLOCKED_AGAIN_SECS), now)
        }
        Handover::Again { after, .. } => {
            retry(house, &claim, "carrier_not_ready", Some(after.as_secs()), now)
        }
        Handover::Unknown { .. } => {
            tell(house, &claim, DeliveryStatus::Unknown, now)?;
            retry(house, &claim, "answer_lost", Some(UNKNOWN_AGAIN_SECS), now)
        }
    }
}

/// A block is lifted by people: six hours between tries.
const BLOCKED_AGAIN_SECS: i64 = 6 * 3600;
/// After a lost answer the message is offered again under the same Message-ID; an hour gives a
/// bounce or a late answer time to arrive first.
const UNKNOWN_AGAIN_SECS: i64 = 3600;

pub(super) fn finish(
    house: &House,
    claim: Claimed,
    outcome: &'static str,
    status: DeliveryStatus,
    now: Timestamp,
) -> Result<Round, Trouble> {
    finish_at(house, claim, outcome, status, now, now)
}

fn finish_at(
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
    let settlement = Settlement { claim, outcome, event, actor: Actor::House };
    settle_all(house, vec![settlement], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

/// News that leaves the effect open.
fn tell(
    house: &House,
    claim: &Claimed,
    status: DeliveryStatus,
    now: Timestamp,
) -> Result<(), Trouble> {
    if let Some(event) = report(&claim.effect, status, now) {
        let case = CaseRef::Id(claim.authority.clone(), claim.case);
        house.store.apply_many(&[(case, event, Actor::House)], now)?;
    }
    Ok(())
}

/// The event that says what became of the message of an effect.
pub(super) fn report(effect: &Effect, status: DeliveryStatus, at: Timestamp) -> Option<Event> {
    match effect {
        Effect::SendMessage { stage, channel, .. } => {
            let (stage, channel) = (*stage, *channel);
            Some(Event::Delivery(DeliveryReport { stage, channel, status, at }))
        }
        Effect::SendConvocation { channel, slot, .. } => {
            let (slot, channel) = (*slot, *channel);
            Some(Event::ConvocationReported(ConvocationReport { slot, channel, status, at }))
        }
        // A measure has one letter at a time, and no stage.
        Effect::NotifyMeasure { channel, .. } => {
            Some(Event::Delivery(DeliveryReport { stage: 0, channel: *channel, status, at }))
        }
        _ => None,
    }
}

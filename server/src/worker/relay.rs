//! Messages that the provider sends itself: linked without an identity, put into words, kept as
//! sent, handed to the provider, settled. Nobody here learns who it was.

use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event};
use entremise_core::id::QuestionId;
use entremise_core::ledger::Actor;
use entremise_core::regime::rules::ChannelKind;
use entremise_store::{CaseRef, Claimed, Settlement, Trouble};
use entremise_wire::message::{RelayBatch, RelayRequest, Relayed, RelayedMessage};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::outbox::{batch_until, expires_at, put_back, retry, settle_all};
use super::{Round, content};
use crate::house::{House, ProviderRoom, Room};
use crate::provider::Answering;

/// Has each of these messages relayed, one call each: one that is refused takes no other with it.
pub fn messages(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for claim in claims {
        let Effect::RelayMessage { line, .. } = &claim.effect else { continue };
        let provider = house.provider(&claim.authority, &line.provider);
        let rooms = house.room(&claim.authority).zip(provider);
        let Some((room, provider)) = rooms else {
            house.store.give_up(&claim, "provider_unknown", now)?;
            round.given_up += 1;
            continue;
        };
        let Some(answering) = provider.answering.as_deref() else {
            house.store.give_up(&claim, "provider_does_not_relay", now)?;
            round.given_up += 1;
            continue;
        };
        round += relay(house, room, provider, answering, claim, now)?;
    }
    Ok(round)
}

fn relay(
    house: &House,
    room: &Room,
    provider: &ProviderRoom,
    answering: &dyn Answering,
    claim: Claimed,
    now: Timestamp,
) -> Result<Round, Trouble> {
    house.store.intend(&claim, now)?;
    let message = match worded(house, room, &claim, now)? {
        Ok(message) => message,
        Err(why) => {
            tracing::warn!(effect = %claim.id, why, "a message cannot be composed");
            return retry(house, &claim, "not_composed", None, now);
        }
    };
    house.store.keep_document(claim.id, "message.txt", message.text.as_bytes(), now)?;
    let expires_at = expires_at(&claim, now);
    let Some(request) = request(&claim, message, expires_at) else {
        return Ok(Round::default());
    };
    let question = request.id;
    let batch = RelayBatch {
        batch: batch_until(&claim, expires_at),
        authority: provider.authority.clone(),
        regime: claim.regime.clone(),
        relays: vec![request],
    };
    match answering.relay(&batch, now) {
        Ok(answers) => match answers.into_iter().find(|relayed| relayed.id() == question) {
            Some(relayed) => settle(house, provider, claim, relayed, now),
            None => retry(house, &claim, "left_unanswered", None, now),
        },
        Err(trouble) => put_back(house, vec![claim], &trouble, now),
    }
}

/// The message in words, or why there is none. Opens traffic and evidence, never an identity.
fn worded(
    house: &House,
    room: &Room,
    claim: &Claimed,
    now: Timestamp,
) -> Result<Result<RelayedMessage, String>, Trouble> {
    let Effect::RelayMessage { stage, purpose, .. } = &claim.effect else {
        return Ok(Err("not a message to be relayed".to_owned()));
    };
    let material = match house.store.message_material(claim, *purpose, &Actor::House, now) {
        Ok(material) => material,
        Err(error) => return Ok(Err(error.to_string())),
    };
    // Worded as of the effect's own instant, so that every try hands over the same words.
    let at = claim.asked_at;
    let Some(regime) = house.store.regime(&claim.regime) else {
        return Ok(Err(format!("no regime {}", claim.regime)));
    };
    let rung = regime.at(at).ok().and_then(|rules| rules.stages.get(*stage));
    let (Some(rung), Ok(zone)) = (rung, TimeZone::get(regime.zone().name())) else {
        return Ok(Err("no such stage on that day".to_owned()));
    };
    let content = content::content(room, claim, &material, rung, regime, at);
    let texts = content.mail(&room.delivery.codes, at, &zone);
    Ok(texts.map_err(|error| error.to_string()).map(|texts| RelayedMessage {
        language: content.language.tag().to_owned(),
        subject: texts.subject,
        text: texts.text,
        html: texts.html,
    }))
}

fn request(
    claim: &Claimed,
    message: RelayedMessage,
    expires_at: Timestamp,
) -> Option<RelayRequest> {
    let Effect::RelayMessage { line, purpose, sequence, .. } = &claim.effect else { return None };
    Some(RelayRequest {
        id: QuestionId(claim.id.0),
        handle: line.handle.clone(),
        purpose: *purpose,
        sequence: *sequence,
        expires_at,
        message,
    })
}

/// What the provider says became of it, as news of the mail.
fn settle(
    house: &House,
    provider: &ProviderRoom,
    claim: Claimed,
    relayed: Relayed,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let (outcome, status, at) = match relayed {
        Relayed::HandedOver { at, .. } => ("handed_over", DeliveryStatus::HandedOver, at),
        Relayed::NoAddress { .. } => ("no_usable_address", DeliveryStatus::Bounced, now),
        Relayed::HandleUnknown { .. } => ("handle_unknown", DeliveryStatus::Bounced, now),
        Relayed::Refused { .. } => ("refused_by_provider", DeliveryStatus::Bounced, now),
        Relayed::Temporary { .. } => return retry(house, &claim, "carrier_not_ready", None, now),
    };
    let Effect::RelayMessage { stage, .. } = &claim.effect else { return Ok(Round::default()) };
    let report = DeliveryReport { stage: *stage, channel: ChannelKind::Email, status, at };
    let case = CaseRef::Id(claim.authority.clone(), claim.case);
    let actor = Actor::Party(provider.config.id.clone());
    let event = Some((case, Event::Delivery(report)));
    settle_all(house, vec![Settlement { claim, outcome, event, actor }], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

//! Messages of a stage: linked, put into words, kept as sent, handed to a carrier, settled.
//!
//! Order, and what holds if we crash in between: intent entered; linking entered, then opened; the
//! message kept; handed over; settled. A crash before the hand-over repeats it all with the same
//! bytes and the same Message-ID; a crash after it leaves an effect whose carrier recognises the
//! repetition by the effect's number.

use std::collections::BTreeMap;

use entremise_core::effect::Effect;
use entremise_core::event::{
    AnswerReport, ConvocationReport, DeliveryReport, DeliveryStatus, Event,
};
use entremise_core::id::{AuthorityId, PartyId};
use entremise_core::identification::Identity;
use entremise_core::ledger::Actor;
use entremise_core::regime::Regime;
use entremise_core::regime::rules::{ChannelKind, Stage};
use entremise_letters::address::PostalAddress;
use entremise_store::{
    CaseRef, Claimed, LinkError, MessageAsked, MessageMaterial, NewDocument, Settlement, Trouble,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::outbox::{retry, settle_all};
use super::{Round, content};
use crate::delivery::Handover;
use crate::delivery::email::{MailAddress, OutgoingMail};
use crate::delivery::post::{Letter, Product};
use crate::delivery::render::WarningContent;
use crate::house::{House, ProviderRoom, Room};

/// Connections to one relay at once. Two keep both cores signing and the relay unhurried.
const CONNECTIONS: usize = 2;

/// A message in words, and whose relay takes it.
pub(super) struct Written {
    pub claim: Claimed,
    pub provider: PartyId,
    pub composed: Composed,
}

/// Sends what these claims ask for, all of them one step at a time: what is entered, linked and
/// kept is on the disk once for all, and mails go in one go per relay.
pub fn messages(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let claims: Vec<Claimed> =
        claims.into_iter().filter(|claim| house.room(&claim.authority).is_some()).collect();
    house.store.intend_many(&claims, now)?;
    let (mut round, mut linking) = (Round::default(), Vec::new());
    for claim in claims {
        // Written as of the effect's own instant, so that every try sends the bytes that are kept.
        match stage(house, &claim, claim.asked_at) {
            Ok((regime, rung)) => linking.push((claim, regime, rung)),
            Err(why) => round += impossible(house, &claim, &why, now)?,
        }
    }
    let materials = linked(house, &linking, now);
    let mut written = Vec::new();
    for ((claim, regime, rung), material) in linking.into_iter().zip(materials) {
        let Some(room) = house.room(&claim.authority) else { continue };
        let Effect::SendMessage { channel, .. } = &claim.effect else { continue };
        let material = match material {
            Ok(material) => material,
            Err(error) => {
                tracing::warn!(effect = %claim.id, %error, "a message cannot be composed");
                round += retry(house, &claim, "not_linked", None, now)?;
                continue;
            }
        };
        let content = content::content(room, &claim, &material, rung, regime, claim.asked_at);
        let to = Addressee { channel: *channel, identity: &material.identity };
        let composed = compose(room, &claim, to, &content, regime);
        written.push(Written { claim, provider: material.provider, composed });
    }
    round += send(house, written, now)?;
    Ok(round)
}

/// What the messages need, in their order. Where something is in the way of all, each is tried
/// alone: it may be one of them.
fn linked(
    house: &House,
    linking: &[(Claimed, &Regime, &Stage)],
    now: Timestamp,
) -> Vec<Result<MessageMaterial, LinkError>> {
    let asked = linking
        .iter()
        .map(|(claim, _, rung)| MessageAsked { claim, purpose: rung.linking.purpose });
    let asked: Vec<_> = asked.collect();
    house.store.message_materials(&asked, &Actor::House, now).unwrap_or_else(|_| {
        let alone = |asked: &MessageAsked<'_>| {
            house.store.message_material(asked.claim, asked.purpose, &Actor::House, now)
        };
        asked.iter().map(alone).collect()
    })
}

impl Written {
    fn document(&self) -> Option<NewDocument<'_>> {
        self.composed.document(&self.claim)
    }
}

/// Keeps all, hands letters over one by one and mails in one go per relay; what became of them is
/// entered for all at once.
pub(super) fn send(house: &House, written: Vec<Written>, now: Timestamp) -> Result<Round, Trouble> {
    let kept: Vec<_> = written.iter().filter_map(Written::document).collect();
    house.store.keep_documents(&kept, now)?;
    let (mut round, mut handed_over) = (Round::default(), Vec::new());
    let mut mails: BTreeMap<(AuthorityId, PartyId), Vec<(Claimed, OutgoingMail)>> = BTreeMap::new();
    for Written { claim, provider, composed } in written {
        let Some(room) = house.room(&claim.authority) else { continue };
        match composed {
            Composed::Mail(mail) => {
                let relay = (claim.authority.clone(), provider);
                mails.entry(relay).or_default().push((claim, mail));
            }
            Composed::Letter(letter) => {
                let handover = room.delivery.post.hand_over(&letter, now);
                handed_over.push((claim, handover));
            }
            Composed::NoAddress => {
                round += finish(house, claim, "no_usable_address", DeliveryStatus::Bounced, now)?;
            }
            Composed::Impossible(why) => round += impossible(house, &claim, &why, now)?,
        }
    }
    for ((authority, provider), batch) in mails {
        match house.provider(&authority, &provider) {
            Some(room) => handed_over.extend(hand_over(room, batch, now)?),
            None => {
                for (claim, _) in batch {
                    house.store.give_up(&claim, "provider_unknown", now)?;
                    round.given_up += 1;
                }
            }
        }
    }
    round += settle_each(house, handed_over, now)?;
    Ok(round)
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

impl Composed {
    /// What is kept of it before it leaves.
    pub fn document<'d>(&'d self, claim: &'d Claimed) -> Option<NewDocument<'d>> {
        let (name, bytes) = match self {
            Self::Mail(mail) => ("message.eml", &mail.bytes),
            Self::Letter(letter) => ("letter.pdf", &letter.pdf.bytes),
            Self::NoAddress | Self::Impossible(_) => return None,
        };
        Some(NewDocument { claim, name, bytes })
    }
}

/// Keeps a message before it leaves.
pub(super) fn keep(
    house: &House,
    claim: &Claimed,
    composed: &Composed,
    now: Timestamp,
) -> Result<(), Trouble> {
    let document: Vec<_> = composed.document(claim).into_iter().collect();
    house.store.keep_documents(&document, now)
}

/// Puts a message into its carrier's form, as of the effect's own instant: every try makes the
/// bytes that are kept.
pub(super) fn compose(
    room: &Room,
    claim: &Claimed,
    to: Addressee<'_>,
    content: &WarningContent,
    regime: &Regime,
) -> Composed {
    let (Addressee { channel, identity }, at) = (to, claim.asked_at);
    let Ok(zone) = TimeZone::get(regime.zone().name()) else {
        return Composed::Impossible("no such time zone".to_owned());
    };
    let codes = &room.delivery.codes;
    match channel {
        ChannelKind::Email => {
            let first = identity.emails.first().map(|text| MailAddress::new(text));
            let Some(Ok(address)) = first else { return Composed::NoAddress };
            let texts = match content.mail(codes, at, &zone) {
                Ok(texts) => texts,
                Err(error) => return Composed::Impossible(error.to_string()),
            };
            let composer = &room.delivery.composer;
            match composer.compose(claim.id, address, &texts, content.language, at) {
                Ok(mail) => Composed::Mail(mail),
                Err(error) => Composed::Impossible(error.to_string()),
            }
        }
        ChannelKind::Letter | ChannelKind::RegisteredLetter => {
            let Some(product) = Product::of(channel) else {
                return Composed::Impossible("not a letter".to_owned());
            };
            let name = identity.name.as_deref().unwrap_or_default();
            let lines = &identity.postal_address;
            let Ok(recipient) = PostalAddress::named(name, lines) else {
                return Composed::NoAddress;
            };
            let renderer = &room.delivery.renderer;
            match content.letter(renderer, codes, recipient.clone(), at, &zone) {
                Ok(pdf) => Composed::Letter(Letter {
                    effect: claim.id,
                    product,
                    recipient,
                    pdf,
                    sender: room.delivery.sender.clone(),
                }),
                Err(error) => Composed::Impossible(error.to_string()),
            }
        }
    }
}

/// What a carrier said to the message of an effect.
type HandedOver = (Claimed, Handover);

fn hand_over(
    room: &ProviderRoom,
    batch: Vec<(Claimed, OutgoingMail)>,
    now: Timestamp,
) -> Result<Vec<HandedOver>, Trouble> {
    let (claims, mails): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    // A runtime of its own for these few sockets: the worker is a thread that may wait.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::Again { what: "open a socket", source: Some(error.into()) })?;
    let handovers = runtime.block_on(room.relay.hand_over(mails, CONNECTIONS, now));
    Ok(claims.into_iter().zip(handovers).collect())
}

/// Turns carriers' words into events: what was handed over is entered for all at once.
fn settle_each(
    house: &House,
    handed_over: Vec<HandedOver>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let (mut round, mut taken) = (Round::default(), Vec::new());
    for (claim, handover) in handed_over {
        match handover {
            Handover::HandedOver { reference, at } => taken.push((claim, reference, at)),
            other => round += settle(house, claim, other, now)?,
        }
    }
    let receipts = taken.iter().map(|(claim, reference, _)| NewDocument {
        claim,
        name: RECEIPT,
        bytes: reference.as_bytes(),
    });
    house.store.keep_documents(&receipts.collect::<Vec<_>>(), now)?;
    round.done += taken.len();
    let settlements = taken
        .into_iter()
        .map(|(claim, _, at)| settlement(claim, "handed_over", DeliveryStatus::HandedOver, at));
    settle_all(house, settlements.collect(), now)?;
    Ok(round)
}

/// What a carrier said when it took a message.
const RECEIPT: &str = "handed-over.txt";

/// Turns a carrier's word into an event. Only its own words make `HandedOver`.
pub(super) fn settle(
    house: &House,
    claim: Claimed,
    handover: Handover,
    now: Timestamp,
) -> Result<Round, Trouble> {
    match handover {
        Handover::HandedOver { .. } => settle_each(house, vec![(claim, handover)], now),
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
    settle_all(house, vec![settlement(claim, outcome, status, now)], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

fn settlement(
    claim: Claimed,
    outcome: &'static str,
    status: DeliveryStatus,
    at: Timestamp,
) -> Settlement {
    let event = report(&claim.effect, status, at);
    let case = CaseRef::Id(claim.authority.clone(), claim.case);
    let event = event.map(|event| (case, event));
    Settlement { claim, outcome, event, actor: Actor::House }
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
        Effect::SendAnswer { stage, channel, challenged_at, .. } => {
            let (stage, challenged_at, channel) = (*stage, *challenged_at, *channel);
            let report = AnswerReport { stage, challenged_at, channel, status, at };
            Some(Event::AnswerReported(report))
        }
        // A measure has one letter at a time, and no stage.
        Effect::NotifyMeasure { channel, .. } => {
            Some(Event::Delivery(DeliveryReport { stage: 0, channel: *channel, status, at }))
        }
        _ => None,
    }
}

//! Measures in the world: cases opened, orders carried to the providers and their word carried
//! back with its proof, letters to the persons.
//!
//! Order, and what holds if we crash in between: intent entered; the order sent; the answer kept
//! with the file; settled. A crash before the answer sends the same version again, which the
//! provider takes for the same; an order that a later version overtook is never sent.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use entremise_core::case::State;
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::{Digest, EffectId, OrderId, PartyId};
use entremise_core::ledger::Actor;
use entremise_core::procedure::measure::{Demand, ProviderReport, Reported};
use entremise_core::regime::rules::{Pronouncer, Spared};
use entremise_store::{CaseFile, CaseRef, Claimed, MeasureRow, Settlement, Trouble};
use entremise_wire::measure::{
    self as wire, DecidedBy, MeasureBatch, MeasureKind, MeasureOrder, MeasureStatus, StatesAsked,
};
use jiff::Timestamp;

use super::heard::{Ordered, Said};
use super::outbox::{batch_until, put_back, settle_all};
use super::{Round, heard};
use crate::house::{House, ProviderRoom};
use crate::order_file;
use crate::provider::{Answering, ProviderTrouble};

/// Open measures of an authority that are looked at in one round.
const MEASURES_MOST: usize = 100_000;
/// The longest wait between two tries of an order.
const AGAIN_SECS_MAX: i64 = 3_600;
/// How long between two questions to the same provider.
const ASKED_EVERY_SECS: i64 = 60;

/// Opens the cases of what a court pronounced: one each, with its own number.
pub fn open(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let done = claims.len();
    let settlements = claims
        .into_iter()
        .filter_map(|claim| {
            let Effect::OpenMeasure { measure, by } = claim.effect.clone() else { return None };
            let (authority, regime) = (claim.authority.clone(), claim.regime.clone());
            let case = CaseRef::Measure { authority, regime, measure };
            let event = Some((case, Event::MeasurePronounced { by }));
            Some(Settlement { claim, outcome: "opened", event, actor: Actor::House })
        })
        .collect();
    settle_all(house, settlements, now)?;
    Ok(Round { done, ..Round::default() })
}

/// Carries orders to their providers, one call each. One for a provider without a connector lies
/// on that provider's desk from the moment that the case asks for it: its people are waited for.
pub fn orders(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for claim in claims {
        let Effect::OrderMeasure { line, .. } = &claim.effect else { continue };
        let Some(room) = house.provider(&claim.authority, &line.provider) else {
            house.store.give_up(&claim, "provider_unknown", now)?;
            round.given_up += 1;
            continue;
        };
        round += match room.answering.as_deref() {
            Some(answering) => order(house, room, answering, claim, now)?,
            None => settled(house, claim, "laid_on_the_desk", None, now)?,
        };
    }
    Ok(round)
}

fn order(
    house: &House,
    room: &ProviderRoom,
    answering: &dyn Answering,
    claim: Claimed,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let Some(file) = house.store.case_file(&claim.authority, &claim.case)? else {
        return Ok(Round::default());
    };
    let (Some(order), Some(ordered)) = (worded(&claim), newest(&file)) else {
        return Ok(Round::default());
    };
    let is_open = !file.case.state.is_closed();
    let is_lift = order.demand == wire::Demand::Lift;
    if order.version < ordered.version || !(is_open || is_lift) {
        return settled(house, claim, "overtaken", None, now);
    }
    house.store.intend(&claim, now)?;
    let version = Timestamp::from_second(i64::from(order.version)).unwrap_or(now);
    let number = order.order;
    let batch = MeasureBatch {
        batch: batch_until(&claim, version),
        authority: room.authority.clone(),
        regime: claim.regime.clone(),
        orders: vec![order],
    };
    let way = Way { room, answering, ordered: &ordered };
    match carried(house, &way, &claim, &batch, now)? {
        Ok((reported, proof)) => {
            let case = CaseRef::Id(claim.authority.clone(), claim.case);
            let version = ordered.version;
            let event = Event::MeasureReported(ProviderReport { version, reported, proof });
            let event = (case, event, Actor::Party(room.config.id.clone()));
            settled(house, claim, "measure_taken", Some(event), now)
        }
        Err(trouble) => {
            let provider = &room.config.id;
            tracing::warn!(%provider, order = %number, what = %trouble, "put back");
            again(house, &claim, &trouble, is_open, now)
        }
    }
}

/// A provider that answers at once, and what was ordered of it last.
struct Way<'a> {
    room: &'a ProviderRoom,
    answering: &'a dyn Answering,
    ordered: &'a Ordered,
}

/// Sends an order. What the provider says of it is kept with the file first.
fn carried(
    house: &House,
    way: &Way<'_>,
    claim: &Claimed,
    batch: &MeasureBatch,
    now: Timestamp,
) -> Result<Result<(Reported, Digest), ProviderTrouble>, Trouble> {
    let answers = match way.answering.order(batch, now) {
        Ok(answers) => answers,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let number = OrderId(claim.case.0);
    let Some(answer) = answers.into_iter().find(|answer| answer.order() == number) else {
        return Ok(Err(unanswered()));
    };
    let untrusted = |what: &str| ProviderTrouble::Untrusted { what: what.to_owned() };
    Ok(Ok(match heard::answer(&answer, way.ordered) {
        Ok(Said::Status(reported, status)) => (reported, kept(house, claim.id, status, now)?),
        Ok(Said::Declined(reason)) => {
            (Reported::Declined { reason }, kept(house, claim.id, &answer, now)?)
        }
        // What is over there already needs no order: where it stands is asked for at once.
        Ok(Said::Over) => match stands(way, number, now) {
            Ok((reported, status)) => (reported, kept(house, claim.id, &status, now)?),
            Err(trouble) => return Ok(Err(trouble)),
        },
        Err(what) => return Ok(Err(untrusted(what))),
    }))
}

/// The next try. An order is never given up while its case is open: whether it was confirmed, has
/// begun or was lifted is watched by the case itself, which tells a person in time.
fn again(
    house: &House,
    claim: &Claimed,
    trouble: &ProviderTrouble,
    is_open: bool,
    now: Timestamp,
) -> Result<Round, Trouble> {
    if !is_open {
        return put_back(house, vec![claim.clone()], trouble, now);
    }
    let (name, after) = match trouble {
        ProviderTrouble::Again { after_secs, .. } => ("not_reached", *after_secs),
        ProviderTrouble::Refused { after_secs, .. } => ("refused_by_provider", *after_secs),
        ProviderTrouble::Untrusted { .. } => ("untrusted_answer", None),
    };
    let backoff = (30_i64 << claim.attempts.min(7)).min(AGAIN_SECS_MAX);
    let after = after.unwrap_or(backoff).clamp(1, 24 * 3600);
    house.store.retry(claim, name, after, now)?;
    Ok(Round { retried: 1, ..Round::default() })
}

fn settled(
    house: &House,
    claim: Claimed,
    outcome: &'static str,
    event: Option<(CaseRef, Event, Actor)>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let (event, actor) = match event {
        Some((case, event, actor)) => (Some((case, event)), actor),
        None => (None, Actor::House),
    };
    settle_all(house, vec![Settlement { claim, outcome, event, actor }], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

/// The order of one effect. Its number is the case's, so that all its versions bear it.
fn worded(claim: &Claimed) -> Option<MeasureOrder> {
    let Effect::OrderMeasure { line, version, demand, decided_by, decision } = &claim.effect else {
        return None;
    };
    Some(MeasureOrder {
        order: OrderId(claim.case.0),
        version: *version,
        handle: line.handle.clone(),
        kind: MeasureKind::SuspendAccess,
        demand: match demand {
            Demand::Lift => wire::Demand::Lift,
            Demand::Carry { window, spares } => wire::Demand::Carry {
                starts_at: window.starts_at,
                ends_at: window.ends_at,
                spares: spares.iter().copied().map(on_the_wire).collect(),
            },
        },
        decided_by: match decided_by {
            Pronouncer::Court => DecidedBy::Court,
            Pronouncer::Authority => DecidedBy::Authority,
        },
        decision: decision.clone(),
    })
}

fn on_the_wire(spared: Spared) -> wire::Spared {
    match spared {
        Spared::Telephony => wire::Spared::Telephony,
        Spared::Television => wire::Spared::Television,
    }
}

/// What was ordered last in a case. What runs on is what the last order that carries out asks for.
fn newest(file: &CaseFile) -> Option<Ordered> {
    let mut newest: Option<Ordered> = None;
    for row in file.orders() {
        let Effect::OrderMeasure { version, demand, .. } = &row.effect else { continue };
        let before = newest.take();
        newest = Some(match demand {
            Demand::Carry { spares, .. } => {
                Ordered { version: *version, lifts: false, spares: spares.clone() }
            }
            Demand::Lift => {
                let spares = before.map(|before| before.spares).unwrap_or_default();
                Ordered { version: *version, lifts: true, spares }
            }
        });
    }
    newest
}

/// Keeps what the provider sent with the file, and yields its SHA-256.
fn kept(
    house: &House,
    effect: EffectId,
    sent: &impl serde::Serialize,
    now: Timestamp,
) -> Result<Digest, Trouble> {
    let bytes = serde_json::to_vec(sent).map_err(|error| Trouble::Never {
        what: "a provider's word cannot be written down",
        source: Some(Box::new(error)),
    })?;
    let digest = order_file::sha256(&bytes);
    let name = format!("provider-{}.json", &digest.as_str()[..16]);
    house.store.keep_document(effect, &name, &bytes, now)?;
    Ok(digest)
}

/// Measures that somebody may be carrying out, by who it is.
type Asked = BTreeMap<PartyId, Vec<MeasureRow>>;

/// Asks the providers where their orders stand, and enters what is new.
pub fn states(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for room in &house.rooms {
        let last = room.measures_asked.load(Ordering::Relaxed);
        let since = now.as_microsecond().saturating_sub(last);
        // A clock that was put back asks again, and does not wait until it has caught up.
        if (0..ASKED_EVERY_SECS * 1_000_000).contains(&since) {
            continue;
        }
        room.measures_asked.store(now.as_microsecond(), Ordering::Relaxed);
        let authority = &room.config.id;
        let mut asked = Asked::new();
        for row in house.store.open_measures(authority, MEASURES_MOST)? {
            let State::Measure(state) = &row.case.state else { continue };
            if state.life().is_some_and(|life| life.at_provider) {
                asked.entry(row.case.subject.provider().clone()).or_default().push(row);
            }
        }
        for (provider, rows) in asked {
            let room = house.provider(authority, &provider);
            let pair = room.and_then(|room| Some((room, room.answering.as_deref()?)));
            let Some((room, answering)) = pair else { continue };
            for rows in rows.chunks(wire::ORDERS_MAX) {
                round += ask(house, room, answering, rows, now)?;
            }
        }
    }
    Ok(round)
}

fn ask(
    house: &House,
    room: &ProviderRoom,
    answering: &dyn Answering,
    rows: &[MeasureRow],
    now: Timestamp,
) -> Result<Round, Trouble> {
    let orders = rows.iter().map(|row| OrderId(row.case.id.0)).collect();
    let asked = StatesAsked { authority: room.authority.clone(), orders };
    let states = match answering.measure_states(&asked, now) {
        Ok(states) => states,
        Err(trouble) => {
            // Nothing is lost: the case has its own clock, and the provider has its own.
            tracing::warn!(provider = %room.config.id, what = %trouble, "no word about measures");
            return Ok(Round::default());
        }
    };
    let mut round = Round::default();
    for status in states {
        let row = rows.iter().find(|row| OrderId(row.case.id.0) == status.order);
        if let Some(row) = row {
            round += enter(house, room, row, &status, now)?;
        }
    }
    Ok(round)
}

/// Enters one word of a provider's, unless it was entered before.
fn enter(
    house: &House,
    room: &ProviderRoom,
    row: &MeasureRow,
    status: &MeasureStatus,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let (authority, case) = (&row.case.authority, row.case.id);
    let Some(file) = house.store.case_file(authority, &case)? else { return Ok(Round::default()) };
    let Some(ordered) = newest(&file) else { return Ok(Round::default()) };
    let reported = match heard::status(status, &ordered) {
        Ok(reported) => reported,
        Err(what) => {
            tracing::error!(provider = %room.config.id, %case, what, "a provider's word is odd");
            return Ok(Round::default());
        }
    };
    let said_before = file.history.iter().any(|entry| {
        matches!(&entry.event, Some(Event::MeasureReported(report))
            if report.reported == reported && report.version == status.version)
    });
    if said_before || matches!(reported, Reported::Taken) {
        return Ok(Round::default());
    }
    let Some(last) = file.orders().pop() else { return Ok(Round::default()) };
    let proof = kept(house, last.id, status, now)?;
    let event = Event::MeasureReported(ProviderReport { version: status.version, reported, proof });
    let actor = Actor::Party(room.config.id.clone());
    let case = CaseRef::Id(authority.clone(), case);
    house.store.apply_many(&[(case, event, actor)], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

/// Where one order stands.
fn stands(
    way: &Way<'_>,
    number: OrderId,
    now: Timestamp,
) -> Result<(Reported, MeasureStatus), ProviderTrouble> {
    let asked = StatesAsked { authority: way.room.authority.clone(), orders: vec![number] };
    let states = way.answering.measure_states(&asked, now)?;
    let status = states.into_iter().find(|status| status.order == number);
    let status = status.ok_or_else(unanswered)?;
    match heard::status(&status, way.ordered) {
        Ok(reported) => Ok((reported, status)),
        Err(what) => Err(ProviderTrouble::Untrusted { what: what.to_owned() }),
    }
}

fn unanswered() -> ProviderTrouble {
    ProviderTrouble::Again { what: "left unanswered".to_owned(), after_secs: None }
}

//! Measures in the world: cases opened, orders carried to the providers and their word carried
//! back with its proof, letters to the persons.
//!
//! Order, and what holds if we crash in between: intent entered; the order sent; the answer kept
//! with the file; settled. A crash before the answer sends the same version again, which the
//! provider takes for the same; an order that a later version overtook is never sent.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use entremise_core::case::{State, Subject};
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, Digest, EffectId, OrderId, PartyId};
use entremise_core::ledger::Actor;
use entremise_core::procedure::measure::{Demand, ProviderReport, Reported};
use entremise_core::regime::rules::{Pronouncer, Spared};
use entremise_store::{CaseFile, CaseRef, Claimed, MeasureRow, Settlement, Trouble};
use entremise_wire::measure::{
    self as wire, DecidedBy, MeasureBatch, MeasureKind, MeasureOrder, MeasureStatus, StatesAsked,
};
use jiff::Timestamp;

use super::outbox::{batch_until, put_back, retry, settle_all};
use super::{Round, heard};
use crate::house::{House, ProviderRoom};
use crate::provider::{Answering, ProviderTrouble};

/// Measures that a provider is asked about in one round.
const ASKED_MOST: usize = 1_000;
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

/// Carries orders to their providers, one call each.
pub fn orders(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for claim in claims {
        let Effect::OrderMeasure { line, .. } = &claim.effect else { continue };
        let Some(room) = house.provider(&claim.authority, &line.provider) else {
            house.store.give_up(&claim, "provider_unknown", now)?;
            round.given_up += 1;
            continue;
        };
        let Some(answering) = room.answering.as_deref() else {
            house.store.give_up(&claim, "provider_takes_no_orders", now)?;
            round.given_up += 1;
            continue;
        };
        round += order(house, room, answering, claim, now)?;
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
    let Effect::OrderMeasure { version, .. } = claim.effect else { return Ok(Round::default()) };
    let found = house.store.case_file(&claim.authority, &claim.case)?;
    let newest = found.as_ref().and_then(|file| newest_version(&file.case.state));
    if newest.is_some_and(|newest| version < newest) {
        let settlement =
            Settlement { claim, outcome: "overtaken", event: None, actor: Actor::House };
        settle_all(house, vec![settlement], now)?;
        return Ok(Round { done: 1, ..Round::default() });
    }
    house.store.intend(&claim, now)?;
    let Some(order) = worded(&claim) else { return Ok(Round::default()) };
    let batch = MeasureBatch {
        batch: batch_until(&claim, Timestamp::from_second(i64::from(version)).unwrap_or(now)),
        authority: room.authority.clone(),
        regime: claim.regime.clone(),
        orders: vec![order],
    };
    let spares = spares_of(&claim.effect);
    let answers = match answering.order(&batch, now) {
        Ok(answers) => answers,
        Err(trouble) => return put_back(house, vec![claim], &trouble, now),
    };
    let number = OrderId(claim.case.0);
    let Some(answer) = answers.into_iter().find(|answer| answer.order() == number) else {
        return retry(house, &claim, "left_unanswered", None, now);
    };
    let said = match heard::answer(&answer, version, &spares) {
        Ok(said) => said,
        Err(what) => {
            let trouble = ProviderTrouble::Untrusted { what: what.to_owned() };
            return put_back(house, vec![claim], &trouble, now);
        }
    };
    let proof = kept(house, claim.id, &answer, now)?;
    // What is over there already needs no lifting: where it stands is asked for at once.
    let reported = match said {
        heard::Said::Over => match ask_one(room, answering, number, &spares, now) {
            Some((reported, _)) => reported,
            None => return retry(house, &claim, "left_unanswered", None, now),
        },
        heard::Said::Reported(reported) => reported,
    };
    let case = CaseRef::Id(claim.authority.clone(), claim.case);
    let event = Event::MeasureReported(ProviderReport { version, reported, proof });
    let actor = Actor::Party(room.config.id.clone());
    let settlement =
        Settlement { claim, outcome: "measure_taken", event: Some((case, event)), actor };
    settle_all(house, vec![settlement], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

fn newest_version(state: &State) -> Option<u32> {
    match state {
        State::Measure(state) => state.life().map(|life| life.version),
        _ => None,
    }
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

fn spares_of(effect: &Effect) -> Vec<Spared> {
    match effect {
        Effect::OrderMeasure { demand: Demand::Carry { spares, .. }, .. } => {
            spares.iter().copied().collect()
        }
        _ => Vec::new(),
    }
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
    let digest = heard::sha256(&bytes);
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
        if now.as_microsecond().saturating_sub(last) < ASKED_EVERY_SECS * 1_000_000 {
            continue;
        }
        room.measures_asked.store(now.as_microsecond(), Ordering::Relaxed);
        let authority = &room.config.id;
        let mut asked = Asked::new();
        for row in house.store.open_measures(authority, ASKED_MOST)? {
            let State::Measure(state) = &row.case.state else { continue };
            if state.life().is_some_and(|life| life.at_provider) {
                asked.entry(row.case.subject.provider().clone()).or_default().push(row);
            }
        }
        for (provider, rows) in asked {
            let room = house.provider(authority, &provider);
            let pair = room.and_then(|room| Some((room, room.answering.as_deref()?)));
            if let Some((room, answering)) = pair {
                round += ask(house, room, answering, authority, &rows, now)?;
            }
        }
    }
    Ok(round)
}

fn ask(
    house: &House,
    room: &ProviderRoom,
    answering: &dyn Answering,
    authority: &AuthorityId,
    rows: &[MeasureRow],
    now: Timestamp,
) -> Result<Round, Trouble> {
    let orders = rows.iter().map(|row| OrderId(row.case.id.0)).collect();
    let asked = StatesAsked { authority: authority.clone(), orders };
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

/// Enters one word of a provider's, unless it is the last one again.
fn enter(
    house: &House,
    room: &ProviderRoom,
    row: &MeasureRow,
    status: &MeasureStatus,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let (authority, case) = (&row.case.authority, row.case.id);
    let Some(file) = house.store.case_file(authority, &case)? else { return Ok(Round::default()) };
    let Some((effect, spares)) = last_order(&file) else { return Ok(Round::default()) };
    let reported = match heard::status(status, &spares) {
        Ok(reported) => reported,
        Err(what) => {
            tracing::error!(provider = %room.config.id, %case, what, "a provider's word is odd");
            return Ok(Round::default());
        }
    };
    let proof = kept(house, effect, status, now)?;
    let said_before = file.history.iter().any(|entry| {
        matches!(&entry.event, Some(Event::MeasureReported(report))
            if report.reported == reported && report.version == status.version)
    });
    if said_before || matches!(reported, Reported::Taken) {
        return Ok(Round::default());
    }
    let event = Event::MeasureReported(ProviderReport { version: status.version, reported, proof });
    let actor = Actor::Party(room.config.id.clone());
    let case = CaseRef::Id(authority.clone(), case);
    house.store.apply_many(&[(case, event, actor)], now)?;
    Ok(Round { done: 1, ..Round::default() })
}

/// The last order that was sent for a case, and what the last one that carries out must spare.
fn last_order(file: &CaseFile) -> Option<(EffectId, Vec<Spared>)> {
    let orders =
        || file.effects.iter().filter(|row| matches!(row.effect, Effect::OrderMeasure { .. }));
    let spares = orders().rev().map(|row| spares_of(&row.effect)).find(|spares| !spares.is_empty());
    Some((orders().next_back()?.id, spares.unwrap_or_default()))
}

fn ask_one(
    room: &ProviderRoom,
    answering: &dyn Answering,
    number: OrderId,
    spares: &[Spared],
    now: Timestamp,
) -> Option<(Reported, MeasureStatus)> {
    let asked = StatesAsked { authority: room.authority.clone(), orders: vec![number] };
    let status = answering.measure_states(&asked, now).ok()?.into_iter().next()?;
    Some((heard::status(&status, spares).ok()?, status))
}

/// The measure that a case is about.
pub(super) fn subject(claim: &Claimed) -> Option<&entremise_core::procedure::measure::Pronounced> {
    match &claim.subject {
        Subject::Measure(measure) => Some(measure),
        _ => None,
    }
}

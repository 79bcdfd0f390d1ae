//! One case out of the store: its history as views, and what may happen next.

use std::collections::BTreeMap;

use entremise_core::case::{State, Subject};
use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryReport, Event, Verdict};
use entremise_core::id::PersonId;
use entremise_core::procedure::{identification, ladder};
use entremise_core::regime::Regime;
use entremise_core::regime::rules::{ChannelKind, Gate, Rules, Stage};
use entremise_store::{CaseFile, HistoryEntry, Trouble};
use jiff::Timestamp;

use super::{StoreDesk, defence};
use crate::web::desk::{
    Asked, CaseView, FactView, Happened, LedgerLine, MessageView, Next, NextKind, Procedure, Rung,
    Standing,
};

/// How many events the case has taken.
pub(in crate::web) fn version(file: &CaseFile) -> u64 {
    file.history.iter().filter(|entry| entry.kind.starts_with("event.")).count() as u64
}

/// The whole case; `None` where its regime is not in this house any more.
pub(super) fn view(
    desk: &StoreDesk,
    file: &CaseFile,
    now: Timestamp,
) -> Result<Option<CaseView>, Trouble> {
    let Some(regime) = desk.store.regime(&file.case.regime) else { return Ok(None) };
    let Ok(rules) = regime.at(now) else { return Ok(None) };
    let state = &file.case.state;
    let (decides, sends) = match state {
        State::Ladder(ladder::State::Proposed { stage, .. }) => (Some(*stage), true),
        // The member may close at any rung, once nothing is on its way.
        State::Ladder(
            state @ (ladder::State::Warned { .. }
            | ladder::State::Barred { .. }
            | ladder::State::UnderReview { .. }
            | ladder::State::Contradictory { .. }),
        ) => (state.stage(), false),
        _ => (None, false),
    };
    let finding = decides.and_then(|stage| rules.stages.get(stage));
    let finding = finding.is_some_and(|rung| rung.hears.is_some());
    let decides = decides.map(|stage| {
        rules.stages.get(stage).map_or_else(|| "next".to_owned(), |rung| rung.id.clone())
    });
    Ok(Some(CaseView {
        zone: regime.zone().clone(),
        reference: file.file_number.clone().unwrap_or_else(|| file.case.id.to_string()),
        version: version(file),
        regime: regime.title().clone(),
        regime_id: file.case.regime.to_string(),
        procedure: match file.case.subject {
            Subject::Notice { .. } => Procedure::Identification,
            Subject::Line(_) => Procedure::Ladder,
            Subject::Measure(_) => Procedure::Measure,
        },
        state: state.name().to_owned(),
        closed: state.is_closed(),
        asked: Asked::of(state),
        opened_at: file.case.opened_at,
        rungs: rungs(file, rules),
        facts: facts(file),
        messages: messages(file),
        next: next(file, regime, rules),
        timeline: timeline(file),
        decides,
        sends,
        finding,
        proposed_by: proposed_by(file),
        defence: defence::view(state, rules, now),
        opens_by_review: matches!(
            state,
            State::Ladder(state) if matches!(
                state.bare(),
                ladder::State::Barred { gate: Gate::ReviewerAuthorisation, .. }
            )
        ),
    }))
}

/// What the ledger has about the case, the oldest first.
pub(in crate::web) fn timeline(file: &CaseFile) -> Vec<LedgerLine> {
    file.history.iter().map(line).collect()
}

/// Who decided that a step be taken, or asked a reviewer for it.
fn proposed_by(file: &CaseFile) -> Vec<PersonId> {
    let happened = file.history.iter().filter(|entry| entry.kind.starts_with("event."));
    let decisions = happened.filter_map(|entry| match entry.event.as_ref()? {
        Event::Decided(decision) | Event::AuthorisationRequested { decision, .. } => Some(decision),
        _ => None,
    });
    let sends = decisions.filter(|decision| decision.verdict == Verdict::Send);
    sends.map(|decision| decision.by.clone()).collect()
}

fn rungs(file: &CaseFile, rules: &Rules) -> Vec<Rung> {
    let State::Ladder(state) = &file.case.state else { return Vec::new() };
    let warned = file.effects.iter().filter_map(|effect| match effect.effect {
        Effect::SendMessage { stage, .. } => Some(stage + 1),
        _ => None,
    });
    // A closed case stands nowhere: what was sent is done, the rest was not reached.
    let done = warned.max().unwrap_or_default();
    let here = state.stage();
    // Once authorised, a gated rung is one like the others.
    let waits =
        matches!(state.bare(), ladder::State::Barred { .. } | ladder::State::UnderReview { .. });
    let standing = |place: usize, rung: &Stage| match here {
        Some(here) if here == place && (rung.gate.is_none() || !waits) => Standing::Here,
        _ if rung.gate.is_some() => Standing::Barred,
        Some(here) if place < here => Standing::Done,
        None if place < done => Standing::Done,
        _ => Standing::Ahead,
    };
    rules
        .stages
        .iter()
        .enumerate()
        .map(|(place, rung)| Rung {
            stage: rung.id.clone(),
            standing: standing(place, rung),
            channels: rung
                .channels
                .iter()
                .filter(|channel| !channel.fallback)
                .map(|channel| channel.kind)
                .collect(),
        })
        .collect()
}

fn facts(file: &CaseFile) -> Vec<FactView> {
    let leading = match &file.case.state {
        State::Ladder(state) => match state.bare() {
            ladder::State::Proposed { facts, .. }
            | ladder::State::Asking { facts, .. }
            | ladder::State::Sending { facts, .. }
            | ladder::State::Warned { facts, .. }
            | ladder::State::Barred { facts, .. }
            | ladder::State::UnderReview { facts, .. } => Some(facts.leading.notice),
            ladder::State::Contradictory { heard, .. }
            | ladder::State::Deliberating { heard, .. }
            | ladder::State::Transmitted { heard, .. } => Some(heard.facts.leading.notice),
            _ => None,
        },
        State::Identification(_) | State::Measure(_) => None,
    };
    let happened = file.history.iter().filter(|entry| entry.kind.starts_with("event."));
    happened
        .filter_map(|entry| match entry.event.as_ref()? {
            Event::FactEstablished { fact } => Some(FactView {
                notice: fact.notice.to_string(),
                fact_at: fact.fact_at,
                received_at: fact.received_at,
                leading: Some(fact.notice) == leading,
            }),
            Event::NoticeAccepted { notice, fact_at, .. } => Some(FactView {
                notice: notice.to_string(),
                fact_at: *fact_at,
                received_at: entry.at,
                leading: true,
            }),
            _ => None,
        })
        .collect()
}

/// Each message with the last news of it. News between one dispatch and the next of the same
/// message belong to the first.
fn messages(file: &CaseFile) -> Vec<MessageView> {
    let mut sent: BTreeMap<(usize, ChannelKind), Vec<MessageView>> = BTreeMap::new();
    let mut dispatched: BTreeMap<(usize, ChannelKind), Vec<Timestamp>> = BTreeMap::new();
    for effect in &file.effects {
        if let Effect::SendMessage { stage, stage_id, channel, attempt, .. } = &effect.effect {
            let message = MessageView {
                stage: stage_id.clone(),
                channel: *channel,
                attempt: *attempt,
                status: None,
                at: None,
            };
            sent.entry((*stage, *channel)).or_default().push(message);
            dispatched.entry((*stage, *channel)).or_default().push(effect.created_at);
        }
    }
    for entry in file.history.iter().filter(|entry| entry.kind == "event.delivery") {
        let Some(Event::Delivery(report)) = &entry.event else { continue };
        let key = (report.stage, report.channel);
        let before = dispatched.get(&key).into_iter().flatten();
        let place = before.filter(|created_at| **created_at <= entry.at).count();
        let message =
            sent.get_mut(&key).and_then(|messages| messages.get_mut(place.saturating_sub(1)));
        if let Some(message) = message {
            hear(message, report);
        }
    }
    sent.into_values().flatten().collect()
}

fn hear(message: &mut MessageView, report: &DeliveryReport) {
    message.status = Some(report.status);
    message.at = Some(report.at);
}

/// What may happen from here. The deadline of the state itself comes after what is waited for.
fn next(file: &CaseFile, regime: &Regime, rules: &Rules) -> Vec<Next> {
    let plain = |what| vec![Next { what, deadline: None }];
    let mut next = match &file.case.state {
        state if state.is_closed() => plain(NextKind::Closed),
        State::Identification(identification::State::Open) => Vec::new(),
        State::Identification(_) => plain(NextKind::Answer),
        State::Measure(_) => Vec::new(),
        State::Ladder(state) => match state.bare() {
            ladder::State::Open => Vec::new(),
            ladder::State::Proposed { .. } => plain(NextKind::Decision),
            ladder::State::Asking { .. } => plain(NextKind::Disclosure),
            ladder::State::Sending { .. } => plain(NextKind::Proof),
            ladder::State::Barred { .. } => plain(NextKind::Barred),
            ladder::State::UnderReview { .. } => plain(NextKind::Review),
            ladder::State::Contradictory { heard, .. } => {
                let awaited = heard.defence.hearing.is_awaited();
                plain(if awaited { NextKind::Hearing } else { NextKind::Defence })
            }
            ladder::State::Deliberating { .. } => plain(NextKind::Deliberation),
            ladder::State::Transmitted { .. } => plain(NextKind::Court),
            state => {
                let window = ladder::repeat_window(state, regime).ok().flatten();
                let above = state.stage().and_then(|stage| rules.stages.get(stage + 1));
                let mut next = vec![Next { what: NextKind::Repeat, deadline: window }];
                if above.is_none_or(|rung| rung.gate.is_some()) {
                    next.push(Next { what: NextKind::Barred, deadline: None });
                }
                next
            }
        },
    };
    if let Some(due) = &file.due {
        let deadline = Some(due.deadline.clone());
        next.push(Next { what: NextKind::Due(due.what), deadline });
    }
    next
}

fn line(entry: &HistoryEntry) -> LedgerLine {
    LedgerLine {
        seq: entry.seq,
        at: entry.at,
        happened: happened(entry),
        by: entry.actor.clone(),
        commitment: entry.commitment.clone(),
    }
}

fn happened(entry: &HistoryEntry) -> Happened {
    let (sort, name) = entry.kind.split_once('.').unwrap_or((&entry.kind, ""));
    let name = name.to_owned();
    match (sort, &entry.event) {
        ("event", Some(event)) => Happened::Event(event.clone()),
        ("refusal", _) => Happened::Refusal(name),
        ("intent", _) => Happened::Intent(name),
        ("outcome", _) if name == "document_kept" => Happened::Other(format!("house.{name}")),
        ("outcome", _) => {
            let effect = entry.body.as_ref().and_then(|body| body.get("effect")?.as_str());
            Happened::Outcome { effect: effect.unwrap_or_default().to_owned(), outcome: name }
        }
        ("linking", _) => Happened::Linking(name),
        ("look", _) => Happened::Look(name),
        _ => Happened::Other(entry.kind.clone()),
    }
}

//! The messages of a stage: which leave, what news of them means, and when their clock starts.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Closure, Defence, Facts, Heard, Message, Started, State, Turn, ask, closed, deliberation,
    out_of_turn,
};
use crate::effect::{Alarm, Effect};
use crate::event::{DeliveryReport, DeliveryStatus, Event};
use crate::identification::IdentityField;
use crate::regime::rules::{ChannelKind, Consequence, Proof, ReturnReason, Stage};
use crate::step::{Refusal, Step};

/// The channels that are used first.
pub(super) fn primary(rung: &Stage) -> Vec<ChannelKind> {
    rung.channels.iter().filter(|channel| !channel.fallback).map(|channel| channel.kind).collect()
}

/// The channels that come next: those used first, or, where they reached nobody, the next way that
/// the rules know.
pub(super) fn next(rung: &Stage, facts: &Facts) -> Vec<ChannelKind> {
    if facts.in_vain.is_empty() {
        return primary(rung);
    }
    fallback(rung, &facts.in_vain).into_iter().collect()
}

/// What a channel needs to know of the person.
pub(super) fn needs(channel: ChannelKind) -> &'static [IdentityField] {
    match channel {
        ChannelKind::Email => &[IdentityField::Email],
        ChannelKind::Letter | ChannelKind::RegisteredLetter => {
            &[IdentityField::Name, IdentityField::PostalAddress]
        }
    }
}

/// Sends what can be sent with what the provider disclosed, or falls back, or ends.
pub(super) fn send(
    stage: usize,
    facts: &Facts,
    channels: &[ChannelKind],
    disclosed: &[IdentityField],
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let rung = turn.rung(stage)?;
    let usable: Vec<ChannelKind> = channels
        .iter()
        .copied()
        .filter(|channel| needs(*channel).iter().all(|field| disclosed.contains(field)))
        .collect();
    if !starts_clock(rung, &usable) {
        return Ok(fall_back(stage, rung, facts.clone(), channels, turn));
    }
    let messages: BTreeMap<_, _> =
        usable.iter().map(|channel| (*channel, Message::sent(1))).collect();
    let effects = usable.iter().map(|channel| dispatch(stage, rung, facts, *channel, 1)).collect();
    let facts = facts.clone();
    Ok(Step { state: sending(stage, facts, messages, turn), effects })
}

/// Has the provider send the mail itself. What became of it comes back as news like any other.
pub(super) fn relay(stage: usize, rung: &Stage, facts: Facts, turn: Turn<'_>) -> Step<State> {
    let relayed = Effect::RelayMessage {
        line: turn.line.clone(),
        stage,
        stage_id: rung.id.clone(),
        purpose: rung.linking.purpose,
        sequence: rung.linking.sequence,
        letter: rung.letter.clone(),
        names_works: rung.linking.names_works,
        notice: facts.leading.notice,
        further_facts: facts.further,
    };
    let messages = BTreeMap::from([(ChannelKind::Email, Message::sent(1))]);
    Step { state: sending(stage, facts, messages, turn), effects: vec![relayed] }
}

fn sending(
    stage: usize,
    facts: Facts,
    messages: BTreeMap<ChannelKind, Message>,
    turn: Turn<'_>,
) -> State {
    let (defence, since) = (Defence::default(), turn.now);
    // What the person holds from here on is this message.
    let facts = Facts { told_by: Vec::new(), ..facts };
    State::Sending { stage, facts, messages, defence, since }
}

/// Whether one of the channels can bring the event that starts the stage's clock.
fn starts_clock(rung: &Stage, channels: &[ChannelKind]) -> bool {
    match rung.clock.starts_at {
        Proof::HandedOver => !channels.is_empty(),
        Proof::Presented => channels.contains(&ChannelKind::RegisteredLetter),
    }
}

/// The next way the rules know of reaching the person, when the ones tried reach nobody.
fn fall_back(
    stage: usize,
    rung: &Stage,
    facts: Facts,
    tried: &[ChannelKind],
    turn: Turn<'_>,
) -> Step<State> {
    let new = tried.iter().copied().filter(|channel| !facts.in_vain.contains(channel));
    let in_vain: Vec<ChannelKind> = facts.in_vain.iter().copied().chain(new).collect();
    match fallback(rung, &in_vain) {
        Some(channel) => {
            let facts = Facts { in_vain, ..facts };
            ask(stage, rung, facts, vec![channel], turn)
        }
        None => Step {
            state: closed(Closure::Unreachable, turn.now),
            effects: vec![Effect::RaiseAlarm { alarm: Alarm::Unreachable { stage } }],
        },
    }
}

fn fallback(rung: &Stage, tried: &[ChannelKind]) -> Option<ChannelKind> {
    rung.channels
        .iter()
        .find(|channel| channel.fallback && !tried.contains(&channel.kind))
        .map(|channel| channel.kind)
}

fn dispatch(
    stage: usize,
    rung: &Stage,
    facts: &Facts,
    channel: ChannelKind,
    attempt: u32,
) -> Effect {
    Effect::SendMessage {
        stage,
        stage_id: rung.id.clone(),
        channel,
        letter: rung.letter.clone(),
        names_works: rung.linking.names_works,
        notice: facts.leading.notice,
        further_facts: facts.further,
        attempt,
    }
}

/// News of a message. Late, doubled and reordered news is normal: it is noted, and moves the case
/// only where it proves something new.
pub(super) fn heard(
    state: &State,
    report: &DeliveryReport,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let (stage, mut noted) = match state {
        State::Sending { stage, messages, .. } | State::Warned { stage, messages, .. } => {
            (*stage, messages.clone())
        }
        State::Contradictory { heard, .. }
        | State::Deliberating { heard, .. }
        | State::Transmitted { heard, .. } => (heard.stage, heard.messages.clone()),
        _ => return out_of_turn(state, &Event::Delivery(report.clone())),
    };
    let Some(message) = noted.get_mut(&report.channel).filter(|_| report.stage == stage) else {
        return out_of_turn(state, &Event::Delivery(report.clone()));
    };
    message.status = Some(report.status);
    let attempt = message.attempt;
    let rung = turn.rung(stage)?;
    let state = with_messages(state, noted);
    match report.status {
        DeliveryStatus::HandedOver if rung.clock.starts_at == Proof::HandedOver => {
            start_clock(state, Proof::HandedOver, report.at, turn).map(Step::quiet)
        }
        // What was signed for was presented, on that day at the latest. A mail never is, and of a
        // simple letter nobody can prove it.
        DeliveryStatus::Presented | DeliveryStatus::Delivered
            if rung.clock.starts_at == Proof::Presented
                && report.channel == ChannelKind::RegisteredLetter =>
        {
            start_clock(state, Proof::Presented, report.at, turn).map(Step::quiet)
        }
        DeliveryStatus::Returned(reason) => returned(state, report, reason, attempt, turn),
        DeliveryStatus::Bounced => Ok(bounced(state, rung, report.channel, turn)),
        DeliveryStatus::Blocked => Ok(Step {
            state,
            effects: vec![Effect::RaiseAlarm { alarm: Alarm::MailBlocked { stage } }],
        }),
        _ => Ok(Step::quiet(state)),
    }
}

/// The messages of the states that have any, with this news noted.
fn with_messages(state: &State, noted: BTreeMap<ChannelKind, Message>) -> State {
    let mut state = state.clone();
    match &mut state {
        State::Sending { messages, .. } | State::Warned { messages, .. } => *messages = noted,
        State::Contradictory { heard, .. }
        | State::Deliberating { heard, .. }
        | State::Transmitted { heard, .. } => heard.messages = noted,
        _ => {}
    }
    state
}

/// Starts the clock once. A second proof of the same kind is a duplicate, and the first date holds.
fn start_clock(state: State, by: Proof, at: Timestamp, turn: Turn<'_>) -> Result<State, Refusal> {
    match state {
        State::Sending { stage, messages, facts, defence, .. } => {
            let started = Started { by, at };
            deliberation::begun(Heard { stage, facts, started, messages, defence }, turn)
        }
        other => Ok(other),
    }
}

/// A mail that reaches nobody warned nobody: the fallback goes out, and the clock waits for it.
/// Where the rules of the day know no other way the sending stands, and a person is told.
fn bounced(state: State, rung: &Stage, bounced: ChannelKind, turn: Turn<'_>) -> Step<State> {
    let (State::Sending { stage, facts, messages, .. }
    | State::Warned { stage, facts, messages, .. }) = &state
    else {
        return Step::quiet(state);
    };
    let another_is_on_its_way = messages.iter().any(|(channel, message)| {
        *channel != bounced && message.status != Some(DeliveryStatus::Bounced)
    });
    if another_is_on_its_way {
        return Step::quiet(state);
    }
    let tried: Vec<ChannelKind> = messages.keys().copied().collect();
    match (fallback(rung, &tried), &state) {
        (None, State::Warned { stage, .. }) => {
            let alarm = Alarm::Unreachable { stage: *stage };
            Step { state, effects: vec![Effect::RaiseAlarm { alarm }] }
        }
        _ => fall_back(*stage, rung, facts.clone(), &tried, turn),
    }
}

/// A letter that came back. What that means is a value of the regime, never a habit of the post.
fn returned(
    state: State,
    report: &DeliveryReport,
    reason: ReturnReason,
    attempt: u32,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let rung = turn.rung(report.stage)?;
    let consequence = rung.clock.returned.get(&reason).copied().unwrap_or(Consequence::NotNotified);
    let clock_ran = matches!(
        state,
        State::Warned { started: Started { by: Proof::Presented, .. }, .. }
            | State::Contradictory { .. }
            | State::Deliberating { .. }
            | State::Transmitted { .. }
    );
    match consequence {
        // A simple letter that came back reached the letter box, and proves no day for it.
        Consequence::CountsAsPresented if report.channel != ChannelKind::RegisteredLetter => {
            Ok(Step::quiet(state))
        }
        Consequence::CountsAsPresented => {
            start_clock(state, Proof::Presented, report.at, turn).map(Step::quiet)
        }
        Consequence::SendAgain if attempt == 1 && !clock_ran => {
            Ok(send_again(state, rung, report.channel, turn))
        }
        Consequence::Close if !matches!(state, State::Transmitted { .. }) => {
            Ok(Step::quiet(closed(Closure::Deceased, turn.now)))
        }
        Consequence::NotNotified | Consequence::SendAgain | Consequence::Close => {
            Ok(not_notified(state, report.stage, clock_ran, turn))
        }
    }
}

/// Nobody was notified after all: the case ends, and where its clock ran already a person is told.
/// A file that the prosecutor has cannot be taken back; that person must tell the prosecutor.
fn not_notified(state: State, stage: usize, clock_ran: bool, turn: Turn<'_>) -> Step<State> {
    let alarm = Effect::RaiseAlarm { alarm: Alarm::PresentationContradicted { stage } };
    let effects = if clock_ran { vec![alarm] } else { Vec::new() };
    let state = match state {
        transmitted @ State::Transmitted { .. } => transmitted,
        _ => closed(Closure::NotNotified, turn.now),
    };
    Step { state, effects }
}

/// The post has its time anew.
fn send_again(mut state: State, rung: &Stage, channel: ChannelKind, turn: Turn<'_>) -> Step<State> {
    let mut effects = Vec::new();
    if let State::Sending { since, .. } = &mut state {
        *since = turn.now;
    }
    if let State::Sending { stage, facts, messages, .. }
    | State::Warned { stage, facts, messages, .. } = &mut state
    {
        messages.insert(channel, Message::sent(2));
        effects.push(dispatch(*stage, rung, facts, channel, 2));
    }
    Step { state, effects }
}

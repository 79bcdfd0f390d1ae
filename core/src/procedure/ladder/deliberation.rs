//! From the presentation of the last letter to the prosecutor: the person is heard, a member
//! deliberates, the file goes or the case ends.
//!
//! Nothing is decided while the person's time runs or a hearing that they asked for is awaited, and
//! nothing is decided by the passing of time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Closure, Defence, Facts, Message, Started, State, Turn, closed, defence, out_of_turn, waits,
};
use crate::deadline::Deadline;
use crate::effect::{Alarm, Effect};
use crate::event::{Event, Verdict};
use crate::id::{Digest, PersonId};
use crate::procedure::ladder::defence::Hearing;
use crate::procedure::measure::{Pronounced, Sentence};
use crate::procedure::{Due, DueKind, Kept};
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, Deliberation, DeliberationOutcome, Hears, Span};
use crate::step::{Refusal, Step};
use std::collections::BTreeMap;

/// A finding whose letter was presented, and what the person answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub stage: usize,
    pub facts: Facts,
    pub started: Started,
    pub messages: BTreeMap<ChannelKind, Message>,
    pub defence: Defence,
}

/// A member's decision at the end of the ladder. There is none without a person, reasons, and a
/// fresh look at the facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliberated {
    pub by: PersonId,
    pub outcome: DeliberationOutcome,
    /// SHA-256 of the reasons, which are sealed with the file.
    pub reasons: Digest,
    /// SHA-256 of the file as the member looked at it.
    pub examined: Digest,
}

/// What became of a file at the prosecutor's or in court (CPI R331-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CourtOutcome {
    /// No proceedings.
    Dropped,
    /// An alternative to prosecution, a composition.
    Alternative,
    Acquitted,
    Convicted,
}

impl CourtOutcome {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Alternative => "alternative",
            Self::Acquitted => "acquitted",
            Self::Convicted => "convicted",
        }
    }
}

/// Where a stage whose clock just started goes on: the person is heard where the law says so.
pub(super) fn begun(heard: Heard, turn: Turn<'_>) -> Result<State, Refusal> {
    let Heard { stage, facts, started, messages, .. } = &heard;
    let rung = turn.rung(*stage)?;
    if rung.hears.is_some() && rules(*stage, turn.now, turn.regime)?.is_some() {
        return Ok(State::Contradictory { heard: Box::new(heard), alarmed: false });
    }
    let (facts, messages) = (facts.clone(), messages.clone());
    Ok(State::Warned { stage: *stage, facts, started: *started, messages })
}

pub(super) fn step(state: &State, event: &Event, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    match (state, event) {
        (
            State::Contradictory { .. } | State::Deliberating { .. },
            Event::ObservationsReceived { .. }
            | Event::SituationStated { .. }
            | Event::HearingRequested { .. },
        ) => asked_or_said(state, event, turn),
        (State::Contradictory { heard, .. }, Event::Deliberated(_)) => {
            Err(Refusal::StillHeard { until: observations_end(heard, turn.regime)?.ends_at })
        }
        (State::Contradictory { .. } | State::Deliberating { .. }, Event::Decided(decision))
            if decision.verdict == Verdict::Close =>
        {
            Ok(Step::quiet(closed(Closure::Dismissed, turn.now)))
        }
        (
            State::Contradictory { heard, .. },
            Event::HearingConvened { .. } | Event::HearingHeld { .. } | Event::HearingMissed { .. },
        ) => defence::hold(heard, event, turn),
        (State::Contradictory { heard, .. }, Event::ConvocationReported(report)) => {
            Ok(defence::convocation(heard, report))
        }
        // The hearing is behind, whatever the carrier still says of the letter.
        (_, Event::ConvocationReported(_)) => Ok(Step::quiet(state.clone())),
        (State::Deliberating { heard, .. }, Event::Deliberated(decision)) => {
            decide(heard, decision, turn)
        }
        (State::Transmitted { .. }, Event::OutcomeReported { by, outcome, judgment, measures }) => {
            judged_with(by, *outcome, judgment, measures, turn)
        }
        (_, Event::DeadlinePassed) => waits::overdue(state, turn.now, turn.regime),
        _ => out_of_turn(state, event),
    }
}

/// A hearing that is asked for in time, and heard of late, takes the file back from the member.
fn asked_or_said(state: &State, event: &Event, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let step = defence::step(state, event, turn)?;
    match step.state {
        State::Deliberating { heard, .. } if heard.defence.hearing.is_awaited() => {
            Ok(Step::quiet(State::Contradictory { heard, alarmed: false }))
        }
        state => Ok(Step::quiet(state)),
    }
}

/// The file's outcome. Each measure that a conviction pronounced is followed as a case of its own.
fn judged_with(
    by: &PersonId,
    outcome: CourtOutcome,
    judgment: &Digest,
    measures: &[Sentence],
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    if outcome != CourtOutcome::Convicted && !measures.is_empty() {
        return Err(Refusal::NoSuchOutcome { outcome: outcome.name() });
    }
    let mut effects = Vec::with_capacity(measures.len());
    for sentence in measures {
        sentence.check(turn.regime)?;
        let measure = Pronounced {
            line: turn.line.clone(),
            file: turn.case,
            sentence: sentence.clone(),
            decision: judgment.clone(),
        };
        effects.push(Effect::OpenMeasure { measure: Box::new(measure), by: by.clone() });
    }
    Ok(Step { state: closed(Closure::Judged, turn.now), effects })
}

fn decide(heard: &Heard, decision: &Deliberated, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let rules = after(heard, turn.now, turn.regime)?;
    if !rules.outcomes.contains(&decision.outcome) {
        return Err(Refusal::NoSuchOutcome { outcome: decision.outcome.name() });
    }
    match decision.outcome {
        DeliberationOutcome::Close => Ok(Step::quiet(closed(Closure::Dismissed, turn.now))),
        DeliberationOutcome::Transmit => {
            let prosecutable = waits::window(heard.stage, heard.started, turn.regime)?.ends_at;
            if prosecutable <= turn.now {
                return Err(Refusal::TooLate { ended_at: prosecutable });
            }
            let effect = Effect::TransmitFile { stage: heard.stage, decision: decision.clone() };
            let (heard, decision) = (Box::new(heard.clone()), Box::new(decision.clone()));
            let state = State::Transmitted { heard, decision, at: turn.now, alarmed: false };
            Ok(Step { state, effects: vec![effect] })
        }
    }
}

/// Before the member once the person's time is over and no hearing is awaited; still the person's
/// turn until then.
pub(super) fn ripe(heard: Heard, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let over = observations_end(&heard, turn.regime)?.ends_at <= turn.now;
    let heard = Box::new(heard);
    Ok(Step::quiet(if over && !heard.defence.hearing.is_awaited() {
        State::Deliberating { heard, since: turn.now, alarmed: false }
    } else {
        State::Contradictory { heard, alarmed: false }
    }))
}

/// The time for observations, by the rules of the day of presentation.
pub(super) fn observations_end(heard: &Heard, regime: &Regime) -> Result<Deadline, Refusal> {
    let span = hears(heard, regime)?.observations_within;
    let rung = super::rung(heard.stage, heard.started.at, regime)?;
    let path = format!("stage.{}.hears.observations_within", rung.id);
    Ok(regime.deadline(heard.started.at, span, waits::proof_name(heard.started.by), &path))
}

/// Until when the person may answer the finding, for whoever shows the case.
pub fn observations_until(state: &State, regime: &Regime) -> Option<Deadline> {
    match state.bare() {
        State::Contradictory { heard, .. } => observations_end(heard, regime).ok(),
        _ => None,
    }
}

pub(super) fn hears<'r>(heard: &Heard, regime: &'r Regime) -> Result<&'r Hears, Refusal> {
    super::rung(heard.stage, heard.started.at, regime)?.hears.as_ref().ok_or(Refusal::NoHearing)
}

/// What is decided after a stage, by the rules of an instant.
fn rules(stage: usize, at: Timestamp, regime: &Regime) -> Result<Option<&Deliberation>, Refusal> {
    let rung = super::rung(stage, at, regime)?;
    let all = &regime.rules_at(at)?.deliberations;
    Ok(all.iter().find(|one| one.after_stage == rung.id))
}

fn after<'r>(
    heard: &Heard,
    at: Timestamp,
    regime: &'r Regime,
) -> Result<&'r Deliberation, Refusal> {
    rules(heard.stage, at, regime)?.ok_or(Refusal::NoRules { day: regime.day_of(at) })
}

/// What a file waits for while the person is heard: the end of their time; a hearing's convocation,
/// then its record.
pub(super) fn due_while_heard(
    heard: &Heard,
    alarmed: bool,
    regime: &Regime,
) -> Result<Option<Due>, Refusal> {
    let hears = hears(heard, regime)?;
    let id = &super::rung(heard.stage, heard.started.at, regime)?.id;
    let alarm = |span: Option<Span>, from, by, name| {
        let path = format!("stage.{id}.hears.{name}");
        span.filter(|_| !alarmed).map(|span| Due {
            what: DueKind::Alarm,
            deadline: regime.deadline(from, span, by, &path),
        })
    };
    Ok(match heard.defence.hearing {
        Hearing::Asked { at } => alarm(hears.convene_within, at, "asked_for", "convene_within"),
        Hearing::Convened { slot, .. } => {
            alarm(hears.record_within, slot, "convened", "record_within")
        }
        Hearing::NotAsked | Hearing::Held { .. } | Hearing::NotAttended { .. } => {
            Some(Due { what: DueKind::Next, deadline: observations_end(heard, regime)? })
        }
    })
}

/// When a member is late.
pub(super) fn due_while_deliberating(
    heard: &Heard,
    since: Timestamp,
    regime: &Regime,
) -> Result<Option<Due>, Refusal> {
    let rules = after(heard, since, regime)?;
    let path = format!("deliberation.{}.decide_within", rules.id);
    Ok(rules.decide_within.map(|span| Due {
        what: DueKind::Alarm,
        deadline: regime.deadline(since, span, "before_the_member", &path),
    }))
}

/// When somebody should ask what became of the file.
pub(super) fn due_while_transmitted(
    heard: &Heard,
    at: Timestamp,
    regime: &Regime,
) -> Result<Option<Due>, Refusal> {
    let rules = after(heard, at, regime)?;
    let path = format!("deliberation.{}.outcome_within", rules.id);
    Ok(rules.outcome_within.map(|span| Due {
        what: DueKind::Alarm,
        deadline: regime.deadline(at, span, "transmitted", &path),
    }))
}

/// What a file that went to the prosecutor is kept by.
pub(super) fn transmitted(at: Timestamp) -> Kept {
    let name = "transmitted".to_owned();
    Kept { data: "file".to_owned(), after_stage: name.clone(), from: at, started_by: name }
}

/// What a file is kept by once its outcome is known.
pub(super) fn judged(at: Timestamp) -> Kept {
    let name = "judged".to_owned();
    Kept { data: "file".to_owned(), after_stage: name.clone(), from: at, started_by: name }
}

/// The alarm of whoever is late with a file that is heard.
pub(super) fn late(heard: &Heard) -> Alarm {
    match heard.defence.hearing {
        Hearing::Asked { .. } => Alarm::HearingNotConvened { stage: heard.stage },
        _ => Alarm::HearingUnrecorded { stage: heard.stage },
    }
}

//! The ladder of warnings against one line: fact, proposal, decision, message, clock, repeat.
//!
//! Knows stages by their place only. Which stages there are, who decides, what starts a clock and
//! how long it runs are values of the regime.

mod answer;
mod carried;
mod challenge;
mod defence;
mod deliberation;
mod keeping;
mod messages;
mod review;
mod state;
mod waits;

use jiff::Timestamp;

use crate::case::{Case, Subject};
use crate::effect::{Alarm, Effect};
use crate::event::{Decision, DisclosureFailure, Event, Fact, Line, Verdict};
use crate::id::CaseId;
use crate::identification::IdentityField;
use crate::procedure::trial::kept_in_house;
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, Gate, Means, Stage};
use crate::step::{Refusal, Step};

pub use answer::Reached;
pub use challenge::{Challenge, ChallengeAnswer, ChallengeGround, ChallengeVerdict, answer_due};
pub use defence::{Defence, Hearing, OBSERVATIONS_MAX, Received};
pub use deliberation::{CourtOutcome, Deliberated, Heard, observations_until};
pub use review::{grant_expires, linking_asked};
pub use state::{Closure, Facts, Message, Started, State};
pub(crate) use waits::due;
pub use waits::repeat_window;

/// What a step looks at beside the state and the event: whose line, when, under which rules.
#[derive(Clone, Copy)]
struct Turn<'t> {
    case: CaseId,
    line: &'t Line,
    now: Timestamp,
    regime: &'t Regime,
}

impl Turn<'_> {
    /// The rung as the rules of the day have it.
    fn rung(&self, stage: usize) -> Result<&Stage, Refusal> {
        rung(stage, self.now, self.regime)
    }
}

/// Moves a case on by one event. Whatever ends a case leaves what the rules keep, and no longer.
pub(crate) fn step(
    case: &Case,
    state: &State,
    event: &Event,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    match (state, event) {
        (State::Held { under, order, until }, event) => {
            keeping::under_hold(case, (under, order, *until), event, now, regime)
        }
        // News of what was sent keeps nothing longer, and erases nothing again.
        (State::Closed { kept: Some(_), .. }, Event::AnswerReported(report)) => {
            Ok(answer::heard(state, report))
        }
        (_, Event::HoldPlaced { order, until, .. }) => keeping::hold(state, order, *until),
        _ => keeping::kept_after(state, take(case, state, event, now, regime)?, now, regime),
    }
}

/// What an event does to a case, whoever holds it, within what the day lets out of the house.
fn take(
    case: &Case,
    state: &State,
    event: &Event,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    let step = moved(case, state, event, now, regime)?;
    let stopped = || closed(Closure::Trial, now);
    Ok(kept_in_house(step, case.authority.is_pilot(), now, regime, stopped))
}

fn moved(
    case: &Case,
    state: &State,
    event: &Event,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    let Subject::Line(line) = &case.subject else {
        return Err(Refusal::WrongSubject);
    };
    let turn = Turn { case: case.id, line, now, regime };
    match (state, event) {
        (State::Closed { kept: Some(_), .. }, Event::DeadlinePassed) => {
            waits::overdue(state, now, regime)
        }
        (State::Open | State::Closed { kept: None, .. }, Event::AnswerReported(_)) => {
            out_of_turn(state, event)
        }
        (_, Event::AnswerReported(report)) => Ok(answer::heard(state, report)),
        (State::Closed { .. }, _) => out_of_turn(state, event),
        (_, Event::PilotEnded) if case.authority.is_pilot() => {
            Ok(Step::quiet(closed(Closure::Trial, now)))
        }
        (State::Challenged { .. }, _) => challenge::under_challenge(case, state, event, turn),
        (_, Event::ChallengeReceived { .. }) => challenge::received(state, event, turn),
        (State::Open, Event::FactEstablished { fact }) => {
            propose(0, Facts::first(fact.clone()), turn)
        }
        (State::Warned { .. }, Event::FactEstablished { fact }) => repeat(state, fact, turn),
        (_, Event::FactEstablished { .. }) => Ok(Step::quiet(one_more_fact(state))),
        (State::Proposed { stage, facts, .. }, Event::Decided(decision)) => {
            decide(*stage, facts, decision, turn)
        }
        (
            State::Warned { .. } | State::Barred { .. } | State::UnderReview { .. },
            Event::Decided(decision),
        ) if decision.verdict == Verdict::Close => Ok(Step::quiet(closed(Closure::Dismissed, now))),
        (
            State::Contradictory { .. } | State::Deliberating { .. } | State::Transmitted { .. },
            Event::Delivery(report),
        ) => messages::heard(state, report, turn),
        (
            State::Contradictory { .. } | State::Deliberating { .. } | State::Transmitted { .. },
            _,
        ) => deliberation::step(state, event, turn),
        (
            _,
            Event::ObservationsReceived { .. }
            | Event::SituationStated { .. }
            | Event::HearingRequested { .. },
        ) => defence::step(state, event, turn),
        (State::Barred { .. } | State::UnderReview { .. }, _) => {
            review::step(case, state, event, turn)
        }
        (State::Asking { stage, facts, channels, .. }, Event::Disclosed { fields, .. }) => {
            messages::send(*stage, facts, channels, fields, turn)
        }
        (State::Asking { stage, facts, .. }, Event::DisclosureFailed { reason, .. }) => {
            not_disclosed(*stage, facts, *reason, turn)
        }
        (State::Sending { .. } | State::Warned { .. }, Event::Delivery(report)) => {
            messages::heard(state, report, turn)
        }
        (_, Event::DeadlinePassed) => waits::overdue(state, now, regime),
        (state, event) => out_of_turn(state, event),
    }
}

/// A fact after a warning: a repeat if it happened within the window, a new beginning if after it,
/// and no step at all if it happened before the person was warned.
fn repeat(state: &State, fact: &Fact, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let State::Warned { stage, started, .. } = state else {
        return out_of_turn(state, &Event::FactEstablished { fact: fact.clone() });
    };
    if fact.fact_at <= started.at {
        return Ok(Step::quiet(one_more_fact(state)));
    }
    let window = waits::window(*stage, *started, turn.regime)?;
    let facts = Facts::first(fact.clone());
    if fact.fact_at < window.ends_at {
        let told_by = answer::reached(state, turn.regime)?.channels;
        propose(stage + 1, Facts { before: Some(*started), told_by, ..facts }, turn)
    } else {
        propose(0, facts, turn)
    }
}

/// Enters the stage as far as the law lets anyone go without a further act: behind a gate nothing
/// is linked or asked; where a person decides, the case waits for that person.
fn propose(stage: usize, facts: Facts, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let now = turn.now;
    let rules = turn.regime.rules_at(now)?;
    let Some(rung) = rules.stages.get(stage) else {
        return Ok(Step::quiet(State::Barred { stage, facts, gate: Gate::Barred, since: now }));
    };
    if let Some(gate) = rung.gate {
        return Ok(Step::quiet(State::Barred { stage, facts, gate, since: now }));
    }
    if rung.decides.is_some() {
        return Ok(Step::quiet(State::Proposed { stage, facts, since: now, alarmed: false }));
    }
    Ok(ask(stage, rung, facts, messages::primary(rung), turn))
}

fn decide(
    stage: usize,
    facts: &Facts,
    decision: &Decision,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    match decision.verdict {
        Verdict::Close => Ok(Step::quiet(closed(Closure::Dismissed, turn.now))),
        Verdict::Send => {
            let rung = turn.rung(stage)?;
            Ok(ask(stage, rung, facts.clone(), messages::primary(rung), turn))
        }
    }
}

/// Asks the provider for exactly what these channels need, and nothing the rules don't grant.
/// Where the law of the day puts a gate before the stage, nothing is asked, whatever led here.
fn ask(
    stage: usize,
    rung: &Stage,
    facts: Facts,
    channels: Vec<ChannelKind>,
    turn: Turn<'_>,
) -> Step<State> {
    let since = turn.now;
    if let Some(gate) = rung.gate {
        return Step::quiet(State::Barred { stage, facts, gate, since });
    }
    if rung.linking.means == Means::Relay {
        return messages::relay(stage, rung, facts, turn);
    }
    let request = Effect::RequestDisclosure {
        line: turn.line.clone(),
        stage,
        purpose: rung.linking.purpose,
        fields: fields_for(rung, &channels),
        sequence: rung.linking.sequence,
    };
    Step {
        state: State::Asking { stage, facts, channels, since, alarmed: false },
        effects: vec![request],
    }
}

/// Nothing was disclosed, and a person is told. A provider that counts one linking more than the
/// authority does is believed: what is left is a reviewer's grant, where the rules know reviewers.
fn not_disclosed(
    stage: usize,
    facts: &Facts,
    reason: DisclosureFailure,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let reviewed = turn.regime.rules_at(turn.now)?.review.is_some();
    let barred = |gate| State::Barred { stage, facts: facts.clone(), gate, since: turn.now };
    let (state, alarm) = match reason {
        DisclosureFailure::HandleUnknown => {
            (closed(Closure::Unreachable, turn.now), Alarm::Unreachable { stage })
        }
        DisclosureFailure::AuthorisationMissing if reviewed => {
            (barred(Gate::ReviewerAuthorisation), Alarm::DisclosureRefused { stage })
        }
        DisclosureFailure::AuthorisationMissing | DisclosureFailure::Refused => {
            (barred(Gate::Barred), Alarm::DisclosureRefused { stage })
        }
    };
    Ok(Step { state, effects: vec![Effect::RaiseAlarm { alarm }] })
}

/// The fields these channels need and the rules grant, in ascending order.
fn fields_for(rung: &Stage, channels: &[ChannelKind]) -> Vec<IdentityField> {
    let mut fields: Vec<IdentityField> = channels
        .iter()
        .flat_map(|channel| messages::needs(*channel))
        .copied()
        .filter(|field| rung.linking.fields.contains(field))
        .collect();
    fields.sort();
    fields.dedup();
    fields
}

/// Counts a fact that changes nothing.
fn one_more_fact(state: &State) -> State {
    let mut state = state.clone();
    match &mut state {
        State::Proposed { facts, .. }
        | State::Asking { facts, .. }
        | State::Sending { facts, .. }
        | State::Warned { facts, .. }
        | State::Barred { facts, .. }
        | State::UnderReview { facts, .. } => {
            facts.further = facts.further.saturating_add(1);
        }
        State::Contradictory { heard, .. }
        | State::Deliberating { heard, .. }
        | State::Transmitted { heard, .. } => {
            heard.facts.further = heard.facts.further.saturating_add(1);
        }
        State::Held { under, .. } | State::Challenged { under, .. } => {
            **under = one_more_fact(under);
        }
        State::Open | State::Closed { .. } => {}
    }
    state
}

/// The rung as the rules of the day have it.
fn rung(stage: usize, now: Timestamp, regime: &Regime) -> Result<&Stage, Refusal> {
    let rules = regime.rules_at(now)?;
    rules.stages.get(stage).ok_or(Refusal::NoRules { day: regime.day_of(now) })
}

/// Closed; `keeping` says what is kept from then on.
fn closed(closure: Closure, at: Timestamp) -> State {
    State::Closed { closure, at, kept: None }
}

fn out_of_turn<T>(state: &State, event: &Event) -> Result<T, Refusal> {
    Err(Refusal::OutOfTurn { state: state.name(), event: event.name() })
}

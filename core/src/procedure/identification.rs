//! From an accepted notice to a handle, or to a typed "no": one case per notice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Subject};
use crate::effect::{Alarm, Effect};
use crate::event::{Event, Fact, Line};
use crate::id::{CaseId, PartyId, QuestionId};
use crate::identification::Outcome;
use crate::procedure::{Due, DueKind, Kept};
use crate::regime::Regime;
use crate::step::{Refusal, Step};

/// Where the identification of one notice stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nothing accepted yet.
    Open,
    /// Accepted; the question is due to leave.
    Waiting { received: Received },
    /// The provider has the question.
    Asked { received: Received, question: QuestionId, asked_at: Timestamp, alarmed: bool },
    Closed {
        closure: Closure,
        at: Timestamp,
        /// What is still kept. None once its erasure was asked for, and where the fact went to the
        /// case of its line, which answers for it from then on.
        #[serde(default)]
        kept: Option<Kept>,
    },
}

impl State {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting { .. } => "waiting",
            Self::Asked { .. } => "asked",
            Self::Closed { closure, .. } => closure.name(),
        }
    }
}

/// The two instants the law counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    pub fact_at: Timestamp,
    pub received_at: Timestamp,
}

/// How an identification ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "closure", rename_all = "snake_case")]
pub enum Closure {
    /// A handle was named; the fact went to its case.
    Identified,
    /// The provider answered, and the answer is no handle. `outcome` is its wire name.
    Unidentified { outcome: String },
    /// No answer within the time the referral may be kept.
    Unanswered,
    /// The sender took the notice back.
    Retracted,
    /// The pilot that it belonged to ended first.
    Trial,
}

impl Closure {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identified => "identified",
            Self::Unidentified { .. } => "unidentified",
            Self::Unanswered => "unanswered",
            Self::Retracted => "retracted",
            Self::Trial => "trial",
        }
    }
}

/// Moves an identification on by one event.
pub(crate) fn step(
    case: &Case,
    state: &State,
    event: &Event,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    let subject = &case.subject;
    let Subject::Notice { notice, provider } = subject else {
        return Err(Refusal::WrongSubject);
    };
    match (state, event) {
        (State::Open, Event::NoticeAccepted { notice: accepted, fact_at, .. })
            if accepted == notice =>
        {
            let received = Received { fact_at: *fact_at, received_at: now };
            let ask = Effect::AskProvider { notice: *notice, provider: provider.clone() };
            Ok(Step { state: State::Waiting { received }, effects: vec![ask] })
        }
        (State::Waiting { received }, Event::QuestionAsked { question }) => {
            Ok(Step::quiet(State::Asked {
                received: *received,
                question: *question,
                asked_at: now,
                alarmed: false,
            }))
        }
        // The worker may ask twice after a crash; the question is the same one.
        (State::Asked { question, .. }, Event::QuestionAsked { question: again })
            if again == question =>
        {
            Ok(Step::quiet(state.clone()))
        }
        (
            State::Asked { received, question, .. },
            Event::Answered { question: answered, outcome },
        ) if answered == question => Ok(conclude(case.id, subject, *received, outcome, now)),
        (
            State::Waiting { .. } | State::Asked { .. },
            Event::NoticeRetracted { notice: retracted },
        ) if retracted == notice => Ok(erased(Closure::Retracted, now)),
        (State::Waiting { received } | State::Asked { received, .. }, Event::PilotEnded)
            if case.authority.is_pilot() =>
        {
            let kept = Some(Kept::referral(received.received_at));
            Ok(Step::quiet(State::Closed { closure: Closure::Trial, at: now, kept }))
        }
        (_, Event::DeadlinePassed) => overdue(state, provider, now, regime),
        (state, event) => Err(Refusal::OutOfTurn { state: state.name(), event: event.name() }),
    }
}

/// What an answer leads to. Only `Identified` names anybody, and it names a handle.
fn conclude(
    case: CaseId,
    subject: &Subject,
    received: Received,
    outcome: &Outcome,
    now: Timestamp,
) -> Step<State> {
    match (outcome, subject) {
        (Outcome::Identified { handle, .. }, Subject::Notice { notice, provider }) => {
            let line = Line { provider: provider.clone(), handle: handle.clone() };
            let fact = Fact {
                notice: *notice,
                identification: case,
                fact_at: received.fact_at,
                received_at: received.received_at,
            };
            Step {
                state: State::Closed { closure: Closure::Identified, at: now, kept: None },
                effects: vec![Effect::EstablishFact { line, fact }],
            }
        }
        (other, _) => {
            let outcome = other.name().to_owned();
            let kept = Some(Kept::referral(received.received_at));
            let closure = Closure::Unidentified { outcome };
            Step::quiet(State::Closed { closure, at: now, kept })
        }
    }
}

fn overdue(
    state: &State,
    provider: &PartyId,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    let due = due(state, regime)?.ok_or(Refusal::NothingDue)?;
    if now < due.at() {
        return Err(Refusal::NotYetDue { ends_at: due.at() });
    }
    match (due.what, state) {
        (DueKind::Alarm, State::Asked { received, question, asked_at, .. }) => Ok(Step {
            state: State::Asked {
                received: *received,
                question: *question,
                asked_at: *asked_at,
                alarmed: true,
            },
            effects: vec![Effect::RaiseAlarm {
                alarm: Alarm::ProviderSilent { provider: provider.clone() },
            }],
        }),
        (_, State::Closed { closure, at, .. }) => Ok(erased(closure.clone(), *at)),
        _ => Ok(erased(Closure::Unanswered, now)),
    }
}

/// The provider's time to answer, then the time an unanswered referral may be kept.
pub(crate) fn due(state: &State, regime: &Regime) -> Result<Option<Due>, Refusal> {
    match state {
        State::Open | State::Closed { kept: None, .. } => Ok(None),
        State::Closed { kept: Some(kept), .. } => regime.end_of_keeping(kept).map(Some),
        State::Waiting { received } => kept_until(received, regime).map(Some),
        State::Asked { received, asked_at, alarmed, .. } => {
            let end = kept_until(received, regime)?;
            if *alarmed {
                return Ok(Some(end));
            }
            let rules = regime.rules_at(*asked_at)?;
            let span = rules.provider.answers_within;
            let deadline =
                regime.deadline(*asked_at, span, "question_asked", "provider.answers_within");
            Ok(Due::earlier(Some(Due { what: DueKind::Alarm, deadline }), Some(end)))
        }
    }
}

fn kept_until(received: &Received, regime: &Regime) -> Result<Due, Refusal> {
    regime.end_of_keeping(&Kept::referral(received.received_at))
}

/// Closed, and nothing of the notice is kept any longer.
fn erased(closure: Closure, at: Timestamp) -> Step<State> {
    let state = State::Closed { closure, at, kept: None };
    Step { state, effects: vec![Effect::ErasePersonalData] }
}

//! The life of one measure: pronounced, enforceable, notified, ordered, in force, lifted, erased.
//!
//! A person, with a document, makes it harder; time alone only ever ends or softens it. What was
//! ordered of a provider is lifted and proven before the case ends, or somebody was alarmed. Which
//! measures there are, how much may be pronounced and how long anything may take are values of the
//! regime.

mod court;
mod keeping;
mod law;
mod notice;
mod provider;
mod sentence;
mod waits;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Subject};
use crate::event::Event;
use crate::id::Digest;
use crate::procedure::Kept;
use crate::procedure::ladder::Received;
use crate::procedure::trial::kept_in_house;
use crate::regime::Regime;
use crate::regime::rules::{Execution, Measure};
use crate::step::{Refusal, Step};

pub use court::{AppealOutcome, LiftGround};
pub use provider::{Declined, Demand, Excess, HowEnded, ProviderReport, Reported, Window};
pub use sentence::{CourtName, NoCourtName, Pronounced, Sentence, Terms, at_most, days_of};
pub(crate) use waits::due;
pub use waits::{Awaited, Awaits, Next, appeal_end, awaited, milder_law};

/// Where a measure stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nobody entered it yet.
    Open,
    /// It may still be appealed, or nobody brought the registry's word that it may not.
    Pronounced { life: Box<Life> },
    /// An appeal suspends it.
    Appealed { life: Box<Life>, at: Timestamp },
    /// Enforceable; the letter to the person is on its way.
    Notifying { life: Box<Life>, attempt: u32, since: Timestamp },
    /// A court put it off. It begins again by a person's act, never by the calendar.
    Postponed { life: Box<Life>, until: Timestamp, since: Timestamp },
    /// The provider has the order; its word that it is in force has not come.
    Ordered { life: Box<Life>, since: Timestamp, declined: Option<Declined> },
    /// In force, by the provider's word; of a fine or an injunction, since the notification.
    InForce { life: Box<Life>, since: Timestamp },
    /// Its time is over, or it has no ground any more: the proof that it was lifted is awaited.
    Lifting { life: Box<Life>, why: Closure, since: Timestamp },
    Closed {
        closure: Closure,
        at: Timestamp,
        /// When it was first in force; None where it never was.
        started: Option<Timestamp>,
        /// What is still kept; None once its erasure was asked for.
        #[serde(default)]
        kept: Option<Kept>,
    },
    /// As `under`, but a court ordered that the file be kept.
    Held { under: Box<State>, order: Digest, until: Timestamp },
}

/// What is known of a measure on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// What is to be carried out: as pronounced, or as varied and softened since.
    pub terms: Terms,
    /// When the judgment that counts was given: the time to appeal runs from it.
    pub judged_at: Timestamp,
    /// From when it may be carried out, by the registry's word.
    pub enforceable_at: Option<Timestamp>,
    /// When the letter was presented to the person.
    pub notified_at: Option<Timestamp>,
    /// The last version of the order; 0 before the first.
    pub version: u32,
    /// The last version by which it was to be carried out; 0 before the first.
    #[serde(default)]
    pub carried_by: u32,
    /// What the last version asks for; None before the first and after a lifting.
    pub window: Option<Window>,
    /// Whether a provider may be carrying it out: ordered once, and not proven to be over.
    pub at_provider: bool,
    /// When it was first in force.
    pub started_at: Option<Timestamp>,
    /// Since when it runs without a break; None while it does not run.
    pub running_since: Option<Timestamp>,
    /// Whether the provider's persons said that the order will be carried out.
    pub confirmed: bool,
    /// Whether the provider said that it ends by itself, and in time.
    pub end_assured: bool,
    /// Days for which it was in force before it was put off.
    pub served_days: u32,
    /// A postponement that the person asked for, and that nobody answered yet.
    pub request: Option<Received>,
    /// The law of this instant was applied to it.
    pub law_of: Timestamp,
    /// What somebody was alarmed about since the case stands where it stands.
    pub told: BTreeSet<Told>,
}

/// What time brings an alarm about, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    EnforceabilityUnknown,
    AppealUndecided,
    NotificationLate,
    Unconfirmed,
    NotBegun,
    EndNotAssured,
    LiftUnproven,
    PostponementOver,
    PostponementUndecided,
    InjunctionUnanswered,
}

impl Told {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::EnforceabilityUnknown => "enforceability_unknown",
            Self::AppealUndecided => "appeal_undecided",
            Self::NotificationLate => "notification_late",
            Self::Unconfirmed => "unconfirmed",
            Self::NotBegun => "not_begun",
            Self::EndNotAssured => "end_not_assured",
            Self::LiftUnproven => "lift_unproven",
            Self::PostponementOver => "postponement_over",
            Self::PostponementUndecided => "postponement_undecided",
            Self::InjunctionUnanswered => "injunction_unanswered",
        }
    }
}

/// How the case of a measure ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closure {
    /// Carried out to its last day.
    Served,
    /// The fine was paid, the injunction complied with.
    Fulfilled,
    /// A court of appeal set it aside.
    Quashed,
    /// A court or a pardon ended it.
    Lifted,
    /// The law knows it no more: what was not carried out yet never is.
    MilderLaw,
    /// Nothing was carried out in the time that the law gives.
    Prescribed,
    /// Its time at the provider passed, and it was not begun.
    NeverExecuted,
    /// The provider ended it before its time.
    EndedEarly,
    /// Nobody proved that it was lifted. Somebody was told.
    LiftUnproven,
    Deceased,
    /// It would have gone on its way, and the regime is only tried.
    Trial,
}

impl Closure {
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Fulfilled => "fulfilled",
            Self::Quashed => "quashed",
            Self::Lifted => "lifted",
            Self::MilderLaw => "milder_law",
            Self::Prescribed => "prescribed",
            Self::NeverExecuted => "never_executed",
            Self::EndedEarly => "ended_early",
            Self::LiftUnproven => "lift_unproven",
            Self::Deceased => "deceased",
            Self::Trial => "trial",
        }
    }
}

impl State {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pronounced { .. } => "pronounced",
            Self::Appealed { .. } => "appealed",
            Self::Notifying { .. } => "notifying",
            Self::Postponed { .. } => "postponed",
            Self::Ordered { .. } => "ordered",
            Self::InForce { .. } => "in_force",
            Self::Lifting { .. } => "lifting",
            Self::Closed { closure, .. } => closure.name(),
            Self::Held { under, .. } => under.name(),
        }
    }

    /// The state without the court's hold over it.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Held { under, .. } => under.bare(),
            other => other,
        }
    }

    /// Until when a court has the file kept, if one has.
    pub fn held_until(&self) -> Option<Timestamp> {
        match self {
            Self::Held { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// What is known of the measure, while its case is open.
    pub fn life(&self) -> Option<&Life> {
        match self.bare() {
            Self::Pronounced { life }
            | Self::Appealed { life, .. }
            | Self::Notifying { life, .. }
            | Self::Postponed { life, .. }
            | Self::Ordered { life, .. }
            | Self::InForce { life, .. }
            | Self::Lifting { life, .. } => Some(life),
            Self::Open | Self::Closed { .. } | Self::Held { .. } => None,
        }
    }

    fn life_mut(&mut self) -> Option<&mut Life> {
        match self {
            Self::Pronounced { life }
            | Self::Appealed { life, .. }
            | Self::Notifying { life, .. }
            | Self::Postponed { life, .. }
            | Self::Ordered { life, .. }
            | Self::InForce { life, .. }
            | Self::Lifting { life, .. } => Some(life),
            Self::Held { under, .. } => under.life_mut(),
            Self::Open | Self::Closed { .. } => None,
        }
    }

    /// Whether the case lies on somebody's desk: something is asked for, or somebody is late.
    pub fn waits_for_a_person(&self) -> bool {
        let asked_or_late = |life: &Life| life.request.is_some() || !life.told.is_empty();
        matches!(self.bare(), Self::Ordered { declined: Some(_), .. })
            || self.life().is_some_and(asked_or_late)
    }
}

/// What a step looks at beside the state and the event.
#[derive(Clone, Copy)]
struct Turn<'t> {
    pronounced: &'t Pronounced,
    /// Whether the case is one of a pilot's, of which nothing leaves the house.
    pilot: bool,
    now: Timestamp,
    regime: &'t Regime,
}

impl<'t> Turn<'t> {
    /// The measure as the law of the day on which it was pronounced has it.
    fn rule(&self) -> Result<&'t Measure, Refusal> {
        self.pronounced.sentence.rule(self.regime)
    }

    fn execution(&self) -> Result<&'t Execution, Refusal> {
        execution(self.now, self.regime)
    }
}

/// How measures are followed, by the rules of an instant.
fn execution(at: Timestamp, regime: &Regime) -> Result<&Execution, Refusal> {
    let rules = regime.rules_at(at)?;
    rules.execution.as_ref().ok_or(Refusal::NoRules { day: regime.day_of(at) })
}

/// Moves a case on by one event. Whatever ends a case leaves what the rules keep, and no longer.
pub(crate) fn step(
    case: &Case,
    state: &State,
    event: &Event,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    let Subject::Measure(pronounced) = &case.subject else {
        return Err(Refusal::WrongSubject);
    };
    let pilot = case.authority.is_pilot();
    let turn = Turn { pronounced, pilot, now, regime };
    match (state, event) {
        (State::Held { under, order, until }, event) => {
            keeping::under_hold((under, order, *until), event, turn)
        }
        (_, Event::HoldPlaced { order, until, .. }) => keeping::hold(state, order, *until),
        _ => keeping::kept_after(state, take(state, event, turn)?, turn),
    }
}

/// What an event does to a case, whoever holds it, within what the day lets out of the house.
fn take(state: &State, event: &Event, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let step = moved(state, event, turn)?;
    let stopped = || closed(Closure::Trial, turn.now, state.life());
    Ok(kept_in_house(step, turn.pilot, turn.now, turn.regime, stopped))
}

fn moved(state: &State, event: &Event, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    match (state, event) {
        (State::Closed { kept: Some(_), .. }, Event::DeadlinePassed) => waits::overdue(state, turn),
        (State::Closed { .. }, _) => out_of_turn(state, event),
        (State::Open, Event::MeasurePronounced { .. }) => pronounce(turn),
        (State::Open, _) => out_of_turn(state, event),
        (_, Event::DeadlinePassed) => waits::overdue(state, turn),
        (_, Event::Delivery(_) | Event::NotificationServed { .. }) => {
            notice::step(state, event, turn)
        }
        (_, Event::MeasureReported(report)) => provider::heard(state, report, turn),
        (State::Lifting { life, why, .. }, Event::LiftingProven { at, .. }) => {
            Ok(Step::quiet(closed(*why, (*at).min(turn.now), Some(life))))
        }
        _ => court::step(state, event, turn),
    }
}

fn pronounce(turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let sentence = &turn.pronounced.sentence;
    sentence.check(turn.regime)?;
    let life = Life {
        terms: sentence.terms,
        judged_at: sentence.pronounced_at,
        enforceable_at: None,
        notified_at: None,
        version: 0,
        carried_by: 0,
        window: None,
        at_provider: false,
        started_at: None,
        running_since: None,
        confirmed: false,
        end_assured: false,
        served_days: 0,
        request: None,
        law_of: sentence.pronounced_at,
        told: BTreeSet::new(),
    };
    Ok(Step::quiet(State::Pronounced { life: Box::new(life) }))
}

/// The end, once nothing of it can be in force: what a provider was told to do is taken back first.
fn end(life: &Life, why: Closure, turn: Turn<'_>) -> Step<State> {
    if !life.at_provider {
        return Step::quiet(closed(why, turn.now, Some(life)));
    }
    let mut life = afresh(life);
    let lift = provider::lift(&mut life, turn);
    Step {
        state: State::Lifting { life: Box::new(life), why, since: turn.now },
        effects: vec![lift],
    }
}

/// The same life in another state: whatever was told of the one before may be told anew. That a
/// provider cannot let go is no matter of one state, and stays told.
fn afresh(life: &Life) -> Life {
    let told = life.told.iter().copied().filter(|told| *told == Told::LiftUnproven).collect();
    Life { told, ..life.clone() }
}

/// Closed; `keeping` says what is kept from then on.
fn closed(closure: Closure, at: Timestamp, life: Option<&Life>) -> State {
    State::Closed { closure, at, started: life.and_then(|life| life.started_at), kept: None }
}

fn out_of_turn<T>(state: &State, event: &Event) -> Result<T, Refusal> {
    Err(Refusal::OutOfTurn { state: state.name(), event: event.name() })
}

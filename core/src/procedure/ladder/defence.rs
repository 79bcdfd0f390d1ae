//! The person's side: observations, means and charges, a hearing with counsel.
//!
//! A letter is often read, and answered, before its proof of presentation comes back. So the person
//! may write from the moment the letter left; only the end of their time counts from the proof.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Heard, State, Turn, deliberation, out_of_turn};
use crate::effect::{Alarm, Effect};
use crate::event::{ConvocationReport, Event};
use crate::id::Digest;
use crate::step::{Refusal, Step};

/// What the person concerned has said and asked for since the letter left. The texts themselves
/// are sealed elsewhere; here stand their digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defence {
    pub observations: Vec<Received>,
    /// Family charges, income, guardianship (CPI R331-12): the last statement counts.
    pub situation: Option<Received>,
    pub hearing: Hearing,
}

/// A document of the person's, and when it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// SHA-256 of the document as it came.
    pub document: Digest,
    pub at: Timestamp,
}

/// The hearing, from the person's request to its record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hearing", rename_all = "snake_case")]
pub enum Hearing {
    #[default]
    NotAsked,
    Asked {
        at: Timestamp,
    },
    Convened {
        slot: Timestamp,
        /// When the convocation was presented; None until that is proven.
        #[serde(default)]
        presented: Option<Timestamp>,
    },
    /// The person was heard; the record bears the signatures (CPI R331-13).
    Held {
        record: Digest,
        counsel: bool,
        at: Timestamp,
    },
    /// The person was convened and did not come.
    NotAttended {
        at: Timestamp,
    },
}

impl Hearing {
    /// Whether nothing can be decided before it took place.
    pub fn is_awaited(&self) -> bool {
        matches!(self, Self::Asked { .. } | Self::Convened { .. })
    }
}

/// Documents one person may put in one file; more are refused, and can be sent as one.
pub const OBSERVATIONS_MAX: usize = 50;

impl Defence {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn observe(&mut self, document: &Digest, at: Timestamp) -> Result<(), Refusal> {
        if self.observations.iter().any(|known| known.document == *document) {
            return Ok(());
        }
        if self.observations.len() == OBSERVATIONS_MAX {
            return Err(Refusal::TooManyDocuments { at_most: OBSERVATIONS_MAX });
        }
        self.observations.push(Received { document: document.clone(), at });
        Ok(())
    }
}

/// What the person says or asks while the file is open to them.
pub(super) fn step(state: &State, event: &Event, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let mut state = state.clone();
    let Some((stage, defence)) = of(&mut state) else { return said_early(state, event) };
    let hears = turn.rung(stage)?.hears.clone();
    let Some(hears) = hears else { return said_early(state, event) };
    match event {
        Event::ObservationsReceived { document, received_at } => {
            defence.observe(document, *received_at)?;
        }
        Event::SituationStated { document, received_at } => {
            defence.situation = Some(Received { document: document.clone(), at: *received_at });
        }
        Event::HearingRequested { received_at } => {
            if !hears.hearing {
                return Err(Refusal::NoHearing);
            }
            match defence.hearing {
                Hearing::Asked { .. } | Hearing::Convened { .. } => {}
                Hearing::Held { .. } => return Err(Refusal::AlreadyHeard),
                // Whoever could not come may ask again, within the time they have.
                Hearing::NotAsked | Hearing::NotAttended { .. } => {
                    defence.hearing = Hearing::Asked { at: *received_at };
                }
            }
            in_time(&state, *received_at, turn)?;
        }
        _ => return out_of_turn(&state, event),
    }
    Ok(Step::quiet(unalarmed(state)))
}

/// A stage that does not hear the person takes their observations all the same (CPI R331-11): they
/// stand in the file, for whoever decides the next step.
fn said_early(state: State, event: &Event) -> Result<Step<State>, Refusal> {
    match event {
        Event::ObservationsReceived { .. } if is_reached(&state) => Ok(Step::quiet(state)),
        _ => out_of_turn(&state, event),
    }
}

/// Whether the person may hold a message of ours: from the sending of the first warning on, until
/// the file leaves the house.
pub(super) fn is_reached(state: &State) -> bool {
    match state {
        State::Warned { .. }
        | State::Sending { .. }
        | State::Contradictory { .. }
        | State::Deliberating { .. } => true,
        State::Proposed { facts, .. }
        | State::Asking { facts, .. }
        | State::Barred { facts, .. }
        | State::UnderReview { facts, .. } => facts.before.is_some(),
        _ => false,
    }
}

fn of(state: &mut State) -> Option<(usize, &mut Defence)> {
    match state {
        State::Sending { stage, defence, .. } => Some((*stage, defence)),
        State::Contradictory { heard, .. } | State::Deliberating { heard, .. } => {
            Some((heard.stage, &mut heard.defence))
        }
        _ => None,
    }
}

/// A hearing is asked for within the time for observations. Before the proof that starts that time
/// has come, every request is in time.
fn in_time(state: &State, received_at: Timestamp, turn: Turn<'_>) -> Result<(), Refusal> {
    let (State::Contradictory { heard, .. } | State::Deliberating { heard, .. }) = state else {
        return Ok(());
    };
    let ends_at = deliberation::observations_end(heard, turn.regime)?.ends_at;
    if received_at < ends_at { Ok(()) } else { Err(Refusal::TooLate { ended_at: ends_at }) }
}

/// News after an alarm is waited on anew.
fn unalarmed(mut state: State) -> State {
    if let State::Contradictory { alarmed, .. } = &mut state {
        *alarmed = false;
    }
    state
}

/// What the authority does about the hearing: convenes, records, notes that nobody came.
pub(super) fn hold(heard: &Heard, event: &Event, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let awaited = &heard.defence.hearing;
    let hearing = match (awaited, event) {
        (Hearing::Asked { .. } | Hearing::Convened { .. }, Event::HearingConvened { slot, .. }) => {
            if *slot <= turn.now {
                return Err(Refusal::SlotInThePast { slot: *slot });
            }
            return convene(heard, *slot, turn);
        }
        (
            Hearing::Convened { slot, .. },
            Event::HearingHeld { record, counsel, copied, held_at, .. },
        ) => {
            not_before(*slot, turn.now)?;
            // The record is signed by the person, who is given a copy of it (CPI R331-12).
            if !copied {
                return Err(Refusal::NoCopy);
            }
            Hearing::Held { record: record.clone(), counsel: *counsel, at: *held_at }
        }
        (Hearing::Convened { slot, presented }, Event::HearingMissed { .. }) => {
            not_before(*slot, turn.now)?;
            if presented.is_none_or(|presented| *slot <= presented) {
                return Err(Refusal::NotConvened { slot: *slot });
            }
            Hearing::NotAttended { at: *slot }
        }
        _ => {
            let state = State::Contradictory { heard: Box::new(heard.clone()), alarmed: false };
            return out_of_turn(&state, event);
        }
    };
    let defence = Defence { hearing, ..heard.defence.clone() };
    deliberation::ripe(Heard { defence, ..heard.clone() }, turn)
}

/// A slot is set: the person is told by the ways that brought them the finding.
fn convene(heard: &Heard, slot: Timestamp, turn: Turn<'_>) -> Result<Step<State>, Refusal> {
    let hearing = Hearing::Convened { slot, presented: None };
    let defence = Defence { hearing, ..heard.defence.clone() };
    let mut step = deliberation::ripe(Heard { defence, ..heard.clone() }, turn)?;
    let stage = heard.stage;
    let channels = heard.messages.keys();
    let told = channels.map(|channel| Effect::SendConvocation { stage, channel: *channel, slot });
    step.effects.extend(told);
    Ok(step)
}

/// What the carrier says of a convocation. News of one that was replaced changes nothing.
pub(super) fn convocation(heard: &Heard, report: &ConvocationReport) -> Step<State> {
    let mut heard = heard.clone();
    let stage = heard.stage;
    let mut effects = Vec::new();
    if let Hearing::Convened { slot, presented } = &mut heard.defence.hearing
        && *slot == report.slot
    {
        if report.status.is_presented() {
            let first = presented.map_or(report.at, |known| known.min(report.at));
            *presented = Some(first);
        } else if report.status.is_undeliverable() {
            // What was said to be presented was not.
            *presented = None;
            effects.push(Effect::RaiseAlarm { alarm: Alarm::ConvocationNotPresented { stage } });
        }
    }
    let state = State::Contradictory { heard: Box::new(heard), alarmed: false };
    Step { state, effects }
}

fn not_before(slot: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if now < slot { Err(Refusal::NotYetDue { ends_at: slot }) } else { Ok(()) }
}

//! What a case asks of a person: by which list of a desk it is found.
//!
//! Knows nothing of who sits at which desk.

use crate::case::State;
use crate::procedure::{identification, ladder};

/// What a case asks of a person, or waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// The rules propose a warning: a person says yes or no.
    Decide,
    /// The provider owes an answer or the means to reach the subscriber.
    Provider,
    /// A message is on its way and its proof has not come.
    Message,
    /// The law of the day bars the next step: nothing can be done but to know it.
    Barred,
    /// An outside reviewer was asked for leave.
    Review,
    /// The person says that the message is wrong: an answer is due.
    Answer,
    /// The person may answer a finding, or asked to be heard.
    Hear,
    /// The person was heard: a member deliberates.
    Deliberate,
    /// The prosecutor has the file.
    Court,
    /// A measure waits for an answer, a proof or a decision.
    Measure,
    /// Nothing: the file is kept until its time is over.
    Keep,
}

impl Asked {
    pub const ALL: [Self; 11] = [
        Self::Decide,
        Self::Provider,
        Self::Message,
        Self::Barred,
        Self::Review,
        Self::Answer,
        Self::Hear,
        Self::Deliberate,
        Self::Court,
        Self::Measure,
        Self::Keep,
    ];

    /// What can be listed: what lies on a desk, and what only a reviewer can open. The others wait
    /// for nobody.
    pub const LISTED: [Self; 10] = [
        Self::Decide,
        Self::Provider,
        Self::Message,
        Self::Barred,
        Self::Review,
        Self::Answer,
        Self::Hear,
        Self::Deliberate,
        Self::Court,
        Self::Measure,
    ];

    /// The name in addresses and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decide => "decide",
            Self::Provider => "provider",
            Self::Message => "message",
            Self::Barred => "barred",
            Self::Review => "review",
            Self::Answer => "answer",
            Self::Hear => "hear",
            Self::Deliberate => "deliberate",
            Self::Court => "court",
            Self::Measure => "measure",
            Self::Keep => "keep",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|asked| asked.name() == name)
    }

    /// By where the case stands. An open challenge comes before all else: it is owed an answer.
    pub fn of(state: &State) -> Self {
        match state {
            State::Identification(
                identification::State::Waiting { .. } | identification::State::Asked { .. },
            ) => Self::Provider,
            State::Identification(
                identification::State::Open | identification::State::Closed { .. },
            ) => Self::Keep,
            State::Ladder(state) if state.challenge().is_some() => Self::Answer,
            State::Measure(_) => Self::Measure,
            State::Ladder(state) => match state.bare() {
                ladder::State::Asking { .. } => Self::Provider,
                ladder::State::Proposed { .. } => Self::Decide,
                ladder::State::Sending { .. } => Self::Message,
                ladder::State::Barred { .. } => Self::Barred,
                ladder::State::UnderReview { .. } => Self::Review,
                ladder::State::Contradictory { .. } => Self::Hear,
                ladder::State::Deliberating { .. } => Self::Deliberate,
                ladder::State::Transmitted { .. } => Self::Court,
                ladder::State::Open
                | ladder::State::Warned { .. }
                | ladder::State::Closed { .. }
                | ladder::State::Held { .. }
                | ladder::State::Challenged { .. } => Self::Keep,
            },
        }
    }
}

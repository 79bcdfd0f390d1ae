//! A case: one procedure, where it stands, and for whom it runs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Line;
use crate::id::{AuthorityId, CaseId, NoticeId, PartyId, RegimeId};
use crate::procedure::{identification, ladder, measure};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub opened_at: Timestamp,
    pub subject: Subject,
    pub state: State,
}

impl Case {
    /// A case that nothing has happened to yet. The subject says which procedure it follows.
    pub fn open(
        id: CaseId,
        authority: AuthorityId,
        regime: RegimeId,
        subject: Subject,
        opened_at: Timestamp,
    ) -> Self {
        let state = match subject {
            Subject::Notice { .. } => State::Identification(identification::State::Open),
            Subject::Line(_) => State::Ladder(ladder::State::Open),
            Subject::Measure(_) => State::Measure(measure::State::Open),
        };
        Self { id, authority, regime, opened_at, subject, state }
    }
}

/// What a case is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One notice, to be tied to a handle.
    Notice { notice: NoticeId, provider: PartyId },
    /// One handle, on its way up the ladder.
    Line(Line),
    /// One measure of a judgment, until its last day.
    Measure(Box<measure::Pronounced>),
}

/// Where a case stands: the procedure it follows, and that procedure's own state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "procedure", rename_all = "snake_case")]
pub enum State {
    Identification(identification::State),
    Ladder(ladder::State),
    Measure(measure::State),
}

impl Subject {
    /// The line it is about, where it is known whose it is.
    pub fn line(&self) -> Option<&Line> {
        match self {
            Self::Notice { .. } => None,
            Self::Line(line) => Some(line),
            Self::Measure(measure) => Some(&measure.line),
        }
    }

    /// The provider that it concerns.
    pub fn provider(&self) -> &PartyId {
        match self {
            Self::Notice { provider, .. } => provider,
            Self::Line(line) => &line.provider,
            Self::Measure(measure) => &measure.line.provider,
        }
    }
}

impl State {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identification(state) => state.name(),
            Self::Ladder(state) => state.name(),
            Self::Measure(state) => state.name(),
        }
    }

    pub fn procedure(&self) -> &'static str {
        match self {
            Self::Identification(_) => "identification",
            Self::Ladder(_) => "ladder",
            Self::Measure(_) => "measure",
        }
    }

    /// A closed case takes no event but the end of what is still kept of it, and a court's hold.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Identification(state) => matches!(state, identification::State::Closed { .. }),
            Self::Ladder(state) => matches!(state.bare(), ladder::State::Closed { .. }),
            Self::Measure(state) => matches!(state.bare(), measure::State::Closed { .. }),
        }
    }
}

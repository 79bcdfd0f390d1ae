//! One step of one case: (case, event, instant, regime) → (state, effects), or a refusal.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::authorisation::NotGranted;
use crate::case::{Case, State, Subject};
use crate::effect::Effect;
use crate::event::Event;
use crate::procedure::{Due, identification, ladder, measure};
use crate::regime::Regime;

/// What a step yields: where the case stands now, and what is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<S> {
    pub state: S,
    pub effects: Vec<Effect>,
}

impl<S> Step<S> {
    /// A step that asks nothing of the world.
    pub fn quiet(state: S) -> Self {
        Self { state, effects: Vec::new() }
    }

    fn map<T>(self, wrap: impl FnOnce(S) -> T) -> Step<T> {
        Step { state: wrap(self.state), effects: self.effects }
    }
}

/// Why the law says no. A refusal is an answer, not a fault: it is shown to whoever asked, entered
/// in the ledger, and never retried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a case that is {state} cannot take {event}")]
    OutOfTurn { state: &'static str, event: &'static str },
    #[error("the event belongs to another kind of case")]
    WrongSubject,
    #[error("the time runs until {ends_at}; nothing has passed yet")]
    NotYetDue { ends_at: Timestamp },
    #[error("no deadline is running in this case")]
    NothingDue,
    #[error("a decision on {stage} was expected by {expected}")]
    NotYoursToDecide { stage: String, expected: &'static str },
    #[error("the law of the day names no review that could open this stage")]
    NoReview,
    #[error("whoever asks for the linking cannot be the one who reviews it")]
    RequesterReviews,
    #[error("the request lies before another reviewer, or is another request")]
    NotBeforeThisReviewer,
    #[error("this is no authorisation of the linking that was asked for: {0}")]
    NotAuthorised(NotGranted),
    #[error("the dossier that was signed is not the one that was put before the reviewer")]
    OtherEvidence,
    #[error("the law of the day gives no hearing on this finding")]
    NoHearing,
    #[error("the person was heard already, and the record stands in the file")]
    AlreadyHeard,
    #[error("the time to ask for it ended at {ended_at}")]
    TooLate { ended_at: Timestamp },
    #[error("a hearing is convened for a time to come, and {slot} is past")]
    SlotInThePast { slot: Timestamp },
    #[error("the person gets a copy of the record of their hearing; hand it over first")]
    NoCopy,
    #[error("nobody is absent from a hearing that they were not told of in time; convene again")]
    NotConvened { slot: Timestamp },
    #[error("the person may still be heard, until {until} at least")]
    StillHeard { until: Timestamp },
    #[error("the law of the day does not let a deliberation end in {outcome}")]
    NoSuchOutcome { outcome: &'static str },
    #[error("the file holds {at_most} documents of the person already; send the rest as one")]
    TooManyDocuments { at_most: usize },
    #[error("nothing leaves the house during a pilot, and a reviewer is not of the house")]
    OnlyPiloted,
    #[error("the law of the day knows no challenge; observations can be sent")]
    NoChallenge,
    #[error("a challenge lies open already, and is answered first")]
    AlreadyChallenged,
    #[error("the person's challenge is to be answered first, by {until}")]
    Challenged { until: Timestamp },
    #[error("the law of the day on which it was pronounced knows no measure {measure}")]
    NoSuchMeasure { measure: String },
    #[error("the law of the day does not let {by} pronounce this measure")]
    NotTheirsToPronounce { by: &'static str },
    #[error("{measure} stands in no law that is lived by: it can only be simulated")]
    OnlySimulated { measure: String },
    #[error("the law of that day allows {at_most} at most")]
    BeyondTheLaw { at_most: u32 },
    #[error("the judgment may be appealed until {until}: nothing is enforceable before")]
    StillAppealable { until: Timestamp },
    #[error("nobody asked for a postponement that could be refused")]
    NothingRequested,
    #[error("it is put off until a day to come, and {until} is past")]
    NotToCome { until: Timestamp },
    #[error("a court ordered that the file be kept until {until}")]
    OnHold { until: Timestamp },
    #[error("the regime has no rules in force on {day}")]
    NoRules { day: Date },
    #[error("the regime {regime} has no end of keeping for {data} after {stage}")]
    NoRetention { regime: String, data: String, stage: String },
}

impl Refusal {
    /// The wire name, for the ledger and for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OutOfTurn { .. } => "out_of_turn",
            Self::WrongSubject => "wrong_subject",
            Self::NotYetDue { .. } => "not_yet_due",
            Self::NothingDue => "nothing_due",
            Self::NotYoursToDecide { .. } => "not_yours_to_decide",
            Self::NoReview => "no_review",
            Self::RequesterReviews => "requester_reviews",
            Self::NotBeforeThisReviewer => "not_before_this_reviewer",
            Self::NotAuthorised(_) => "not_authorised",
            Self::OtherEvidence => "other_evidence",
            Self::NoHearing => "no_hearing",
            Self::AlreadyHeard => "already_heard",
            Self::TooLate { .. } => "too_late",
            Self::SlotInThePast { .. } => "slot_in_the_past",
            Self::NoCopy => "no_copy",
            Self::NotConvened { .. } => "not_convened",
            Self::StillHeard { .. } => "still_heard",
            Self::NoSuchOutcome { .. } => "no_such_outcome",
            Self::TooManyDocuments { .. } => "too_many_documents",
            Self::OnlyPiloted => "only_piloted",
            Self::NoChallenge => "no_challenge",
            Self::AlreadyChallenged => "already_challenged",
            Self::Challenged { .. } => "challenged",
            Self::NoSuchMeasure { .. } => "no_such_measure",
            Self::NotTheirsToPronounce { .. } => "not_theirs_to_pronounce",
            Self::OnlySimulated { .. } => "only_simulated",
            Self::BeyondTheLaw { .. } => "beyond_the_law",
            Self::StillAppealable { .. } => "still_appealable",
            Self::NothingRequested => "nothing_requested",
            Self::NotToCome { .. } => "not_to_come",
            Self::OnHold { .. } => "on_hold",
            Self::NoRules { .. } => "no_rules",
            Self::NoRetention { .. } => "no_retention",
        }
    }
}

/// Moves a case on by one event. No clock, no storage, no network: the same four arguments give the
/// same answer today and on the day a court asks.
///
/// A pair of state and event that no procedure lists is refused; `tests/matrix.txt` is the table.
pub fn step(
    case: &Case,
    event: &Event,
    now: Timestamp,
    regime: &Regime,
) -> Result<Step<State>, Refusal> {
    match &case.state {
        State::Identification(state) => identification::step(case, state, event, now, regime)
            .map(|step| step.map(State::Identification)),
        State::Ladder(state) => {
            ladder::step(case, state, event, now, regime).map(|step| step.map(State::Ladder))
        }
        State::Measure(state) => {
            measure::step(case, state, event, now, regime).map(|step| step.map(State::Measure))
        }
    }
}

/// When the case must be looked at if nothing happens. Derived, never stored as truth: a holiday
/// added to the calendar moves every open deadline.
pub fn due(case: &Case, regime: &Regime) -> Result<Option<Due>, Refusal> {
    match &case.state {
        State::Identification(state) => identification::due(state, regime),
        State::Ladder(state) => ladder::due(state, regime),
        State::Measure(state) => match &case.subject {
            Subject::Measure(pronounced) => measure::due(pronounced, state, regime),
            _ => Err(Refusal::WrongSubject),
        },
    }
}

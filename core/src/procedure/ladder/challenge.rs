//! The person says that the message is wrong: why, until when somebody must answer, and what
//! follows when nobody does.
//!
//! A challenge lies over the state of its case as a court's hold does: whatever else happens goes
//! on underneath, as far as the regime lets it. Knows grounds and reasons by their names and
//! digests only; the texts are sealed elsewhere.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Closure, Reached, State, Turn, answer, closed, defence, moved, one_more_fact, out_of_turn,
};
use crate::case::Case;
use crate::effect::{Alarm, Effect};
use crate::event::{Event, Verdict};
use crate::id::{Digest, PersonId};
use crate::procedure::trial::leaves;
use crate::procedure::{Due, DueKind};
use crate::regime::Regime;
use crate::regime::rules::{self, Meanwhile, Unanswered};
use crate::step::{Refusal, Step};

/// A challenge that nobody has answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    pub grounds: Vec<ChallengeGround>,
    /// SHA-256 of what the person wrote.
    pub document: Digest,
    pub received_at: Timestamp,
    /// The message that is challenged: the answer takes its ways.
    #[serde(default)]
    pub reached: Reached,
}

/// Why a message is said to be wrong, from a closed list: the codes of an ACNS 1.2 counter-notice,
/// and what persons say most, which that list leaves to `OTHER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeGround {
    /// It was not me: somebody else used the access, although it was looked after.
    NotMe,
    /// The wrong access or the wrong work was named.
    Misidentified,
    /// The work is mine, or I may use it.
    Own,
    /// The law allows this use without anybody's leave.
    FreeUse,
    Other,
}

impl ChallengeGround {
    pub const ALL: [Self; 5] =
        [Self::NotMe, Self::Misidentified, Self::Own, Self::FreeUse, Self::Other];

    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotMe => "not_me",
            Self::Misidentified => "misidentified",
            Self::Own => "own",
            Self::FreeUse => "free_use",
            Self::Other => "other",
        }
    }

    /// `RejectReason` of an ACNS 1.2 `CounterNotice`.
    pub fn acns(self) -> &'static str {
        match self {
            Self::Misidentified => "MISIDENTIFIED",
            Self::Own => "IOWN",
            Self::FreeUse => "FAIRUSEFREESPEECH",
            Self::NotMe | Self::Other => "OTHER",
        }
    }
}

/// A person's answer to a challenge. There is none without a person and reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeAnswer {
    pub by: PersonId,
    pub verdict: ChallengeVerdict,
    /// SHA-256 of the reasons, which are sealed with the file.
    pub reasons: Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeVerdict {
    /// The person is right: the message counts no more.
    Upheld,
    /// The message stands.
    Rejected,
}

impl ChallengeVerdict {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::Rejected => "rejected",
        }
    }
}

/// Enters a challenge of somebody who holds a message of ours.
pub(super) fn received(
    state: &State,
    event: &Event,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let Event::ChallengeReceived { grounds, document, received_at } = event else {
        return out_of_turn(state, event);
    };
    if !defence::is_reached(state) {
        return out_of_turn(state, event);
    }
    let rules = rules(*received_at, turn.regime)?;
    let started = state.started().filter(|_| !matches!(state, State::Sending { .. }));
    if let (Some(span), Some(started)) = (rules.received_within, started) {
        let path = "challenge.received_within";
        let started_by = super::waits::proof_name(started.by);
        let ends_at = turn.regime.deadline(started.at, span, started_by, path).ends_at;
        if *received_at >= ends_at {
            return Err(Refusal::TooLate { ended_at: ends_at });
        }
    }
    let mut grounds = grounds.clone();
    grounds.sort_unstable();
    grounds.dedup();
    let reached = answer::reached(state, turn.regime)?;
    let (document, received_at) = (document.clone(), *received_at);
    let challenge = Challenge { grounds, document, received_at, reached };
    Ok(Step::quiet(over(state.clone(), challenge, false)))
}

fn over(under: State, challenge: Challenge, alarmed: bool) -> State {
    State::Challenged { under: Box::new(under), challenge, alarmed }
}

/// What an event does to a case whose challenge is open.
pub(super) fn under_challenge(
    case: &Case,
    state: &State,
    event: &Event,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let State::Challenged { under, challenge, alarmed } = state else {
        return out_of_turn(state, event);
    };
    match event {
        Event::ChallengeReceived { .. } => Err(Refusal::AlreadyChallenged),
        Event::ChallengeAnswered(answer) => Ok(answered(under, challenge, answer, turn.now)),
        Event::DeadlinePassed if is_overdue(under, challenge, *alarmed, turn)? => {
            unanswered(under, challenge, turn)
        }
        _ => {
            let step = moved(case, under, event, turn.now, turn.regime)?;
            let step = held_back(under, event, step, challenge, turn)?;
            Ok(wrapped(step, challenge, *alarmed))
        }
    }
}

/// The challenge ends with its case, and with a deliberation: that answers it with everything else.
fn wrapped(step: Step<State>, challenge: &Challenge, alarmed: bool) -> Step<State> {
    match step.state {
        state @ (State::Closed { .. } | State::Transmitted { .. }) => {
            Step { state, effects: step.effects }
        }
        state => Step { state: over(state, challenge.clone(), alarmed), effects: step.effects },
    }
}

/// The person is told, whichever way it ends for them.
fn answered(
    under: &State,
    challenge: &Challenge,
    answer: &ChallengeAnswer,
    now: Timestamp,
) -> Step<State> {
    let state = match answer.verdict {
        ChallengeVerdict::Upheld => closed(Closure::ChallengeUpheld, now),
        ChallengeVerdict::Rejected => under.clone(),
    };
    Step { state, effects: answer::sent(challenge, Some(answer)) }
}

/// Where the regime has everything stand still, nobody goes a step further against the person; what
/// was on its way before arrives, and a new fact is counted.
fn held_back(
    under: &State,
    event: &Event,
    step: Step<State>,
    challenge: &Challenge,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let rules = rules(challenge.received_at, turn.regime)?;
    if rules.meanwhile == Meanwhile::GoesOn {
        return Ok(step);
    }
    match event {
        Event::FactEstablished { .. } => Ok(Step::quiet(one_more_fact(under))),
        Event::Decided(decision) if decision.verdict == Verdict::Close => Ok(step),
        Event::Decided(_)
        | Event::AuthorisationRequested { .. }
        | Event::AuthorisationGranted { .. } => {
            Err(Refusal::Challenged { until: answer_end(challenge, turn.regime)?.at() })
        }
        Event::Deliberated(_) if step.effects.iter().any(leaves) => {
            Err(Refusal::Challenged { until: answer_end(challenge, turn.regime)?.at() })
        }
        _ => Ok(step),
    }
}

/// Whether it is the challenge that is overdue, and not what lies under it.
fn is_overdue(
    under: &State,
    challenge: &Challenge,
    alarmed: bool,
    turn: Turn<'_>,
) -> Result<bool, Refusal> {
    let Some(ours) = due(challenge, alarmed, turn.regime)? else { return Ok(false) };
    let theirs = super::waits::due(under, turn.regime)?;
    let ours_first = theirs.is_none_or(|theirs| ours.at() < theirs.at());
    Ok(ours_first && ours.at() <= turn.now)
}

fn unanswered(
    under: &State,
    challenge: &Challenge,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let stage = under.stage().unwrap_or_default();
    let alarm = Effect::RaiseAlarm { alarm: Alarm::ChallengeUnanswered { stage } };
    let mut effects = vec![alarm];
    let state = match rules(challenge.received_at, turn.regime)?.unanswered {
        Unanswered::Alarm => over(under.clone(), challenge.clone(), true),
        Unanswered::Annulled => {
            effects.extend(answer::sent(challenge, None));
            closed(Closure::ChallengeUnanswered, turn.now)
        }
    };
    Ok(Step { state, effects })
}

/// When somebody must have answered, by the rules of the day on which the challenge came.
pub(super) fn due(
    challenge: &Challenge,
    alarmed: bool,
    regime: &Regime,
) -> Result<Option<Due>, Refusal> {
    if alarmed { Ok(None) } else { answer_end(challenge, regime).map(Some) }
}

fn answer_end(challenge: &Challenge, regime: &Regime) -> Result<Due, Refusal> {
    let rules = rules(challenge.received_at, regime)?;
    let what = match rules.unanswered {
        Unanswered::Alarm => DueKind::Alarm,
        Unanswered::Annulled => DueKind::Next,
    };
    let (from, span) = (challenge.received_at, rules.answered_within);
    let deadline = regime.deadline(from, span, "challenged", "challenge.answered_within");
    Ok(Due { what, deadline })
}

/// The rules of challenges of an instant.
fn rules(at: Timestamp, regime: &Regime) -> Result<&rules::Challenges, Refusal> {
    regime.rules_at(at)?.challenge.as_ref().ok_or(Refusal::NoChallenge)
}

/// Until when an open challenge must be answered, for whoever shows the case.
pub fn answer_due(state: &State, regime: &Regime) -> Option<Due> {
    let (challenge, _) = state.challenge()?;
    answer_end(challenge, regime).ok()
}

//! The prior authorisation of a linking: asked for by a member, ruled on by somebody outside.
//!
//! No state reached from here without a grant asks the provider anything.

use jiff::Timestamp;

use super::{Facts, State, Turn, fields_for, messages, out_of_turn, rung};
use crate::authorisation::{Denial, Grant, LinkingAsked, NotGranted};
use crate::case::{Case, Subject};
use crate::effect::Effect;
use crate::event::{Decision, Event, Line, Verdict};
use crate::id::{AuthorisationId, Digest, PersonId};
use crate::procedure::{Due, DueKind};
use crate::regime::Regime;
use crate::regime::rules::{Gate, Review};
use crate::step::{Refusal, Step};

/// What a barred stage, and one under review, do with an event.
pub(super) fn step(
    case: &Case,
    state: &State,
    event: &Event,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let Turn { now, regime, .. } = turn;
    match (state, event) {
        (
            State::Barred { stage, facts, gate: Gate::ReviewerAuthorisation, .. },
            Event::AuthorisationRequested { request, decision, reviewer, evidence },
        ) => {
            rules(now, regime)?;
            if case.authority.is_pilot() {
                return Err(Refusal::OnlyPiloted);
            }
            if decision.verdict == Verdict::Close {
                return out_of_turn(state, event);
            }
            let asked = Asked { request: *request, decision, reviewer, evidence };
            ask(*stage, facts, asked, now)
        }
        (
            State::UnderReview { request, reviewer, requested_by, .. },
            Event::AuthorisationHandedOver { request: handed, from, to },
        ) => {
            if handed != request || from != reviewer {
                return Err(Refusal::NotBeforeThisReviewer);
            }
            if to == requested_by {
                return Err(Refusal::RequesterReviews);
            }
            Ok(Step::quiet(before(state, to)))
        }
        (State::UnderReview { .. }, Event::AuthorisationGranted { grant }) => {
            granted(case, state, grant, turn)
        }
        (State::UnderReview { .. }, Event::AuthorisationRefused { denial }) => {
            refused(state, denial)
        }
        (_, Event::DeadlinePassed) => super::waits::overdue(state, now, regime),
        _ => out_of_turn(state, event),
    }
}

/// What a member puts before a reviewer.
struct Asked<'e> {
    request: AuthorisationId,
    decision: &'e Decision,
    reviewer: &'e PersonId,
    evidence: &'e Digest,
}

fn ask(
    stage: usize,
    facts: &Facts,
    asked: Asked<'_>,
    now: Timestamp,
) -> Result<Step<State>, Refusal> {
    if asked.decision.by == *asked.reviewer {
        return Err(Refusal::RequesterReviews);
    }
    Ok(Step::quiet(State::UnderReview {
        stage,
        facts: facts.clone(),
        request: asked.request,
        requested_by: asked.decision.by.clone(),
        reviewer: asked.reviewer.clone(),
        evidence: asked.evidence.clone(),
        since: now,
    }))
}

fn before(state: &State, substitute: &PersonId) -> State {
    let mut state = state.clone();
    if let State::UnderReview { reviewer, .. } = &mut state {
        *reviewer = substitute.clone();
    }
    state
}

/// The one way from a gated stage to the provider.
fn granted(
    case: &Case,
    state: &State,
    grant: &Grant,
    turn: Turn<'_>,
) -> Result<Step<State>, Refusal> {
    let Turn { line, now, regime, .. } = turn;
    let State::UnderReview { stage, facts, since, .. } = state else {
        return out_of_turn(state, &Event::AuthorisationGranted { grant: grant.clone() });
    };
    let statement = grant.statement();
    answers(state, statement.request, &statement.reviewer, &statement.evidence)?;
    if now >= statement.expires_at {
        return Err(Refusal::NotAuthorised(NotGranted::Expired));
    }
    let asked = linking(case, line, (*stage, facts), *since, regime)?;
    grant.fits(&asked).map_err(Refusal::NotAuthorised)?;
    let channels = messages::next(rung(*stage, *since, regime)?, facts);
    let request = Effect::RequestAuthorisedDisclosure {
        line: line.clone(),
        stage: *stage,
        grant: Box::new(grant.clone()),
    };
    let facts = facts.clone();
    Ok(Step {
        state: State::Asking { stage: *stage, facts, channels, since: now, alarmed: false },
        effects: vec![request],
    })
}

/// A refusal closes nothing: the stage is barred as before, and its file ends with its time.
fn refused(state: &State, denial: &Denial) -> Result<Step<State>, Refusal> {
    let State::UnderReview { stage, facts, since, .. } = state else {
        return out_of_turn(state, &Event::AuthorisationRefused { denial: denial.clone() });
    };
    let statement = denial.statement();
    answers(state, statement.request, &statement.reviewer, &statement.evidence)?;
    Ok(Step::quiet(barred(*stage, facts.clone(), *since)))
}

/// Whether a statement answers this request, by whom it lies before, on what was shown.
fn answers(
    state: &State,
    answered: AuthorisationId,
    by: &PersonId,
    on: &Digest,
) -> Result<(), Refusal> {
    match state {
        State::UnderReview { request, reviewer, .. } if *request != answered || reviewer != by => {
            Err(Refusal::NotBeforeThisReviewer)
        }
        State::UnderReview { evidence, .. } if evidence != on => Err(Refusal::OtherEvidence),
        _ => Ok(()),
    }
}

pub(super) fn barred(stage: usize, facts: Facts, since: Timestamp) -> State {
    State::Barred { stage, facts, gate: Gate::ReviewerAuthorisation, since }
}

fn rules(at: Timestamp, regime: &Regime) -> Result<&Review, Refusal> {
    regime.rules_at(at)?.review.as_ref().ok_or(Refusal::NoReview)
}

/// When a request that nobody answers lapses.
pub(super) fn lapses(since: Timestamp, regime: &Regime) -> Result<Due, Refusal> {
    let span = rules(since, regime)?.answers_within;
    let deadline = regime.deadline(since, span, "requested", "review.answers_within");
    Ok(Due { what: DueKind::Alarm, deadline })
}

/// The linking that a case under review waits for: what a reviewer's statement must name, word for
/// word. A refusal where the case waits for none.
pub fn linking_asked(case: &Case, regime: &Regime) -> Result<LinkingAsked, Refusal> {
    let crate::case::State::Ladder(state) = &case.state else { return Err(Refusal::WrongSubject) };
    let (Subject::Line(line), State::UnderReview { stage, facts, since, .. }) =
        (&case.subject, state.bare())
    else {
        return Err(Refusal::NothingDue);
    };
    linking(case, line, (*stage, facts), *since, regime)
}

/// The rules are those of the day of the request: a reviewer rules on what was asked.
fn linking(
    case: &Case,
    line: &Line,
    (stage, facts): (usize, &Facts),
    since: Timestamp,
    regime: &Regime,
) -> Result<LinkingAsked, Refusal> {
    let rung = rung(stage, since, regime)?;
    Ok(LinkingAsked {
        authority: case.authority.clone(),
        regime: case.regime.clone(),
        provider: line.provider.clone(),
        handle: line.handle.clone(),
        purpose: rung.linking.purpose,
        sequence: rung.linking.sequence,
        fields: fields_for(rung, &messages::next(rung, facts)),
    })
}

/// Until when a grant that is given now may be used.
pub fn grant_expires(now: Timestamp, regime: &Regime) -> Result<Timestamp, Refusal> {
    let span = rules(now, regime)?.grant_valid_for;
    Ok(regime.deadline(now, span, "granted", "review.grant_valid_for").ends_at)
}

//! The life of a measure as stretches of time: where it stood from when until when, as its history
//! tells it, and what comes if nothing changes.

use entremise_core::case::{Case, State as CaseState};
use entremise_core::procedure::measure::{Pronounced, State, appeal_end};
use entremise_core::regime::Regime;
use entremise_core::step::step;
use entremise_store::CaseFile;
use jiff::Timestamp;

use super::desk::{Phase, PhaseWhen};

/// The stretches in their order. Of a case that is erased nothing is left to tell.
pub(super) fn phases(
    file: &CaseFile,
    pronounced: &Pronounced,
    regime: &Regime,
    now: Timestamp,
) -> Vec<Phase> {
    let mut phases = past(file, regime);
    let CaseState::Measure(state) = &file.case.state else { return phases };
    let Some(last) = phases.last_mut() else { return phases };
    if file.case.state.is_closed() {
        // The end itself has no length.
        phases.pop();
        return phases;
    }
    let until = foreseen(state, pronounced, regime).unwrap_or(now);
    last.until = until.max(now);
    last.when = PhaseWhen::Now;
    let window = state.life().and_then(|life| life.window);
    if let (State::Ordered { .. }, Some(window)) = (state.bare(), window) {
        phases.push(Phase {
            state: "in_force",
            from: window.starts_at.max(now),
            until: window.ends_at,
            when: PhaseWhen::Planned,
        });
    }
    phases
}

/// Where it stood, by the same steps that brought it there.
fn past(file: &CaseFile, regime: &Regime) -> Vec<Phase> {
    let Case { id, authority, regime: of, opened_at, subject, .. } = file.case.clone();
    let mut case = Case::open(id, authority, of, subject, opened_at);
    let mut phases: Vec<Phase> = Vec::new();
    for line in file.history.iter().filter(|line| line.kind.starts_with("event.")) {
        let Some(event) = &line.event else { continue };
        let Ok(taken) = step(&case, event, line.at, regime) else { continue };
        case.state = taken.state;
        if phases.last().is_some_and(|last| last.state == case.state.name()) {
            continue;
        }
        if let Some(last) = phases.last_mut() {
            last.until = line.at;
        }
        phases.push(Phase {
            state: case.state.name(),
            from: line.at,
            until: line.at,
            when: PhaseWhen::Past,
        });
    }
    phases
}

/// When the state ends in which it stands, as far as a day of that is fixed.
fn foreseen(state: &State, pronounced: &Pronounced, regime: &Regime) -> Option<Timestamp> {
    let life = state.life()?;
    match state.bare() {
        State::Pronounced { .. } => {
            appeal_end(life, pronounced, regime).ok().flatten().map(|end| end.ends_at)
        }
        State::Postponed { until, .. } => Some(*until),
        State::Ordered { .. } => life.window.map(|window| window.starts_at),
        State::InForce { .. } => life.window.map(|window| window.ends_at),
        _ => None,
    }
}

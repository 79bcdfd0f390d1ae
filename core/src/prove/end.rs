//! What becomes of a case to which nothing more happens: its own deadlines alone must bring it to
//! its end, and its personal data to theirs.

use std::collections::HashSet;

use jiff::Timestamp;

use super::likeness::Likeness;
use super::story::{Because, Move};
use super::watch::{Seen, Watch};
use super::{Engine, Property};
use crate::case::Case;
use crate::event::Event;
use crate::regime::Regime;

/// No wait of any procedure has so many deadlines in a row: longer is without end.
const DEADLINES_MAX: usize = 24;

/// Follows deadlines, and remembers where that led to a good end.
#[derive(Default)]
pub(super) struct Ends {
    good: HashSet<Likeness>,
}

/// Where deadlines alone led.
pub(super) struct Ended {
    pub trail: Vec<Move>,
    pub broken: Option<(Property, Because)>,
}

impl Ends {
    /// Follows the deadlines of a case from a moment on. `name` names the moments on the way.
    pub(super) fn follow(
        &mut self,
        case: &Case,
        watch: &Watch,
        now: Timestamp,
        (regime, engine): (&Regime, &Engine<'_>),
        mut name: impl FnMut((&Case, &Watch, Timestamp)) -> Likeness,
    ) -> Ended {
        let (mut case, mut watch, mut now) = (case.clone(), watch.clone(), now);
        let (mut trail, mut passed) = (Vec::new(), Vec::new());
        loop {
            let name = name((&case, &watch, now));
            if self.good.contains(&name) {
                break;
            }
            passed.push(name);
            let stuck = |because| Some((Property::EveryClockEnds, because));
            let at = match (engine.due)(&case, regime) {
                Err(refusal) => {
                    return Ended { trail, broken: stuck(Because::Refused(refusal)) };
                }
                // Before its first event a case holds nothing of anybody.
                Ok(None) if watch.erased => break,
                Ok(None) if case.state.is_closed() => {
                    let broken = Some((Property::EveryDatumDies, Because::NeverErased));
                    return Ended { trail, broken };
                }
                Ok(None) => return Ended { trail, broken: stuck(Because::NothingDue) },
                Ok(Some(due)) => due.at().max(now),
            };
            if trail.len() == DEADLINES_MAX {
                return Ended { trail, broken: stuck(Because::WithoutEnd) };
            }
            let event = Event::DeadlinePassed;
            let step = match (engine.step)(&case, &event, at, regime) {
                Ok(step) => step,
                Err(refusal) => {
                    return Ended { trail, broken: stuck(Because::Refused(refusal)) };
                }
            };
            // What a step breaks by itself is told where the step is tried.
            watch.see(&Seen { before: &case, event: &event, at, step: &step, regime });
            trail.push(Move { at, event });
            case.state = step.state;
            now = at;
        }
        self.good.extend(passed);
        Ended { trail, broken: None }
    }
}

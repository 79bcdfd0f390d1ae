//! What happened to one line: its facts, and what persons and carriers did, each counted from the
//! instant at which the case came to ask for it.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::case::{Case, State};
use crate::event::{Event, Fact, Line};
use crate::procedure::ladder;
use crate::regime::Regime;
use crate::replay::Entered;
use crate::step::step;

/// One line's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineHistory {
    pub line: Line,
    /// With the instant at which each was established.
    pub facts: Vec<(Timestamp, Fact)>,
    pub script: Script,
}

/// What was answered in each standing of the case, each time it came to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(BTreeMap<(String, usize), VecDeque<Answers>>);

/// What was answered while a case stood so, each with how long after it came to stand so.
type Answers = Vec<(SignedDuration, Event)>;

impl Script {
    /// The answers of the next time a case stood so; none where it never did again.
    pub(super) fn take(&mut self, state: &str, stage: usize) -> Option<Answers> {
        self.0.get_mut(&(state.to_owned(), stage))?.pop_front()
    }

    fn come_to(&mut self, state: &str, stage: usize) {
        self.0.entry((state.to_owned(), stage)).or_default().push_back(Vec::new());
    }

    fn answer(&mut self, state: &str, stage: usize, after: SignedDuration, event: Event) {
        if let Some(last) =
            self.0.get_mut(&(state.to_owned(), stage)).and_then(|times| times.back_mut())
        {
            last.push((after, event));
        }
    }

    /// Standings in which nobody answered by the end are left to the policy.
    fn drop_unanswered(&mut self) {
        for times in self.0.values_mut() {
            while times.back().is_some_and(Vec::is_empty) {
                times.pop_back();
            }
        }
    }
}

/// Where a case stands, as answers are told apart; a request handed on, or a message more, is the
/// same standing.
pub(super) fn standing(state: &ladder::State) -> (&'static str, Option<usize>) {
    (state.bare().name(), state.bare().stage())
}

impl LineHistory {
    /// Reads a line's own history: the events of each of its cases in their order, under the rules
    /// they happened under.
    pub fn read(line: Line, cases: Vec<(Case, Vec<Entered>)>, regime: &Regime) -> Self {
        let mut history = Self { line, facts: Vec::new(), script: Script::default() };
        for (opened, events) in cases {
            history.read_case(opened, events, regime);
        }
        history.facts.sort_by_key(|(at, fact)| (*at, fact.notice));
        history.script.drop_unanswered();
        history
    }

    fn read_case(&mut self, mut case: Case, events: Vec<Entered>, regime: &Regime) {
        let mut since = case.opened_at;
        for Entered { at, event } in events {
            let State::Ladder(before) = case.state.clone() else { return };
            let (name, stage) = standing(&before);
            match &event {
                Event::FactEstablished { fact } => self.facts.push((at, fact.clone())),
                // Derived anew under whatever rules.
                Event::DeadlinePassed | Event::PilotEnded => {}
                answered => {
                    let after = at.duration_since(since);
                    self.script.answer(name, stage.unwrap_or(0), after, answered.clone());
                }
            }
            let Ok(taken) = step(&case, &event, at, regime) else { continue };
            case.state = taken.state;
            let State::Ladder(after) = &case.state else { return };
            if standing(after) != (name, stage) {
                since = at;
                let (name, stage) = standing(after);
                self.script.come_to(name, stage.unwrap_or(0));
            }
        }
    }
}

/// An answer at another instant than it was given at: what it says of its own instant moves along.
pub(super) fn moved_to(event: Event, at: Timestamp) -> Event {
    match event {
        Event::Delivery(mut report) => {
            report.at = at;
            Event::Delivery(report)
        }
        Event::ObservationsReceived { document, .. } => {
            Event::ObservationsReceived { document, received_at: at }
        }
        Event::SituationStated { document, .. } => {
            Event::SituationStated { document, received_at: at }
        }
        Event::HearingRequested { .. } => Event::HearingRequested { received_at: at },
        other => other,
    }
}

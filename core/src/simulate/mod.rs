//! The same history under other rules: what would have been sent, decided and awaited.
//!
//! A history is what cannot be changed by a rule: facts with their instants, and how persons and
//! carriers answered whatever a case asked of them. Where other rules ask for something that nobody
//! was asked then, a plain policy answers, and the report says so. No clock, no store, no address.

mod history;
mod policy;
mod synthetic;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use jiff::Timestamp;
use serde::Serialize;

pub use history::{LineHistory, Script};
pub use policy::Policy;
pub use synthetic::Synthetic;

use crate::case::{Case, State, Subject};
use crate::effect::Effect;
use crate::event::{Event, Fact};
use crate::id::{AuthorityId, CaseId};
use crate::procedure::ladder;
use crate::regime::Regime;
use crate::regime::rules::ChannelKind;
use crate::step::{due, step};

/// Steps of one line after which it is left alone: none that is lawful needs so many.
const STEPS_MOST: usize = 10_000;

/// What came of some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// How often each thing happened, by its wire name: `message.email`, `stage.first.warned`,
    /// `alarm.decision_late`, `closed.lapsed`.
    pub of: BTreeMap<String, u64>,
    /// Messages by month, `2026-11`.
    pub messages: BTreeMap<String, u64>,
    /// Answers that nobody had given, and the policy gave.
    pub assumed: u64,
}

impl Counts {
    fn add(&mut self, what: impl Into<String>) {
        *self.of.entry(what.into()).or_default() += 1;
    }

    /// Takes another count in.
    pub fn take_in(&mut self, other: &Self) {
        for (what, n) in &other.of {
            *self.of.entry(what.clone()).or_default() += n;
        }
        for (month, n) in &other.messages {
            *self.messages.entry(month.clone()).or_default() += n;
        }
        self.assumed += other.assumed;
    }

    pub fn get(&self, what: &str) -> u64 {
        self.of.get(what).copied().unwrap_or(0)
    }
}

/// Plays one line's history under the rules, up to an instant.
pub fn play(history: &LineHistory, regime: &Regime, policy: &Policy, until: Timestamp) -> Counts {
    let mut run = Run {
        history,
        regime,
        policy,
        script: history.script.clone(),
        case: None,
        coming: BinaryHeap::new(),
        counts: Counts::default(),
        order: 0,
        cases: 0,
        told: Vec::new(),
    };
    for (at, fact) in &history.facts {
        run.put(*at, Next::Fact(fact.clone()));
    }
    for _ in 0..STEPS_MOST {
        let Some((at, next)) = run.next() else { break };
        if at >= until {
            break;
        }
        run.take(at, next);
    }
    run.counts
}

/// What happens next to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    Fact(Fact),
    /// An answer to what a case asked for, by its place among the line's cases: void for others.
    Answer(u32, Box<Event>),
    Deadline,
}

struct Run<'r> {
    history: &'r LineHistory,
    regime: &'r Regime,
    policy: &'r Policy,
    script: Script,
    case: Option<Case>,
    coming: BinaryHeap<Reverse<(Timestamp, u64, Queued)>>,
    counts: Counts,
    order: u64,
    /// Cases opened so far.
    cases: u32,
    /// Channels whose news of this standing is in the history.
    told: Vec<ChannelKind>,
}

/// A thing that comes, ordered by when alone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Queued(Next);

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Run<'_> {
    fn put(&mut self, at: Timestamp, next: Next) {
        self.order += 1;
        self.coming.push(Reverse((at, self.order, Queued(next))));
    }

    /// The earlier of what comes and the case's own deadline; the deadline wins a tie, as it does
    /// where a clerk looks at the clock before the letters.
    fn next(&mut self) -> Option<(Timestamp, Next)> {
        let due = self.case.as_ref().and_then(|case| due(case, self.regime).ok().flatten());
        let comes = self.coming.peek().map(|Reverse((at, ..))| *at);
        match (due.map(|due| due.at()), comes) {
            (Some(due), Some(comes)) if due > comes => {}
            (Some(due), _) => return Some((due, Next::Deadline)),
            (None, _) => {}
        }
        let Reverse((at, _, Queued(next))) = self.coming.pop()?;
        Some((at, next))
    }

    fn take(&mut self, at: Timestamp, next: Next) {
        let event = match next {
            Next::Fact(fact) => {
                if !self.policy.admits(&fact, self.regime) {
                    self.counts.add("notice.too_old");
                    return;
                }
                self.counts.add("fact");
                if self.case.as_ref().is_none_or(|case| case.state.is_closed()) {
                    self.open(at);
                }
                Event::FactEstablished { fact }
            }
            Next::Answer(case, _) if case != self.cases => return,
            Next::Answer(_, event) => *event,
            Next::Deadline => {
                self.counts.add("deadline");
                Event::DeadlinePassed
            }
        };
        let Some(case) = self.case.take() else { return };
        match step(&case, &event, at, self.regime) {
            Ok(taken) => {
                let after = Case { state: taken.state, ..case.clone() };
                self.count(&case.state, &event, &after.state, at);
                for effect in &taken.effects {
                    self.effect(effect, at);
                }
                let entered = entered(&case.state, &after.state);
                self.case = Some(after);
                if entered || taken.effects.iter().any(is_message) {
                    self.answers(&taken.effects, entered, at);
                }
            }
            Err(refusal) => {
                // What came too late under these rules is refused, as in the house.
                self.counts.add(format!("refused.{}", refusal.name()));
                let is_stuck = event == Event::DeadlinePassed;
                self.case = (!is_stuck).then_some(case);
            }
        }
    }

    fn open(&mut self, at: Timestamp) {
        let authority: AuthorityId = "simulated".parse().expect("a short name");
        let regime = self.regime.id().parse().expect("a regime's id is the name of its folder");
        let subject = Subject::Line(self.history.line.clone());
        let id = CaseId(uuid::Uuid::nil());
        self.cases += 1;
        self.case = Some(Case::open(id, authority, regime, subject, at));
    }

    /// Has whoever was asked answer: as they did then, else as the policy does.
    fn answers(&mut self, effects: &[Effect], entered: bool, at: Timestamp) {
        let Some(State::Ladder(state)) = self.case.as_ref().map(|case| case.state.clone()) else {
            return;
        };
        let bare = state.bare();
        let stage = bare.stage().unwrap_or(0);
        let recorded = if entered { self.script.take(bare.name(), stage) } else { None };
        let is_told = recorded.is_some();
        if entered {
            self.told.clear();
        }
        for (after, event) in recorded.into_iter().flatten() {
            if let Event::Delivery(report) = &event {
                self.told.push(report.channel);
            }
            let when = at.saturating_add(after).unwrap_or(Timestamp::MAX);
            self.put(when, Next::Answer(self.cases, Box::new(history::moved_to(event, when))));
        }
        let assumed = self.policy.answers(bare, effects, is_told, &self.told, at);
        for (when, event) in assumed {
            self.counts.assumed += 1;
            self.put(when, Next::Answer(self.cases, Box::new(event)));
        }
    }

    fn effect(&mut self, effect: &Effect, at: Timestamp) {
        let channel = match effect {
            Effect::SendMessage { channel, .. } => *channel,
            Effect::RelayMessage { .. } => ChannelKind::Email,
            Effect::RaiseAlarm { alarm } => {
                return self.counts.add(format!("alarm.{}", alarm.name()));
            }
            Effect::RequestDisclosure { .. } | Effect::RequestAuthorisedDisclosure { .. } => {
                return self.counts.add("disclosure");
            }
            Effect::TransmitFile { .. } => return self.counts.add("transmission"),
            Effect::KeepInHouse { instead_of } => return self.effect(instead_of, at),
            _ => return,
        };
        self.counts.add(format!("message.{}", channel_name(channel)));
        let day = self.regime.day_of(at);
        let month = format!("{:04}-{:02}", day.year(), day.month());
        *self.counts.messages.entry(month).or_default() += 1;
    }

    fn count(&mut self, before: &State, event: &Event, after: &State, at: Timestamp) {
        match event {
            Event::Decided(_) => self.counts.add("decision"),
            Event::Deliberated(_) => self.counts.add("deliberation"),
            Event::HearingHeld { .. } => self.counts.add("hearing"),
            Event::AuthorisationGranted { .. } | Event::AuthorisationRefused { .. } => {
                self.counts.add("review");
            }
            _ => {}
        }
        let (State::Ladder(before), State::Ladder(after)) = (before, after) else { return };
        if before.bare().name() == after.bare().name()
            && before.bare().stage() == after.bare().stage()
        {
            return;
        }
        match after.bare() {
            ladder::State::Closed { closure, .. } => {
                self.counts.add(format!("closed.{}", closure.name()));
            }
            bare => {
                let stages = self.regime.at(at).map(|rules| &rules.stages);
                let stage = bare.stage().unwrap_or(0);
                let id = stages.ok().and_then(|stages| stages.get(stage));
                let id = id.map_or_else(|| stage.to_string(), |stage| stage.id.clone());
                self.counts.add(format!("stage.{id}.{}", bare.name()));
            }
        }
    }
}

fn is_message(effect: &Effect) -> bool {
    matches!(effect, Effect::SendMessage { .. } | Effect::RelayMessage { .. })
}

/// Whether a case came into another standing.
fn entered(before: &State, after: &State) -> bool {
    let (State::Ladder(before), State::Ladder(after)) = (before, after) else { return false };
    history::standing(before) != history::standing(after)
}

fn channel_name(channel: ChannelKind) -> &'static str {
    match channel {
        ChannelKind::Email => "email",
        ChannelKind::Letter => "letter",
        ChannelKind::RegisteredLetter => "registered_letter",
    }
}

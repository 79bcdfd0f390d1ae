//! The search: every story, shortest first, each moment once.
//!
//! What is kept of a moment that was tried is its name and the step that led to it; only moments
//! that are still to be tried are held whole.

use std::collections::{HashSet, VecDeque};

use jiff::Timestamp;

use super::end::Ends;
use super::likeness::{Likeness, Names};
use super::story::{Because, Move, Story};
use super::watch::{Seen, Watch};
use super::{Bound, Engine, Property, Reached, Verdict, palette};
use crate::case::{Case, State};
use crate::regime::Regime;
use crate::step::Step;

/// How many moments are tried between two words to whoever watches.
const TOLD_EVERY: usize = 256;

pub(super) struct Explored {
    pub reached: Reached,
    pub whole: bool,
    pub verdicts: Vec<Verdict>,
}

/// How a moment was reached.
struct Node {
    before: Option<usize>,
    moved: Option<Move>,
}

/// A moment that is still to be tried.
struct Moment {
    node: usize,
    depth: usize,
    case: Case,
    watch: Watch,
    now: Timestamp,
}

struct Search<'a> {
    regime: &'a Regime,
    engine: &'a Engine<'a>,
    bound: Bound,
    names: Names,
    nodes: Vec<Node>,
    known: HashSet<Likeness>,
    waiting: VecDeque<Moment>,
    ends: Ends,
    verdicts: Vec<Verdict>,
    reached: Reached,
    whole: bool,
}

/// Plays every story under a regime, up to the bound.
pub(super) fn explore(
    regime: &Regime,
    engine: &Engine<'_>,
    bound: Bound,
    watching: &mut dyn FnMut(&Reached),
) -> Explored {
    let unbroken = Property::ALL.map(|property| Verdict { property, broken: None });
    let mut search = Search {
        regime,
        engine,
        bound,
        names: Names::of(regime),
        nodes: Vec::new(),
        known: HashSet::new(),
        waiting: VecDeque::new(),
        ends: Ends::default(),
        verdicts: unbroken.into(),
        reached: Reached { states: 0, transitions: 0, refusals: 0, depth: 0 },
        whole: true,
    };
    search.begin();
    let mut tried = 0;
    while let Some(moment) = search.waiting.pop_front() {
        if tried % TOLD_EVERY == 0 {
            watching(&search.reached);
        }
        tried += 1;
        search.go_on(&moment);
    }
    watching(&search.reached);
    Explored { reached: search.reached, whole: search.whole, verdicts: search.verdicts }
}

impl Search<'_> {
    fn begin(&mut self) {
        let regime = self.regime;
        let mut cases: Vec<(Case, Timestamp)> = Vec::new();
        for at in palette::beginnings(regime, &self.names.scale) {
            cases.extend(palette::cases(regime, at).into_iter().map(|case| (case, at)));
        }
        for at in palette::beginnings(regime, &self.names.measures) {
            cases.extend(palette::measures(regime, at).into_iter().map(|case| (case, at)));
        }
        for (root, (case, now)) in cases.into_iter().enumerate() {
            let watch = Watch::default();
            self.known.insert(self.names.name((&case, &watch, now), self.regime, self.engine));
            self.nodes.push(Node { before: None, moved: None });
            self.waiting.push_back(Moment { node: root, depth: 0, case, watch, now });
        }
        self.reached.states = self.nodes.len();
    }

    /// Tries everything that can happen next.
    fn go_on(&mut self, moment: &Moment) {
        if moment.depth == self.bound.depth {
            self.whole = false;
            return;
        }
        // A case that cannot say what it waits for was judged when it was reached.
        let due = (self.engine.due)(&moment.case, self.regime).ok().flatten();
        let (case, now) = (&moment.case, moment.now);
        let scale = self.names.scale(&case.state);
        for at in palette::instants(case, now, due.as_ref(), self.regime, scale) {
            for event in palette::events(case, at, due.as_ref(), self.regime) {
                match (self.engine.step)(case, &event, at, self.regime) {
                    Err(_) => self.reached.refusals += 1,
                    Ok(step) => self.arrive(moment, Move { at, event }, step),
                }
            }
        }
    }

    /// Judges a step that the law allowed, and keeps where it led if that is new.
    fn arrive(&mut self, from: &Moment, moved: Move, step: Step<State>) {
        self.reached.transitions += 1;
        let mut watch = from.watch.clone();
        let (before, event, at) = (&from.case, &moved.event, moved.at);
        let regime = self.regime;
        let broken = watch.see(&Seen { before, event, at, step: &step, regime });
        for (property, because) in broken {
            self.break_by(property, because, from.node, std::slice::from_ref(&moved));
        }
        let case = Case { state: step.state, ..from.case.clone() };
        let name = self.names.name((&case, &watch, at), self.regime, self.engine);
        if self.known.contains(&name) {
            return;
        }
        if self.nodes.len() >= self.bound.states {
            self.whole = false;
            return;
        }
        self.known.insert(name);
        let node = self.nodes.len();
        self.nodes.push(Node { before: Some(from.node), moved: Some(moved) });
        let depth = from.depth + 1;
        self.reached.states = self.nodes.len();
        self.reached.depth = self.reached.depth.max(depth);
        self.follow(node, &case, &watch, at);
        self.waiting.push_back(Moment { node, depth, case, watch, now: at });
    }

    fn follow(&mut self, node: usize, case: &Case, watch: &Watch, now: Timestamp) {
        let names = &mut self.names;
        let ended = self.ends.follow(case, watch, now, (self.regime, self.engine), |moment| {
            names.name(moment, self.regime, self.engine)
        });
        if let Some((property, because)) = ended.broken {
            self.break_by(property, because, node, &ended.trail);
        }
    }

    /// Keeps the story, if it is the first that breaks this property: the shortest.
    fn break_by(&mut self, property: Property, because: Because, node: usize, then: &[Move]) {
        let verdict = self.verdicts.iter_mut().find(|verdict| verdict.property == property);
        let Some(verdict) = verdict.filter(|verdict| verdict.broken.is_none()) else { return };
        let mut moves = then.to_vec();
        let mut at = Some(node);
        while let Some(node) = at.map(|at| &self.nodes[at]) {
            moves.splice(0..0, node.moved.clone());
            at = node.before;
        }
        verdict.broken = Some(Story::told(&moves, &because, self.regime));
    }
}

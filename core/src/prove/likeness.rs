//! When two moments of two stories are one: the same case, under the same rules, waiting for the
//! same things equally far off.
//!
//! Of an instant in the past counts only which rules its day had; of one that the case waits for,
//! also how far off it is: a day, a week, two months, half a year. So a story of 2023 and the same
//! one a month later are tried once. Knows no procedure: it reads a state as it is written down.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Engine;
use super::watch::Watch;
use crate::case::{Case, State, Subject};
use crate::event::Event;
use crate::procedure::{DueKind, ladder};
use crate::regime::{Regime, Rules, Version};

/// The name of all moments that are alike. Two names differ with the certainty of SHA-256.
pub(super) type Likeness = [u8; 16];

/// What time is measured with.
pub(super) struct Scale {
    /// The instants at which the rules change, in order; the first day in force is not one.
    changes: Vec<Timestamp>,
}

/// How far off is far: a day, a week, two months (what a referral may be kept), half a year.
/// Unit: days.
const DISTANCES: [i64; 4] = [1, 7, 60, 180];

/// A case meets a change of the law when it lies no further off than this. Stories begin as near
/// to each change; further off, a case is like one that meets none.
const NEAR: SignedDuration = SignedDuration::from_hours(72);

impl Scale {
    /// Only what a case reads counts: what is screened before it is opened, what is pronounced
    /// after it, and a new citation of the same rule change no story.
    pub(super) fn of(regime: &Regime) -> Self {
        let read = |version: &Version| Rules {
            intake: regime.versions()[0].rules.intake.clone(),
            measures: Vec::new(),
            execution: None,
            ..version.rules.clone()
        };
        Self::changed(regime, read)
    }

    /// As `of`, for the case of a measure, which reads nothing of the ladder.
    fn of_measures(regime: &Regime) -> Self {
        let read = |version: &Version| Rules {
            mode: version.rules.mode,
            measures: version.rules.measures.clone(),
            execution: version.rules.execution.clone(),
            ..regime.versions()[0].rules.clone()
        };
        Self::changed(regime, read)
    }

    fn changed(regime: &Regime, read: impl Fn(&Version) -> Rules) -> Self {
        let changes = regime.versions().windows(2).filter(|pair| read(&pair[0]) != read(&pair[1]));
        Self { changes: changes.map(|pair| regime.zone().start_of(pair[1].from)).collect() }
    }

    pub(super) fn changes(&self) -> &[Timestamp] {
        &self.changes
    }

    /// How many changes lie behind an instant.
    fn era(&self, instant: Timestamp) -> usize {
        self.changes.partition_point(|change| *change <= instant)
    }

    /// The next change, if it is near.
    pub(super) fn next_change(&self, instant: Timestamp) -> Option<Timestamp> {
        let next = self.changes.get(self.era(instant)).copied();
        next.filter(|change| change.duration_since(instant) <= NEAR)
    }

    /// How far off an instant is from the present, and on which side.
    fn distance(&self, instant: Timestamp, now: Timestamp) -> i64 {
        const DAY: i64 = 24 * 60 * 60;
        let seconds = instant.as_second() - now.as_second();
        let passed = DISTANCES.iter().filter(|days| **days * DAY <= seconds.abs()).count();
        seconds.signum() * (1 + i64::try_from(passed).expect("there are four distances"))
    }
}

/// Names moments, and remembers what it named lately: most steps lead where another just led.
pub(super) struct Names {
    pub(super) scale: Scale,
    /// The same for measures, which read other rules.
    pub(super) measures: Scale,
    lately: HashMap<Likeness, Likeness>,
}

/// How many names are remembered before all are forgotten.
const LATELY_MAX: usize = 100_000;

impl Names {
    pub(super) fn of(regime: &Regime) -> Self {
        Self {
            scale: Scale::of(regime),
            measures: Scale::of_measures(regime),
            lately: HashMap::new(),
        }
    }

    /// What the time of such a case is measured with.
    pub(super) fn scale(&self, state: &State) -> &Scale {
        match state {
            State::Measure(_) => &self.measures,
            State::Identification(_) | State::Ladder(_) => &self.scale,
        }
    }

    /// The name of a moment of a story.
    pub(super) fn name(
        &mut self,
        (case, watch, now): (&Case, &Watch, Timestamp),
        regime: &Regime,
        engine: &Engine<'_>,
    ) -> Likeness {
        let measure = match &case.subject {
            Subject::Measure(measure) => measure.sentence.measure.as_str(),
            Subject::Notice { .. } | Subject::Line(_) => "",
        };
        let written = self.scale(&case.state).written(&(&case.state, watch, measure), now);
        let exactly = written.name();
        if let Some(known) = self.lately.get(&exactly) {
            return *known;
        }
        let name =
            self.scale(&case.state).likeness(written, &waits(case, now, regime, engine), now);
        if self.lately.len() == LATELY_MAX {
            self.lately.clear();
        }
        self.lately.insert(exactly, name);
        name
    }
}

/// What the law makes a case wait for. After an alarm it waits on, so what it then waits for counts
/// too.
fn waits(
    case: &Case,
    now: Timestamp,
    regime: &Regime,
    engine: &Engine<'_>,
) -> Vec<(&'static str, Timestamp)> {
    let mut waits = Vec::new();
    let due = |case: &Case| (engine.due)(case, regime).ok().flatten();
    match due(case) {
        Some(due) if due.what == DueKind::End => waits.push(("end", due.at())),
        Some(alarm) => {
            waits.push(("alarm", alarm.at()));
            let at = alarm.at().max(now);
            let step = (engine.step)(case, &Event::DeadlinePassed, at, regime).ok();
            let then = step.map(|step| Case { state: step.state, ..case.clone() });
            waits.extend(then.and_then(|case| due(&case)).map(|due| ("then", due.at())));
        }
        None => {}
    }
    if let State::Ladder(state) = &case.state {
        let window = ladder::repeat_window(state.bare(), regime).ok().flatten();
        waits.extend(window.map(|window| ("window", window.ends_at)));
    }
    waits
}

/// A state as it is written down: to the instant, and as far as the rules tell apart.
pub(super) struct Written {
    exactly: String,
    alike: String,
}

impl Scale {
    pub(super) fn written(&self, things: &impl Serialize, now: Timestamp) -> Written {
        let value = serde_json::to_value(things).expect("states are strings, numbers and lists");
        let near = self.next_change(now).is_some();
        let mut written =
            Written { exactly: format!("{now} "), alike: format!("{} {near} ", self.era(now)) };
        self.write(&value, "", &mut written);
        written
    }

    /// Names the moment at which a case stood so. `waits` are the instants that the law makes it
    /// wait for, by their names: only they say how far off anything is.
    pub(super) fn likeness(
        &self,
        mut written: Written,
        waits: &[(&'static str, Timestamp)],
        now: Timestamp,
    ) -> Likeness {
        for (name, instant) in waits {
            let _ = write!(written.alike, "{name} {} ", self.distance(*instant, now));
        }
        name(&written.alike)
    }

    /// Writes down what stands in a state: words as they are, of an instant only the rules of its
    /// day.
    fn write(&self, value: &Value, name: &str, text: &mut Written) {
        match (value, name) {
            // How many more facts came while a step was taken is only told in its message.
            (_, "further") => {}
            // How often an order was changed says nothing about the next change.
            (_, "version" | "carried_by" | "served_days") => {}
            // What the person wrote moves nothing.
            (_, "observations" | "situation" | "request") => {}
            // Of the last news of a message only a bounce is ever asked for again.
            (status, "status") if *status != "bounced" => {}
            (Value::String(word), _) => match instant(word) {
                Some(instant) => {
                    text.exactly.push_str(word);
                    let _ = write!(text.alike, "@{}", self.era(instant));
                }
                None => text.push(word),
            },
            (Value::Array(list), _) => {
                text.push("[");
                for part in list {
                    self.write(part, name, text);
                    text.push(",");
                }
                text.push("]");
            }
            (Value::Object(members), _) => {
                text.push("{");
                for (name, part) in members {
                    text.push(name);
                    self.write(part, name, text);
                    text.push(",");
                }
                text.push("}");
            }
            (other, _) => text.push(&other.to_string()),
        }
    }
}

/// An instant, if the word is one. The length is looked at first: most words are none.
fn instant(word: &str) -> Option<Timestamp> {
    let shaped = word.len() >= 20 && word.ends_with('Z') && word.as_bytes()[4] == b'-';
    if shaped { word.parse().ok() } else { None }
}

impl Written {
    /// The name of exactly this, at exactly this instant.
    pub(super) fn name(&self) -> Likeness {
        name(&self.exactly)
    }

    fn push(&mut self, text: &str) {
        self.exactly.push_str(text);
        self.alike.push_str(text);
    }
}

fn name(text: &str) -> Likeness {
    let digest = Sha256::digest(text.as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}

//! From what happened in one matter to what each party owes at an instant.
//!
//! Pure and total: events that prove nothing are set aside with the reason, and every other
//! question has an answer. One call is about one matter (one order, one alert, one incident).

use jiff::Timestamp;
use serde::Serialize;

use super::Duties;
use super::clock::{Running, Stop};
use super::file::{Clock, DutyFile, EventFile, OrderFile, RefuseFile, Time};
use super::show::standing_words;
use crate::deadline::{Deadline, Words, after_event};
use crate::regime::rules::Span;

/// One event of a matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub event: String,
    pub at: Timestamp,
    /// The party that says that it brought it about.
    pub by: String,
    /// What proves it: the id of a receipt, of a ledger entry. Nothing starts without.
    pub proof: Option<String>,
    /// The first instant that is too late, where the event itself sets a term.
    pub until: Option<Timestamp>,
}

/// What is owed at an instant, and which events were not counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Owed {
    /// In the order of the file; the same duty again for each time that it began.
    pub parts: Vec<Part>,
    pub set_aside: Vec<SetAside>,
}

/// One order, duty or appeal, from one beginning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    pub id: String,
    pub kind: Kind,
    pub standing: Standing,
    /// When it came to stand so: the act, the stop, the end.
    pub since: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    /// Until when, or (for a time of waiting) from when; with the reason.
    pub deadline: Option<Deadline>,
    /// The reason of a refusal, by its id.
    pub reason: Option<String>,
    /// All of it as a sentence.
    pub words: Words,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Order,
    Duty,
    Appeal,
}

/// How a duty stands. The wire name is the snake_case of the variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The event from which it runs has not happened.
    NotBegun,
    Open,
    Overdue,
    DoneInTime,
    DoneLate,
    /// A reason was told, and the clock stands still.
    Stopped,
    /// A reason was told, and nothing is owed any more.
    Refused,
    /// The order it was owed under ended first.
    Over,
    /// The time before which the act may not be done.
    Waiting,
    /// That time is over.
    Free,
    DoneTooEarly,
    /// The time to appeal is over.
    Lapsed,
    // -- orders --
    InForce,
    Expired,
    Lifted,
    /// The one act that it asked for was done.
    Spent,
}

/// An event that starts, stops and ends nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetAside {
    pub event: String,
    pub at: Timestamp,
    pub why: Unheard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unheard {
    UnknownEvent,
    /// Another party than the one whose act it is.
    NotTheirs,
    Unproven,
    /// An order that must state its last day, and states none.
    NoLastDay,
}

/// An order from one beginning.
struct Run {
    start: Timestamp,
    running: Option<Running>,
    standing: Standing,
    ended_at: Option<Timestamp>,
}

/// What is owed at an instant. Events after it have not happened.
pub fn owed(duties: &Duties, happened: &[Happened], now: Timestamp) -> Owed {
    let mut set_aside = Vec::new();
    let mut events: Vec<&Happened> = Vec::new();
    for event in happened.iter().filter(|event| event.at <= now) {
        match unheard(duties, event) {
            Some(why) => {
                let (name, at) = (event.event.clone(), event.at);
                set_aside.push(SetAside { event: name, at, why });
            }
            None => events.push(event),
        }
    }
    events.sort_by_key(|event| event.at);
    let matter = Matter { duties, events, now };
    let runs: Vec<(&OrderFile, Vec<Run>)> =
        duties.file.order.iter().map(|order| (order, matter.runs(order))).collect();
    let mut parts: Vec<Part> = Vec::new();
    for (order, runs) in &runs {
        parts.extend(runs.iter().map(|run| matter.order_part(order, run)));
        if runs.is_empty() {
            parts.push(matter.part(&order.id, Kind::Order, Standing::NotBegun, None));
        }
    }
    for (word, duty) in duties.file.all() {
        let kind = if word == "appeal" { Kind::Appeal } else { Kind::Duty };
        let under = runs.iter().find(|(order, _)| Some(&order.id) == duty.under.as_ref());
        parts.extend(matter.duty(duty, kind, under.map_or(&[], |(_, runs)| runs)));
    }
    Owed { parts, set_aside }
}

fn unheard(duties: &Duties, happened: &Happened) -> Option<Unheard> {
    let Some(event) = duties.event(&happened.event) else { return Some(Unheard::UnknownEvent) };
    if event.by.as_ref() != Some(&happened.by) {
        return Some(Unheard::NotTheirs);
    }
    if happened.proof.as_ref().is_none_or(|proof| proof.trim().is_empty()) {
        return Some(Unheard::Unproven);
    }
    let day = duties.day_of(happened.at);
    let begins = duties.file.order.iter().filter(|order| order.starts_at == event.id);
    let mut states = begins.filter(|order| {
        let value = duties.in_force(&order.expires, day);
        value.and_then(|it| Time::of(&it.value)) == Some(Time::Stated)
    });
    (happened.until.is_none() && states.next().is_some()).then_some(Unheard::NoLastDay)
}

impl Duties {
    pub(super) fn event(&self, id: &str) -> Option<&EventFile> {
        self.file.event.iter().find(|event| event.id == id)
    }
}

/// The events of one matter that count, in order of time.
struct Matter<'a> {
    duties: &'a Duties,
    events: Vec<&'a Happened>,
    now: Timestamp,
}

impl Matter<'_> {
    fn part(&self, id: &str, kind: Kind, standing: Standing, start: Option<Timestamp>) -> Part {
        Part {
            id: id.to_owned(),
            kind,
            standing,
            since: None,
            started_at: start,
            deadline: None,
            reason: None,
            words: Words::default(),
        }
        .worded(self.duties)
    }

    /// The name of an event, with its article.
    fn title(&self, event: &str) -> Words {
        self.duties.event(event).map(|event| event.title.clone()).unwrap_or_default()
    }

    /// An order from each of its beginnings: renewed while it runs, until it's lifted or expires.
    fn runs(&self, order: &OrderFile) -> Vec<Run> {
        let starts = self.events.iter().filter(|event| event.event == order.starts_at);
        starts.filter_map(|start| self.run(order, start)).collect()
    }

    fn run(&self, order: &OrderFile, start: &Happened) -> Option<Run> {
        let day = self.duties.day_of(start.at);
        let value = self.duties.in_force(&order.expires, day)?;
        let time = Time::of(&value.value)?;
        let begin = |event: &Happened| {
            let by = (&self.title(&event.event), event.until);
            self.duties.runs(event.at, time, by, (None, &value.citation.cite))
        };
        let most = self.duties.in_force(&order.renewals_max, day).and_then(|it| it.value.as_u64());
        let mut left = most.unwrap_or(u64::MAX);
        let mut running = begin(start);
        let ended = |running: &Option<Running>| running.as_ref().map(|it| it.deadline.ends_at);
        for event in self.events.iter().filter(|event| event.at >= start.at) {
            // The day after the last one is the first of the next term.
            if ended(&running).is_some_and(|end| end < event.at) {
                break;
            }
            let is = |name: &Option<String>| name.as_ref() == Some(&event.event);
            if is(&order.lifted_by) || is(&order.spent_by) {
                let lifted = is(&order.lifted_by);
                let standing = if lifted { Standing::Lifted } else { Standing::Spent };
                return Some(Run { start: start.at, running, standing, ended_at: Some(event.at) });
            }
            if is(&order.renewed_by) && left > 0 {
                left -= 1;
                running = begin(event);
            }
        }
        let end = ended(&running).filter(|end| *end <= self.now);
        let standing = if end.is_some() { Standing::Expired } else { Standing::InForce };
        Some(Run { start: start.at, running, standing, ended_at: end })
    }

    fn order_part(&self, order: &OrderFile, run: &Run) -> Part {
        let mut part = self.part(&order.id, Kind::Order, run.standing, Some(run.start));
        part.since = run.ended_at;
        part.deadline = run.running.as_ref().map(|running| running.deadline.clone());
        part.worded(self.duties)
    }

    /// A duty from each of its beginnings; one line that says so when it has none.
    fn duty(&self, duty: &DutyFile, kind: Kind, runs: &[Run]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let starts = self.events.iter().filter(|event| duty.starts_at.contains(&event.event));
        for start in starts {
            let day = self.duties.day_of(start.at);
            if let Some(least) = self.duties.in_force(&duty.not_before, day) {
                if let Some(Time::Span(span)) = Time::of(&least.value) {
                    parts.push(self.waits(duty, kind, start, (span, &least.citation.cite)));
                }
            } else if let Some(value) = self.duties.within(duty, day) {
                let Some(time) = Time::of(&value.value) else { continue };
                let least = self.duties.in_force(&duty.at_least, day).map(|it| Time::of(&it.value));
                let least = least.flatten().and_then(|time| match time {
                    Time::Span(span) => Some(span),
                    _ => None,
                });
                let by = (&self.title(&start.event), start.until);
                let running = self.duties.runs(start.at, time, by, (least, &value.citation.cite));
                let over = runs.iter().rfind(|run| run.start <= start.at);
                let over = over.filter(|run| run.standing != Standing::Spent);
                let over = over.and_then(|run| run.ended_at);
                parts.push(self.follow(duty, kind, start, running, over));
            }
        }
        if parts.is_empty() {
            let early = self.events.iter().find(|event| event.event == duty.done_by);
            let unannounced = early.filter(|_| !duty.not_before.is_empty());
            let standing = match unannounced {
                Some(_) => Standing::DoneTooEarly,
                None => Standing::NotBegun,
            };
            let mut part = self.part(&duty.id, kind, standing, None);
            part.since = unannounced.map(|event| event.at);
            parts.push(part.worded(self.duties));
        }
        parts
    }

    /// A time before which the act may not be done.
    fn waits(&self, duty: &DutyFile, kind: Kind, start: &Happened, of: (Span, &str)) -> Part {
        let (zone, calendar) = (&self.duties.zone, &self.duties.calendar);
        let deadline = after_event(start.at, of.0, &self.title(&start.event), of.1, zone, calendar);
        let done = self.done_after(duty, start);
        let standing = match done {
            Some(act) if deadline.covers(act.at) => Standing::DoneTooEarly,
            Some(_) => Standing::DoneInTime,
            None if deadline.covers(self.now) => Standing::Waiting,
            None => Standing::Free,
        };
        let mut part = self.part(&duty.id, kind, standing, Some(start.at));
        part.since = done.map(|act| act.at);
        part.deadline = Some(deadline);
        part.worded(self.duties)
    }

    fn done_after(&self, duty: &DutyFile, start: &Happened) -> Option<&Happened> {
        self.events.iter().copied().find(|act| is_done(duty, start, act))
    }

    /// What became of a duty since it began.
    fn follow(
        &self,
        duty: &DutyFile,
        kind: Kind,
        start: &Happened,
        mut running: Option<Running>,
        over: Option<Timestamp>,
    ) -> Part {
        let mut part = self.part(&duty.id, kind, Standing::Open, Some(start.at));
        let mut stopped: Option<(&RefuseFile, Clock, Timestamp)> = None;
        let late = |running: &Option<Running>, at| {
            running.as_ref().is_some_and(|running| !running.deadline.covers(at))
        };
        for act in self.events.iter().copied().filter(|act| act.at >= start.at) {
            if is_done(duty, start, act) {
                let in_time = stopped.is_some() || !late(&running, act.at);
                part.standing = if in_time { Standing::DoneInTime } else { Standing::DoneLate };
                part.since = Some(act.at);
                break;
            }
            if over.is_some_and(|over| over <= act.at) {
                break;
            }
            if let Some((why, clock, from)) = stopped {
                if why.resumes_at.as_ref() == Some(&act.event) {
                    running = running.map(|running| self.resumed(&running, why, clock, from, act));
                    stopped = None;
                }
                continue;
            }
            let Some((why, clock)) = self.refusal(duty, act) else { continue };
            if late(&running, act.at) {
                continue;
            }
            part.reason = Some(why.reason.clone());
            match clock {
                Clock::RunsOn => {}
                Clock::Stops | Clock::Restarts => stopped = Some((why, clock, act.at)),
                Clock::Ends => {
                    part.standing = Standing::Refused;
                    part.since = Some(act.at);
                    break;
                }
            }
        }
        if part.standing == Standing::Open {
            self.undone(&mut part, &running, stopped.map(|it| it.2), over);
        }
        part.deadline = running.map(|running| running.deadline);
        part.worded(self.duties)
    }

    /// How a duty stands that nobody has fulfilled or refused.
    fn undone(
        &self,
        part: &mut Part,
        running: &Option<Running>,
        stopped: Option<Timestamp>,
        over: Option<Timestamp>,
    ) {
        let end = running.as_ref().map(|running| running.deadline.ends_at);
        let missed = end.filter(|end| stopped.is_none() && *end <= self.now);
        (part.standing, part.since) = match (over, missed, stopped) {
            (Some(over), end, _) if end.is_none_or(|end| over < end) => {
                (Standing::Over, Some(over))
            }
            (_, Some(end), _) if part.kind == Kind::Appeal => (Standing::Lapsed, Some(end)),
            (_, Some(end), _) => (Standing::Overdue, Some(end)),
            (_, None, Some(from)) => (Standing::Stopped, Some(from)),
            _ => (Standing::Open, None),
        };
    }

    fn resumed(
        &self,
        running: &Running,
        why: &RefuseFile,
        clock: Clock,
        from: Timestamp,
        act: &Happened,
    ) -> Running {
        let (reason, by) = (why.title.clone().unwrap_or_default(), self.title(&act.event));
        let stop = Stop { from, to: act.at, reason: &reason, resumed_by: &by };
        match clock {
            Clock::Restarts => self.duties.restarted(running, &stop),
            _ => self.duties.moved(running, &stop),
        }
    }

    /// The reason that an event tells, if the law of its day knows it.
    fn refusal<'d>(&self, duty: &'d DutyFile, act: &Happened) -> Option<(&'d RefuseFile, Clock)> {
        let day = self.duties.day_of(act.at);
        duty.refuse.iter().filter(|refuse| refuse.event == act.event).find_map(|refuse| {
            let value = self.duties.in_force(&refuse.clock, day)?;
            Some((refuse, serde_json::from_value(value.value).ok()?))
        })
    }
}

/// An act fulfils a duty that began before it; one that begins with the same kind of event, only
/// when it comes later.
fn is_done(duty: &DutyFile, start: &Happened, act: &Happened) -> bool {
    let later = act.at > start.at || (act.at == start.at && act.event != start.event);
    act.event == duty.done_by && later
}

impl Part {
    fn worded(mut self, duties: &Duties) -> Self {
        self.words = standing_words(duties, &self);
        self
    }
}

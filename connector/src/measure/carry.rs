//! What is due at an instant: the kill-switch is heeded, notes of persons are taken, measures begin
//! and end on the line, and what is over is noted and one day erased.
//!
//! The order of it is what makes a crash harmless: *carrying* is durable before the first packet,
//! *implemented* and *lifted* behind the last acknowledgement. Whatever lies between is done again.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::thread;

use anyhow::Context;
use entremise_wire::measure::{Acknowledgement, End, Obstacle};
use jiff::{SignedDuration, Timestamp};

use super::login::Restricted;
use super::order::{Happened, Key, Order};
use super::radius::{self, AccessServer, Outcome, SESSION_CONTEXT_NOT_FOUND};
use super::sessions::Place;
use super::state::Trouble;
use super::{Change, Measures, account, notes, sessions, switch};
use crate::alarm::{AlarmFile, AlarmLine, Why};
use crate::desk::Desk;

/// A failing start is an alarm after so many tries; a failing end is one at once.
const TRIES_BEFORE_ALARM: u32 = 3;
/// The longest wait between two tries.
const WAIT_MAX: SignedDuration = SignedDuration::from_mins(15);
/// Of the fifteen days that the law gives (CPI R331-16), so many pass before an alarm.
const UNDECIDED: SignedDuration = SignedDuration::from_hours(10 * 24);

/// What is to be done on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Apply,
    Lift,
}

/// Something that is due. No `Debug`: it holds the account.
struct Due {
    key: Key,
    account: String,
    deed: Deed,
    /// Another order keeps the account restricted: only its own end is noted.
    is_covered: bool,
}

impl Measures {
    /// Does what is due. What fails on one line is tried again later and stops no other.
    ///
    /// # Errors
    /// Where the provider's own files cannot be read or written.
    pub fn tick(&self, desk: &Desk, now: Timestamp) -> anyhow::Result<()> {
        let mut reading = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        self.heed_switches(desk, now)?;
        self.take_notes(desk, now)?;
        self.begin(desk, now)?;
        let (restricted, due) = self.due(now)?;
        let list_is_taken = match self.list.align(&restricted, &mut reading, now) {
            Ok(true) => true,
            // In a moment: the running sessions are changed then, too.
            Ok(false) => return self.end_and_forget(desk, now),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the login list was not taken");
                false
            }
        };
        let mut silent = HashSet::new();
        for due in &due {
            self.carry_out(desk, due, list_is_taken, &mut silent, now)?;
        }
        self.end_and_forget(desk, now)
    }

    /// Enters kill-switches that were pulled or let go.
    fn heed_switches(&self, desk: &Desk, now: Timestamp) -> anyhow::Result<()> {
        for authority in self.config.authorities.iter().map(|authority| &authority.id) {
            let mut state = self.state();
            let pulled = switch::of(&self.directory, authority);
            if pulled == state.memory.stopped.get(authority).copied() {
                continue;
            }
            tracing::warn!(%authority, stopped = pulled.is_some(), "the switch of measures");
            let happened = match pulled {
                Some(switch) => Happened::Stopped { at: now, switch },
                None => Happened::Resumed { at: now },
            };
            state.note_switch(desk.chain(), authority, happened)?;
        }
        Ok(())
    }

    /// Takes what persons left. A note that does not count is taken away and said in the log.
    fn take_notes(&self, desk: &Desk, now: Timestamp) -> anyhow::Result<()> {
        for (path, note) in notes::lying(&self.directory)? {
            let mut state = self.state();
            if let Some(note) = note {
                let key = (note.authority.clone(), note.order);
                let is_stopped = switch::of(&self.directory, &note.authority).is_some();
                let switched_at = state.memory.switched_at.get(&note.authority).copied();
                let order = state.memory.orders.get(&key);
                match note.judged(&self.persons, order, is_stopped, switched_at, now) {
                    Ok(happened) => state.note(desk.chain(), &key, happened)?,
                    Err(why) => tracing::warn!(order = %note.order, "a note does not count: {why}"),
                }
            }
            std::fs::remove_file(&path).with_context(|| format!("taking {}", path.display()))?;
        }
        Ok(())
    }

    /// Notes of what is to begin that it may be in force from now on.
    fn begin(&self, desk: &Desk, now: Timestamp) -> anyhow::Result<()> {
        let mut state = self.state();
        let beginning: Vec<Key> = state
            .memory
            .orders
            .iter()
            .filter(|(key, order)| !order.touched && self.must_hold(key, order, now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in beginning {
            let is_doubted = match self.account(&key, &state.memory.orders[&key]) {
                Some(account) => desk.is_alarmed(account.as_bytes())?,
                // Sealed under keys that are no longer here: nobody is cut off by guessing.
                None => true,
            };
            if is_doubted {
                let tries = state.troubles.get(&key).map_or(0, |trouble| trouble.tries);
                let trouble = Trouble { obstacle: Obstacle::AccountInDoubt, tries, next: now };
                state.troubles.insert(key, trouble);
                continue;
            }
            state.note(desk.chain(), &key, Happened::Carrying { at: now })?;
        }
        Ok(())
    }

    /// Everyone who must be restricted now, and what is to be done on the lines.
    fn due(&self, now: Timestamp) -> anyhow::Result<(Restricted, Vec<Due>)> {
        let state = self.state();
        let mut restricted = Restricted::new();
        let touched = || state.memory.orders.iter().filter(|(_, order)| order.touched);
        for (key, order) in touched().filter(|(key, order)| self.must_hold(key, order, now)) {
            let account = self.account(key, order).context("an account does not open")?;
            let until = order.permitted().map_or(now, |window| window.until);
            let last = restricted.entry(account).or_insert(until);
            *last = (*last).max(until);
        }
        let mut due = Vec::new();
        for (key, order) in touched() {
            let deed = match (self.must_hold(key, order, now), &order.implemented) {
                (true, None) => Deed::Apply,
                (true, Some(_)) => continue,
                (false, _) => Deed::Lift,
            };
            if state.troubles.get(key).is_some_and(|trouble| trouble.next > now) {
                continue;
            }
            let account = self.account(key, order).context("an account does not open")?;
            let is_covered = deed == Deed::Lift && restricted.contains_key(&account);
            due.push(Due { key: key.clone(), account, deed, is_covered });
        }
        // Who has to be let go does not wait for who has to be held.
        due.sort_by_key(|due| due.deed == Deed::Apply);
        Ok((restricted, due))
    }

    fn carry_out(
        &self,
        desk: &Desk,
        due: &Due,
        list_is_taken: bool,
        silent: &mut HashSet<String>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let stopped = switch::of(&self.directory, &due.key.0).is_some();
        if due.deed == Deed::Apply && (stopped || !list_is_taken) {
            return match stopped {
                // The next tick enters the switch and lets go of it.
                true => Ok(()),
                false => self.failed(due, Obstacle::LoginListNotTaken, now),
            };
        }
        let asked = match (due.deed, due.is_covered) {
            (_, true) => Ok(Vec::new()),
            (Deed::Apply, _) => self.ask_all(&self.apply, &due.account, silent, now),
            (Deed::Lift, _) => self.ask_all(&self.lift, &due.account, silent, now),
        };
        let acknowledgements = match asked {
            Ok(acknowledgements) if list_is_taken => acknowledgements,
            Ok(_) => return self.failed(due, Obstacle::LoginListNotTaken, now),
            Err(obstacle) => return self.failed(due, obstacle, now),
        };
        let mut state = self.state();
        let happened = match due.deed {
            Deed::Apply => Happened::Implemented { at: now, acknowledgements },
            Deed::Lift => Happened::Lifted { at: now, acknowledgements },
        };
        tracing::info!(order = %due.key.1, step = happened.step(), "a measure");
        state.note(desk.chain(), &due.key, happened)?;
        if state.troubles.remove(&due.key).is_some() {
            self.clear_alarm(&due.key, now)?;
        }
        Ok(())
    }

    /// Asks for every session of the account, all at once. A server that kept silent in this tick
    /// is not waited for again in it: nobody's end is held up by it.
    fn ask_all(
        &self,
        change: &Change,
        account: &str,
        silent: &mut HashSet<String>,
        now: Timestamp,
    ) -> Result<Vec<Acknowledgement>, Obstacle> {
        let places = sessions::places(self.config.sessions.as_ref(), &self.servers, account)?;
        let known = &*silent;
        let ask = |place: &Place<'_>| {
            if known.contains(&place.server.name) {
                return Ok(Outcome::Silent);
            }
            let session = place.session.as_deref();
            let (code, attributes) = (change.code, change.attributes.as_slice());
            place.server.ask(radius::Change { code, account, session, attributes }, now)
        };
        let outcomes: Vec<anyhow::Result<Outcome>> = thread::scope(|scope| {
            let ask = &ask;
            let asking: Vec<_> =
                places.iter().map(|place| scope.spawn(move || ask(place))).collect();
            asking.into_iter().map(|thread| thread.join().unwrap_or(Ok(Outcome::Silent))).collect()
        });
        for (place, outcome) in places.iter().zip(&outcomes) {
            if matches!(outcome, Ok(Outcome::Silent)) {
                silent.insert(place.server.name.clone());
            }
        }
        let answers = places.iter().zip(outcomes);
        answers.map(|(place, outcome)| acknowledged(place.server, outcome, now)).collect()
    }

    /// Waits before the next try, longer each time, and raises the alarm.
    fn failed(&self, due: &Due, obstacle: Obstacle, now: Timestamp) -> anyhow::Result<()> {
        let mut state = self.state();
        let tries = state.troubles.get(&due.key).map_or(0, |trouble| trouble.tries) + 1;
        let wait = SignedDuration::from_mins(1 << tries.min(5)).min(WAIT_MAX);
        let next = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        tracing::error!(order = %due.key.1, tries, ?obstacle, "a measure could not be changed");
        state.troubles.insert(due.key.clone(), Trouble { obstacle, tries, next });
        drop(state);
        match due.deed {
            Deed::Lift => self.raise_alarm(&due.key, Why::MeasureNotLifted, now),
            Deed::Apply if tries >= TRIES_BEFORE_ALARM => {
                self.raise_alarm(&due.key, Why::MeasureNotApplied, now)
            }
            Deed::Apply => Ok(()),
        }
    }

    /// Notes what has come to its end, reminds of what nobody decided, erases what is long over.
    fn end_and_forget(&self, desk: &Desk, now: Timestamp) -> anyhow::Result<()> {
        let mut state = self.state();
        let orders = &state.memory.orders;
        let over: Vec<(Key, End)> = orders
            .iter()
            .filter_map(|(key, order)| Some((key.clone(), order.is_over(now)?)))
            .collect();
        let undecided: Vec<Key> = orders
            .iter()
            .filter(|(_, order)| order.awaits_approval())
            .filter(|(_, order)| now.duration_since(order.received_at) > UNDECIDED)
            .map(|(key, _)| key.clone())
            .collect();
        let forgotten: HashSet<Key> = orders
            .iter()
            .filter(|(_, order)| self.is_long_over(order, now))
            .map(|(key, _)| key.clone())
            .collect();
        for (key, how) in over {
            state.note(desk.chain(), &key, Happened::Ended { at: now, how })?;
            state.troubles.remove(&key);
            self.clear_alarm(&key, now)?;
        }
        for key in undecided {
            let is_open = state.memory.orders.get(&key).is_some_and(Order::awaits_approval);
            if is_open {
                self.raise_alarm(&key, Why::MeasureUndecided, now)?;
            }
        }
        state.erase(&forgotten)
    }

    /// Whether nothing of it can come back: neither its time nor an older version of it.
    fn is_long_over(&self, order: &Order, now: Timestamp) -> bool {
        let closed = order.ended.map(|(at, _)| at).or(order.declined.map(|(at, _)| at));
        let (Some(closed), false) = (closed, order.touched) else { return false };
        let longest = self.config.authorities.iter().map(|authority| authority.longest_days).max();
        let longest = SignedDuration::from_hours(24 * i64::from(longest.unwrap_or(0)));
        let last = match order.window() {
            Some(window) => window.until.max(closed),
            None => closed.saturating_add(longest).unwrap_or(Timestamp::MAX),
        };
        let kept = SignedDuration::from_hours(24 * i64::from(self.config.forget_after_days));
        now.duration_since(last) > kept
    }

    fn must_hold(&self, key: &Key, order: &Order, now: Timestamp) -> bool {
        // Most orders are over: their flag files are not looked for.
        order.permitted().is_some() && order.must_hold(now, switch::of(&self.directory, &key.0))
    }

    fn account(&self, key: &Key, order: &Order) -> Option<String> {
        account(&self.sealer, key.1, order.account.as_deref())
    }

    fn raise_alarm(&self, key: &Key, why: Why, now: Timestamp) -> anyhow::Result<()> {
        let mut alarms = AlarmFile::open(&self.directory)?;
        let id = alarm_id(key);
        if alarms.is_raised(&id) {
            return Ok(());
        }
        let (authority, order) = key.clone();
        tracing::error!(%order, ?why, "an alarm about a measure");
        alarms.add(&AlarmLine::Measure { id, at: now, authority, order, why })
    }

    fn clear_alarm(&self, key: &Key, now: Timestamp) -> anyhow::Result<()> {
        let mut alarms = AlarmFile::open(&self.directory)?;
        let id = alarm_id(key);
        if alarms.is_raised(&id) {
            alarms.add(&AlarmLine::Cleared { id, at: now })?;
        }
        Ok(())
    }
}

/// What an operator clears it by.
fn alarm_id(key: &Key) -> String {
    format!("measure-{}-{}", key.1, key.0)
}

fn acknowledged(
    server: &AccessServer,
    outcome: anyhow::Result<Outcome>,
    now: Timestamp,
) -> Result<Acknowledgement, Obstacle> {
    let access_server = server.name.clone();
    let given = |code, error_cause| Acknowledgement {
        access_server: server.name.clone(),
        at: now,
        code,
        error_cause,
    };
    match outcome {
        Ok(Outcome::Acknowledged { code }) => Ok(given(code, None)),
        Ok(Outcome::NoSession { code }) => Ok(given(code, Some(SESSION_CONTEXT_NOT_FOUND))),
        Ok(Outcome::Refused { error_cause }) => {
            Err(Obstacle::AccessServerRefused { access_server, error_cause })
        }
        Ok(Outcome::Silent) => Err(Obstacle::AccessServerSilent { access_server }),
        Err(error) => {
            tracing::error!(server = server.name, error = format!("{error:#}"), "not asked");
            Err(Obstacle::AccessServerSilent { access_server })
        }
    }
}

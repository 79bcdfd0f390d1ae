//! Accounting sessions: Start, Interim-Update, Stop, Accounting-On and -Off (RFC 2866), in any
//! order the network delivers them.
//!
//! * The address may change within a session: the record that shows another one ends the first.
//!   A record that shows none changes nothing.
//! * A session seen first by an Interim or Stop began its Acct-Session-Time before.
//! * Where another session takes an address whose Stop never came, the first holder is sure up to
//!   its last record; from there to the other's start lies a gap.
//! * Accounting-On and -Off end every session of that network access server.

use entremise_core::identification::AssignmentKind;
use serde::{Deserialize, Serialize};

use super::{Digest, Holder, Millis, OPEN, Place, SECOND, Span, Table};
use crate::read::Format;

/// How long a closed session is remembered, so that a late record does not open it again.
const REMEMBERED: Millis = 86_400 * SECOND;

/// What an accounting record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Start,
    Interim,
    Stop,
    /// Accounting-On or Accounting-Off.
    AllClosed,
}

/// Which attribute an address came in: each may change for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slot {
    Address,
    FramedPrefix,
    DelegatedPrefix,
    FramedIpv6Address,
    /// A port range of RFC 8045, by its first port: a session may have several.
    PortRange(u16),
}

/// One accounting record.
#[derive(Clone, Debug)]
pub struct Accounting {
    pub at: Millis,
    pub status: Status,
    /// A digest of Acct-Unique-Session-Id.
    pub session: u64,
    /// A digest of the network access server's name.
    pub server: u64,
    pub holder: Holder,
    pub held: Vec<(Slot, Place)>,
    /// Port ranges given back by this record (RFC 8045 IP-Port-Alloc: Deallocation).
    pub released: Vec<Place>,
    /// Acct-Session-Time, milliseconds.
    pub lasted: Option<Millis>,
    pub record: Digest,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Session {
    server: u64,
    holder: Holder,
    last: Millis,
    records: [Digest; 2],
    held: Vec<Held>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Held {
    slot: Slot,
    place: Place,
    since: Millis,
    record: Digest,
    /// When another session was seen to take the place.
    taken: Option<Millis>,
}

/// All sessions that are open, and what is needed to read the next record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sessions {
    open: Table<u64, Session>,
    by_place: Table<Place, u64>,
    closed: Table<u64, Millis>,
    forgotten_before: Millis,
}

impl Sessions {
    /// Takes the next record; `emit` gets each span that can no longer change.
    pub fn apply(&mut self, record: Accounting, emit: &mut impl FnMut(Span)) {
        match record.status {
            Status::AllClosed => self.close_server(&record, emit),
            Status::Stop => {
                self.see(&record, emit);
                if let Some(session) = self.open.remove(&record.session) {
                    self.closed.insert(record.session, record.at);
                    self.finish(record.session, session, record.at, record.record, emit);
                }
            }
            Status::Start | Status::Interim => self.see(&record, emit),
        }
        self.forget(record.at);
    }

    /// The spans of the sessions that are still open. They may yet change.
    pub fn open_spans(&self, emit: &mut impl FnMut(Span)) {
        for session in self.open.values() {
            for held in &session.held {
                let records = [held.record, session.records[1]];
                emit_held(held, session.holder, session.last, OPEN, records, emit);
            }
        }
    }

    pub fn holders(&self) -> impl Iterator<Item = Holder> + '_ {
        self.open.values().map(|session| session.holder)
    }

    /// Drops sessions whose last address was taken by others before this instant, and who closed
    /// before it. True where something was dropped.
    pub fn forget_before(&mut self, instant: Millis) -> bool {
        let before = (self.open.len(), self.closed.len());
        self.open.retain(|_, session| {
            let ended = |held: &Held| held.taken.is_some_and(|taken| taken < instant);
            session.last >= instant || !session.held.iter().all(ended)
        });
        self.closed.retain(|_, closed| *closed >= instant);
        (self.open.len(), self.closed.len()) != before
    }

    fn see(&mut self, record: &Accounting, emit: &mut impl FnMut(Span)) {
        if self.closed.get(&record.session).is_some_and(|closed| record.at <= *closed) {
            return;
        }
        let began = match (record.status, record.lasted) {
            (Status::Interim | Status::Stop, Some(lasted)) => record.at - lasted,
            _ => record.at,
        };
        // A Start for a session that runs already, later than all it said: the number was used
        // again after a restart nobody told of.
        let reused = record.status == Status::Start
            && self.open.get(&record.session).is_some_and(|known| record.at > known.last);
        if reused && let Some(old) = self.open.remove(&record.session) {
            self.abandon(record.session, old, record.at, emit);
        }
        let known = self.open.contains_key(&record.session);
        let session = self.open.entry(record.session).or_insert_with(|| Session {
            server: record.server,
            holder: record.holder,
            last: record.at,
            records: [record.record; 2],
            held: Vec::new(),
        });
        let late = record.at < session.last;
        let since = if known { record.at } else { began };
        if !late {
            session.last = record.at;
            session.records[1] = record.record;
        }
        for (slot, place) in &record.held {
            self.hold(record, *slot, *place, since, late, emit);
        }
        for place in &record.released {
            self.release(record, place, emit);
        }
    }

    /// One address of one record: the same as before, a change, or a place taken from another.
    fn hold(
        &mut self,
        record: &Accounting,
        slot: Slot,
        place: Place,
        since: Millis,
        late: bool,
        emit: &mut impl FnMut(Span),
    ) {
        let Some(session) = self.open.get_mut(&record.session) else { return };
        if let Some(index) = session.held.iter().position(|held| held.slot == slot) {
            if session.held[index].place == place {
                let held = &mut session.held[index];
                held.since = held.since.min(since);
                return;
            }
            // A late record tells of the past: what holds now stays.
            if late {
                return;
            }
            let old = session.held.remove(index);
            let records = [old.record, record.record];
            emit_held(&old, session.holder, record.at, record.at, records, emit);
            if self.by_place.get(&old.place) == Some(&record.session) {
                self.by_place.remove(&old.place);
            }
        }
        session.held.push(Held { slot, place, since, record: record.record, taken: None });
        if let Some(other) = self.by_place.insert(place, record.session)
            && other != record.session
            && let Some(other) = self.open.get_mut(&other)
        {
            for held in other.held.iter_mut().filter(|held| held.place == place) {
                held.taken = Some(held.taken.map_or(since, |taken| taken.min(since)));
            }
        }
    }

    fn release(&mut self, record: &Accounting, place: &Place, emit: &mut impl FnMut(Span)) {
        let Some(session) = self.open.get_mut(&record.session) else { return };
        if let Some(index) = session.held.iter().position(|held| held.place == *place) {
            let held = session.held.remove(index);
            let records = [held.record, record.record];
            emit_held(&held, session.holder, record.at, record.at, records, emit);
            self.by_place.remove(place);
        }
    }

    fn close_server(&mut self, record: &Accounting, emit: &mut impl FnMut(Span)) {
        let mut ended: Vec<u64> = self
            .open
            .iter()
            // A record from before the session's last sign is late and ends nothing newer.
            .filter(|(_, session)| session.server == record.server && session.last <= record.at)
            .map(|(key, _)| *key)
            .collect();
        ended.sort_unstable();
        for key in ended {
            if let Some(session) = self.open.remove(&key) {
                self.closed.insert(key, record.at);
                self.finish(key, session, record.at, record.record, emit);
            }
        }
    }

    fn finish(
        &mut self,
        key: u64,
        session: Session,
        end: Millis,
        record: Digest,
        emit: &mut impl FnMut(Span),
    ) {
        for held in session.held {
            // The Stop came after all: it counts, whoever else was seen on the place.
            let held = Held { taken: None, ..held };
            let records = [held.record, record];
            emit_held(&held, session.holder, end, end, records, emit);
            if self.by_place.get(&held.place) == Some(&key) {
                self.by_place.remove(&held.place);
            }
        }
    }

    /// A session whose Stop will not come: sure to its last record, then a gap up to `until`.
    fn abandon(&mut self, key: u64, session: Session, until: Millis, emit: &mut impl FnMut(Span)) {
        for mut held in session.held {
            held.taken.get_or_insert(until);
            let records = [held.record, session.records[1]];
            emit_held(&held, session.holder, session.last, OPEN, records, emit);
            if self.by_place.get(&held.place) == Some(&key) {
                self.by_place.remove(&held.place);
            }
        }
    }

    /// Bounds what is remembered: once a day of the records, not at each of them.
    fn forget(&mut self, now: Millis) {
        if now - self.forgotten_before > 2 * REMEMBERED {
            self.forgotten_before = now - REMEMBERED;
            let before = self.forgotten_before;
            self.closed.retain(|_, closed| *closed > before);
        }
    }
}

/// Emits what one address of a session amounts to: sure, and where it was taken a gap behind it.
fn emit_held(
    held: &Held,
    holder: Holder,
    last: Millis,
    end: Millis,
    records: [Digest; 2],
    emit: &mut impl FnMut(Span),
) {
    let kind = match held.slot {
        Slot::Address | Slot::FramedPrefix | Slot::FramedIpv6Address => AssignmentKind::Ppp,
        Slot::DelegatedPrefix => AssignmentKind::PrefixDelegation,
        Slot::PortRange(_) => AssignmentKind::PortBlock,
    };
    let span = |start, end, sure| Span {
        place: held.place,
        start,
        end,
        holder,
        kind,
        source: Format::RadiusDetail,
        sure,
        records,
    };
    match held.taken {
        // The last record proves the second it was written in, and nothing beyond.
        Some(taken) if taken > last => {
            let sure_until = (last + SECOND).min(taken);
            emit(span(held.since, sure_until, true));
            if sure_until < taken {
                emit(span(sure_until, taken, false));
            }
        }
        // Records of both holders lie after each other's start: both stand, and the answer is
        // `ambiguous` where they overlap.
        Some(_) => emit(span(held.since, last + SECOND, true)),
        None if end > held.since => emit(span(held.since, end, true)),
        // A session of no length still held its address in the second it was logged.
        None => emit(span(held.since, held.since + SECOND, true)),
    }
}

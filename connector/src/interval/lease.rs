//! Leases: rows that each state a lease whole (Kea's and ISC's lease files), or events that give
//! and renew one for a time (Kea's forensic log). A later row for an address overrides.
//!
//! A lease ends at the earliest of: its stated end, a release, the start of another holder's
//! lease on the same address. A row that deletes a lease without saying when it was given back
//! leaves a gap between the last sign of life and the stated end.

use entremise_core::identification::AssignmentKind;
use serde::{Deserialize, Serialize};

use super::{Digest, Holder, Millis, OrderedTable, Place, Span};
use crate::read::Format;

/// What one row says about one address or prefix.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub place: Place,
    pub kind: AssignmentKind,
    pub record: Digest,
    pub says: Says,
}

#[derive(Clone, Copy, Debug)]
pub enum Says {
    /// Held by `holder` from `start` (or earlier, if it is a renewal) to `end`.
    Held { holder: Holder, start: Millis, end: Millis },
    /// Given back at this instant.
    Released { at: Millis },
    /// No longer in the server's books; when it was given back is not said.
    Deleted,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Lease {
    holder: Holder,
    kind: AssignmentKind,
    start: Millis,
    end: Millis,
    /// The start of the latest renewal: until here the holder was certainly there.
    heard: Millis,
    /// Deleted at an unknown instant after `heard`.
    deleted: bool,
    records: [Digest; 2],
}

/// The latest lease of every address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Leases {
    latest: OrderedTable<Place, Lease>,
}

impl Leases {
    /// Takes the next row; `emit` gets each span that can no longer change.
    pub fn apply(&mut self, source: Format, row: Row, emit: &mut impl FnMut(Span)) {
        match row.says {
            Says::Held { holder, start, end } => {
                let lease = Lease {
                    holder,
                    kind: row.kind,
                    start,
                    end,
                    heard: start,
                    deleted: false,
                    records: [row.record; 2],
                };
                self.held(source, row.place, lease, emit);
            }
            Says::Released { at } => {
                let Some(mut lease) = self.latest.swap_remove(&row.place) else { return };
                lease.records[1] = row.record;
                emit_until(source, row.place, &lease, at.max(lease.start), emit);
            }
            Says::Deleted => {
                if let Some(lease) = self.latest.get_mut(&row.place) {
                    lease.deleted = true;
                    lease.records[1] = row.record;
                }
            }
        }
    }

    /// The spans of the latest leases. They may yet be renewed or given back.
    pub fn open_spans(&self, source: Format, emit: &mut impl FnMut(Span)) {
        for (place, lease) in &self.latest {
            emit_until(source, *place, lease, lease.end, emit);
        }
    }

    pub fn holders(&self) -> impl Iterator<Item = Holder> + '_ {
        self.latest.values().map(|lease| lease.holder)
    }

    /// Drops leases that ended before this instant. True where there were any.
    pub fn forget_before(&mut self, instant: Millis) -> bool {
        let before = self.latest.len();
        self.latest.retain(|_, lease| lease.end >= instant);
        self.latest.len() < before
    }

    fn held(&mut self, source: Format, place: Place, new: Lease, emit: &mut impl FnMut(Span)) {
        let Some(known) = self.latest.get_mut(&place) else {
            self.latest.insert(place, new);
            return;
        };
        // Without a break between them, two rows of one holder are one lease.
        let same = known.holder == new.holder && known.kind == new.kind && !known.deleted;
        if same && new.start <= known.end && known.start <= new.end {
            if new.heard >= known.heard {
                known.end = new.end;
                known.heard = new.heard;
                known.records[1] = new.records[1];
            }
            if new.start < known.start {
                known.start = new.start;
                known.records[0] = new.records[0];
            }
            return;
        }
        if new.start < known.start {
            // An older row read late: it is history, and ends where the known lease begins.
            emit_until(source, place, &new, known.start, emit);
            return;
        }
        let old = std::mem::replace(known, new);
        emit_until(source, place, &old, new.start, emit);
    }
}

/// Emits a lease that lasted at most until `limit`.
fn emit_until(
    source: Format,
    place: Place,
    lease: &Lease,
    limit: Millis,
    emit: &mut impl FnMut(Span),
) {
    let end = lease.end.min(limit);
    let sure_until = if lease.deleted { lease.heard.min(end) } else { end };
    let mut part = |start, end, sure| {
        if start < end {
            emit(Span {
                place,
                start,
                end,
                holder: lease.holder,
                kind: lease.kind,
                source,
                sure,
                records: lease.records,
            });
        }
    };
    part(lease.start, sure_until, true);
    part(sure_until, end, false);
}

//! Ports of a shared address: allocated to an inside address, renewed, released.
//!
//! Where a block is allocated to another inside address without a release between, the first is
//! sure up to its last record and a gap follows. A release whose allocation was never seen leaves
//! a gap behind: the block was this inside address's, nobody can say since when.

use entremise_core::identification::AssignmentKind;
use serde::{Deserialize, Serialize};

use super::{Digest, Holder, Millis, OPEN, Place, SECOND, Span, Table};
use crate::read::Format;

/// What one line says about one range of ports.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub at: Millis,
    pub place: Place,
    pub inside: Holder,
    pub kind: AssignmentKind,
    pub says: Says,
    pub record: Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    Allocated,
    /// The block is still held; `at` is the instant of this line.
    Continues,
    Released,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Block {
    inside: Holder,
    kind: AssignmentKind,
    start: Millis,
    last: Millis,
    records: [Digest; 2],
}

/// All blocks that are allocated now, and when the others were last released.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Blocks {
    open: Table<Place, Block>,
    released: Table<Place, Millis>,
    first_seen: Option<Millis>,
}

impl Blocks {
    /// Takes the next line; `emit` gets each span that can no longer change.
    pub fn apply(&mut self, source: Format, line: Line, emit: &mut impl FnMut(Span)) {
        let first_seen = *self.first_seen.get_or_insert(line.at);
        let known = self.open.get(&line.place).copied();
        match (line.says, known) {
            (Says::Allocated | Says::Continues, Some(block)) if block.inside == line.inside => {
                let renewed = Block {
                    start: block.start.min(line.at),
                    last: block.last.max(line.at),
                    records: [block.records[0], line.record],
                    ..block
                };
                self.open.insert(line.place, renewed);
            }
            (Says::Allocated | Says::Continues, before) => {
                if let Some(block) = before {
                    emit_lost(source, line.place, &block, line.at, emit);
                }
                let records = [line.record; 2];
                let (inside, kind) = (line.inside, line.kind);
                let block = Block { inside, kind, start: line.at, last: line.at, records };
                self.open.insert(line.place, block);
            }
            (Says::Released, Some(block)) if block.inside == line.inside => {
                self.open.remove(&line.place);
                self.released.insert(line.place, line.at);
                let block = Block { records: [block.records[0], line.record], ..block };
                let end = line.at.max(block.start + 1);
                emit(span(source, line.place, &block, block.start, end, true));
            }
            (Says::Released, other) => {
                // Nobody saw it begin. It may reach back to the block's last known end.
                let since = self.released.get(&line.place).copied().unwrap_or(first_seen);
                let since = other.map_or(since, |block| block.last + SECOND);
                let block = Block {
                    inside: line.inside,
                    kind: line.kind,
                    start: since,
                    last: line.at,
                    records: [line.record; 2],
                };
                if since < line.at {
                    emit(span(source, line.place, &block, since, line.at, false));
                }
                if other.is_none() {
                    self.released.insert(line.place, line.at);
                }
            }
        }
    }

    /// Drops what was released before this instant. True where there was any.
    pub fn forget_before(&mut self, instant: Millis) -> bool {
        let before = self.released.len();
        self.released.retain(|_, released| *released >= instant);
        self.released.len() < before
    }

    /// The spans of the blocks that are allocated now. They may yet be released.
    pub fn open_spans(&self, source: Format, emit: &mut impl FnMut(Span)) {
        for (place, block) in &self.open {
            emit(span(source, *place, block, block.start, OPEN, true));
        }
    }
}

fn emit_lost(
    source: Format,
    place: Place,
    block: &Block,
    taken: Millis,
    emit: &mut impl FnMut(Span),
) {
    let sure_until = (block.last + SECOND).min(taken).max(block.start);
    emit(span(source, place, block, block.start, sure_until, true));
    if sure_until < taken {
        emit(span(source, place, block, sure_until, taken, false));
    }
}

fn span(
    source: Format,
    place: Place,
    block: &Block,
    start: Millis,
    end: Millis,
    sure: bool,
) -> Span {
    Span {
        place,
        start,
        end,
        holder: block.inside,
        kind: block.kind,
        source,
        sure,
        records: block.records,
    }
}

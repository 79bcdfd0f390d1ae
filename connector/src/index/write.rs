//! Writes a segment from spans that arrive in order. Streams: memory holds the directory of
//! addresses and the inside addresses, never the records.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::layout::{
    HOLDER_INSIDE, HOLDER_UNUSABLE, LANE_DISJOINT, MAGIC, ONE_DIGEST, RECORD, Record, SURE,
    TRAILER, inside_to_bytes,
};
use crate::interval::{Digest, Holder, Millis, Place, Prefix, Span};

/// What the order of a segment is: place, then start, then the rest so that twins lie together.
/// In few and plain figures: each span is compared some twenty times before it is in its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// Routing instance, family, length of the prefix.
    group: u32,
    bits: u128,
    /// First port, last port, protocol.
    ports: u64,
    start: Millis,
    end: Millis,
    /// What it is; account or routing instance; the lower half of an inside address.
    holder: (u8, u32, u64),
    sure: bool,
}

pub fn order(span: &Span) -> Order {
    let Place { space, prefix, port_low, port_high, protocol } = span.place;
    Order {
        group: u32::from(space) << 16 | u32::from(prefix.v6) << 8 | u32::from(prefix.length),
        bits: prefix.bits,
        ports: u64::from(port_low) << 24 | u64::from(port_high) << 8 | u64::from(protocol),
        start: span.start,
        end: span.end,
        holder: match span.holder {
            Holder::Account(number) => (0, number, 0),
            Holder::Inside { space, prefix } => (1, space.into(), prefix.bits as u64),
            Holder::Unusable => (2, 0, 0),
        },
        sure: span.sure,
    }
}

/// A segment on its way to the disk.
pub struct SegmentWriter {
    path: PathBuf,
    records: BufWriter<File>,
    digests: BufWriter<File>,
    record_count: u64,
    last_end: Option<Millis>,
    digest_count: u32,
    last: Option<Span>,
    last_digest: Option<(Digest, u32)>,
    lanes: Vec<u8>,
    lane_count: u32,
    lane: Option<Lane>,
    groups: Vec<Group>,
    insides: HashMap<(u16, Prefix), u32>,
    inside_rows: Vec<u8>,
}

struct Lane {
    place: Place,
    first: u64,
    disjoint: bool,
    last_end: Millis,
}

struct Group {
    space: u16,
    v6: bool,
    length: u8,
    keys: Vec<u8>,
    /// Per key: first lane and widest range of ports.
    heads: Vec<u8>,
    count: u32,
    last_bits: u128,
    widest: u32,
}

fn is_twin(last: &Span, span: &Span) -> bool {
    let what = |span: &Span| (span.start, span.end, span.holder, span.sure, span.kind, span.place);
    last.start == span.start && what(last) == what(span)
}

/// What a finished segment holds.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    pub records: u64,
    /// When the last of its spans ended; none where it has no spans.
    pub last_end: Option<Millis>,
}

/// `N.seg` beside `N.dig`.
pub fn digest_path(segment: &Path) -> PathBuf {
    segment.with_extension("dig")
}

impl SegmentWriter {
    pub fn create(path: &Path) -> io::Result<Self> {
        let buffered = |path: &Path| -> io::Result<BufWriter<File>> {
            Ok(BufWriter::with_capacity(1 << 20, File::create(path)?))
        };
        Ok(Self {
            path: path.to_owned(),
            records: buffered(path)?,
            digests: buffered(&digest_path(path))?,
            record_count: 0,
            last_end: None,
            digest_count: 0,
            last: None,
            last_digest: None,
            lanes: Vec::new(),
            lane_count: 0,
            lane: None,
            groups: Vec::new(),
            insides: HashMap::new(),
            inside_rows: Vec::new(),
        })
    }

    /// Takes the next span in [`order`]. A span read twice from the same records is kept once.
    pub fn push(&mut self, span: &Span) -> io::Result<()> {
        if self.last.as_ref().is_some_and(|last| is_twin(last, span)) {
            return Ok(());
        }
        if self.lane.as_ref().is_none_or(|lane| lane.place != span.place) {
            self.open_lane(span.place);
        }
        let mut flags = if span.sure { SURE } else { 0 };
        let holder = match span.holder {
            Holder::Account(number) => number,
            Holder::Inside { space, prefix } => {
                flags |= HOLDER_INSIDE;
                self.inside(space, prefix)
            }
            Holder::Unusable => {
                flags |= HOLDER_UNUSABLE;
                u32::MAX
            }
        };
        if span.records[0] == span.records[1] {
            flags |= ONE_DIGEST;
        }
        let digest = self.digests_of(span.records)?;
        let record = Record {
            start: span.start,
            end: span.end,
            kind: span.kind,
            source: span.source,
            flags,
            holder,
            digest,
        };
        self.records.write_all(&record.to_bytes())?;
        self.record_count += 1;
        self.last_end = self.last_end.max(Some(span.end));
        if let Some(lane) = &mut self.lane {
            lane.disjoint &= span.start >= lane.last_end;
            lane.last_end = lane.last_end.max(span.end);
        }
        self.last = Some(*span);
        Ok(())
    }

    /// Writes the directories and makes both files durable.
    pub fn finish(mut self) -> io::Result<Written> {
        self.close_lane();
        self.push_lane(0, 0, 0, 0, self.record_count);
        let mut at = self.record_count * RECORD as u64;
        let lanes_at = at;
        self.records.write_all(&self.lanes)?;
        at += self.lanes.len() as u64;
        let mut group_rows = Vec::new();
        if let Some(group) = self.groups.last_mut() {
            // The last lane is the sentinel.
            group.close(self.lane_count - 1);
        }
        for group in &self.groups {
            let keys_at = at;
            self.records.write_all(&group.keys)?;
            at += group.keys.len() as u64;
            let heads_at = at;
            self.records.write_all(&group.heads)?;
            at += group.heads.len() as u64;
            group_rows.extend_from_slice(&group.space.to_le_bytes());
            group_rows.extend_from_slice(&[group.v6.into(), group.length]);
            group_rows.extend_from_slice(&group.count.to_le_bytes());
            for offset in [keys_at, heads_at, 0, 0] {
                group_rows.extend_from_slice(&offset.to_le_bytes());
            }
        }
        let groups_at = at;
        self.records.write_all(&group_rows)?;
        at += group_rows.len() as u64;
        let insides_at = at;
        self.records.write_all(&self.inside_rows)?;
        let mut trailer = Vec::with_capacity(TRAILER);
        for figure in [
            self.record_count,
            lanes_at,
            u64::from(self.lane_count),
            groups_at,
            self.groups.len() as u64,
            insides_at,
            self.insides.len() as u64,
        ] {
            trailer.extend_from_slice(&figure.to_le_bytes());
        }
        trailer.extend_from_slice(MAGIC);
        self.records.write_all(&trailer)?;
        for writer in [self.records, self.digests] {
            writer.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        }
        tracing::debug!(path = %self.path.display(), records = self.record_count, "segment written");
        Ok(Written { records: self.record_count, last_end: self.last_end })
    }

    fn open_lane(&mut self, place: Place) {
        self.close_lane();
        let prefix = place.prefix;
        let (space, v6, length) = (place.space, prefix.v6, prefix.length);
        let same_group = self
            .groups
            .last()
            .is_some_and(|group| (group.space, group.v6, group.length) == (space, v6, length));
        if !same_group {
            if let Some(group) = self.groups.last_mut() {
                group.close(self.lane_count);
            }
            self.groups.push(Group::new(space, v6, length));
        }
        if let Some(group) = self.groups.last_mut() {
            group.see(prefix.bits, self.lane_count, place);
        }
        self.lane =
            Some(Lane { place, first: self.record_count, disjoint: true, last_end: Millis::MIN });
    }

    fn close_lane(&mut self) {
        let Some(lane) = self.lane.take() else { return };
        let flags = if lane.disjoint { LANE_DISJOINT } else { 0 };
        let place = lane.place;
        self.push_lane(place.port_low, place.port_high, place.protocol, flags, lane.first);
    }

    fn push_lane(&mut self, low: u16, high: u16, protocol: u8, flags: u8, first: u64) {
        self.lanes.extend_from_slice(&low.to_le_bytes());
        self.lanes.extend_from_slice(&high.to_le_bytes());
        self.lanes.extend_from_slice(&[protocol, flags, 0, 0]);
        self.lanes.extend_from_slice(&first.to_le_bytes());
        self.lane_count += 1;
    }

    fn inside(&mut self, space: u16, prefix: Prefix) -> u32 {
        let next = u32::try_from(self.insides.len()).unwrap_or(u32::MAX);
        let rows = &mut self.inside_rows;
        *self.insides.entry((space, prefix)).or_insert_with(|| {
            rows.extend_from_slice(&inside_to_bytes(space, prefix));
            next
        })
    }

    /// Stores the digests of a span. A single one that was just stored is shared: a line of
    /// several records has the same.
    fn digests_of(&mut self, records: [Digest; 2]) -> io::Result<u32> {
        let single = records[0] == records[1];
        if let Some((digest, at)) = self.last_digest
            && single
            && digest == records[0]
        {
            return Ok(at);
        }
        let first = self.digest_count;
        let stored = if single { &records[..1] } else { &records[..] };
        for digest in stored {
            self.digests.write_all(digest)?;
            self.digest_count += 1;
        }
        self.last_digest = single.then_some((records[0], first));
        Ok(first)
    }
}

impl Group {
    fn new(space: u16, v6: bool, length: u8) -> Self {
        Self {
            space,
            v6,
            length,
            keys: Vec::new(),
            heads: Vec::new(),
            count: 0,
            last_bits: 0,
            widest: 0,
        }
    }

    fn see(&mut self, bits: u128, lane: u32, place: Place) {
        if self.count == 0 || self.last_bits != bits {
            self.close_key();
            self.count += 1;
            self.last_bits = bits;
            if self.v6 {
                self.keys.extend_from_slice(&bits.to_le_bytes());
            } else {
                self.keys.extend_from_slice(&(bits as u32).to_le_bytes());
            }
            self.heads.extend_from_slice(&lane.to_le_bytes());
            self.heads.extend_from_slice(&[0; 4]);
            self.widest = 0;
        }
        self.widest = self.widest.max(u32::from(place.port_high - place.port_low));
    }

    /// Notes the widest range of the key that is complete.
    fn close_key(&mut self) {
        let length = self.heads.len();
        if self.count > 0 {
            self.heads[length - 4..].copy_from_slice(&self.widest.to_le_bytes());
        }
    }

    /// Closes the last key; a sentinel tells where its lanes end.
    fn close(&mut self, next_lane: u32) {
        self.close_key();
        self.heads.extend_from_slice(&next_lane.to_le_bytes());
        self.heads.extend_from_slice(&[0; 4]);
    }
}

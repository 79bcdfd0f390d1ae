//! An immutable, sorted segment, read in place. Opening one costs its directory of groups and
//! nothing more, whatever its size.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

use super::layout::{
    DIGEST, GROUP, HOLDER_INSIDE, HOLDER_UNUSABLE, INSIDE, LANE, LANE_DISJOINT, MAGIC, ONE_DIGEST,
    RECORD, Record, SURE, TRAILER, inside_from_bytes, start_of, u16_at, u32_at, u64_at, u128_at,
};
use super::write::digest_path;
use crate::interval::answer::{Found, RecordAt};
use crate::interval::{Digest, Holder, Millis, Place, Prefix, Span};

/// A segment mapped into memory.
pub struct Segment {
    bytes: Mmap,
    digests: Mmap,
    record_count: u64,
    lanes_at: usize,
    groups: Vec<Group>,
    insides_at: usize,
}

/// One routing instance, family and prefix length.
struct Group {
    space: u16,
    v6: bool,
    length: u8,
    count: usize,
    keys_at: usize,
    heads_at: usize,
}

/// What is looked for: one address, in one routing instance, around one time.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub space: u16,
    /// A whole address.
    pub address: Prefix,
    pub port: Option<u16>,
    /// IANA number, 0 when unknown.
    pub protocol: u8,
    pub from: Millis,
    pub until: Millis,
}

/// What a look-up without a port met besides its matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Ports of the address were given out inside the window.
    pub now: bool,
    /// Ports of the address were given out at any time.
    pub ever: bool,
}

struct Lane {
    low: u16,
    high: u16,
    protocol: u8,
    flags: u8,
    first: u64,
}

impl Segment {
    pub fn open(path: &Path) -> io::Result<Self> {
        let damaged = |what: &str| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()))
        };
        let bytes = map(path)?;
        let digests = map(&digest_path(path))?;
        let trailer =
            bytes.len().checked_sub(TRAILER).ok_or_else(|| damaged("shorter than its trailer"))?;
        if &bytes[trailer + 56..] != MAGIC {
            return Err(damaged("does not end as a segment of this version"));
        }
        let figure = |index: usize| u64_at(&bytes, trailer + index * 8) as usize;
        let (lanes_at, groups_at, insides_at) = (figure(1), figure(3), figure(5));
        let whole = figure(0).checked_mul(RECORD) == Some(lanes_at)
            && insides_at.checked_add(figure(6) * INSIDE) == Some(trailer)
            && groups_at.checked_add(figure(4) * GROUP) == Some(insides_at)
            && lanes_at + figure(2) * LANE <= groups_at;
        if !whole {
            return Err(damaged("its parts do not fit its length"));
        }
        let groups = (0..figure(4))
            .map(|index| {
                let at = groups_at + index * GROUP;
                Group {
                    space: u16_at(&bytes, at),
                    v6: bytes[at + 2] != 0,
                    length: bytes[at + 3],
                    count: u32_at(&bytes, at + 4) as usize,
                    keys_at: u64_at(&bytes, at + 8) as usize,
                    heads_at: u64_at(&bytes, at + 16) as usize,
                }
            })
            .collect();
        let record_count = figure(0) as u64;
        Ok(Self { bytes, digests, record_count, lanes_at, groups, insides_at })
    }

    pub fn record_count(&self) -> u64 {
        self.record_count
    }

    /// Appends every record that matches place and window. Without a port only whole addresses
    /// match; what is shared is reported.
    pub fn find(&self, wanted: &Wanted, number: u32, found: &mut Vec<Found>) -> Shared {
        let mut shared = Shared::default();
        for group in &self.groups {
            if group.space != wanted.space || group.v6 != wanted.address.v6 {
                continue;
            }
            let bits = wanted.address.shortened(group.length).bits;
            let Some(key) = self.key(group, bits) else { continue };
            self.find_in_key(group, key, wanted, number, found, &mut shared);
        }
        shared
    }

    /// Whether anything at all is recorded for an address in a routing instance.
    pub fn knows_space(&self, space: u16) -> bool {
        self.groups.iter().any(|group| group.space == space)
    }

    /// The digests of the records behind a match.
    pub fn evidence(&self, record: &Record) -> &[Digest] {
        let count = if record.flags & ONE_DIGEST == 0 { 2 } else { 1 };
        let at = record.digest as usize * DIGEST;
        let bytes = self.digests.get(at..at + count * DIGEST).unwrap_or_default();
        bytes.as_chunks().0
    }

    /// All spans in order, for merging.
    pub fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.groups.iter().flat_map(move |group| {
            (0..group.count).flat_map(move |key| {
                let prefix = self.prefix(group, key);
                let (first, end) = self.lanes_of(group, key);
                (first..end).flat_map(move |lane| self.spans_of_lane(group.space, prefix, lane))
            })
        })
    }

    /// The account of each record that names one.
    pub fn accounts(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.record_count)
            .filter_map(|index| self.record(index))
            .filter(|record| record.flags & (HOLDER_INSIDE | HOLDER_UNUSABLE) == 0)
            .map(|record| record.holder)
    }

    fn spans_of_lane(
        &self,
        space: u16,
        prefix: Prefix,
        lane: u32,
    ) -> impl Iterator<Item = Span> + '_ {
        let (lane, end) = (self.lane(lane), self.lane(lane + 1).first);
        let place = Place {
            space,
            prefix,
            port_low: lane.low,
            port_high: lane.high,
            protocol: lane.protocol,
        };
        (lane.first..end).filter_map(move |index| {
            let record = self.record(index)?;
            let digests = self.evidence(&record);
            let first = *digests.first()?;
            Some(Span {
                place,
                start: record.start,
                end: record.end,
                holder: self.holder(&record),
                kind: record.kind,
                source: record.source,
                sure: record.flags & SURE != 0,
                records: [first, *digests.last()?],
            })
        })
    }

    fn find_in_key(
        &self,
        group: &Group,
        key: usize,
        wanted: &Wanted,
        number: u32,
        found: &mut Vec<Found>,
        shared: &mut Shared,
    ) {
        let (first, end) = self.lanes_of(group, key);
        let Some(port) = wanted.port else {
            for index in first..end {
                let lane = self.lane(index);
                if (lane.low, lane.high, lane.protocol) == (0, u16::MAX, 0) {
                    self.find_in_lane(group, &lane, index, wanted, number, found);
                } else {
                    shared.ever = true;
                    let before = found.len();
                    self.find_in_lane(group, &lane, index, wanted, number, found);
                    shared.now |= found.len() > before;
                    found.truncate(before);
                }
            }
            return;
        };
        let widest = u32_at(&self.bytes, group.heads_at + key * 8 + 4);
        // The last lane that begins at or below the port; then back while one could reach it.
        let after = partition(first, end, |index| self.lane(index).low <= port);
        for index in (first..after).rev() {
            let lane = self.lane(index);
            if u32::from(lane.low) + widest < u32::from(port) {
                break;
            }
            let same_protocol =
                lane.protocol == 0 || wanted.protocol == 0 || lane.protocol == wanted.protocol;
            if lane.high >= port && same_protocol {
                self.find_in_lane(group, &lane, index, wanted, number, found);
            }
        }
    }

    fn find_in_lane(
        &self,
        group: &Group,
        lane: &Lane,
        index: u32,
        wanted: &Wanted,
        number: u32,
        found: &mut Vec<Found>,
    ) {
        let end = self.lane(index + 1).first;
        let after = partition64(lane.first, end, |record| {
            start_of(&self.bytes[record as usize * RECORD..]) <= wanted.until
        });
        for at in (lane.first..after).rev() {
            let Some(record) = self.record(at) else { continue };
            if record.end > wanted.from {
                found.push(Found {
                    prefix_length: group.length,
                    start: record.start,
                    end: record.end,
                    holder: self.holder(&record),
                    kind: record.kind,
                    source: record.source,
                    sure: record.flags & SURE != 0,
                    // A segment never holds 2^32 records: loads are split long before.
                    record: RecordAt { segment: number, record: at as u32 },
                });
            } else if lane.flags & LANE_DISJOINT != 0 {
                break;
            }
        }
    }

    fn key(&self, group: &Group, bits: u128) -> Option<usize> {
        let key = |index: usize| {
            if group.v6 {
                u128_at(&self.bytes, group.keys_at + index * 16)
            } else {
                u32_at(&self.bytes, group.keys_at + index * 4).into()
            }
        };
        let (mut low, mut high) = (0, group.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if key(middle) < bits { low = middle + 1 } else { high = middle }
        }
        (low < group.count && key(low) == bits).then_some(low)
    }

    fn prefix(&self, group: &Group, key: usize) -> Prefix {
        let bits = if group.v6 {
            u128_at(&self.bytes, group.keys_at + key * 16)
        } else {
            u32_at(&self.bytes, group.keys_at + key * 4).into()
        };
        Prefix { v6: group.v6, length: group.length, bits }
    }

    fn lanes_of(&self, group: &Group, key: usize) -> (u32, u32) {
        let at = group.heads_at + key * 8;
        (u32_at(&self.bytes, at), u32_at(&self.bytes, at + 8))
    }

    fn lane(&self, index: u32) -> Lane {
        let at = self.lanes_at + index as usize * LANE;
        Lane {
            low: u16_at(&self.bytes, at),
            high: u16_at(&self.bytes, at + 2),
            protocol: self.bytes[at + 4],
            flags: self.bytes[at + 5],
            first: u64_at(&self.bytes, at + 8),
        }
    }

    pub fn record(&self, index: u64) -> Option<Record> {
        let at = usize::try_from(index).ok()?.checked_mul(RECORD)?;
        Record::from_bytes(self.bytes.get(at..at + RECORD)?)
    }

    fn holder(&self, record: &Record) -> Holder {
        if record.flags & HOLDER_UNUSABLE != 0 {
            Holder::Unusable
        } else if record.flags & HOLDER_INSIDE != 0 {
            let at = self.insides_at + record.holder as usize * INSIDE;
            let (space, prefix) = inside_from_bytes(&self.bytes[at..at + INSIDE]);
            Holder::Inside { space, prefix }
        } else {
            Holder::Account(record.holder)
        }
    }
}

fn map(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: segments are written under another name, made durable, renamed into place and never
    // changed again; the index directory belongs to the connector alone.
    unsafe { Mmap::map(&file) }
}

/// The first index in `[low, high)` for which `before` no longer holds.
fn partition(mut low: u32, mut high: u32, before: impl Fn(u32) -> bool) -> u32 {
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

fn partition64(mut low: u64, mut high: u64, before: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

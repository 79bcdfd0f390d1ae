//! The bytes of a segment, as writer and reader both know them. All integers little-endian.
//!
//! ```text
//! N.seg   records   24 bytes each, in the order of place and start
//!         lanes     16 bytes each: one range of ports of one address, and a sentinel
//!         keys      per group: the addresses (4 or 16 bytes), then first lane and widest range
//!         groups    40 bytes each: one routing instance, family and prefix length
//!         insides   24 bytes each: the inside addresses of translators
//!         trailer   64 bytes
//! N.dig   SHA-256 of the records, 32 bytes each, in the order they are first named
//! ```
//!
//! A record: start (48 bits of milliseconds), kind (4), source (4), flags (8); end (48 bits);
//! holder (account number, inside number, or all ones); first digest.

use entremise_core::identification::AssignmentKind;

use crate::interval::{Millis, OPEN, Prefix};
use crate::read::Format;

pub const RECORD: usize = 24;
pub const LANE: usize = 16;
pub const GROUP: usize = 40;
pub const INSIDE: usize = 24;
pub const TRAILER: usize = 64;
pub const DIGEST: usize = 32;
pub const MAGIC: &[u8; 8] = b"ENTRSEG1";

pub const SURE: u8 = 1;
/// Opening and closing record are one and the same: one digest is stored.
pub const ONE_DIGEST: u8 = 2;
pub const HOLDER_INSIDE: u8 = 4;
pub const HOLDER_UNUSABLE: u8 = 8;

/// A lane whose records do not overlap in time: found by bisection alone.
pub const LANE_DISJOINT: u8 = 1;

const KINDS: [AssignmentKind; 7] = [
    AssignmentKind::Static,
    AssignmentKind::Dhcp,
    AssignmentKind::Ppp,
    AssignmentKind::PrefixDelegation,
    AssignmentKind::PortBlock,
    AssignmentKind::Session,
    AssignmentKind::Deterministic,
];

/// One record as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub start: Millis,
    pub end: Millis,
    pub kind: AssignmentKind,
    pub source: Format,
    pub flags: u8,
    pub holder: u32,
    pub digest: u32,
}

impl Record {
    pub fn to_bytes(self) -> [u8; RECORD] {
        let kind = KINDS.iter().position(|kind| *kind == self.kind).unwrap_or(0) as u64;
        let first = clamp(self.start)
            | kind << 48
            | (self.source as u64) << 52
            | u64::from(self.flags) << 56;
        let mut bytes = [0; RECORD];
        bytes[..8].copy_from_slice(&first.to_le_bytes());
        bytes[8..16].copy_from_slice(&clamp(self.end).to_le_bytes());
        bytes[16..20].copy_from_slice(&self.holder.to_le_bytes());
        bytes[20..].copy_from_slice(&self.digest.to_le_bytes());
        bytes
    }

    /// None where kind or source is unknown: the file is damaged or from a later version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let first = u64_at(bytes, 0);
        Some(Self {
            start: (first & OPEN as u64) as Millis,
            end: (u64_at(bytes, 8) & OPEN as u64) as Millis,
            kind: *KINDS.get((first >> 48 & 15) as usize)?,
            source: *Format::ALL.get((first >> 52 & 15) as usize)?,
            flags: (first >> 56) as u8,
            holder: u32_at(bytes, 16),
            digest: u32_at(bytes, 20),
        })
    }
}

/// Instants before 1970 and after the year 10889 do not occur in anybody's log.
fn clamp(instant: Millis) -> u64 {
    instant.clamp(0, OPEN) as u64
}

/// The start alone, without decoding the rest.
pub fn start_of(record: &[u8]) -> Millis {
    (u64_at(record, 0) & OPEN as u64) as Millis
}

pub fn inside_to_bytes(space: u16, prefix: Prefix) -> [u8; INSIDE] {
    let mut bytes = [0; INSIDE];
    bytes[..16].copy_from_slice(&prefix.bits.to_le_bytes());
    bytes[16..18].copy_from_slice(&space.to_le_bytes());
    bytes[18] = prefix.v6.into();
    bytes[19] = prefix.length;
    bytes
}

pub fn inside_from_bytes(bytes: &[u8]) -> (u16, Prefix) {
    let prefix = Prefix { bits: u128_at(bytes, 0), v6: bytes[18] != 0, length: bytes[19] };
    (u16_at(bytes, 16), prefix)
}

pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes were sliced"))
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes were sliced"))
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes were sliced"))
}

pub fn u128_at(bytes: &[u8], at: usize) -> u128 {
    u128::from_le_bytes(bytes[at..at + 16].try_into().expect("sixteen bytes were sliced"))
}

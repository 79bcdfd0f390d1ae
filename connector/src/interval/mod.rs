//! What the provider's records say, as intervals: this place was this holder's from here to there.
//!
//! Pure: no clock, file or socket. Readers (`read`) turn bytes into records, the three folds here
//! turn records into [`Span`]s, and [`answer`] turns the spans around an instant into an outcome:
//!
//! * [`session`]: accounting records (RADIUS) that open, continue and close a session,
//! * [`lease`]: rows that each state a lease whole (DHCP), the later row overriding the earlier,
//! * [`block`]: allocation and release of ports on a shared address (CGNAT).
//!
//! A span is *sure* or a *gap*. A gap says: somebody may have been here, and the records cannot
//! say until when. An answer never comes out of a gap.

pub mod answer;
pub mod block;
pub mod lease;
pub mod session;

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use entremise_core::identification::AssignmentKind;
use serde::{Deserialize, Serialize};

use crate::read::Format;

/// A table that each record is looked up in. Its hash is seeded at random and costs a few cycles.
pub type Table<Key, Row> = HashMap<Key, Row, foldhash::fast::RandomState>;

/// The same with its rows in the order of their arrival: leases are renewed in that order again,
/// and the next row is then in the cache already.
pub type OrderedTable<Key, Row> = indexmap::IndexMap<Key, Row, foldhash::fast::RandomState>;

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

/// The end of a span that is still open.
pub const OPEN: Millis = (1 << 48) - 1;

/// What a log with whole seconds cannot tell apart, milliseconds.
pub const SECOND: Millis = 1000;

/// An address prefix. IPv4 keeps its 32 bits at the low end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prefix {
    pub v6: bool,
    pub length: u8,
    pub bits: u128,
}

impl Prefix {
    /// One whole address.
    pub fn address(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self { v6: false, length: 32, bits: u32::from(v4).into() },
            // An IPv4 address in IPv6 clothes is the IPv4 address.
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => Self::address(IpAddr::V4(v4)),
                None => Self { v6: true, length: 128, bits: u128::from(v6) },
            },
        }
    }

    /// `address/length` or a bare address; None when it is neither. Host bits are cleared.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((address, length)) = text.split_once('/') else {
            return text.parse().ok().map(Self::address);
        };
        let whole = Self::address(address.parse().ok()?);
        let length: u8 = length.parse().ok()?;
        (length <= whole.length).then(|| whole.shortened(length))
    }

    /// The prefix of this length that holds this one.
    pub fn shortened(self, length: u8) -> Self {
        let width = if self.v6 { 128 } else { 32 };
        let length = length.min(self.length);
        let host = u32::from(width - length);
        let bits = if host >= 128 { 0 } else { self.bits >> host << host };
        Self { length, bits, ..self }
    }

    pub fn contains(self, other: Self) -> bool {
        self.v6 == other.v6
            && self.length <= other.length
            && other.shortened(self.length).bits == self.bits
    }

    /// The first address.
    pub fn first(self) -> IpAddr {
        if self.v6 {
            IpAddr::V6(Ipv6Addr::from(self.bits))
        } else {
            // The 32 bits of an IPv4 prefix fit by construction.
            IpAddr::V4(Ipv4Addr::from(self.bits as u32))
        }
    }
}

/// What can be held: an address or prefix, and where it is shared a range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The routing instance (VRF) the address belongs to; 0 is the public one.
    pub space: u16,
    pub prefix: Prefix,
    pub port_low: u16,
    pub port_high: u16,
    /// IANA number of the transport protocol, 0 for all.
    pub protocol: u8,
}

/// In three figures instead of seven: each record that is read is looked up by its place.
impl Hash for Place {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Self { space, prefix, port_low, port_high, protocol } = *self;
        hasher.write_u64(prefix.bits as u64);
        hasher.write_u64((prefix.bits >> 64) as u64);
        hasher.write_u64(
            u64::from(space) << 48
                | u64::from(port_low) << 32
                | u64::from(port_high) << 16
                | u64::from(protocol) << 8
                | u64::from(prefix.length),
        );
    }
}

impl Place {
    /// All ports of an address or prefix.
    pub fn whole(space: u16, prefix: Prefix) -> Self {
        Self { space, prefix, port_low: 0, port_high: u16::MAX, protocol: 0 }
    }

    pub fn is_shared(&self) -> bool {
        (self.port_low, self.port_high, self.protocol) != (0, u16::MAX, 0)
    }
}

/// Who held a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Holder {
    /// A subscriber's account, by its number in the index.
    Account(u32),
    /// An inside address of a translator: who held that one is a second look-up.
    Inside { space: u16, prefix: Prefix },
    /// The record names no usable subscriber (an all-zero device identifier, an empty account).
    Unusable,
}

/// SHA-256 of one record as it stood in its file.
pub type Digest = [u8; 32];

/// One statement of the records: `place` was `holder`'s in `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub place: Place,
    pub start: Millis,
    /// [`OPEN`] while nothing ended it.
    pub end: Millis,
    pub holder: Holder,
    pub kind: AssignmentKind,
    pub source: Format,
    /// False for a gap.
    pub sure: bool,
    /// The records the span rests on: the one that opened it and the last one.
    pub records: [Digest; 2],
}

impl Span {
    /// Whether any instant of `[from, until]` lies in the span.
    pub fn touches(&self, from: Millis, until: Millis) -> bool {
        self.start <= until && self.end > from
    }
}

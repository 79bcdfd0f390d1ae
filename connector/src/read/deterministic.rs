//! Translation without a log (RFC 7422): the inside address follows from the outside address and
//! port by the operator's parameters, *as they were on that day*. Also addresses given for good.
//!
//! ```toml
//! [[map]]
//! valid_from = "2026-01-01T00:00:00Z"       # required: parameters without history make old
//! valid_until = "2026-06-01T00:00:00Z"      # answers wrong; absent = still in force
//! inside = "100.64.0.0/22"
//! outside = "192.0.2.0/28"
//! first_port = 1024                         # ports below are given to nobody
//! ports = 1008                              # per subscriber
//! vrf = "Broadband"                         # of the inside addresses; absent = none
//!
//! [[assigned]]                              # a line that keeps its address, or a share of it
//! valid_from = "2026-01-01T00:00:00Z"
//! account = "line-4711"
//! address = "198.51.100.7"                  # or a prefix
//! first_port = 16384                        # both absent: all ports
//! last_port = 32767
//! ```
//!
//! The inside addresses fill the outside ones in order: ⌊(65536 − first_port) ÷ ports⌋
//! subscribers on each outside address (RFC 7422 §2, sequential). The same as JSON is read too.

use entremise_core::identification::AssignmentKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ErrorCode, Format, LineError, Names, digest, holder};
use crate::interval::{Holder, Millis, OPEN, Place, Prefix, Span};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default)]
    map: Vec<MapParameters>,
    #[serde(default)]
    assigned: Vec<Assigned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapParameters {
    valid_from: Timestamp,
    valid_until: Option<Timestamp>,
    inside: String,
    outside: String,
    #[serde(default = "first_unprivileged_port")]
    first_port: u16,
    ports: u16,
    vrf: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assigned {
    valid_from: Timestamp,
    valid_until: Option<Timestamp>,
    account: String,
    address: String,
    first_port: Option<u16>,
    last_port: Option<u16>,
}

/// Ports 0–1023 are well known and given to nobody (RFC 6056 §3.2).
fn first_unprivileged_port() -> u16 {
    1024
}

/// One set of parameters, in force for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    pub valid_from: Millis,
    pub valid_until: Millis,
    pub inside: Prefix,
    pub inside_space: u16,
    pub outside: Prefix,
    pub first_port: u16,
    pub ports: u16,
    pub record: [u8; 32],
}

impl Map {
    /// The inside address and the block of ports behind an outside address and port. None where
    /// the parameters give that port to nobody.
    pub fn inside_of(&self, outside: Prefix, port: u16) -> Option<(Prefix, u16, u16)> {
        if !self.outside.contains(outside) || port < self.first_port {
            return None;
        }
        let per_address = self.subscribers_per_address();
        let slot = u128::from((port - self.first_port) / self.ports);
        if slot >= per_address {
            return None;
        }
        let index = (outside.bits - self.outside.bits) * per_address + slot;
        let width = 32 - u32::from(self.inside.length);
        if index >= 1u128 << width {
            return None;
        }
        let inside = Prefix { length: 32, bits: self.inside.bits + index, v6: false };
        // slot < per_address keeps the block below 65536.
        let low = self.first_port + u16::try_from(slot).ok()? * self.ports;
        Some((inside, low, low + (self.ports - 1)))
    }

    fn subscribers_per_address(&self) -> u128 {
        (65_536 - u128::from(self.first_port)) / u128::from(self.ports)
    }
}

/// Reads a whole parameter file. Each entry that cannot be used is one error.
pub fn read(
    text: &[u8],
    names: &mut dyn Names,
    maps: &mut Vec<Map>,
    spans: &mut Vec<Span>,
    errors: &mut Vec<LineError>,
) {
    let malformed = LineError::new(
        ErrorCode::Malformed,
        "the file is neither TOML nor JSON of the shape in `entremise-connector load --help`",
    );
    let parsed = std::str::from_utf8(text).ok().and_then(|text| {
        let json = text.trim_start().starts_with('{');
        if json { serde_json::from_str(text).ok() } else { toml::from_str(text).ok() }
    });
    let Some(Parameters { map, assigned }) = parsed else {
        errors.push(malformed);
        return;
    };
    let record = digest(text);
    for parameters in map {
        match build(parameters, names, record) {
            Ok(map) => maps.push(map),
            Err(how) => errors.push(LineError::new(ErrorCode::Malformed, how)),
        }
    }
    for entry in assigned {
        match assign(entry, names, record) {
            Ok(span) => spans.push(span),
            Err(how) => errors.push(LineError::new(ErrorCode::Malformed, how)),
        }
    }
}

fn build(
    parameters: MapParameters,
    names: &mut dyn Names,
    record: [u8; 32],
) -> Result<Map, &'static str> {
    let prefix = |text: &str| Prefix::parse(text).filter(|prefix| !prefix.v6);
    let inside = prefix(&parameters.inside).ok_or("`inside` is no IPv4 prefix")?;
    let outside = prefix(&parameters.outside).ok_or("`outside` is no IPv4 prefix")?;
    if parameters.ports == 0 {
        return Err("`ports` must be at least 1");
    }
    let map = Map {
        valid_from: parameters.valid_from.as_millisecond(),
        valid_until: parameters.valid_until.map_or(OPEN, |until| until.as_millisecond()),
        inside,
        inside_space: parameters.vrf.map_or(0, |name| names.space(&name)),
        outside,
        first_port: parameters.first_port,
        ports: parameters.ports,
        record,
    };
    let room = (1u128 << (32 - outside.length)) * map.subscribers_per_address();
    if room < 1u128 << (32 - inside.length) {
        return Err("the outside addresses have too few ports for all inside addresses");
    }
    Ok(map)
}

fn assign(entry: Assigned, names: &mut dyn Names, record: [u8; 32]) -> Result<Span, &'static str> {
    let prefix = Prefix::parse(&entry.address).ok_or("`address` is no address or prefix")?;
    let (low, high) = (entry.first_port.unwrap_or(0), entry.last_port.unwrap_or(u16::MAX));
    if low > high {
        return Err("`first_port` lies after `last_port`");
    }
    let place = Place { port_low: low, port_high: high, ..Place::whole(0, prefix) };
    let holder = holder(entry.account.as_bytes(), names);
    if holder == Holder::Unusable {
        return Err("`account` names no subscriber");
    }
    Ok(Span {
        place,
        start: entry.valid_from.as_millisecond(),
        end: entry.valid_until.map_or(OPEN, |until| until.as_millisecond()),
        holder,
        kind: if place.is_shared() {
            AssignmentKind::Deterministic
        } else {
            AssignmentKind::Static
        },
        source: Format::Deterministic,
        sure: true,
        records: [record; 2],
    })
}

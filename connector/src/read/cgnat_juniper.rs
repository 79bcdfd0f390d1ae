//! Juniper SRX and MX: port-block allocation (`RT_SRC_NAT_PBA_*`), sessions (`RT_FLOW_SESSION_*`)
//! and the services cards' `JSERVICES_NAT_PORT_BLOCK_*`.
//!
//! `epoch-time-64` is *hexadecimal* seconds: the allocation's instant in ALLOC and INTERIM (which
//! repeats it), the release's in RELEASE. How late an INTERIM itself is stands only in the syslog
//! header, so where that has a placeable time it counts as the last sign of the block.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use entremise_core::identification::AssignmentKind;
use memchr::memmem::{self, Finder};

use super::instant::{self, number};
use super::{ErrorCode, LineError, ReadOptions, digest};
use crate::interval::block::{Line, Says};
use crate::interval::{Holder, Millis, Place, Prefix, SECOND};

const FIELDS: LineError = LineError {
    line: 0,
    code: ErrorCode::FieldMissing,
    how: "internal-ip, reflexive-ip and the block's ports must all be there",
};

/// Reads a line in which an event's name begins at an offset.
type Reader = fn(&[u8], usize, &ReadOptions, &mut Vec<Line>) -> Result<(), LineError>;

/// Reads one line. Lines about anything but translation yield nothing.
pub fn read(line: &[u8], options: &ReadOptions, out: &mut Vec<Line>) -> Result<(), LineError> {
    let line = line.trim_ascii();
    // Made ready once, not for each of a million lines.
    static EVENTS: LazyLock<[(Finder<'_>, Reader); 3]> = LazyLock::new(|| {
        [
            (Finder::new(b"RT_SRC_NAT_PBA_"), port_block),
            (Finder::new(b"RT_FLOW_SESSION_C"), session),
            (Finder::new(b"JSERVICES_NAT_PORT_BLOCK_"), services_card),
        ]
    });
    for (event, reader) in EVENTS.iter() {
        if let Some(at) = event.find(line) {
            return reader(line, at, options, out);
        }
    }
    Ok(())
}

fn port_block(
    line: &[u8],
    at: usize,
    options: &ReadOptions,
    out: &mut Vec<Line>,
) -> Result<(), LineError> {
    let (header, body) = line.split_at(at);
    let event = &body[b"RT_SRC_NAT_PBA_".len()..];
    let says = if event.starts_with(b"ALLOC") {
        Says::Allocated
    } else if event.starts_with(b"INTERIM") {
        Says::Continues
    } else if event.starts_with(b"RELEASE") {
        Says::Released
    } else {
        return Ok(());
    };
    let instant = value(body, b"epoch-time-64=\"")
        .and_then(|text| std::str::from_utf8(text).ok())
        .and_then(|text| i64::from_str_radix(text.trim_start_matches("0x"), 16).ok())
        .filter(|secs| (0..1 << 33).contains(secs))
        .map(|secs| secs * SECOND)
        .ok_or(LineError::new(
            ErrorCode::InstantMissing,
            "epoch-time-64 is missing or not hexadecimal seconds",
        ))?;
    let inside =
        address(value(body, b"internal-ip=\"").or_else(|| value(body, b"source-address=\"")))?;
    let outside = address(value(body, b"reflexive-ip=\""))?;
    let place =
        block(outside, value(body, b"block-port-low=\""), value(body, b"block-port-high=\""))?;
    let line_of = |at: Millis, says| Line {
        at,
        place,
        inside: Holder::Inside { space: options.space, prefix: inside },
        kind: AssignmentKind::PortBlock,
        says,
        record: digest(line),
    };
    out.push(line_of(instant, says));
    if says == Says::Continues
        && let Ok(logged) = instant::syslog_header(header, options.zone.as_ref())
        && logged > instant
    {
        out.push(line_of(logged, Says::Continues));
    }
    Ok(())
}

/// `RT_FLOW_SESSION_CREATE` and `_CLOSE`: one port, one protocol. The instant is the header's.
fn session(
    line: &[u8],
    at: usize,
    options: &ReadOptions,
    out: &mut Vec<Line>,
) -> Result<(), LineError> {
    let (header, body) = line.split_at(at);
    let says = if body.starts_with(b"RT_FLOW_SESSION_CREATE") {
        Says::Allocated
    } else if body.starts_with(b"RT_FLOW_SESSION_CLOSE") {
        Says::Released
    } else {
        return Ok(());
    };
    let inside =
        address(value(body, b" source-address=\"").or_else(|| value(body, b"[source-address=\"")))?;
    let outside = address(value(body, b"nat-source-address=\""))?;
    // A session that is not translated says nothing about a shared address.
    if inside == outside {
        return Ok(());
    }
    let port = value(body, b"nat-source-port=\"");
    let protocol = value(body, b"protocol-id=\"").and_then(number);
    let protocol = protocol.and_then(|number| u8::try_from(number).ok()).unwrap_or(0);
    let place = Place { protocol, ..block(outside, port, port)? };
    let at = instant::syslog_header(header, options.zone.as_ref())?;
    out.push(Line {
        at,
        place,
        inside: Holder::Inside { space: options.space, prefix: inside },
        kind: AssignmentKind::Session,
        says,
        record: digest(line),
    });
    Ok(())
}

/// `JSERVICES_NAT_PORT_BLOCK_ALLOC: 10.0.0.1 -> 192.0.2.1:1024-1151 0x5a5b5c5d`.
fn services_card(
    line: &[u8],
    at: usize,
    options: &ReadOptions,
    out: &mut Vec<Line>,
) -> Result<(), LineError> {
    let (header, body) = line.split_at(at);
    let event = &body[b"JSERVICES_NAT_PORT_BLOCK_".len()..];
    let says = match event.first() {
        Some(b'A') => Says::Allocated,
        Some(b'R') => Says::Released,
        _ => Says::Continues,
    };
    let text = std::str::from_utf8(body).map_err(|_| FIELDS)?;
    let (left, right) = text.split_once("->").ok_or(FIELDS)?;
    let inside = left.split_whitespace().last().map(str::as_bytes);
    let inside = address(inside)?;
    let target = right.split_whitespace().next().ok_or(FIELDS)?;
    let (outside, ports) = target.split_once(':').ok_or(FIELDS)?;
    let (low, high) = ports.split_once('-').ok_or(FIELDS)?;
    let outside = address(Some(outside.as_bytes()))?;
    let place = block(outside, Some(low.as_bytes()), Some(high.as_bytes()))?;
    let epoch = right
        .split_whitespace()
        .nth(1)
        .and_then(|word| i64::from_str_radix(word.strip_prefix("0x")?, 16).ok());
    let at = match epoch {
        Some(secs) => secs * SECOND,
        None => instant::syslog_header(header, options.zone.as_ref())?,
    };
    out.push(Line {
        at,
        place,
        inside: Holder::Inside { space: options.space, prefix: inside },
        kind: AssignmentKind::PortBlock,
        says,
        record: digest(line),
    });
    Ok(())
}

/// What stands between a key's quote and the next one: values may hold spaces.
fn value<'a>(body: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut from = 0;
    // `source-address` also ends `nat-source-address`: a key begins after a space or bracket.
    while let Some(at) = memmem::find(&body[from..], key).map(|at| from + at) {
        let begins =
            matches!(key[0], b' ' | b'[') || at == 0 || matches!(body[at - 1], b' ' | b'[');
        let start = at + key.len();
        if begins {
            let end = memchr::memchr(b'"', &body[start..])?;
            return Some(&body[start..start + end]);
        }
        from = start;
    }
    None
}

pub(super) fn address(text: Option<&[u8]>) -> Result<Prefix, LineError> {
    let text = std::str::from_utf8(text.ok_or(FIELDS)?).map_err(|_| FIELDS)?;
    let address: Ipv4Addr = text.parse().map_err(|_| {
        LineError::new(ErrorCode::AddressInvalid, "an address is not in dotted form")
    })?;
    Ok(Prefix::address(address.into()))
}

pub(super) fn block(
    outside: Prefix,
    low: Option<&[u8]>,
    high: Option<&[u8]>,
) -> Result<Place, LineError> {
    let port = |text: Option<&[u8]>| {
        text.and_then(number)
            .and_then(|port| u16::try_from(port).ok())
            .ok_or(LineError::new(ErrorCode::PortInvalid, "a port is not a number up to 65535"))
    };
    let (port_low, port_high) = (port(low)?, port(high)?);
    if port_low > port_high {
        return Err(LineError::new(ErrorCode::PortInvalid, "the block ends before it begins"));
    }
    Ok(Place { port_low, port_high, ..Place::whole(0, outside) })
}

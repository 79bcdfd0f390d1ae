//! FreeRADIUS detail files: accounting packets as text, append-only, one block per packet.
//!
//! ```text
//! Tue Sep 13 16:24:27 2011            <- local time without zone: never read
//!     Acct-Status-Type = Start
//!     Framed-IP-Address = 192.0.2.10
//!     Timestamp = 1315931067          <- when the server received it, epoch
//! ```
//!
//! The instant is Event-Timestamp (RFC 2869 §5.3) where it can be placed: FreeRADIUS prints it
//! with a zone abbreviation, so it counts where that says UTC or a zone is configured. Else it is
//! Timestamp − Acct-Delay-Time (RFC 2866 §5.2). The session is keyed by Acct-Unique-Session-Id,
//! because Acct-Session-Id repeats after a restart of the access server.
//!
//! Ports: IP-Port-Range of RFC 8045, where the access server shares addresses.

use std::net::IpAddr;

use super::instant::{self, number};
use super::{ErrorCode, LineError, Names, ReadOptions, digest, holder, short};
use crate::interval::session::{Accounting, Slot, Status};
use crate::interval::{Holder, Millis, Place, Prefix, SECOND};

/// The attributes of one packet that matter here, still as text.
#[derive(Default)]
struct Packet<'a> {
    status: Option<&'a [u8]>,
    account: Option<&'a [u8]>,
    unique_session: Option<&'a [u8]>,
    session: Option<&'a [u8]>,
    server: Option<(u8, &'a [u8])>,
    event: Option<&'a [u8]>,
    received: Option<&'a [u8]>,
    delay: Option<&'a [u8]>,
    lasted: Option<&'a [u8]>,
    held: Vec<(Slot, &'a [u8])>,
    ports: Vec<PortRange<'a>>,
}

/// One IP-Port-Range (RFC 8045 §3.2.1), in the order its parts are printed.
#[derive(Default)]
struct PortRange<'a> {
    outside: Option<&'a [u8]>,
    first: Option<&'a [u8]>,
    last: Option<&'a [u8]>,
    allocation: Option<&'a [u8]>,
}

/// Reads one block. Packets that are not accounting, or of a status without bearing on addresses,
/// yield nothing.
pub fn read(
    block: &[u8],
    options: &ReadOptions,
    names: &mut dyn Names,
    out: &mut Vec<Accounting>,
) -> Result<(), LineError> {
    let packet = attributes(block);
    let status = match packet.status {
        Some(b"Start") => Status::Start,
        Some(b"Interim-Update" | b"Alive") => Status::Interim,
        Some(b"Stop") => Status::Stop,
        Some(b"Accounting-On" | b"Accounting-Off") => Status::AllClosed,
        Some(_) => return Ok(()),
        None => {
            return Err(LineError::new(
                ErrorCode::FieldMissing,
                "no Acct-Status-Type; load the detail files of the accounting section only",
            ));
        }
    };
    let at = event_instant(&packet, options)?;
    let server = packet.server.map_or(0, |(_, name)| short(name));
    let mut accounting = Accounting {
        at,
        status,
        session: 0,
        server,
        holder: Holder::Unusable,
        held: Vec::new(),
        released: Vec::new(),
        lasted: packet.lasted.and_then(number).map(|secs| secs * SECOND),
        record: digest(block),
    };
    if status != Status::AllClosed {
        accounting.session = session_key(&packet)?;
        accounting.holder = holder(&unescaped(packet.account.unwrap_or_default()), names);
        addresses(&packet, options.space, &mut accounting)?;
    }
    out.push(accounting);
    Ok(())
}

fn attributes(block: &[u8]) -> Packet<'_> {
    let mut packet = Packet::default();
    let mut start = 0;
    while start < block.len() {
        let end = memchr::memchr(b'\n', &block[start..]).map_or(block.len(), |at| start + at);
        let line = block[start..end].trim_ascii();
        start = end + 1;
        // Names hold no space: the first one ends the name.
        let Some(at) = memchr::memchr(b' ', line) else { continue };
        let Some(value) = line[at..].strip_prefix(b" = ") else { continue };
        let value =
            value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        take(&mut packet, &line[..at], value);
    }
    packet
}

fn take<'a>(packet: &mut Packet<'a>, name: &[u8], value: &'a [u8]) {
    match name {
        b"Acct-Status-Type" => packet.status = Some(value),
        b"User-Name" => packet.account = Some(value),
        b"Acct-Unique-Session-Id" => packet.unique_session = Some(value),
        b"Acct-Session-Id" => packet.session = Some(value),
        b"NAS-IP-Address" | b"NAS-IPv6-Address" => packet.server = Some((2, value)),
        b"NAS-Identifier" if packet.server.is_none_or(|(rank, _)| rank < 2) => {
            packet.server = Some((1, value));
        }
        b"Event-Timestamp" => packet.event = Some(value),
        b"Timestamp" => packet.received = Some(value),
        b"Acct-Delay-Time" => packet.delay = Some(value),
        b"Acct-Session-Time" => packet.lasted = Some(value),
        b"Framed-IP-Address" => packet.held.push((Slot::Address, value)),
        b"Framed-IPv6-Prefix" => packet.held.push((Slot::FramedPrefix, value)),
        b"Delegated-IPv6-Prefix" => packet.held.push((Slot::DelegatedPrefix, value)),
        b"Framed-IPv6-Address" => packet.held.push((Slot::FramedIpv6Address, value)),
        b"IP-Port-Range-Ext-IPv4-Addr" | b"IP-Port-Ext-IPv4-Addr" => {
            packet.ports.push(PortRange { outside: Some(value), ..PortRange::default() });
        }
        b"IP-Port-Range-Range-Start" | b"IP-Port-Range-Start" => {
            set_port(packet, |range| &mut range.first, value)
        }
        b"IP-Port-Range-Range-End" | b"IP-Port-Range-End" => {
            set_port(packet, |range| &mut range.last, value)
        }
        b"IP-Port-Range-Alloc" | b"IP-Port-Alloc" => {
            set_port(packet, |range| &mut range.allocation, value)
        }
        _ => {}
    }
}

/// Puts one part of a port range where it belongs: the parts of one range follow each other, so a
/// part that is there already begins the next range.
fn set_port<'a>(
    packet: &mut Packet<'a>,
    part: impl for<'r> Fn(&'r mut PortRange<'a>) -> &'r mut Option<&'a [u8]>,
    value: &'a [u8],
) {
    let begins = packet.ports.last_mut().is_none_or(|range| part(range).is_some());
    if begins {
        packet.ports.push(PortRange::default());
    }
    if let Some(range) = packet.ports.last_mut() {
        *part(range) = Some(value);
    }
}

fn event_instant(packet: &Packet<'_>, options: &ReadOptions) -> Result<Millis, LineError> {
    if let Some(event) = packet.event.and_then(|text| printed_date(text, options)) {
        return Ok(event);
    }
    let received = packet.received.and_then(number).ok_or(LineError::new(
        ErrorCode::InstantMissing,
        "neither Timestamp nor an Event-Timestamp in UTC; keep the detail module's Timestamp \
         line, or name the server's zone with --zone",
    ))?;
    let delay = packet.delay.and_then(number).unwrap_or(0);
    Ok((received - delay) * SECOND)
}

/// `Nov 21 2026 21:40:00 UTC`, an epoch, or RFC 3339, as the versions of FreeRADIUS print dates.
fn printed_date(text: &[u8], options: &ReadOptions) -> Option<Millis> {
    if let Some(epoch) = number(text) {
        return Some(epoch * SECOND);
    }
    if let Some(instant) = instant::rfc3339(text) {
        return Some(instant);
    }
    let mut words = text.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let month = instant::month(words.next()?)?;
    let day = i8::try_from(number(words.next()?)?).ok()?;
    let year = i16::try_from(number(words.next()?)?).ok()?;
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    let local = instant::date_time(date, words.next()?)?;
    instant::place(local, words.next().unwrap_or_default(), options.zone.as_ref()).ok()
}

fn session_key(packet: &Packet<'_>) -> Result<u64, LineError> {
    if let Some(unique) = packet.unique_session {
        return Ok(short(unique));
    }
    let session = packet.session.ok_or(LineError::new(
        ErrorCode::FieldMissing,
        "neither Acct-Unique-Session-Id nor Acct-Session-Id; use FreeRADIUS's acct_unique policy",
    ))?;
    // What acct_unique itself puts together.
    let mut key = session.to_vec();
    for part in [packet.account, packet.server.map(|(_, name)| name)] {
        key.push(0);
        key.extend_from_slice(part.unwrap_or_default());
    }
    Ok(short(&key))
}

fn addresses(
    packet: &Packet<'_>,
    space: u16,
    accounting: &mut Accounting,
) -> Result<(), LineError> {
    const INVALID: LineError = LineError {
        line: 0,
        code: ErrorCode::AddressInvalid,
        how: "an address or prefix cannot be read",
    };
    for (slot, text) in &packet.held {
        let prefix = std::str::from_utf8(text).ok().and_then(Prefix::parse).ok_or(INVALID)?;
        // 255.255.255.254 and .255 ask the access server to choose (RFC 2865 §5.8); 0.0.0.0 says
        // that there is no address yet.
        let special = *slot == Slot::Address
            && matches!(prefix.first(), IpAddr::V4(v4) if v4.is_unspecified() || v4.octets()[..3] == [255; 3]);
        if !special {
            accounting.held.push((*slot, Place::whole(space, prefix)));
        }
    }
    for range in &packet.ports {
        let bad_ports = LineError::new(ErrorCode::PortInvalid, "an IP-Port-Range cannot be read");
        let port =
            |text: Option<&[u8]>| text.and_then(number).and_then(|port| u16::try_from(port).ok());
        let (Some(first), Some(last)) = (port(range.first), port(range.last)) else {
            return Err(bad_ports);
        };
        let outside = range.outside.and_then(|text| std::str::from_utf8(text).ok());
        let prefix = outside.and_then(Prefix::parse).ok_or(INVALID)?;
        if first > last {
            return Err(bad_ports);
        }
        // The shared address is public, whatever routing instance the line is in.
        let place = Place { port_low: first, port_high: last, ..Place::whole(0, prefix) };
        match range.allocation {
            Some(b"Deallocation" | b"2") => accounting.released.push(place),
            _ => accounting.held.push((Slot::PortRange(first), place)),
        }
    }
    // A line whose address is shared does not hold the whole of it.
    let shared: Vec<Prefix> = accounting
        .held
        .iter()
        .map(|(_, place)| place)
        .filter(|place| place.is_shared())
        .map(|place| place.prefix)
        .collect();
    accounting.held.retain(|(_, place)| place.is_shared() || !shared.contains(&place.prefix));
    Ok(())
}

/// Undoes FreeRADIUS's escapes (`\"`, `\\`, `\ooo`), so that one account has one spelling.
fn unescaped(text: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return text.into();
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let octal = |byte: &u8| (b'0'..=b'7').contains(byte);
        (rest, _) = match (first, tail) {
            (b'\\', [a, b, c, after @ ..]) if [a, b, c].into_iter().all(octal) => {
                let value =
                    u32::from(a - b'0') * 64 + u32::from(b - b'0') * 8 + u32::from(c - b'0');
                (after, plain.push(value as u8))
            }
            (b'\\', [escaped, after @ ..]) => (after, plain.push(*escaped)),
            (byte, after) => (after, plain.push(*byte)),
        };
    }
    plain.into()
}

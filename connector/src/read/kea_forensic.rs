//! Kea's forensic log (`libdhcp_legal_log`), IPv4 and IPv6 text lines:
//!
//! ```text
//! 2026-01-06 01:02:03 +0100 Address: 192.0.2.100 has been renewed for 1 hrs 52 min 15 secs to a
//!   device with hardware address: hwtype=1 08:00:2b:02:3f:4e, client-id: 17:34:e2:ff:09:92:54 …
//! ```
//!
//! Kea writes the zone as an abbreviation unless told otherwise (`%Z`). An abbreviation is no
//! offset: such lines are refused unless the zone is configured. Set
//! `"timestamp-format": "%Y-%m-%d %H:%M:%S %z"`.

use entremise_core::identification::AssignmentKind;
use memchr::memmem;

use super::instant::{self, number};
use super::{AccountFrom, ErrorCode, LineError, Names, ReadOptions, digest, holder, is_usable};
use crate::interval::lease::{Row, Says};
use crate::interval::{Holder, Millis, OPEN, Place, Prefix, SECOND};

/// Reads one line. Lines that state no lease (a lease looked up, a custom format's second line)
/// are refused, so that a replaced format does not pass for an empty log.
pub fn read(
    line: &[u8],
    options: &ReadOptions,
    names: &mut dyn Names,
    out: &mut Vec<Row>,
) -> Result<(), LineError> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(());
    }
    let (at, text) = stamped(line, options)?;
    let (place, kind, after) = address(text, options)?;
    let has = |words: &str| memmem::find(after, words.as_bytes()).is_some();
    let deleted = memmem::find(text, b" deleted the lease for address: ").is_some();
    let says = if deleted || has("has been released from") || has("has been declined") {
        Says::Released { at }
    } else if has("has been assigned for")
        || has("has been renewed for")
        || memmem::find(text, b" a lease of ").is_some()
        || memmem::find(text, b" on the lease of ").is_some()
    {
        let end = match duration(after) {
            Some(secs) => at + secs * SECOND,
            None => OPEN,
        };
        Says::Held { holder: subscriber(after, options, names), start: at, end }
    } else {
        return Err(LineError::new(
            ErrorCode::Malformed,
            "the line states no assignment, renewal or release; load the default format",
        ));
    };
    out.push(Row { place, kind, record: digest(line), says });
    Ok(())
}

/// The instant and what follows it: `YYYY-MM-DD HH:MM:SS[.ffffff] ZONE text` or RFC 3339.
fn stamped<'a>(line: &'a [u8], options: &ReadOptions) -> Result<(Millis, &'a [u8]), LineError> {
    let unreadable = LineError::new(
        ErrorCode::InstantMissing,
        "the line does not begin with a date and time; set timestamp-format to \
         \"%Y-%m-%d %H:%M:%S %z\"",
    );
    let mut words = line.splitn(4, |byte| *byte == b' ');
    let first = words.next().unwrap_or_default();
    if let Some(at) = instant::rfc3339(first) {
        return Ok((at, line[first.len()..].trim_ascii_start()));
    }
    let (Some(time), Some(zone), Some(text)) = (words.next(), words.next(), words.next()) else {
        return Err(unreadable);
    };
    let date = instant::date(first).ok_or_else(|| unreadable.clone())?;
    let local = instant::date_time(date, time).ok_or(unreadable)?;
    Ok((instant::place(local, zone, options.zone.as_ref())?, text))
}

/// `Address: 192.0.2.1`, `Address:2001:db8::1`, `Prefix: 2001:db8::/56`: spacing differs between
/// the families and versions.
fn address<'a>(
    text: &'a [u8],
    options: &ReadOptions,
) -> Result<(Place, AssignmentKind, &'a [u8]), LineError> {
    let invalid = LineError::new(ErrorCode::AddressInvalid, "the line names no address or prefix");
    let find =
        |word: &[u8]| memmem::find(text, word).map(|at| text[at + word.len()..].trim_ascii_start());
    let after = ["Address:", "address:", "Prefix:", "prefix:"]
        .iter()
        .filter_map(|word| find(word.as_bytes()))
        .max_by_key(|rest| rest.len())
        .ok_or_else(|| invalid.clone())?;
    let end = after
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || *byte == b',')
        .unwrap_or(after.len());
    let prefix = std::str::from_utf8(&after[..end]).ok().and_then(Prefix::parse).ok_or(invalid)?;
    let whole = if prefix.v6 { 128 } else { 32 };
    let kind =
        if prefix.length < whole { AssignmentKind::PrefixDelegation } else { AssignmentKind::Dhcp };
    Ok((Place::whole(options.space, prefix), kind, &after[end..]))
}

/// `1 days 0 hrs 52 min 15 secs` in seconds; None for an infinite lease.
fn duration(text: &[u8]) -> Option<i64> {
    let at = memmem::find(text, b" for ")? + 5;
    let mut total = None;
    let mut words = text[at..].split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    while let (Some(figure), Some(unit)) = (words.next().and_then(number), words.next()) {
        let unit = unit.strip_suffix(b",").unwrap_or(unit);
        let secs = match unit {
            b"day" | b"days" => 86_400,
            b"hr" | b"hrs" => 3600,
            b"min" | b"mins" => 60,
            b"sec" | b"secs" => 1,
            _ => break,
        };
        total = Some(total.unwrap_or(0) + figure * secs);
    }
    total
}

fn subscriber(text: &[u8], options: &ReadOptions, names: &mut dyn Names) -> Holder {
    let hardware = value(text, "hardware address:").map(|value| {
        // `hwtype=1 08:00:…`: the type is not part of the name.
        match value
            .strip_prefix(b"hwtype=")
            .and_then(|rest| memchr::memchr(b' ', rest).map(|at| &rest[at + 1..]))
        {
            Some(address) => address,
            None => value,
        }
    });
    if hardware.is_some_and(|address| !is_usable(first_word(address))) {
        return Holder::Unusable;
    }
    for wanted in &options.account_from {
        let name = match wanted {
            AccountFrom::HardwareAddress => hardware,
            AccountFrom::ClientId => value(text, "client-id:").or_else(|| value(text, "DUID:")),
            AccountFrom::CircuitId => value(text, "circuit-id:"),
            AccountFrom::RemoteId => value(text, "remote-id:"),
            AccountFrom::SubscriberId => value(text, "subscriber-id:"),
        };
        if let Some(name) = name {
            return holder(&first_word(name).to_ascii_lowercase(), names);
        }
    }
    Holder::Unusable
}

/// What stands behind a label, up to the next comma or the end.
fn value<'a>(text: &'a [u8], label: &str) -> Option<&'a [u8]> {
    let at = memmem::find(text, label.as_bytes())? + label.len();
    let rest = text[at..].trim_ascii_start();
    let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
    Some(&rest[..end]).filter(|value| !value.is_empty())
}

/// Identifiers hold no space; what follows one is the printable form or the next clause.
fn first_word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    &text[..end]
}

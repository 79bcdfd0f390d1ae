//! A10 Thunder CGN: CEF events `CGN 100`–`103`, `106`, `107`, and the ASCII `FIXED-NAT-PORTS`.
//!
//! In `CGN 106`/`107` (batch allocated, freed) `cn3` is the last port of the block, as its label
//! says; in `100`/`101` (port) and `102`/`103` (session) there is one port. The protocol counts:
//! A10 allocates batches for each one.

use entremise_core::identification::AssignmentKind;
use memchr::memmem;

use super::cgnat_juniper::{address, block};
use super::instant;
use super::{ErrorCode, LineError, ReadOptions, digest};
use crate::interval::block::{Line, Says};
use crate::interval::{Holder, Place};

const FIELDS: LineError = LineError {
    line: 0,
    code: ErrorCode::FieldMissing,
    how: "src, sourceTranslatedAddress and sourceTranslatedPort must all be there",
};

/// Reads one line. Lines about anything but translation yield nothing.
pub fn read(line: &[u8], options: &ReadOptions, out: &mut Vec<Line>) -> Result<(), LineError> {
    let line = line.trim_ascii();
    if let Some(at) = memmem::find(line, b"CEF:") {
        return cef(line, at, options, out);
    }
    if let Some(at) = memmem::find(line, b"FIXED-NAT-PORTS ") {
        return fixed(line, at, options, out);
    }
    Ok(())
}

fn cef(
    line: &[u8],
    at: usize,
    options: &ReadOptions,
    out: &mut Vec<Line>,
) -> Result<(), LineError> {
    let (header, body) = line.split_at(at);
    // CEF:0|vendor|product|version|event|name|severity|extension
    let mut parts = body.splitn(8, |byte| *byte == b'|');
    let event = parts.nth(4).unwrap_or_default();
    let extension = parts.nth(2).ok_or(LineError::new(
        ErrorCode::Malformed,
        "a CEF line has seven fields before its extension",
    ))?;
    let (says, kind) = match event {
        b"CGN 106" => (Says::Allocated, AssignmentKind::PortBlock),
        b"CGN 107" => (Says::Released, AssignmentKind::PortBlock),
        b"CGN 100" | b"CGN 102" => (Says::Allocated, AssignmentKind::Session),
        b"CGN 101" | b"CGN 103" => (Says::Released, AssignmentKind::Session),
        _ => return Ok(()),
    };
    let low = value(extension, b"sourceTranslatedPort");
    let high = if kind == AssignmentKind::PortBlock {
        let label = memmem::find(extension, b"cn3Label=Last Nat Port");
        value(extension, b"cn3").filter(|_| label.is_some())
    } else {
        low
    };
    if low.is_none() || high.is_none() {
        return Err(LineError::new(
            ErrorCode::FieldMissing,
            "the block's ports are missing (sourceTranslatedPort, cn3 labelled Last Nat Port)",
        ));
    }
    let inside = address(value(extension, b"src")).map_err(|_| FIELDS)?;
    let outside = address(value(extension, b"sourceTranslatedAddress")).map_err(|_| FIELDS)?;
    let protocol = match value(extension, b"proto") {
        Some(b"TCP") => 6,
        Some(b"UDP") => 17,
        Some(b"ICMP") => 1,
        _ => 0,
    };
    let at = instant::syslog_header(header, options.zone.as_ref())?;
    out.push(Line {
        at,
        place: Place { protocol, ..block(outside, low, high)? },
        inside: Holder::Inside { space: options.space, prefix: inside },
        kind,
        says,
        record: digest(line),
    });
    Ok(())
}

/// `FIXED-NAT-PORTS 10.10.10.172->192.168.9.173:3000-4000`: from this line on, until another one
/// gives the ports away.
fn fixed(
    line: &[u8],
    at: usize,
    options: &ReadOptions,
    out: &mut Vec<Line>,
) -> Result<(), LineError> {
    let (header, body) = line.split_at(at);
    let text = std::str::from_utf8(&body[b"FIXED-NAT-PORTS ".len()..]).map_err(|_| FIELDS)?;
    let (inside, target) = text.trim().split_once("->").ok_or(FIELDS)?;
    let (outside, ports) = target.split_once(':').ok_or(FIELDS)?;
    let (low, high) = ports.split_once('-').ok_or(FIELDS)?;
    let inside = address(Some(inside.trim().as_bytes()))?;
    let outside = address(Some(outside.as_bytes()))?;
    out.push(Line {
        at: instant::syslog_header(header, options.zone.as_ref())?,
        place: block(outside, Some(low.as_bytes()), Some(high.trim().as_bytes()))?,
        inside: Holder::Inside { space: options.space, prefix: inside },
        kind: AssignmentKind::PortBlock,
        says: Says::Allocated,
        record: digest(line),
    });
    Ok(())
}

/// The value of a CEF extension key: up to the space before the next `key=`.
fn value<'a>(extension: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    extension
        .split(|byte| *byte == b' ')
        .find_map(|pair| pair.strip_prefix(key)?.strip_prefix(b"="))
}

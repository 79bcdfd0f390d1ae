//! Cisco IOS XR CGN syslog: records in brackets, several per line,
//! `[event L4 insideIP VRF insideIPv6 outsideIP port first last dstIP dstPort]`, `-` where a field
//! does not apply. `UserbasedA`/`W` allocate and withdraw a block, `Sessionbased…` one port.
//!
//! The VRF belongs to the inside address: two of them may use the same 10/8. Bulk records carry
//! no transport protocol. The instant is the line's (`2026 May 31 10:30:45` or RFC 3339).

use entremise_core::identification::AssignmentKind;

use super::cgnat_juniper::{address, block};
use super::instant::{self, number};
use super::{ErrorCode, LineError, Names, ReadOptions, digest};
use crate::interval::block::{Line, Says};
use crate::interval::{Holder, Place};

/// Reads one line: pushes the records that can be read and reports the first that cannot.
pub fn read(
    line: &[u8],
    options: &ReadOptions,
    names: &mut dyn Names,
    out: &mut Vec<Line>,
) -> Result<(), LineError> {
    let line = line.trim_ascii();
    let Some(first) = memchr::memchr(b'[', line) else { return Ok(()) };
    let at = instant::syslog_header(&line[..first], options.zone.as_ref())?;
    let mut trouble = Ok(());
    for part in line[first..].split(|byte| *byte == b'[').skip(1) {
        let Some(end) = memchr::memchr(b']', part) else {
            trouble = Err(LineError::new(ErrorCode::Malformed, "a record has no closing bracket"));
            continue;
        };
        match record(&part[..end], options, names) {
            Ok(Some((place, inside, kind, says))) => {
                out.push(Line { at, place, inside, kind, says, record: digest(line) });
            }
            Ok(None) => {}
            Err(error) => trouble = Err(error),
        }
    }
    trouble
}

type Record = (Place, Holder, AssignmentKind, Says);

fn record(
    text: &[u8],
    options: &ReadOptions,
    names: &mut dyn Names,
) -> Result<Option<Record>, LineError> {
    // Manuals print the empty field as an en dash, and collectors have copied it.
    let text = String::from_utf8_lossy(text).replace('–', "-");
    let fields: Vec<&[u8]> = text.split_whitespace().map(str::as_bytes).collect();
    let Some(event) = fields.first() else { return Ok(None) };
    let (kind, says) = match *event {
        b"UserbasedA" => (AssignmentKind::PortBlock, Says::Allocated),
        b"UserbasedW" => (AssignmentKind::PortBlock, Says::Released),
        b"SessionbasedA" | b"SessionbasedAD" => (AssignmentKind::Session, Says::Allocated),
        b"SessionbasedW" | b"SessionbasedWD" => (AssignmentKind::Session, Says::Released),
        // Portblockrunout, and structured data that is no record.
        _ => return Ok(None),
    };
    // The last two (destination) may be missing in older releases.
    if fields.len() < 9 {
        return Err(LineError::new(
            ErrorCode::FieldMissing,
            "a record has an event and ten fields; `-` stands for one that does not apply",
        ));
    }
    let present = |index: usize| Some(fields[index]).filter(|field| *field != b"-");
    let space = match present(3).and_then(|name| std::str::from_utf8(name).ok()) {
        Some(name) => names.space(name),
        None => options.space,
    };
    let inside = address(present(2))?;
    let outside = address(present(5))?;
    let place = match kind {
        AssignmentKind::Session => {
            let port = present(7).filter(|port| *port != b"0").or(present(6));
            block(outside, port, port)?
        }
        _ => block(outside, present(7), present(8))?,
    };
    let protocol = present(1).map_or(0, |name| match name {
        name if name.eq_ignore_ascii_case(b"tcp") => 6,
        name if name.eq_ignore_ascii_case(b"udp") => 17,
        name => number(name).and_then(|number| u8::try_from(number).ok()).unwrap_or(0),
    });
    let holder = Holder::Inside { space, prefix: inside };
    Ok(Some((Place { protocol, ..place }, holder, kind, says)))
}

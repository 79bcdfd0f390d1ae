//! ISC dhcpd's lease files (`dhcpd.leases(5)`), IPv4 `lease` blocks and IPv6 `ia-na`/`ia-pd`
//! blocks. Times are UTC, or `epoch` seconds; later blocks for an address override earlier ones.
//!
//! A block in state `free`, `expired`, `released` or `backup` tells of the lease that was: it
//! still names who held the address from `starts` to `ends`. `abandoned` was nobody's.

use std::borrow::Cow;

use entremise_core::identification::AssignmentKind;

use super::instant::{self, number};
use super::{AccountFrom, ErrorCode, LineError, Names, ReadOptions, digest, holder, is_usable};
use crate::interval::lease::{Row, Says};
use crate::interval::{Holder, Millis, OPEN, Place, Prefix, SECOND};

/// The statements of a lease that matter here.
#[derive(Default)]
struct Lease<'a> {
    starts: Option<Millis>,
    heard: Option<Millis>,
    ends: Option<Millis>,
    max_life: Option<i64>,
    abandoned: bool,
    active: bool,
    hardware: Option<&'a [u8]>,
    client: Option<Cow<'a, [u8]>>,
    circuit: Option<&'a [u8]>,
    remote: Option<&'a [u8]>,
    subscriber: Option<&'a [u8]>,
}

/// Reads one top-level block (`lease … { … }`, `ia-na … { … }`, `ia-pd … { … }`); other blocks
/// and statements yield nothing.
pub fn read(
    block: &[u8],
    options: &ReadOptions,
    names: &mut dyn Names,
    out: &mut Vec<Row>,
) -> Result<(), LineError> {
    let text = block.trim_ascii();
    let Some(brace) = memchr::memchr(b'{', text) else { return Ok(()) };
    let (head, body) = (text[..brace].trim_ascii(), &text[brace + 1..]);
    if let Some(address) = head.strip_prefix(b"lease ") {
        let lease = statements(body)?;
        return push(address, &lease, AssignmentKind::Dhcp, block, options, names, out);
    }
    let Some(identity) = head.strip_prefix(b"ia-na ").or_else(|| head.strip_prefix(b"ia-pd "))
    else {
        return Ok(());
    };
    // The first four bytes are the IAID, the rest is the DUID (dhcpd.leases(5)).
    let identity = unescaped(identity.trim_ascii());
    let duid = identity.get(4..).unwrap_or_default().to_vec();
    let heard = body
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.trim_ascii().strip_prefix(b"cltt ").map(time));
    for (address, kind, inner) in inner_blocks(body) {
        let mut lease = statements(inner)?;
        lease.client = Some(Cow::Owned(hex::encode(&duid).into_bytes()));
        lease.starts = match &heard {
            Some(Ok(heard)) => Some(*heard),
            _ => lease.ends.zip(lease.max_life).map(|(ends, life)| ends - life * SECOND),
        };
        push(address, &lease, kind, block, options, names, out)?;
    }
    Ok(())
}

fn push(
    address: &[u8],
    lease: &Lease<'_>,
    kind: AssignmentKind,
    block: &[u8],
    options: &ReadOptions,
    names: &mut dyn Names,
    out: &mut Vec<Row>,
) -> Result<(), LineError> {
    let prefix = std::str::from_utf8(address.trim_ascii()).ok().and_then(Prefix::parse);
    let prefix = prefix
        .ok_or(LineError::new(ErrorCode::AddressInvalid, "the block names no address or prefix"))?;
    if lease.abandoned {
        return Ok(());
    }
    let starts = lease.starts.or(lease.heard).ok_or(LineError::new(
        ErrorCode::InstantMissing,
        "the lease has no `starts`; nobody can say since when it was held",
    ))?;
    let ends = match lease.ends {
        Some(ends) => ends,
        // Only a lease that runs can be without end (BOOTP).
        None if lease.active => OPEN,
        None => {
            return Err(LineError::new(
                ErrorCode::InstantMissing,
                "the lease has no `ends` and is not active",
            ));
        }
    };
    let place = Place::whole(options.space, prefix);
    let holder = subscriber(lease, options, names);
    let says = Says::Held { holder, start: starts, end: ends.max(starts) };
    out.push(Row { place, kind, record: digest(block), says });
    Ok(())
}

fn statements(body: &[u8]) -> Result<Lease<'_>, LineError> {
    let mut lease = Lease::default();
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let end = line.iter().rposition(|byte| *byte == b';').unwrap_or(line.len());
        let line = line[..end].trim_ascii();
        let Some(space) = memchr::memchr(b' ', line) else {
            lease.abandoned |= line == b"abandoned";
            continue;
        };
        let (word, value) = (&line[..space], line[space..].trim_ascii());
        match word {
            b"starts" => lease.starts = Some(time(value)?),
            b"cltt" => lease.heard = Some(time(value)?),
            b"ends" if value.starts_with(b"never") => lease.ends = Some(OPEN),
            b"ends" => lease.ends = Some(time(value)?),
            b"max-life" => lease.max_life = number(value),
            b"binding" => {
                lease.abandoned |= value.ends_with(b"abandoned");
                lease.active = value.ends_with(b"active");
            }
            b"hardware" => lease.hardware = value.rsplit(|byte| *byte == b' ').next(),
            b"uid" => lease.client = Some(hexed(value)),
            b"option" => {
                if let Some(id) = value.strip_prefix(b"agent.circuit-id ") {
                    lease.circuit = Some(id);
                } else if let Some(id) = value.strip_prefix(b"agent.remote-id ") {
                    lease.remote = Some(id);
                } else if let Some(id) = value.strip_prefix(b"agent.subscriber-id ") {
                    lease.subscriber = Some(id);
                }
            }
            _ => {}
        }
    }
    Ok(lease)
}

/// `4 2017/10/05 15:22:29` (weekday first, UTC) or `epoch 1507216949`.
fn time(value: &[u8]) -> Result<Millis, LineError> {
    const UNREADABLE: LineError = LineError {
        line: 0,
        code: ErrorCode::InstantMissing,
        how: "a time is neither `W YYYY/MM/DD HH:MM:SS` nor `epoch N`",
    };
    let value = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if let Some(epoch) = value.strip_prefix(b"epoch ") {
        return number(epoch.trim_ascii()).map(|secs| secs * SECOND).ok_or(UNREADABLE);
    }
    let mut words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).skip(1);
    let date = words.next().and_then(instant::date).ok_or(UNREADABLE)?;
    let local = words.next().and_then(|time| instant::date_time(date, time)).ok_or(UNREADABLE)?;
    instant::place(local, b"UTC", None)
}

fn subscriber(lease: &Lease<'_>, options: &ReadOptions, names: &mut dyn Names) -> Holder {
    if lease.hardware.is_some_and(|address| !is_usable(address)) {
        return Holder::Unusable;
    }
    for wanted in &options.account_from {
        let name = match wanted {
            AccountFrom::HardwareAddress => lease.hardware,
            AccountFrom::ClientId => lease.client.as_deref(),
            AccountFrom::CircuitId => lease.circuit,
            AccountFrom::RemoteId => lease.remote,
            AccountFrom::SubscriberId => lease.subscriber,
        };
        if let Some(name) = name {
            return holder(&name.to_ascii_lowercase(), names);
        }
    }
    Holder::Unusable
}

/// The `iaaddr ADDRESS { … }` and `iaprefix PREFIX { … }` blocks inside an identity association.
fn inner_blocks(body: &[u8]) -> Vec<(&[u8], AssignmentKind, &[u8])> {
    let mut found = Vec::new();
    for (word, kind) in [
        (&b"iaaddr "[..], AssignmentKind::Dhcp),
        (&b"iaprefix "[..], AssignmentKind::PrefixDelegation),
    ] {
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&body[from..], word) {
            let start = from + at + word.len();
            let Some(brace) = memchr::memchr(b'{', &body[start..]) else { break };
            let inner = &body[start + brace + 1..];
            // Statements of the address come before any nested `on expiry { … }`.
            let end = memchr::memchr2(b'{', b'}', inner).unwrap_or(inner.len());
            found.push((body[start..start + brace].trim_ascii(), kind, &inner[..end]));
            from = start + brace + 1;
        }
    }
    found
}

/// A quoted string with `\ooo` escapes, as lower-case hexadecimal; anything else as it stands.
fn hexed(value: &[u8]) -> Cow<'_, [u8]> {
    if value.starts_with(b"\"") {
        Cow::Owned(hex::encode(unescaped(value)).into_bytes())
    } else {
        Cow::Borrowed(value)
    }
}

fn unescaped(value: &[u8]) -> Vec<u8> {
    let inner =
        value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    let mut plain = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        match inner[at..] {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                plain.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                at += 4;
            }
            [b'\\', escaped, ..] => {
                plain.push(escaped);
                at += 2;
            }
            _ => {
                plain.push(inner[at]);
                at += 1;
            }
        }
    }
    plain
}

//! Instants as logs write them. A local time without a numeric offset is not an instant: it is
//! read only where the engineer has said which zone the server ran in.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{ErrorCode, LineError};
use crate::interval::Millis;

/// What to do about a local time nobody can place.
const NO_ZONE: &str = "the time has no numeric offset from UTC; write logs with one (%z), or name \
                       the server's zone with --zone";
const UNREADABLE: &str = "the time cannot be read; expected a date and time with an offset";

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// `Jan` … `Dec` to 1 … 12.
pub fn month(name: &[u8]) -> Option<i8> {
    let index = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    i8::try_from(index + 1).ok()
}

/// Digits, and nothing else, as a number.
pub fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0i64, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
    })
}

/// `YYYY-MM-DD` or `YYYY/MM/DD`.
pub fn date(text: &[u8]) -> Option<Date> {
    if text.len() != 10 || text[4] != text[7] || !matches!(text[4], b'-' | b'/') {
        return None;
    }
    let part = |range: std::ops::Range<usize>| number(&text[range]);
    Date::new(
        i16::try_from(part(0..4)?).ok()?,
        i8::try_from(part(5..7)?).ok()?,
        i8::try_from(part(8..10)?).ok()?,
    )
    .ok()
}

/// `HH:MM:SS` with an optional fraction, on a date. A leap second counts as the second before.
pub fn date_time(date: Date, time: &[u8]) -> Option<DateTime> {
    if time.len() < 8 || time[2] != b':' || time[5] != b':' {
        return None;
    }
    let part = |range: std::ops::Range<usize>| {
        number(&time[range]).and_then(|value| i8::try_from(value).ok())
    };
    let nanos = match &time[8..] {
        [] => 0,
        [b'.' | b',', fraction @ ..] if (1..=9).contains(&fraction.len()) => {
            number(fraction)? * 10i64.pow(9 - u32::try_from(fraction.len()).ok()?)
        }
        _ => return None,
    };
    let (hour, minute, second) = (part(0..2)?, part(3..5)?, part(6..8)?.min(59));
    DateTime::new(
        date.year(),
        date.month(),
        date.day(),
        hour,
        minute,
        second,
        i32::try_from(nanos).ok()?,
    )
    .ok()
}

/// `Z`, `UTC`, `GMT`, `+01:00`, `+0100` or `+01` as seconds east. None for anything else: an
/// abbreviation such as CET says different things in different places.
pub fn offset(text: &[u8]) -> Option<i64> {
    if [&b"Z"[..], b"z", b"UTC", b"GMT"].contains(&text) {
        return Some(0);
    }
    let (sign, digits) = match text {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [h1, h2] => (number(&[*h1, *h2])?, 0),
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A local time with what stands behind it: an offset, an abbreviation, or nothing.
///
/// An abbreviation is believed only together with a configured zone; in the hour that comes twice
/// in autumn it says which of the two is meant, and without one that hour is refused.
pub fn place(local: DateTime, behind: &[u8], zone: Option<&TimeZone>) -> Result<Millis, LineError> {
    let millis = |seconds_east: i64| -> Option<Millis> {
        let utc = local.to_zoned(TimeZone::UTC).ok()?;
        Some(utc.timestamp().as_millisecond() - seconds_east * 1000)
    };
    let unreadable = || LineError::new(ErrorCode::InstantMissing, UNREADABLE);
    if let Some(seconds_east) = offset(behind) {
        return millis(seconds_east).ok_or_else(unreadable);
    }
    let zone = zone.ok_or(LineError::new(ErrorCode::InstantWithoutZone, NO_ZONE))?;
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let named = |offset: jiff::tz::Offset| -> Option<Timestamp> {
        let instant = offset.to_timestamp(local).ok()?;
        let abbreviation = zone.to_offset_info(instant).abbreviation().as_bytes().to_vec();
        (abbreviation == behind).then_some(instant)
    };
    let instant = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Fold { before, after } => named(before).or_else(|| named(after)),
        // Between 2 and 3 o'clock in spring there is no such time.
        AmbiguousOffset::Gap { .. } => None,
    };
    instant.map(|instant| instant.as_millisecond()).ok_or(LineError::new(
        ErrorCode::InstantWithoutZone,
        "this local time does not exist, or exists twice, in the configured zone; write logs with \
         a numeric offset (%z)",
    ))
}

/// RFC 3339 as one word: `2025-05-02T11:34:56.87+00:00`. None when it is something else.
pub fn rfc3339(word: &[u8]) -> Option<Millis> {
    if word.len() < 20 || !matches!(word[10], b'T' | b't') {
        return None;
    }
    let end_of_time =
        word[11..].iter().position(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))?;
    let (time, behind) = word[11..].split_at(end_of_time);
    let local = date_time(date(&word[..10])?, time)?;
    place(local, behind, None).ok()
}

/// The instant in the header of a syslog line, in any of the forms collectors write: RFC 3339
/// anywhere among the first words, or `2011 May 31 10:30:45` (Cisco), `2011-05-31 10:30:45`, each
/// with an offset behind it or a configured zone. The BSD form (no year) is refused.
pub fn syslog_header(header: &[u8], zone: Option<&TimeZone>) -> Result<Millis, LineError> {
    let words: Vec<&[u8]> = header
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
        .take(12)
        .collect();
    for (index, word) in words.iter().enumerate() {
        // `<134>1` or `<134>2026-…`: the priority sticks to what follows.
        let word = match memchr::memchr(b'>', word) {
            Some(end) if word.first() == Some(&b'<') => &word[end + 1..],
            _ => word,
        };
        if let Some(instant) = rfc3339(word) {
            return Ok(instant);
        }
        let behind = |from: usize| words.get(from).copied().unwrap_or_default();
        if let Some(date) = date(word) {
            let local = date_time(date, behind(index + 1));
            return match local {
                Some(local) => place(local, behind(index + 2), zone),
                None => Err(LineError::new(ErrorCode::InstantMissing, UNREADABLE)),
            };
        }
        if let Some(month) = month(word) {
            let year = index.checked_sub(1).and_then(|before| number(words[before]));
            let local = year
                .filter(|year| (1970..3000).contains(year))
                .and_then(|year| i16::try_from(year).ok())
                .and_then(|year| {
                    let day = i8::try_from(number(behind(index + 1))?).ok()?;
                    date_time(Date::new(year, month, day).ok()?, behind(index + 2))
                });
            return match local {
                Some(local) => place(local, behind(index + 3), zone),
                None => Err(LineError::new(
                    ErrorCode::InstantWithoutZone,
                    "a syslog time without a year is no instant; let the collector write RFC 3339",
                )),
            };
        }
    }
    Err(LineError::new(
        ErrorCode::InstantMissing,
        "the line carries no time; let the collector write RFC 3339 in front of it",
    ))
}

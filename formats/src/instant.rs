//! Instants as senders write them: RFC 3339, and the `xs:dateTime` of ACNS, always with a zone.
//!
//! An instant without a zone is refused: nobody can say which hour is meant, and the wrong hour
//! names the wrong subscriber.

use entremise_core::rejection::{Code, Rejection};
use jiff::Timestamp;

/// The instant that the text names. `at` is where it stands, for the rejection.
pub(crate) fn parse(given: &str, at: &str) -> Result<Timestamp, Rejection> {
    let given = given.trim();
    if !looks_like_an_instant(given) {
        return Err(Rejection::new(
            Code::TimestampInvalid,
            at,
            "write the instant as in RFC 3339: 2026-01-31T12:34:56Z",
        ));
    }
    if !has_zone(given) {
        return Err(Rejection::new(
            Code::TimestampWithoutZone,
            at,
            "say which zone is meant: end the instant with Z or an offset such as +01:00",
        ));
    }
    given.parse().map_err(|_| {
        Rejection::new(Code::TimestampInvalid, at, "there is no such day, hour or offset")
    })
}

/// Year, month, day, a separator and hours with minutes: the frame, not yet the values.
fn looks_like_an_instant(given: &str) -> bool {
    let bytes = given.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    bytes.len() <= 40
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && digits(11..13)
        && digits(14..16)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't' | b' ')
        && bytes[13] == b':'
        // A zone's name in brackets is no part of RFC 3339.
        && !given.contains('[')
}

fn has_zone(given: &str) -> bool {
    let after_minutes = &given[16..];
    after_minutes.ends_with(['Z', 'z']) || after_minutes.contains(['+', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_with_an_offset_is_the_same_as_in_utc() {
        let paris = parse("2026-07-01T14:00:00.250+02:00", "t").unwrap();
        assert_eq!(paris, parse(" 2026-07-01T12:00:00.25Z ", "t").unwrap());
    }

    #[test]
    fn what_is_not_an_instant_with_a_zone_is_refused_with_its_own_code() {
        let rows = [
            ("2026-07-01T14:00:00", Code::TimestampWithoutZone),
            ("2026-07-01 14:00:00.5", Code::TimestampWithoutZone),
            ("2026-02-30T14:00:00Z", Code::TimestampInvalid),
            ("2026-07-01T25:00:00Z", Code::TimestampInvalid),
            ("2026-07-01", Code::TimestampInvalid),
            ("01/07/2026 14:00 CET", Code::TimestampInvalid),
            ("2026-07-01T14:00:00+02:00[Europe/Paris]", Code::TimestampInvalid),
            ("2026-07-01T14:00:00é", Code::TimestampWithoutZone),
            ("1782914400", Code::TimestampInvalid),
            ("", Code::TimestampInvalid),
        ];
        for (text, code) in rows {
            assert_eq!(parse(text, "t").unwrap_err().code, code, "{text}");
        }
    }
}

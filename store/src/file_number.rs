//! File numbers as they stand on letters: `2026-000123-X`.
//!
//! The last character checks the ten digits before it (ISO/IEC 7064, MOD 11-2, as in ORCID): one
//! wrong digit or two exchanged ones are always found.

/// A number as written.
pub(crate) fn written(year: i16, number: i64) -> String {
    let digits = format!("{year:04}{number:06}");
    format!("{year:04}-{number:06}-{}", check(&digits))
}

/// What was typed, in the written form; none where it cannot be a file number.
pub fn read(typed: &str) -> Option<String> {
    let mut digits: String = typed
        .chars()
        .filter(|given| !given.is_whitespace() && !matches!(given, '-' | '‑' | '.'))
        .collect();
    let last = digits.pop()?.to_ascii_uppercase();
    let is_number = digits.len() >= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || check(&digits) != last {
        return None;
    }
    Some(format!("{}-{}-{last}", &digits[..4], &digits[4..]))
}

fn check(digits: &str) -> char {
    let sum = digits.bytes().fold(0, |sum: u32, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    match (12 - sum) % 11 {
        10 => 'X',
        value => char::from_digit(value, 10).expect("a remainder of 11 below 10 is one digit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written_whatever_stands_between_its_parts() {
        let number = written(2026, 123);
        assert_eq!(read(&number).as_ref(), Some(&number));
        assert_eq!(read(&number.replace('-', " ")).as_ref(), Some(&number));
        assert_eq!(read(&number.to_lowercase()).as_ref(), Some(&number));
    }

    #[test]
    fn no_single_wrong_digit_passes() {
        let number = written(2026, 48_151);
        for place in 0..number.len() {
            for digit in '0'..='9' {
                let mut typed: Vec<char> = number.chars().collect();
                if !typed[place].is_ascii_digit() || typed[place] == digit {
                    continue;
                }
                typed[place] = digit;
                assert_eq!(read(&typed.iter().collect::<String>()), None);
            }
        }
    }

    #[test]
    fn two_exchanged_digits_do_not_pass() {
        let number = written(2026, 48_151);
        let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
        for place in 0..9 {
            let mut typed = digits.clone();
            typed.swap(place, place + 1);
            if typed[..10] != digits[..10] {
                let typed: String =
                    typed[..10].iter().chain(number.chars().last().iter()).collect();
                assert_eq!(read(&typed), None);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        for typed in ["", "-", "X", "2026", "2026-00012a-3", "é2026-000123-4"] {
            assert_eq!(read(typed), None);
        }
    }
}

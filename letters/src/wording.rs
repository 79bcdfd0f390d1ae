//! Dates and hours in words, in the languages of the letters.
//!
//! In French the hour is `21 h 14` with spaces that do not break, the first of a month is `1er`.

use entremise_core::deadline::{Lang, date_words};
use jiff::Zoned;
use jiff::civil::Date;

use crate::data::Language;

/// A day in words: `1er mars 2026`, `1 March 2026`.
pub fn day(date: Date, language: Language) -> String {
    let lang = match language {
        Language::Fr => Lang::Fr,
        Language::En => Lang::En,
    };
    date_words(date, lang).replacen(' ', "\u{a0}", 1)
}

/// An instant in words, to the second, with its offset from UTC: a subscriber who compares it with
/// a log of their own must know which hour is meant, also in the doubled hour of October.
pub fn instant(at: &Zoned, language: Language) -> String {
    let seconds = at.offset().seconds();
    let sign = if seconds < 0 { '−' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() % 3600 / 60);
    let offset =
        if minutes == 0 { format!("{sign}{hours}") } else { format!("{sign}{hours}:{minutes:02}") };
    let date = day(at.date(), language);
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    match language {
        Language::Fr => format!(
            "{date} à {hour}\u{a0}h\u{a0}{minute:02}\u{a0}min\u{a0}{second:02}\u{a0}s \
             (UTC{offset})"
        ),
        Language::En => format!("{date} at {hour}:{minute:02}:{second:02} (UTC{offset})"),
    }
}

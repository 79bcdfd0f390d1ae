//! Dates and hours in words.

use entremise_letters::Language;
use entremise_letters::wording::{day, instant};
use jiff::civil::date;

#[test]
fn the_first_of_a_month_is_premier_in_french_and_other_days_are_numbers() {
    assert_eq!(day(date(2026, 3, 1), Language::Fr), "1er\u{a0}mars 2026");
    assert_eq!(day(date(2026, 8, 31), Language::Fr), "31\u{a0}août 2026");
    assert_eq!(day(date(2026, 3, 1), Language::En), "1\u{a0}March 2026");
}

#[test]
fn the_doubled_hour_of_october_is_told_apart_by_its_offset() {
    let summer: jiff::Zoned = "2026-10-25T02:30:00+02:00[Europe/Paris]".parse().unwrap();
    let winter: jiff::Zoned = "2026-10-25T02:30:00+01:00[Europe/Paris]".parse().unwrap();
    let summer = instant(&summer, Language::Fr);
    let winter = instant(&winter, Language::Fr);
    assert_eq!(summer, "25\u{a0}octobre 2026 à 2\u{a0}h\u{a0}30\u{a0}min\u{a0}00\u{a0}s (UTC+2)");
    assert_ne!(summer, winter);
}

#[test]
fn an_offset_of_half_an_hour_is_written_out() {
    let at: jiff::Zoned = "2026-01-02T03:04:05-03:30[America/St_Johns]".parse().unwrap();
    assert_eq!(instant(&at, Language::En), "2\u{a0}January 2026 at 3:04:05 (UTC−3:30)");
}

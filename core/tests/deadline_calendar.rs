//! The calendar file against the computus, and the errors of a calendar that cannot be read.

use std::collections::BTreeMap;

use entremise_core::deadline::Calendar;
use entremise_core::regime::embedded;
use jiff::ToSpan;
use jiff::civil::{Date, date};

fn metropole() -> Calendar {
    let all = embedded::calendars().unwrap();
    all.into_iter().find(|calendar| calendar.id() == "fr-metropole").unwrap()
}

/// Easter Sunday by the rule of Butcher and Meeus, good for every Gregorian year.
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    date(year, (n / 31).try_into().unwrap(), (n % 31 + 1).try_into().unwrap())
}

#[test]
fn every_holiday_of_l3133_1_is_in_the_file_and_nothing_else() {
    let calendar = metropole();
    let mut expected = BTreeMap::new();
    for year in 2009..=2032 {
        let fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
        for (month, day) in fixed {
            expected.insert(date(year, month, day), ());
        }
        for days in [1, 39, 50] {
            expected.insert(easter(year).checked_add(days.days()).unwrap(), ());
        }
    }
    let found: Vec<Date> = calendar.holidays().map(|(day, _)| day).collect();
    let expected: Vec<Date> = expected.into_keys().collect();
    assert_eq!(found, expected);
}

#[test]
fn easter_based_holidays_carry_the_right_names() {
    let calendar = metropole();
    let name = |day| calendar.holiday(day).map(|words| words.fr.clone());
    assert_eq!(name(date(2026, 4, 6)).as_deref(), Some("Lundi de Pâques"));
    assert_eq!(name(date(2026, 5, 14)).as_deref(), Some("Ascension"));
    assert_eq!(name(date(2026, 5, 25)).as_deref(), Some("Lundi de Pentecôte"));
    assert_eq!(name(date(2026, 4, 5)), None, "Easter Sunday is a Sunday already");
}

#[test]
fn saturdays_sundays_and_holidays_are_not_worked_and_other_days_are() {
    let calendar = metropole();
    assert!(!calendar.is_working_day(date(2026, 7, 11)), "Saturday");
    assert!(!calendar.is_working_day(date(2026, 7, 12)), "Sunday");
    assert!(!calendar.is_working_day(date(2026, 7, 14)), "14 July");
    assert!(calendar.is_working_day(date(2026, 7, 13)), "Monday");
}

#[test]
fn a_week_end_is_what_the_file_says() {
    let all = embedded::calendars().unwrap();
    let specimen = all.iter().find(|calendar| calendar.id() == "xx-specimen").unwrap();
    assert!(!specimen.is_working_day(date(2026, 7, 10)), "Friday");
    assert!(specimen.is_working_day(date(2026, 7, 12)), "Sunday");
}

#[test]
fn a_changed_day_changes_the_digest_and_windows_line_ends_do_not() {
    let text = "id = \"a\"\nversion = \"1\"\nweekend = [\"sunday\"]\ncovers_from = 2026-01-01\n\
                covers_until = 2026-12-31\n[[holiday]]\nfr = \"a\"\nen = \"a\"\ncite = \"a\"\n\
                days = [2026-05-01]\n";
    let read = |text: &str| Calendar::parse("a.toml", text).unwrap();
    assert_eq!(read(text).digest(), read(&text.replace('\n', "\r\n")).digest());
    assert_ne!(read(text).digest(), read(&text.replace("05-01", "05-02")).digest());
}

#[test]
fn a_calendar_with_a_misspelt_week_day_names_file_and_word() {
    let text = "id = \"a\"\nversion = \"1\"\nweekend = [\"sonday\"]\ncovers_from = 2026-01-01\n\
                covers_until = 2026-12-31\nholiday = []\n";
    let error = Calendar::parse("a.toml", text).unwrap_err().to_string();
    assert!(error.contains("a.toml") && error.contains("sonday"), "{error}");
}

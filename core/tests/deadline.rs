//! How a law's lengths of time become dates: last days, month ends, leap days, summer time.

use entremise_core::deadline::{self, Calendar, Deadline, Words, Zone};
use entremise_core::regime::embedded;
use entremise_core::regime::rules::Span;
use jiff::Timestamp;
use jiff::civil::{Date, date};

const CITE: &str = "CPI L331-20, al. 2";

fn paris() -> Zone {
    Zone::named("Europe/Paris").unwrap()
}

fn calendar() -> Calendar {
    let all = embedded::calendars().unwrap();
    all.into_iter().find(|calendar| calendar.id() == "fr-metropole").unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn after(start: &str, span: Span) -> Deadline {
    deadline::after(at(start), span, "handed_over", CITE, &paris(), &calendar())
}

fn last_day(start: &str, span: Span) -> Date {
    after(start, span).last_day
}

#[test]
fn six_months_from_10_january_run_to_the_last_instant_of_10_july() {
    let deadline = after("2026-01-10T09:00:00Z", Span::Months(6));
    assert_eq!(deadline.last_day, date(2026, 7, 10));
    // Summer time: midnight in Paris is 22:00 UTC.
    assert_eq!(deadline.ends_at, at("2026-07-10T22:00:00Z"));
    assert!(deadline.covers(at("2026-07-10T21:59:59.999999999Z")));
    assert!(!deadline.covers(at("2026-07-10T22:00:00Z")));
}

#[test]
fn months_end_with_the_month_where_the_date_is_missing() {
    assert_eq!(last_day("2025-08-31T12:00:00Z", Span::Months(6)), date(2026, 2, 28));
    assert_eq!(last_day("2027-08-31T12:00:00Z", Span::Months(6)), date(2028, 2, 29));
    assert_eq!(last_day("2024-02-29T12:00:00Z", Span::Months(12)), date(2025, 2, 28));
    assert_eq!(last_day("2026-02-28T12:00:00Z", Span::Months(6)), date(2026, 8, 28));
}

#[test]
fn the_day_of_the_start_is_the_local_day_and_is_not_counted() {
    // 23:30 UTC on 9 January is already the 10th in Paris.
    assert_eq!(last_day("2026-01-09T23:30:00Z", Span::Days(8)), date(2026, 1, 18));
    assert_eq!(last_day("2026-01-09T22:30:00Z", Span::Days(8)), date(2026, 1, 17));
}

#[test]
fn no_days_at_all_end_with_the_day_of_the_start() {
    let deadline = after("2026-01-10T09:00:00Z", Span::Days(0));
    assert_eq!(deadline.last_day, date(2026, 1, 10));
    assert_eq!(deadline.ends_at, at("2026-01-10T23:00:00Z"));
}

#[test]
fn hours_are_elapsed_hours_over_the_change_to_summer_time() {
    let deadline = after("2026-03-28T12:00:00Z", Span::Hours(24));
    assert_eq!(deadline.ends_at, at("2026-03-29T12:00:00Z"));
    // 13:00 in winter, 14:00 in summer: the clock on the wall moved, the time did not.
    let french = deadline.explanation.fr;
    assert!(french.starts_with("le 29 mars 2026 à 14 h 00 (Europe/Paris)"), "{french}");
    assert!(french.contains("le 28 mars 2026 à 13 h 00"), "{french}");
}

#[test]
fn hours_that_end_at_midnight_end_on_the_day_before() {
    assert_eq!(last_day("2026-01-09T23:00:00Z", Span::Hours(24)), date(2026, 1, 10));
}

#[test]
fn a_day_of_23_hours_and_one_of_25_are_whole_days() {
    let spring = after("2026-03-28T12:00:00Z", Span::Days(1));
    assert_eq!(spring.ends_at, at("2026-03-29T22:00:00Z"));
    let autumn = after("2026-10-24T12:00:00Z", Span::Days(1));
    assert_eq!(autumn.ends_at, at("2026-10-25T23:00:00Z"));
}

#[test]
fn a_day_whose_midnight_does_not_exist_ends_where_the_next_begins() {
    // Clocks in Santiago jump from 24:00 to 01:00: 6 September 2026 starts at 01:00 local.
    let santiago = Zone::named("America/Santiago").unwrap();
    let start = at("2026-09-04T12:00:00Z");
    let deadline = deadline::after(start, Span::Days(1), "received", "", &santiago, &calendar());
    assert_eq!(deadline.last_day, date(2026, 9, 5));
    assert_eq!(deadline.ends_at, at("2026-09-06T04:00:00Z"));
}

#[test]
fn working_days_pass_over_week_ends_and_holidays_and_name_the_holidays() {
    // Thursday 30 April 2026: 1 May is a holiday, then a week-end.
    let deadline = after("2026-04-30T08:00:00Z", Span::WorkingDays(1));
    assert_eq!(deadline.last_day, date(2026, 5, 4));
    let french = deadline.explanation.fr;
    assert!(french.contains("jours fériés non comptés\u{a0}: 1er mai 2026 (Fête du travail)"));
}

#[test]
fn a_holiday_added_to_the_calendar_moves_a_deadline_that_is_open() {
    let start = at("2026-06-12T08:00:00Z");
    let bridge = Words { fr: "Journée exceptionnelle".into(), en: "Special day".into() };
    let edited = calendar().with_holiday(date(2026, 6, 15), bridge, "2026-2");
    let span = Span::WorkingDays(10);
    let before = deadline::after(start, span, "proposed", "", &paris(), &calendar());
    let now = deadline::after(start, span, "proposed", "", &paris(), &edited);
    assert_eq!(before.last_day, date(2026, 6, 26));
    assert_eq!(now.last_day, date(2026, 6, 29));
    assert!(now.explanation.en.contains("15 June 2026 (Special day)"));
    assert!(now.explanation.en.ends_with("calendar fr-metropole 2026-2"));
}

#[test]
fn months_are_not_moved_by_a_holiday() {
    // 14 July 2026 is a holiday, and the law counts from date to date.
    assert_eq!(last_day("2026-01-14T08:00:00Z", Span::Months(6)), date(2026, 7, 14));
}

#[test]
fn the_explanation_tells_the_whole_count_in_french() {
    let french = after("2026-01-10T09:00:00Z", Span::Months(6)).explanation.fr;
    assert_eq!(
        french,
        "le 10 juillet 2026 à minuit\u{a0}: six mois de date à date à compter de la remise au \
         fournisseur d’accès ou à la poste le 10 janvier 2026\u{202f}; CPI L331-20, al. \
         2\u{202f}; calendrier fr-metropole 2026-1"
    );
}

#[test]
fn the_explanation_tells_the_whole_count_in_english() {
    let english = after("2025-08-31T09:00:00Z", Span::Months(6)).explanation.en;
    assert_eq!(
        english,
        "28 February 2026, to the end of the day: six calendar months from the hand-over to the \
         access provider or the post on 31 August 2025; the last month has no day 31; CPI \
         L331-20, al. 2; calendar fr-metropole 2026-1"
    );
}

#[test]
fn french_articles_and_numbers_agree() {
    let sent = deadline::after(
        at("2026-05-01T09:00:00Z"),
        Span::Hours(1),
        "le constat",
        "",
        &paris(),
        &calendar(),
    );
    assert!(sent.explanation.fr.contains("une heure à compter du constat le 1er mai 2026"));
    let day = after("2026-05-01T09:00:00Z", Span::Days(1)).explanation;
    assert!(day.fr.contains("un jour à compter"), "{}", day.fr);
    let none = after("2026-05-01T09:00:00Z", Span::Days(0)).explanation;
    assert!(none.fr.contains("zéro jour à compter"), "{}", none.fr);
    assert!(none.en.contains("zero days from"), "{}", none.en);
    assert!(day.en.contains("one day from"), "{}", day.en);
}

#[test]
fn a_count_past_the_years_the_calendar_knows_says_so() {
    let late = after("2032-12-30T09:00:00Z", Span::WorkingDays(5)).explanation;
    assert!(late.en.contains("does not know the holidays of that year"), "{}", late.en);
    let known = after("2032-12-01T09:00:00Z", Span::WorkingDays(5)).explanation;
    assert!(!known.en.contains("does not know"), "{}", known.en);
}

#[test]
fn an_unknown_time_zone_is_refused_by_name() {
    let error = Zone::named("Europe/Lutece").unwrap_err();
    assert!(error.to_string().contains("Europe/Lutece"));
}

#[test]
fn a_span_beyond_all_dates_ends_with_the_last_date_instead_of_failing() {
    let huge = after("2026-01-10T09:00:00Z", Span::Months(i32::MAX));
    assert_eq!(huge.last_day, Date::MAX);
    let huge = after("2026-01-10T09:00:00Z", Span::Days(i32::MAX));
    assert_eq!(huge.last_day, Date::MAX);
}

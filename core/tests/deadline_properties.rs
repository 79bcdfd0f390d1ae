//! What holds for every start, span and calendar.

use std::sync::LazyLock;

use entremise_core::deadline::{self, Calendar, Deadline, Words, Zone};
use entremise_core::regime::embedded;
use entremise_core::regime::rules::Span;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

fn zones() -> impl Strategy<Value = Zone> {
    const NAMES: [&str; 4] =
        ["Europe/Paris", "America/New_York", "America/Santiago", "Asia/Kathmandu"];
    proptest::sample::select(&NAMES[..]).prop_map(|name| Zone::named(name).unwrap())
}

fn spans() -> impl Strategy<Value = Span> {
    prop_oneof![
        (0..2_000).prop_map(Span::Hours),
        (0..800).prop_map(Span::Days),
        (0..300).prop_map(Span::WorkingDays),
        (0..40).prop_map(Span::Months),
    ]
}

fn starts() -> impl Strategy<Value = Timestamp> {
    // 2009 to 2030, to the second.
    (1_230_768_000_i64..1_893_456_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn days() -> impl Strategy<Value = Date> {
    (0_i64..8_000).prop_map(|days: i64| date(2009, 1, 1).checked_add(days.days()).unwrap())
}

fn calendar() -> Calendar {
    static ALL: LazyLock<Vec<Calendar>> = LazyLock::new(|| embedded::calendars().unwrap());
    ALL.iter().find(|calendar| calendar.id() == "fr-metropole").unwrap().clone()
}

fn after(start: Timestamp, span: Span, zone: &Zone, calendar: &Calendar) -> Deadline {
    deadline::after(start, span, "handed_over", "", zone, calendar)
}

proptest! {
    #[test]
    fn a_later_start_never_ends_earlier(
        start in starts(), later in 0_i64..10_000_000, span in spans(), zone in zones(),
    ) {
        let calendar = calendar();
        let next = start + SignedDuration::from_secs(later);
        let (first, second) = (
            after(start, span, &zone, &calendar),
            after(next, span, &zone, &calendar),
        );
        prop_assert!(first.ends_at <= second.ends_at, "{first:?} {second:?}");
        prop_assert!(first.last_day <= second.last_day);
    }

    #[test]
    fn the_end_is_never_before_the_start(start in starts(), span in spans(), zone in zones()) {
        let deadline = after(start, span, &zone, &calendar());
        prop_assert!(deadline.ends_at >= start);
        prop_assert!(deadline.last_day >= zone.day_of(start));
    }

    #[test]
    fn days_and_months_end_at_the_last_instant_of_the_last_day(
        start in starts(), span in spans(), zone in zones(),
    ) {
        let deadline = after(start, span, &zone, &calendar());
        if !matches!(span, Span::Hours(_)) {
            let last = deadline.ends_at - SignedDuration::from_nanos(1);
            prop_assert_eq!(zone.day_of(last), deadline.last_day);
            prop_assert_eq!(zone.day_of(deadline.ends_at), deadline.last_day.tomorrow().unwrap());
        }
    }

    #[test]
    fn one_more_holiday_never_shortens_a_deadline(
        start in starts(), span in spans(), zone in zones(), holiday in days(),
    ) {
        let name = Words { fr: "Jour de plus".into(), en: "One more".into() };
        let edited = calendar().with_holiday(holiday, name, "2");
        let before = after(start, span, &zone, &calendar());
        let now = after(start, span, &zone, &edited);
        prop_assert!(now.ends_at >= before.ends_at);
    }

    #[test]
    fn a_working_day_count_ends_on_a_working_day(start in starts(), count in 1..300) {
        let (zone, calendar) = (Zone::named("Europe/Paris").unwrap(), calendar());
        let deadline = after(start, Span::WorkingDays(count), &zone, &calendar);
        prop_assert!(calendar.is_working_day(deadline.last_day));
    }
}

//! The regimes in the binary: readable, lawful, and the law of each day.

use std::sync::LazyLock;

use entremise_core::regime::rules::{Gate, Pronouncer, Span};
use entremise_core::regime::{Regime, RegimeError, embedded};
use jiff::civil::date;

#[test]
fn every_regime_in_the_binary_can_be_read_and_has_no_finding() {
    for id in embedded::ids() {
        let regime = embedded(id).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(regime.id(), id);
    }
}

#[test]
fn an_unknown_regime_is_answered_with_those_there_are() {
    let error = embedded("fr-graduated").unwrap_err();
    let RegimeError::Unknown { known, .. } = &error else { panic!("{error}") };
    assert!(known.contains(&"fr-graduated-response"));
}

#[test]
fn a_day_before_the_first_rules_has_no_rules() {
    let regime = embedded("fr-graduated-response").unwrap();
    assert!(regime.on(date(2010, 10, 13)).is_err());
    assert!(regime.on(date(2010, 10, 14)).is_ok());
    let error = regime.on(date(2009, 6, 1)).unwrap_err().to_string();
    assert!(error.contains("2010-10-14"), "{error}");
}

#[test]
fn the_third_finding_has_no_gate_until_the_court_of_justice_demands_one() {
    let regime = embedded("fr-graduated-response").unwrap();
    let gate = |day| regime.on(day).unwrap().stages[2].gate;
    assert_eq!(gate(date(2024, 4, 29)), None);
    assert_eq!(gate(date(2024, 4, 30)), Some(Gate::ReviewerAuthorisation));
    assert_eq!(gate(date(2026, 11, 1)), Some(Gate::ReviewerAuthorisation));
    let path = "stage.third_finding.gate";
    assert!(regime.cites(path, date(2026, 4, 29)).unwrap().cite.contains("C-470/21"));
    assert!(regime.cites(path, date(2026, 4, 30)).unwrap().cite.contains("433539"));
}

#[test]
fn the_articles_are_cited_by_the_numbers_of_the_day() {
    let regime = embedded("fr-graduated-response").unwrap();
    let cite = |path: &str, day| regime.cites(path, day).unwrap().cite.clone();
    let window = "stage.first.clock.repeat_within";
    assert_eq!(cite(window, date(2021, 12, 31)), "CPI L331-25, al. 2");
    assert_eq!(cite(window, date(2022, 1, 1)), "CPI L331-20, al. 2");
    assert_eq!(cite("provider.answers_within", date(2021, 12, 31)), "CPI R331-37");
    assert_eq!(cite("provider.answers_within", date(2022, 1, 1)), "CPI R331-8");
}

#[test]
fn the_suspension_for_negligence_ended_on_9_july_2013() {
    let regime = embedded("fr-graduated-response").unwrap();
    let has =
        |day, id: &str| regime.on(day).unwrap().measures.iter().any(|measure| measure.id == id);
    assert!(has(date(2013, 7, 9), "suspension_negligence"));
    assert!(!has(date(2013, 7, 10), "suspension_negligence"));
    assert!(has(date(2026, 7, 10), "suspension_counterfeiting"));
    assert!(has(date(2026, 7, 10), "fine_negligence"));
}

#[test]
fn every_measure_that_is_lived_by_is_pronounced_by_a_court_on_every_day() {
    let regime = embedded("fr-graduated-response").unwrap();
    for version in regime.versions() {
        for measure in &version.rules.measures {
            let by = if measure.simulation { Pronouncer::Authority } else { Pronouncer::Court };
            assert_eq!(measure.pronounced_by, by, "{} from {}", measure.id, version.from);
        }
    }
}

#[test]
fn versions_follow_each_other_without_a_hole_and_each_differs_from_the_one_before() {
    for id in embedded::ids() {
        let regime = embedded(id).unwrap();
        for pair in regime.versions().windows(2) {
            assert_eq!(pair[0].until.unwrap().tomorrow().unwrap(), pair[1].from);
            assert_ne!(pair[0].values, pair[1].values, "{id} {}", pair[1].from);
        }
        assert_eq!(regime.versions().last().unwrap().until, None);
    }
}

#[test]
fn a_rule_may_be_in_force_for_one_day_only() {
    let text = embedded::text("xx-specimen").unwrap().replace(
        "{ hours = 48, from = 2025-01-01, until = 2026-06-30,",
        "{ hours = 48, from = 2025-01-01, until = 2026-06-29, cite = \"x\", sure = \"L\" }, \
         { hours = 1, from = 2026-06-30, until = 2026-06-30,",
    );
    let regime = Regime::parse("x", &text, &embedded::calendars().unwrap()).unwrap();
    let answers = |day| regime.on(day).unwrap().provider.answers_within;
    assert_eq!(answers(date(2026, 6, 29)), Span::Hours(48));
    assert_eq!(answers(date(2026, 6, 30)), Span::Hours(1));
    assert_eq!(answers(date(2026, 7, 1)), Span::WorkingDays(2));
}

#[test]
fn a_regime_that_ended_has_no_rules_after_its_last_day() {
    let text = embedded::text("xx-specimen").unwrap().replacen(
        "from = 2025-01-01",
        "from = 2025-01-01\nuntil = 2026-12-31",
        1,
    );
    let regime = Regime::parse("x", &text, &embedded::calendars().unwrap()).unwrap();
    assert!(regime.on(date(2026, 12, 31)).is_ok());
    assert!(regime.on(date(2027, 1, 1)).is_err());
}

#[test]
fn the_specimen_law_counts_in_hours_and_then_in_working_days() {
    let regime = embedded("xx-specimen").unwrap();
    let answers = |day| regime.on(day).unwrap().provider.answers_within;
    assert_eq!(answers(date(2026, 6, 30)), Span::Hours(48));
    assert_eq!(answers(date(2026, 7, 1)), Span::WorkingDays(2));
    assert_eq!(regime.on(date(2026, 7, 1)).unwrap().stages[0].decides, None);
}

#[test]
fn a_deadline_of_a_regime_cites_the_article_of_the_day_of_the_start() {
    let regime = embedded("fr-graduated-response").unwrap();
    let window = |start: &str| {
        let span = Span::Months(6);
        let path = "stage.first.clock.repeat_within";
        regime.deadline(start.parse().unwrap(), span, "handed_over", path)
    };
    assert!(window("2021-12-31T12:00:00Z").explanation.fr.contains("L331-25"));
    assert!(window("2022-01-01T12:00:00Z").explanation.fr.contains("L331-20"));
}

#[test]
fn the_digest_is_of_the_text_and_not_of_its_line_ends() {
    let text = embedded::text("xx-specimen").unwrap();
    let calendars = embedded::calendars().unwrap();
    let digest = |text: &str| {
        let regime = entremise_core::regime::Regime::parse("x", text, &calendars).unwrap();
        regime.digest().to_owned()
    };
    assert_eq!(digest(text).len(), 64);
    assert_eq!(digest(text), digest(&text.replace('\n', "\r\n")));
    assert_eq!(digest(text), digest(&format!("\u{feff}{text}\n\n")));
    assert_ne!(digest(text), digest(&text.replace("s 8\"", "s 88\"")));
}

#[test]
fn every_stage_that_the_law_of_the_day_opens_has_its_letter_in_the_folder() {
    let regime = embedded("fr-graduated-response").unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../regimes/fr-graduated-response/letters");
    for stage in &regime.versions().last().unwrap().rules.stages {
        for ending in ["typ", "txt"] {
            let path = format!("{folder}/{}.{ending}", stage.letter);
            assert!(stage.gate.is_some() || std::path::Path::new(&path).exists(), "{path}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn on_every_day_each_value_stands_on_a_row_in_force_that_day(offset in 0_i64..9_000) {
        static REGIME: LazyLock<Regime> =
            LazyLock::new(|| embedded("fr-graduated-response").unwrap());
        let regime = &*REGIME;
        let day = date(2010, 10, 14).checked_add(jiff::Span::new().days(offset)).unwrap();
        let version = regime.version_on(day).unwrap();
        for (path, value) in &version.values {
            let text = &value.citation;
            let in_force = text.from <= day && text.until.is_none_or(|until| day <= until);
            proptest::prop_assert!(in_force, "{path} on {day}: {text:?}");
        }
        proptest::prop_assert_eq!(regime.on(day).unwrap().stages.len(), 3);
    }
}

//! Dated situations (`regimes/<id>/cases.toml`): what happens on which day, and what must follow.
//!
//! The situations are written for lawyers and run against the engine. That they mean something is
//! tested too: change one figure of the law, and a situation must notice.

mod expect;
mod file;
mod world;

use std::path::PathBuf;

use entremise_core::regime::{Regime, embedded};

use file::Situation;
use world::World;

/// The situations of a regime, from its folder.
fn situations(regime: &str) -> Vec<Situation> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../regimes").join(regime);
    let path = folder.join("cases.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    file::parse(&text)
}

/// What went otherwise than the situations say, one line each.
fn failures(situations: &[Situation], regime: &Regime) -> Vec<String> {
    situations
        .iter()
        .filter_map(|situation| {
            let mut world = World::new(regime.clone());
            let wrong = situation.on.iter().enumerate().find_map(|(place, step)| {
                world
                    .take(step)
                    .err()
                    .map(|why| format!("step {} ({}): {why}", place + 1, step.event))
            });
            wrong.map(|why| format!("{}\n    {why}", situation.title))
        })
        .collect()
}

#[test]
fn everything_follows_as_the_situations_say() {
    for id in embedded::ids() {
        let failed = failures(&situations(id), &embedded(id).unwrap());
        assert!(failed.is_empty(), "{id}, {} failed:\n{}", failed.len(), failed.join("\n"));
    }
}

#[test]
fn the_french_law_has_at_least_sixty_situations_each_with_a_source() {
    let all = situations("fr-graduated-response");
    assert!(all.len() >= 60, "{}", all.len());
    for situation in &all {
        assert!(!situation.cite.trim().is_empty(), "{}", situation.title);
        let tells = situation.on.iter().any(|step| step.then.is_some());
        assert!(tells, "nothing must follow in: {}", situation.title);
    }
}

#[test]
fn no_two_situations_have_the_same_title() {
    for id in embedded::ids() {
        let mut titles: Vec<String> =
            situations(id).into_iter().map(|situation| situation.title).collect();
        let count = titles.len();
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), count, "{id}");
    }
}

/// Every length of time in the law, one longer: each must break a situation.
#[test]
fn no_length_of_time_can_change_unnoticed() {
    let law = embedded::text("fr-graduated-response").unwrap();
    let calendars = embedded::calendars().unwrap();
    let situations = situations("fr-graduated-response");
    let mut unnoticed = Vec::new();
    for (number, line) in law.lines().enumerate() {
        for unit in ["hours = ", "days = ", "months = "] {
            let Some(at) = line.find(unit) else { continue };
            let digits: String =
                line[at + unit.len()..].chars().take_while(char::is_ascii_digit).collect();
            let count: i32 = digits.parse().unwrap();
            let longer =
                line.replacen(&format!("{unit}{count}"), &format!("{unit}{}", count + 1), 1);
            let mut lines: Vec<&str> = law.lines().collect();
            lines[number] = &longer;
            let regime = Regime::parse("longer.toml", &lines.join("\n"), &calendars).unwrap();
            if failures(&situations, &regime).is_empty() {
                unnoticed.push(format!("line {}: {line}", number + 1));
            }
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

/// Each change of one passage of the law must break at least one situation.
#[test]
fn a_changed_figure_of_the_law_is_noticed_by_a_situation() {
    let changes = [
        (
            "{ months = 6, from = 2022-01-01, cite = \"CPI L331-19\"",
            "{ months = 7, from = 2022-01-01, cite = \"CPI L331-19\"",
        ),
        (
            "{ months = 12, from = 2022-01-01, cite = \"CPI L331-19\"",
            "{ months = 11, from = 2022-01-01, cite = \"CPI L331-19\"",
        ),
        ("{ days = 8, from = 2022-01-01", "{ days = 9, from = 2022-01-01"),
        ("{ hours = 24, from = 2022-01-01", "{ hours = 25, from = 2022-01-01"),
        (
            "{ months = 6, from = 2022-01-01, cite = \"CPI L331-20",
            "{ months = 5, from = 2022-01-01, cite = \"CPI L331-20",
        ),
        (
            "{ months = 6, from = 2009-11-01, until = 2021-12-31, cite = \"CPI L331-25",
            "{ months = 5, from = 2009-11-01, until = 2021-12-31, cite = \"CPI L331-25",
        ),
        (
            "{ months = 12, from = 2010-06-25, cite = \"CPI R335-5",
            "{ months = 13, from = 2010-06-25, cite = \"CPI R335-5",
        ),
        (
            "{ value = \"presented\", from = 2022-01-01, cite = \"CPI L331-20",
            "{ value = \"handed_over\", from = 2022-01-01, cite = \"CPI L331-20",
        ),
        (
            "{ value = \"reviewer_authorisation\", from = 2026-04-30",
            "{ value = \"barred\", from = 2026-04-30",
        ),
        (
            "unclaimed       = [{ value = \"counts_as_presented\", from = 2009-11-01, cite = \"lecture propre : la loi",
            "unclaimed       = [{ value = \"not_notified\", from = 2009-11-01, cite = \"lecture propre : la loi",
        ),
        (
            "lost            = [{ value = \"send_again\", from = 2009-11-01, cite = \"lecture propre : aucune",
            "lost            = [{ value = \"not_notified\", from = 2009-11-01, cite = \"lecture propre : aucune",
        ),
        (
            "fallback = [{ value = [\"letter\"], from = 2022-01-01",
            "fallback = [{ value = [\"letter\"], from = 2023-01-01",
        ),
        ("keep = [{ months = 2, ", "keep = [{ months = 3, "),
        ("keep = [{ months = 14, ", "keep = [{ months = 13, "),
        ("keep = [{ months = 20, ", "keep = [{ months = 21, "),
        ("decide_within = [{ working_days = 10,", "decide_within = [{ working_days = 9,"),
        (
            "{ value = true, from = 2022-01-01, cite = \"CPI L331-20\", sure = \"H\" }",
            "{ value = false, from = 2022-01-01, cite = \"CPI L331-20\", sure = \"H\" }",
        ),
        (
            "until = 2013-07-09, cite = \"CPI R335-5 III",
            "until = 2013-07-31, cite = \"CPI R335-5 III",
        ),
        (
            "{ days = 15, from = 2022-01-01, cite = \"CPI R331-12\"",
            "{ days = 14, from = 2022-01-01, cite = \"CPI R331-12\"",
        ),
    ];
    let law = embedded::text("fr-graduated-response").unwrap();
    let calendars = embedded::calendars().unwrap();
    let situations = situations("fr-graduated-response");
    let as_it_is = embedded("fr-graduated-response").unwrap();
    assert!(failures(&situations, &as_it_is).is_empty());
    let mut unnoticed = Vec::new();
    for (passage, changed) in changes {
        assert!(law.contains(passage), "{passage:?} is not in the law");
        let other = law.replacen(passage, changed, 1);
        let regime = Regime::parse("changed.toml", &other, &calendars).unwrap();
        if failures(&situations, &regime).is_empty() {
            unnoticed.push(changed);
        }
    }
    assert_eq!(unnoticed, Vec::<&str>::new());
}

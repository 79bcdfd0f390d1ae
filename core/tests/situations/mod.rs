//! Dated situations (`regimes/<id>/cases.toml`): what happens on which day, and what must follow.
//!
//! The situations are written for lawyers and run against the engine. That they mean something is
//! tested too: change one figure of the law, and a situation must notice.

mod expect;
mod file;
mod hearing;
mod measures;
mod reviewer;
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
            let mut world = World::new(regime);
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

/// The law with one line changed must break at least one situation; those that break none.
fn unnoticed(change: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let law = embedded::text("fr-graduated-response").unwrap();
    let calendars = embedded::calendars().unwrap();
    let situations = situations("fr-graduated-response");
    let mut changed = 0;
    let mut unnoticed = Vec::new();
    for (number, line) in law.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let Some(other) = change(line) else { continue };
        changed += 1;
        let mut lines: Vec<&str> = law.lines().collect();
        lines[number] = &other;
        let regime = Regime::parse("changed.toml", &lines.join("\n"), &calendars).unwrap();
        if failures(&situations, &regime).is_empty() {
            unnoticed.push(format!("line {}: {line}", number + 1));
        }
    }
    assert!(changed > 0, "the change fits no line");
    unnoticed
}

#[test]
fn no_length_of_time_can_change_unnoticed() {
    let longer = |line: &str| {
        let unit = ["hours = ", "days = ", "months = "].into_iter().find(|it| line.contains(it))?;
        let start = line.find(unit)? + unit.len();
        let digits: String = line[start..].chars().take_while(char::is_ascii_digit).collect();
        let count: i32 = digits.parse().ok()?;
        Some(line.replacen(&format!("{unit}{count}"), &format!("{unit}{}", count + 1), 1))
    };
    let unnoticed = unnoticed(longer);
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

#[test]
fn no_choice_of_the_law_can_change_unnoticed() {
    let choices = [
        ("value = \"presented\"", "value = \"handed_over\""),
        ("value = \"counts_as_presented\"", "value = \"not_notified\""),
        ("value = \"not_notified\"", "value = \"counts_as_presented\""),
        ("value = \"send_again\"", "value = \"not_notified\""),
        ("value = \"close\"", "value = \"not_notified\""),
        ("value = \"reviewer_authorisation\"", "value = \"barred\""),
        ("value = \"alarm\"", "value = \"annulled\""),
        ("value = \"goes_on\"", "value = \"stands_still\""),
        ("value = true", "value = false"),
        ("value = false", "value = true"),
        ("value = [\"letter\"]", "value = []"),
        ("until = 2013-07-09", "until = 2013-07-08"),
    ];
    let unnoticed = unnoticed(|line| {
        let (from, to) = choices.iter().find(|(from, _)| line.contains(from))?;
        Some(line.replacen(from, to, 1))
    });
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

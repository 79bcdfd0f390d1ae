//! The duties in the binary: readable, each with its situations, and no length that can change
//! unnoticed.

use entremise_core::deadline::Lang;
use entremise_core::duties::{Duties, changes, diff_text, embedded, show, situations};
use entremise_core::regime::embedded::calendars;
use jiff::civil::{Date, date};

fn today() -> Date {
    date(2026, 11, 22)
}

/// What differs, one line each.
fn failures(duties: &Duties, all: &[situations::Situation]) -> Vec<String> {
    let played = situations::play(duties, all);
    let failed = played.into_iter().filter(|played| !played.holds());
    failed
        .map(|played| {
            let one = &played.differs[0];
            format!(
                "{}\n    step {}, {}: expected {}, found {}\n    {}",
                played.title, one.step, one.of, one.expected, one.found, one.words.fr
            )
        })
        .collect()
}

fn situations_of(id: &str) -> Vec<situations::Situation> {
    situations::parse(id, embedded::situations(id).unwrap()).unwrap_or_else(|it| panic!("{it}"))
}

#[test]
fn every_duties_file_in_the_binary_can_be_read_and_has_no_finding() {
    for id in embedded::ids() {
        let duties = embedded(id).unwrap_or_else(|error| panic!("{error:#?}"));
        assert_eq!(duties.id(), id);
    }
}

#[test]
fn everything_is_owed_as_the_situations_say() {
    let ids = embedded::ids().into_iter();
    let failed: Vec<String> =
        ids.flat_map(|id| failures(&embedded(id).unwrap(), &situations_of(id))).collect();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_regime_has_at_least_fifteen_situations_each_with_a_source_and_something_that_follows() {
    for id in embedded::ids() {
        let all = situations_of(id);
        assert!(all.len() >= 15, "{id}: {}", all.len());
        let mut titles: Vec<&String> = all.iter().map(|situation| &situation.title).collect();
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), all.len(), "{id}: two situations have one title");
        for situation in &all {
            assert!(!situation.cite.trim().is_empty(), "{}", situation.title);
            let tells = situation.on.iter().any(|step| !step.then.is_empty());
            assert!(tells, "nothing must follow in: {}", situation.title);
        }
    }
}

/// The lines of every file that, changed, no situation notices.
fn unnoticed(change: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let calendars = calendars().unwrap();
    let mut unnoticed = Vec::new();
    let mut changed = 0;
    for id in embedded::ids() {
        let (text, all) = (embedded::text(id).unwrap(), situations_of(id));
        let ladder = embedded::ladder(id).unwrap();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let Some(other) = change(line) else { continue };
            changed += 1;
            let mut lines: Vec<&str> = text.lines().collect();
            lines[number] = &other;
            let duties = Duties::parse(id, &lines.join("\n"), ladder.clone(), &calendars);
            if failures(&duties.unwrap(), &all).is_empty() {
                unnoticed.push(format!("{id}, line {}: {line}", number + 1));
            }
        }
    }
    assert!(changed > 0, "the change fits no line");
    unnoticed
}

#[test]
fn no_length_of_time_that_is_owed_can_change_unnoticed() {
    let unnoticed = unnoticed(|line| {
        let unit = ["hours = ", "days = ", "months = "].into_iter().find(|it| line.contains(it))?;
        let start = line.find(unit)? + unit.len();
        let digits: String = line[start..].chars().take_while(char::is_ascii_digit).collect();
        let count: i32 = digits.parse().ok()?;
        Some(line.replacen(&format!("{unit}{count}"), &format!("{unit}{}", count + 1), 1))
    });
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

#[test]
fn what_a_refusal_does_to_the_clock_cannot_change_unnoticed() {
    let unnoticed = unnoticed(|line| {
        let words = [("\"stops\"", "\"runs_on\""), ("\"restarts\"", "\"runs_on\"")];
        let others = [("\"ends\"", "\"runs_on\""), ("\"runs_on\"", "\"ends\"")];
        let all = words.into_iter().chain(others);
        let (from, to) = all.into_iter().find(|(from, _)| line.contains(from))?;
        line.starts_with("clock").then(|| line.replacen(from, to, 1))
    });
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

#[test]
fn every_table_fits_a_terminal_and_names_every_party_and_every_act() {
    for id in embedded::ids() {
        let duties = embedded(id).unwrap();
        let day = duties.days().last().copied().unwrap().min(today());
        for lang in [Lang::Fr, Lang::En] {
            let text = show::text(&duties, day, lang);
            for line in text.lines() {
                assert!(line.chars().count() <= 104, "{id}: {line}");
            }
            let table = show::table(&duties, day);
            assert!(!table.rows.is_empty(), "{id} on {day}");
            for party in &table.parties {
                assert!(text.contains(party.title.in_lang(lang)), "{id}: {}", party.id);
            }
        }
    }
}

#[test]
fn the_page_is_one_table_with_a_caption_headings_and_no_script() {
    for id in embedded::ids() {
        let duties = embedded(id).unwrap();
        let day = duties.days().last().copied().unwrap().min(today());
        let page = show::html(&duties, day, Lang::Fr);
        let table = show::table(&duties, day);
        assert_eq!(page.matches("<caption").count(), 1, "{id}");
        assert_eq!(page.matches("<th scope=\"row\"").count(), table.rows.len(), "{id}");
        assert_eq!(page.matches("<th scope=\"col\"").count(), table.parties.len() + 2, "{id}");
        for outside in ["<script", "http://", "https://", "<link", "url("] {
            assert!(!page.contains(outside), "{id}: {outside}");
        }
        assert!(page.contains("SPECIMEN") && page.contains(duties.digest()), "{id}");
    }
}

#[test]
fn a_day_outside_the_life_of_the_law_has_an_empty_table_that_says_so() {
    let duties = embedded("eu-terrorist-content").unwrap();
    let before = date(2022, 6, 6);
    assert!(show::table(&duties, before).rows.is_empty());
    assert!(show::text(&duties, before, Lang::Fr).contains("Rien n’est dû ce jour-là"));
    assert!(show::html(&duties, before, Lang::En).contains("Nothing is owed on that day"));
    assert!(!show::table(&duties, date(2022, 6, 7)).rows.is_empty());
}

#[test]
fn a_change_is_told_with_its_day_and_its_text() {
    let duties = embedded("eu-terrorist-content").unwrap();
    let (before, after) = (date(2022, 8, 17), date(2022, 8, 18));
    let changed = changes(&duties, before, after);
    let paths: Vec<&str> = changed.iter().map(|change| change.path.as_str()).collect();
    assert!(paths.contains(&"appeal.seize_court.within"), "{paths:?}");
    assert!(changed.iter().all(|change| change.since == after && change.before.is_none()));
    let text = diff_text(&duties, before, after, Lang::Fr);
    assert!(text.contains("À partir du 18 août 2022"), "{text}");
    assert!(text.contains("LCEN, art. 6-1-5"), "{text}");
    assert!(diff_text(&duties, after, today(), Lang::Fr).contains("Rien n’a changé."));
}

#[test]
fn the_digest_is_of_the_text_that_the_parties_adopt() {
    let (id, calendars) = ("eu-terrorist-content", calendars().unwrap());
    let text = embedded::text(id).unwrap();
    let digest =
        |text: &str| Duties::parse(id, text, None, &calendars).unwrap().digest().to_owned();
    assert_eq!(digest(text), digest(&text.replace('\n', "\r\n")));
    assert_ne!(digest(text), digest(&text.replacen("hours = 1,", "hours = 2,", 1)));
}

/// The fenced texts of the page about duties.
fn examples() -> Vec<String> {
    let page = include_str!("../../docs/duties.md");
    let fenced = page.split("```toml\n").skip(1);
    fenced.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_example_of_the_documentation_is_whole_and_its_situation_holds() {
    let [file, situation] = examples().try_into().unwrap();
    let duties = Duties::parse("docs/duties.md", &file, None, &calendars().unwrap());
    let duties = duties.unwrap_or_else(|error| panic!("{error}"));
    let all = situations::parse("docs/duties.md", &situation).unwrap();
    assert_eq!(failures(&duties, &all), Vec::<String>::new());
}

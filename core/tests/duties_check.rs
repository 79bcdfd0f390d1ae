//! Every finding about a duties file has a file that breaks it, and only that.

use entremise_core::duties::{Duties, DutiesFile, check, embedded};
use entremise_core::regime::embedded::calendars;
use entremise_core::regime::{Finding, FindingCode, RegimeError};

fn text() -> String {
    embedded::text("xx-specimen").unwrap().to_owned()
}

/// The findings of the specimen with one place changed.
fn findings(from: &str, to: &str) -> Vec<Finding> {
    let text = text();
    assert!(text.contains(from), "the specimen has no {from:?}");
    let file = DutiesFile::parse("x", &text.replacen(from, to, 1)).unwrap();
    check(&file, embedded::ladder("xx-specimen").unwrap().as_ref())
}

fn only(code: FindingCode, found: &[Finding]) -> Finding {
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].code, code, "{found:#?}");
    assert!(!found[0].how.is_empty() && !found[0].at.is_empty());
    found[0].clone()
}

/// One `[[word]]` block of the file, from its id to the next block.
fn without(word: &str, id: &str) -> Vec<Finding> {
    let text = text();
    let head = format!("[[{word}]]\nid");
    let start = text
        .match_indices(&head)
        .map(|(at, _)| at)
        .find(|at| text[*at..].lines().nth(1).unwrap().ends_with(&format!("\"{id}\"")))
        .unwrap();
    let end = text[start + 2..].find("\n[[").map_or(text.len(), |end| start + 2 + end);
    let cut = format!("{}{}", &text[..start], &text[end..]);
    let file = DutiesFile::parse("x", &cut).unwrap();
    check(&file, embedded::ladder("xx-specimen").unwrap().as_ref())
}

const RULE: &str = "within    = [{ months = 1, from = 2025-01-01, cite = \"Example Act, s 51\"";

#[test]
fn a_gap_between_two_rows_is_found() {
    let found = findings("hours = 24, from = 2026-01-01", "hours = 24, from = 2026-02-01");
    assert!(only(FindingCode::Gap, &found).at.contains("duty.apply.within"));
}

#[test]
fn two_rows_on_one_day_are_found() {
    let found = findings("until = 2025-12-31", "until = 2026-01-31");
    only(FindingCode::Overlap, &found);
}

#[test]
fn a_value_without_a_text_a_day_or_a_sureness_is_found_with_its_line() {
    let cite = only(FindingCode::MissingCite, &findings("\"Example Act, s 51\"", "\"\""));
    assert!(cite.at.starts_with("line "), "{}", cite.at);
    let undated = findings(RULE, &RULE.replace(" from = 2025-01-01,", ""));
    assert!(undated.iter().any(|finding| finding.code == FindingCode::Undated), "{undated:#?}");
    let unsure = format!("{RULE}, sure = \"H\"");
    only(FindingCode::MissingSureness, &findings(&unsure, RULE));
}

#[test]
fn a_length_without_a_unit_or_with_an_unknown_word_is_found() {
    only(FindingCode::MissingUnit, &findings(RULE, &RULE.replace("months = 1", "value = 1")));
    only(FindingCode::MissingUnit, &findings("value = \"at_once\"", "value = \"soon\""));
    let two = RULE.replace("months = 1", "months = 1, days = 2");
    only(FindingCode::MissingUnit, &findings(RULE, &two));
    let negative = findings(RULE, &RULE.replace("months = 1", "months = -1"));
    only(FindingCode::UnknownValue, &negative);
}

#[test]
fn a_word_for_the_clock_that_is_none_is_found() {
    only(FindingCode::UnknownValue, &findings("value = \"runs_on\"", "value = \"waits\""));
}

#[test]
fn a_duty_that_runs_from_an_event_that_no_party_brings_about_is_found() {
    let found = findings("by    = \"court\"\n", "");
    assert!(only(FindingCode::EventWithoutParty, &found).at.contains("event.ruled"));
}

#[test]
fn a_party_or_an_event_that_is_not_declared_is_found() {
    only(FindingCode::UnknownParty, &findings("by    = \"court\"", "by    = \"tribunal\""));
    only(
        FindingCode::UnknownParty,
        &findings("value = [\"commissioner\"]", "value = [\"nobody\", \"commissioner\"]"),
    );
    only(FindingCode::UnknownEvent, &without("event", "ruled"));
}

#[test]
fn an_event_that_nothing_follows_from_is_found() {
    let event = "[[event]]\nid    = \"idle\"\ntitle = { fr = \"x\", en = \"x\" }\n\
                 by    = \"court\"\nproof = { fr = \"x\", en = \"x\" }\n\n[[order]]";
    only(FindingCode::EventWithoutEffect, &findings("[[order]]", event));
}

#[test]
fn a_party_that_has_no_part_is_found() {
    let party = "[[party]]\nid    = \"idle\"\ntitle = { fr = \"x\", en = \"x\" }\n\n[[event]]";
    only(FindingCode::PartyWithoutPart, &findings("[[event]]", party));
}

#[test]
fn a_duty_that_nobody_oversees_is_found_with_the_day() {
    let whole = "[{ value = [\"commissioner\"], from = 2025-01-01";
    let found = findings(whole, &whole.replace("2025-01-01", "2025-02-01"));
    assert!(!found.is_empty());
    for finding in found {
        assert_eq!(finding.code, FindingCode::DutyUnwatched);
        assert!(finding.why.contains("2025-01-01"), "{}", finding.why);
    }
    let empty = findings("value = [\"commissioner\"]", "value = []");
    assert!(empty.iter().any(|finding| finding.code == FindingCode::DutyUnwatched));
}

#[test]
fn a_right_to_refuse_without_a_reason_or_a_text_is_found() {
    let unnamed = findings("title  = { fr = \"réserve\", en = \"reservation\" }\n", "");
    only(FindingCode::RefusalWithoutReason, &unnamed);
    let clock = "clock  = [{ value = \"runs_on\", from = 2025-01-01, \
                 cite = \"Example Act, s 43(4)\", sure = \"H\" }]\n";
    only(FindingCode::RefusalWithoutReason, &findings(clock, ""));
    only(FindingCode::MissingCite, &findings("\"Example Act, s 43(4)\"", "\"\""));
}

#[test]
fn a_clock_that_nothing_lets_run_again_is_found() {
    let found = findings("resumes_at = \"mended\"\n", "");
    assert!(
        found.iter().any(|finding| finding.code == FindingCode::RefusalWithoutEnd),
        "{found:#?}"
    );
}

#[test]
fn an_order_without_an_end_or_without_redress_is_found() {
    let expires = "[{ days = 30, from = 2025-01-01, cite = \"Example Act, s 40\", sure = \"H\" }]";
    only(FindingCode::OrderWithoutExpiry, &findings(expires, "[]"));
    let once = expires.replace("days = 30", "value = \"once_done\"");
    only(FindingCode::OrderWithoutExpiry, &findings(expires, &once));
    only(
        FindingCode::OrderWithoutRedress,
        &findings("against   = [\"order\"]", "against   = [\"apply\"]"),
    );
}

#[test]
fn a_duty_without_a_time_or_with_two_is_found() {
    let row = format!("{RULE}, sure = \"H\" }}]\n");
    only(FindingCode::DutyWithoutTime, &findings(&row, ""));
    let both = format!(
        "{row}not_before = [{{ days = 1, from = 2025-01-01, cite = \"x\", sure = \"H\" }}]\n"
    );
    only(FindingCode::DutyWithoutTime, &findings(&row, &both));
}

#[test]
fn a_path_that_the_ladder_does_not_have_is_found() {
    let wrong = "within_of = \"provider.answers_soon\"";
    let found = findings("within_of = \"provider.answers_within\"", wrong);
    assert!(only(FindingCode::UnknownPath, &found).why.contains("provider.answers_soon"));
    let no_length = "within_of = \"intake.classes\"";
    let found = findings("within_of = \"provider.answers_within\"", no_length);
    only(FindingCode::UnknownPath, &found);
}

#[test]
fn an_order_that_is_not_there_is_found() {
    only(FindingCode::UnknownOrder, &findings("under     = \"order\"", "under     = \"ordre\""));
    let found = findings("against   = [\"order\"]", "against   = [\"order\", \"nothing\"]");
    only(FindingCode::UnknownOrder, &found);
    let nothing = findings("against   = [\"order\"]\n", "");
    assert!(nothing.iter().any(|finding| finding.code == FindingCode::UnknownOrder));
}

#[test]
fn two_duties_of_one_name_are_found() {
    let found = findings("id        = \"tell\"", "id        = \"answer\"");
    only(FindingCode::Duplicate, &found);
}

#[test]
fn a_zone_or_a_calendar_that_there_is_not_is_found() {
    only(FindingCode::UnknownZone, &findings("America/New_York", "America/Newer_York"));
    let other = text().replacen("calendar  = \"xx-specimen\"", "calendar  = \"none\"", 1);
    let ladder = embedded::ladder("xx-specimen").unwrap();
    let error = Duties::parse("x", &other, ladder, &calendars().unwrap()).unwrap_err();
    let RegimeError::Unlawful { findings, .. } = error else { panic!("{error}") };
    only(FindingCode::UnknownCalendar, &findings);
}

#[test]
fn a_misspelt_key_is_refused_with_its_line() {
    let error = DutiesFile::parse("x", &text().replacen("done_by", "done_bye", 1)).unwrap_err();
    let RegimeError::Unreadable { line, .. } = error else { panic!("{error}") };
    assert!(line > 1);
}

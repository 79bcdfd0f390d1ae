//! Each finding of `regime::check`, broken once in an otherwise lawful regime.

use entremise_core::regime::{Finding, FindingCode, RegimeError, RegimeFile, check, embedded};

fn specimen() -> &'static str {
    embedded::text("xx-specimen").unwrap()
}

fn french() -> &'static str {
    embedded::text("fr-graduated-response").unwrap()
}

fn findings(text: &str) -> Vec<Finding> {
    check(&RegimeFile::parse("mutated.toml", text).unwrap())
}

/// The findings after one passage of a file was replaced. The passage must be there.
fn mutated(text: &str, passage: &str, with: &str) -> Vec<Finding> {
    assert!(text.contains(passage), "{passage:?} is not in the file");
    findings(&text.replacen(passage, with, 1))
}

/// Exactly one finding, of this code.
fn only(findings: Vec<Finding>, code: FindingCode) -> Finding {
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].code, code, "{findings:#?}");
    findings.into_iter().next().unwrap()
}

#[test]
fn a_lawful_regime_has_no_finding() {
    assert_eq!(findings(specimen()), []);
    assert_eq!(findings(french()), []);
}

#[test]
fn a_value_without_a_first_day_is_undated() {
    let found = mutated(specimen(), "{ hours = 12, from = 2025-01-01,", "{ hours = 12,");
    let finding = only(found, FindingCode::Undated);
    assert!(finding.at.contains("provider.relays_within"), "{finding}");
    assert!(finding.at.starts_with("line 3"), "{finding}");
}

#[test]
fn a_last_day_before_the_first_is_backwards() {
    let found = mutated(specimen(), "until = 2026-06-30", "until = 2024-06-30");
    assert!(found.iter().any(|finding| finding.code == FindingCode::Backwards), "{found:#?}");
}

#[test]
fn a_day_that_no_row_covers_is_a_gap() {
    let found = mutated(specimen(), "until = 2026-06-30", "until = 2026-06-29");
    let finding = only(found, FindingCode::Gap);
    assert!(finding.why.contains("2026-06-30"), "{finding}");
}

#[test]
fn a_value_that_begins_after_the_regime_is_a_gap() {
    let found =
        mutated(specimen(), "{ hours = 48, from = 2025-01-01", "{ hours = 48, from = 2025-01-02");
    only(found, FindingCode::Gap);
}

#[test]
fn a_value_that_ends_before_the_regime_is_a_gap() {
    let found = mutated(
        specimen(),
        "{ hours = 12, from = 2025-01-01,",
        "{ hours = 12, from = 2025-01-01, until = 2030-01-01,",
    );
    only(found, FindingCode::Gap);
}

#[test]
fn a_value_without_any_row_is_a_gap() {
    let found = mutated(
        specimen(),
        "batch_addresses_max = [{ value = 100, from = 2025-01-01, cite = \"Example Act, sch 1\", \
         sure = \"H\" }]",
        "batch_addresses_max = []",
    );
    only(found, FindingCode::Gap);
}

#[test]
fn a_measure_may_be_abolished_but_not_pause() {
    let abolished = french();
    assert!(abolished.contains("until = 2013-07-09"));
    let paused = abolished.replacen(
        "duration_max     = [{ months = 1, from = 2010-06-25, until = 2013-07-09,",
        "duration_max     = [{ months = 1, from = 2010-06-25, until = 2011-01-01, cite = \"x\", \
         sure = \"L\" }, { months = 1, from = 2012-01-01, until = 2013-07-09,",
        1,
    );
    only(findings(&paused), FindingCode::Gap);
}

#[test]
fn a_day_that_two_rows_cover_is_an_overlap() {
    let found = mutated(specimen(), "until = 2026-06-30", "until = 2026-07-01");
    only(found, FindingCode::Overlap);
}

#[test]
fn a_row_that_runs_on_under_the_next_is_an_overlap() {
    let found = mutated(specimen(), ", until = 2026-06-30", "");
    only(found, FindingCode::Overlap);
}

#[test]
fn a_value_that_cites_nothing_is_found() {
    let found = mutated(specimen(), "cite = \"Example Act, s 6\", ", "");
    let finding = only(found, FindingCode::MissingCite);
    assert!(finding.at.contains("provider.relays_within"), "{finding}");
    let blank = mutated(specimen(), "cite = \"Example Act, s 6\"", "cite = \" \"");
    only(blank, FindingCode::MissingCite);
}

#[test]
fn a_value_whose_sureness_nobody_states_is_found() {
    let found = mutated(specimen(), "s 6\", sure = \"H\"", "s 6\"");
    only(found, FindingCode::MissingSureness);
}

#[test]
fn a_length_of_time_without_a_unit_or_with_two_is_found() {
    let none = mutated(specimen(), "{ hours = 12,", "{ value = 12,");
    only(none, FindingCode::MissingUnit);
    let two = mutated(specimen(), "{ hours = 12,", "{ hours = 12, days = 1,");
    only(two, FindingCode::MissingUnit);
}

#[test]
fn a_length_of_time_with_a_value_beside_it_or_below_zero_is_found() {
    let both = mutated(specimen(), "{ hours = 12,", "{ hours = 12, value = 12,");
    only(both, FindingCode::MissingUnit);
    let negative = mutated(specimen(), "{ hours = 12,", "{ hours = -12,");
    only(negative, FindingCode::UnknownValue);
}

#[test]
fn a_word_with_a_length_of_time_beside_it_is_found() {
    let found = mutated(specimen(), "[{ value = 1_000, from", "[{ value = 1_000, days = 1, from");
    only(found, FindingCode::UnknownValue);
}

#[test]
fn the_age_of_a_fact_is_counted_in_months() {
    let found = mutated(specimen(), "[{ months = 1, from", "[{ days = 30, from");
    only(found, FindingCode::MissingUnit);
}

#[test]
fn a_channel_this_house_does_not_know_is_found_with_those_it_knows() {
    let found = mutated(
        specimen(),
        "channels = [{ value = [\"email\"]",
        "channels = [{ value = [\"pigeon\"]",
    );
    let finding = only(found, FindingCode::UnknownValue);
    assert!(finding.why.contains("pigeon") && finding.why.contains("email"), "{finding}");
}

#[test]
fn a_word_where_a_number_belongs_is_found() {
    let found = mutated(specimen(), "[{ value = 1_000, from", "[{ value = \"many\", from");
    only(found, FindingCode::UnknownValue);
}

#[test]
fn a_kind_of_sender_this_house_does_not_know_is_found() {
    let found = mutated(specimen(), "agency             =", "newspaper          =");
    only(found, FindingCode::UnknownValue);
}

#[test]
fn an_unknown_time_zone_is_found() {
    let found = mutated(specimen(), "America/New_York", "America/Old_York");
    only(found, FindingCode::UnknownZone);
}

#[test]
fn an_unknown_calendar_is_found_when_the_regime_is_loaded() {
    let text = specimen().replace("calendar  = \"xx-specimen\"", "calendar  = \"xx-none\"");
    let calendars = embedded::calendars().unwrap();
    let error = entremise_core::regime::Regime::parse("x", &text, &calendars).unwrap_err();
    let RegimeError::Unlawful { findings, .. } = error else { panic!("{error}") };
    only(findings, FindingCode::UnknownCalendar);
}

#[test]
fn a_letter_that_is_not_in_the_folder_is_found() {
    let found = mutated(specimen(), "letter   = \"notice\"", "letter   = \"notise\"");
    only(found, FindingCode::UnknownLetter);
}

#[test]
fn two_retentions_of_one_name_are_found() {
    let found = mutated(
        specimen(),
        "data        = \"file\"\nafter_stage = \"final\"",
        "data        = \"file\"\nafter_stage = \"notice\"",
    );
    assert!(found.iter().any(|finding| finding.code == FindingCode::Duplicate), "{found:#?}");
}

#[test]
fn a_stage_that_follows_an_unknown_or_later_stage_is_out_of_order() {
    let found = mutated(specimen(), "after         = \"notice\"", "after         = \"final\"");
    only(found, FindingCode::OutOfOrder);
    let found = mutated(specimen(), "after         = \"notice\"\n", "");
    only(found, FindingCode::OutOfOrder);
}

#[test]
fn a_linking_that_is_not_counted_upwards_is_out_of_order() {
    let found = mutated(specimen(), "[{ value = 2, from", "[{ value = 1, from");
    only(found, FindingCode::OutOfOrder);
}

#[test]
fn a_deliberation_after_an_unknown_stage_is_out_of_order() {
    let found = mutated(french(), "after_stage = \"third_finding\"", "after_stage = \"fourth\"");
    only(found, FindingCode::OutOfOrder);
}

#[test]
fn a_stage_whose_clock_never_ends_has_no_way_out() {
    let rows = "repeat_within = [{ working_days = 20, from = 2025-01-01, cite = \"Example Act, s \
                8\", sure = \"H\" }]";
    let found = mutated(specimen(), rows, "");
    assert!(found.iter().any(|finding| finding.code == FindingCode::NoWayOut), "{found:#?}");
}

#[test]
fn a_deliberation_without_outcomes_has_no_way_out() {
    let start = french().find("outcomes = [").unwrap();
    let end = start + french()[start..].find("\n]").unwrap() + 2;
    let found = findings(&french().replace(&french()[start..end], ""));
    assert!(found.iter().any(|finding| finding.code == FindingCode::NoWayOut), "{found:#?}");
}

#[test]
fn a_clock_that_waits_for_a_presentation_needs_a_letter_against_signature() {
    let found = mutated(
        specimen(),
        "channels      = [{ value = [\"registered_letter\"]",
        "channels      = [{ value = [\"email\"]",
    );
    only(found, FindingCode::ClockWithoutProof);
}

#[test]
fn every_way_a_letter_can_come_back_has_a_consequence() {
    let found = mutated(specimen(), "deceased        = [{", "# deceased     = [{");
    let finding = only(found, FindingCode::ReturnUnanswered);
    assert!(finding.why.contains("Deceased"), "{finding}");
}

#[test]
fn a_return_for_a_reason_this_house_does_not_know_is_found() {
    let found = mutated(
        specimen(),
        "deceased        = [{",
        "lost_at_sea = [{ value = \"close\", \
        from = 2025-01-01, cite = \"x\", sure = \"L\" }]\ndeceased        = [{",
    );
    only(found, FindingCode::ReturnUnanswered);
}

#[test]
fn a_personal_datum_that_nothing_lets_go_of_is_found() {
    let found = mutated(
        french(),
        "\"sworn_agent\", \"email\", \"name\", \"postal_address\"]",
        "\"sworn_agent\", \"email\", \"postal_address\"]",
    );
    let finding = only(found, FindingCode::NoRetention);
    assert!(finding.why.contains("name") && finding.at.contains("first"), "{finding}");
}

#[test]
fn a_stage_at_which_a_case_can_stop_without_any_retention_is_found() {
    let found = mutated(
        french(),
        "after_stage = \"second\"\nstarts_at   = \"presented\"",
        "after_stage = \"elsewhere\"\nstarts_at   = \"presented\"",
    );
    assert!(!found.is_empty());
    assert!(found.iter().all(|finding| finding.code == FindingCode::NoRetention), "{found:#?}");
}

#[test]
fn a_third_linking_without_prior_review_after_30_april_2024_is_found() {
    let late = mutated(
        french(),
        "{ value = \"reviewer_authorisation\", from = 2026-04-30",
        "{ value = \"none\", from = 2026-04-30",
    );
    only(late, FindingCode::GateMissing);
    let early = mutated(
        french(),
        "{ value = \"reviewer_authorisation\", from = 2024-04-30",
        "{ value = \"none\", from = 2024-04-30",
    );
    only(early, FindingCode::GateMissing);
}

#[test]
fn the_very_day_of_the_judgment_needs_the_review() {
    let one_day_late = french()
        .replace("until = 2024-04-29", "until = 2024-04-30")
        .replace("\"reviewer_authorisation\", from = 2024-04-30", "\"barred\", from = 2024-05-01");
    only(findings(&one_day_late), FindingCode::GateMissing);
}

#[test]
fn a_third_linking_that_says_nothing_of_a_gate_is_found() {
    let start = french().find("gate = [\n").unwrap();
    let end = start + french()[start..].find("\n]").unwrap() + 2;
    let found = findings(&french().replace(&french()[start..end], "gate = []"));
    assert!(found.iter().any(|finding| finding.code == FindingCode::GateMissing), "{found:#?}");
}

#[test]
fn a_third_linking_that_the_law_bars_needs_no_review() {
    let barred = mutated(
        french(),
        "{ value = \"reviewer_authorisation\", from = 2026-04-30",
        "{ value = \"barred\", from = 2026-04-30",
    );
    assert_eq!(barred, []);
}

#[test]
fn a_relay_by_post_is_found_and_one_by_mail_is_not() {
    // The specimen's mails have been relayed since 2028, and from its first day they could be.
    let disclosed = "{ value = \"disclosure\", from = 2025-01-01";
    let found = mutated(specimen(), disclosed, "{ value = \"relay\", from = 2025-01-01");
    assert_eq!(found, []);
    let means = "means = [{ value = \"relay\", from = 2025-01-01, cite = \"Example Act, s 9\", \
                 sure = \"H\" }]\n";
    let post = "purpose     = [{ value = \"warn\", from = 2025-01-01, cite = \"Example Act, s 9\"";
    let found = mutated(specimen(), post, &(means.to_owned() + post));
    only(found, FindingCode::RelayImpossible);
}

#[test]
fn a_stage_that_nobody_is_said_to_decide_is_found() {
    let row = "decides  = [{ value = \"none\", from = 2025-01-01, cite = \"Example Act, s 7 \
               (“shall”)\", sure = \"H\" }]";
    let found = mutated(specimen(), row, "");
    assert!(found.iter().any(|finding| finding.code == FindingCode::DeciderMissing), "{found:#?}");
}

#[test]
fn a_finding_that_no_person_decides_is_found() {
    let found = mutated(
        french(),
        "{ value = \"member\", from = 2022-01-01, cite = \"CPI R331-12\"",
        "{ value = \"none\", from = 2022-01-01, cite = \"CPI R331-12\"",
    );
    only(found, FindingCode::DeciderMissing);
}

/// A line of a file without which it is broken.
fn without(text: &str, passage: &str) -> Vec<Finding> {
    let start = text.find(passage).unwrap_or_else(|| panic!("{passage:?} is not in the file"));
    let end = start + text[start..].find('\n').unwrap() + 1;
    findings(&[&text[..start], &text[end..]].concat())
}

#[test]
fn a_measure_that_could_last_or_wait_without_end_is_found() {
    for value in ["duration_max", "implement_within", "prescribed_after", "milder_law"] {
        let start = specimen().find("id    = \"suspension\"").unwrap();
        let (before, measure) = specimen().split_at(start);
        let name = format!("{value}{}", " ".repeat(16 - value.len()));
        let from = measure.find(&name).unwrap_or_else(|| panic!("{value} is there"));
        // Of several rows, all.
        let to = match measure[from..].lines().next().unwrap().ends_with('[') {
            true => from + measure[from..].find("\n]\n").unwrap() + 3,
            false => from + measure[from..].find('\n').unwrap() + 1,
        };
        let found = findings(&[before, &measure[..from], &measure[to..]].concat());
        let finding = only(found, FindingCode::MeasureWithoutEnd);
        assert_eq!(finding.at, format!("measure.suspension.{value}"), "{finding}");
    }
    let finding = only(without(specimen(), "comply_within"), FindingCode::MeasureWithoutEnd);
    assert_eq!(finding.at, "measure.injunction.comply_within");
}

#[test]
fn measures_whose_lifting_nobody_looks_after_are_found() {
    let start = specimen().find("[execution]").unwrap();
    let end = specimen().find("[[retention]]").unwrap();
    let found = findings(&[&specimen()[..start], &specimen()[end..]].concat());
    let finding = only(found, FindingCode::MeasureWithoutLift);
    assert_eq!(finding.at, "execution");
    // Where there is no measure, nobody has to.
    let measures = specimen().find("[[measure]]").unwrap();
    let kept = specimen()[end..].find("data        = \"identity\"").unwrap() + end;
    let kept = specimen()[..kept].rfind("[[retention]]").unwrap();
    assert_eq!(findings(&[&specimen()[..measures], &specimen()[end..kept]].concat()), []);
}

#[test]
fn a_suspension_that_does_not_say_what_runs_on_is_found() {
    let unsaid = without(specimen(), "spares           = ");
    assert_eq!(only(unsaid, FindingCode::MeasureWithoutSpares).at, "measure.suspension.spares");
    let nothing = mutated(specimen(), "{ value = [\"telephony\"], from", "{ value = [], from");
    only(nothing, FindingCode::MeasureWithoutSpares);
}

#[test]
fn a_measure_that_an_authority_pronounces_is_found_unless_it_is_a_simulation() {
    let by_court =
        r#"pronounced_by    = [{ value = "court", from = 2025-01-01, cite = "Example Act, s 12""#;
    let by_authority = by_court.replace("court", "authority");
    let found = mutated(specimen(), by_court, &by_authority);
    assert_eq!(only(found, FindingCode::CourtMissing).at, "measure.suspension.pronounced_by");
    let simulated = specimen().replace(by_court, &format!("simulation = true\n{by_authority}"));
    assert_eq!(findings(&simulated), []);
    // The text of 2009 stands in the French file, and nowhere but in a simulation.
    let lived_by = mutated(french(), "simulation = true\n", "");
    only(lived_by, FindingCode::CourtMissing);
}

#[test]
fn an_unreadable_file_names_line_column_and_how_to_mend_it() {
    let text = specimen().replace("[provider]", "[provider]\nfeels = \"late\"");
    let error = RegimeFile::parse("mutated.toml", &text).unwrap_err();
    let RegimeError::Unreadable { file, line, why, how, .. } = &error else { panic!("{error}") };
    let expected = text.lines().position(|line| line.starts_with("feels")).unwrap() + 1;
    assert_eq!((file.as_str(), *line), ("mutated.toml", expected), "{error}");
    assert!(why.contains("feels") && how.contains("spell"), "{error}");
}

#[test]
fn a_bare_value_is_answered_with_the_form_of_a_dated_row() {
    let start = specimen().find("notices_per_day_max").unwrap();
    let end = start + specimen()[start..].find('\n').unwrap();
    let text = specimen().replace(&specimen()[start..end], "notices_per_day_max = 1000");
    let error = RegimeFile::parse("mutated.toml", &text).unwrap_err().to_string();
    assert!(error.contains("from = 2026-01-01"), "{error}");
}

#[test]
fn a_regime_with_a_finding_does_not_load() {
    let text = specimen().replacen("{ hours = 12,", "{ value = 12,", 1);
    let calendars = embedded::calendars().unwrap();
    let error = entremise_core::regime::Regime::parse("x.toml", &text, &calendars).unwrap_err();
    assert!(error.to_string().contains("missing_unit"), "{error}");
}

#[test]
fn a_letter_that_nobody_looks_after_is_found() {
    let unwatched = mutated(
        specimen(),
        "[post]\npresented_within = [{ days = 12, from = 2025-01-01, \
         cite = \"Example Act, s 6(2)\", sure = \"H\" }]\n",
        "",
    );
    assert_eq!(only(unwatched, FindingCode::PostUnwatched).at, "post.presented_within");
    let late = mutated(
        french(),
        "presented_within  = [{ days = 10, from = 2009-11-01",
        "presented_within  = [{ days = 10, from = 2012-11-01",
    );
    assert!(late.iter().all(|finding| finding.code == FindingCode::PostUnwatched), "{late:#?}");
    assert_eq!(late.len(), 2, "{late:#?}");
    // Simple letters exist since 2022: a time from that day on is enough.
    let since_then = mutated(
        french(),
        "working_days = 3, from = 2009-11-01",
        "working_days = 3, from = 2022-01-01",
    );
    assert_eq!(since_then, []);
    let ended = mutated(
        french(),
        "working_days = 3, from = 2009-11-01",
        "working_days = 3, from = 2009-11-01, until = 2030-12-31",
    );
    assert_eq!(only(ended, FindingCode::PostUnwatched).at, "post.taken_over_within");
}

//! The regime as people read it.

use entremise_core::deadline::Lang;
use entremise_core::regime::{Regime, diff, embedded, show};
use jiff::civil::{Date, date};

const TODAY: Date = date(2026, 11, 21);

fn french() -> Regime {
    embedded("fr-graduated-response").unwrap()
}

/// Set `ENTREMISE_SHOW_DIR` to keep what the tests draw, and look at it.
fn keep(name: &str, text: &str) {
    if let Some(folder) = std::env::var_os("ENTREMISE_SHOW_DIR") {
        std::fs::write(std::path::Path::new(&folder).join(name), text).unwrap();
    }
}

#[test]
fn the_text_names_for_each_rung_who_decides_how_it_travels_and_which_clock_runs() {
    let text = show::text(&french(), TODAY, Lang::Fr).unwrap();
    keep("today.fr.txt", &text);
    for part in [
        "Réponse graduée — règles en vigueur le 21 novembre 2026",
        "Première recommandation",
        "décide\u{a0}: le membre de l’Autorité",
        "[H] CPI L331-20, al. 2",
        "l’horloge part de\u{a0}: la présentation de la lettre",
        "autorisation préalable d’un juge ou d’un organe indépendant",
        "CE 30 avril 2026, n°\u{a0}433539",
        "25\u{202f}000 par jour",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn the_text_of_2012_knows_the_suspension_and_no_gate() {
    let text = show::text(&french(), date(2012, 5, 1), Lang::En).unwrap();
    keep("2012.en.txt", &text);
    assert!(text.contains("Suspension of access for gross negligence"));
    assert!(text.contains("CPI L331-25, al. 2"));
    assert!(!text.contains("prior authorisation"));
    let today = show::text(&french(), TODAY, Lang::En).unwrap();
    assert!(!today.contains("Suspension of access for gross negligence"));
}

#[test]
fn nothing_in_the_text_is_left_in_the_words_of_the_file() {
    for lang in [Lang::Fr, Lang::En] {
        for id in embedded::ids() {
            let regime = embedded(id).unwrap();
            for version in regime.versions() {
                let text = show::text(&regime, version.from, lang).unwrap();
                let raw =
                    text.split_whitespace().find(|word| word.contains('_') && !word.contains('/'));
                assert_eq!(raw, None, "{id} {}", version.from);
            }
        }
    }
}

#[test]
fn the_json_holds_every_value_with_its_citation() {
    let json = show::json(&french(), TODAY).unwrap();
    let window = &json["values"]["stage.first.clock.repeat_within"];
    assert_eq!(window["value"]["months"], 6);
    assert_eq!(window["cite"], "CPI L331-20, al. 2");
    assert_eq!(window["sure"], "H");
    assert_eq!(window["from"], "2022-01-01");
    assert_eq!(json["rules"]["stages"][2]["gate"], "reviewer_authorisation");
}

#[test]
fn the_drawing_says_everything_that_the_text_says() {
    for lang in [Lang::Fr, Lang::En] {
        let drawing = show::svg(&french(), TODAY, lang).unwrap();
        keep(&format!("today.{lang:?}.svg"), &drawing);
        let text = show::text(&french(), TODAY, lang).unwrap();
        let letters =
            |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
        let drawn = drawing.split('<').filter_map(|part| part.split_once('>'));
        let flat = letters(&drawn.map(|(_, text)| text).collect::<String>());
        for line in text.lines().filter(|line| line.starts_with("  ") && !line.contains("[")) {
            let line = letters(line.trim_start_matches(['↓', ' ']));
            assert!(flat.contains(&line), "{line}");
        }
    }
}

#[test]
fn the_drawing_has_a_title_a_description_and_a_name_for_each_group() {
    let drawing = show::svg(&french(), TODAY, Lang::Fr).unwrap();
    assert!(drawing.contains("role=\"img\"") && drawing.contains("aria-labelledby=\"title desc\""));
    assert!(drawing.contains("<title id=\"title\">Réponse graduée"));
    assert!(drawing.contains("<desc id=\"desc\">"));
    let groups = drawing.matches("role=\"group\"").count();
    assert_eq!(groups, drawing.matches("<title id=\"s").count());
    assert!(groups >= 8);
    assert_eq!(drawing.matches("<g ").count(), drawing.matches("</g>").count());
}

#[test]
fn the_drawings_of_all_versions_can_be_made() {
    for id in embedded::ids() {
        let regime = embedded(id).unwrap();
        for version in regime.versions() {
            let drawing = show::svg(&regime, version.from, Lang::En).unwrap();
            keep(&format!("{id}.{}.svg", version.from), &drawing);
            assert!(drawing.ends_with("</svg>\n"));
        }
    }
}

#[test]
fn a_day_without_rules_is_not_drawn() {
    assert!(show::svg(&french(), date(2009, 1, 1), Lang::Fr).is_err());
}

#[test]
fn the_difference_over_new_year_2022_names_works_and_port_and_renumbers_the_rest() {
    let (before, after) = (date(2021, 12, 31), date(2022, 1, 1));
    let changes = diff::changes(&french(), before, after).unwrap();
    assert!(changes.iter().all(|change| change.since == after));
    let real: Vec<&str> = changes
        .iter()
        .filter(|change| !change.renumbered)
        .map(|change| change.path.as_str())
        .collect();
    assert_eq!(
        real,
        [
            "intake.facts_at_most.bailiff_report",
            "intake.must_carry",
            "stage.first.fallback",
            "stage.first.linking.fields",
            "stage.first.linking.names_works",
            "stage.first.must_say",
            "stage.second.linking.names_works",
            "stage.second.must_say",
            "stage.third_finding.linking.names_works",
        ]
    );
    let text = diff::text(&french(), before, after, Lang::Fr).unwrap();
    keep("2022.diff.txt", &text);
    assert!(text.contains("À partir du 1er janvier 2022"));
    assert!(text.contains("CPI L331-25, al. 2 → CPI L331-20, al. 2"), "{text}");
}

#[test]
fn a_change_is_dated_by_its_own_day_and_not_by_the_days_compared() {
    let changes = diff::changes(&french(), date(2012, 1, 1), date(2026, 11, 1)).unwrap();
    let since = |path: &str| changes.iter().find(|change| change.path == path).unwrap().since;
    assert_eq!(since("measure.suspension_negligence.pronounced_by"), date(2013, 7, 10));
    assert_eq!(since("stage.third_finding.gate"), date(2024, 4, 30));
    assert_eq!(since("provider.answers_within"), date(2022, 1, 1));
    let json = diff::json(&french(), date(2012, 1, 1), date(2026, 11, 1)).unwrap();
    assert_eq!(json["changes"].as_array().unwrap().len(), changes.len());
}

#[test]
fn between_two_days_of_one_version_nothing_changed() {
    let text = diff::text(&french(), date(2026, 5, 1), TODAY, Lang::En).unwrap();
    assert!(text.ends_with("Nothing changed.\n"), "{text}");
}

#[test]
fn two_ways_of_coming_back_with_one_consequence_stand_under_the_less_sure_reading() {
    let law = embedded::text("fr-graduated-response").unwrap();
    let passage = "unclaimed       = [{ value = \"counts_as_presented\", from = 2010-06-25, cite = \
                   \"lecture propre : la loi compte de la présentation\", sure = \"M\" }]";
    assert!(law.contains(passage));
    let doubted = law.replace(passage, &passage.replace("sure = \"M\"", "sure = \"L\""));
    let regime = Regime::parse("x", &doubted, &embedded::calendars().unwrap()).unwrap();
    let text = show::text(&regime, TODAY, Lang::En).unwrap();
    let marks: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("Finding of gross negligence"))
        .skip_while(|line| !line.contains("refused, unclaimed"))
        .map(str::trim)
        .take(2)
        .collect();
    assert!(marks[1].starts_with("[L]"), "{marks:?}");
}

#[test]
fn no_box_of_the_drawing_crosses_the_end_of_an_a4_page() {
    let drawing = show::svg(&french(), TODAY, Lang::Fr).unwrap();
    let number = |tag: &str, name: &str| -> f64 {
        let start = tag.find(name).unwrap() + name.len();
        tag[start..].split('"').next().unwrap().parse().unwrap()
    };
    let mut boxes = 0;
    for tag in drawing.split("<rect class=\"").skip(1).filter(|tag| tag.contains(" rx=")) {
        let top = number(tag, " y=\"");
        let bottom = top + number(tag, " height=\"");
        assert_eq!((top / 1123.0).floor(), (bottom / 1123.0).floor(), "{top} to {bottom}");
        boxes += 1;
    }
    assert!(boxes >= 8, "{boxes}");
}

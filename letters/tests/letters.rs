//! A letter is the same for ever, complete, readable, and refuses to be less.

use crate::parts;
use crate::sample;
use std::path::Path;
use std::process::Command;

use entremise_letters::address::{AddressError, PostalAddress};
use entremise_letters::{
    Answer, Language, LetterData, LetterError, Outcome, Renderer, Template, templates,
};
use proptest::prelude::*;

fn home_made(source: &'static str) -> Template {
    Template { regime: "test", name: "test", language: Language::Fr, source, layout: "" }
}

fn refusal(source: &'static str) -> String {
    match Renderer::new().render(&home_made(source), &sample::letter(), sample::at()) {
        Err(LetterError::Template { reasons, .. }) => reasons,
        Err(other) => other.to_string(),
        Ok(_) => "no refusal".to_owned(),
    }
}

/// What a tool of poppler prints about the first letter.
fn seen(tool: &str, options: &[&str], template: &Template) -> Option<String> {
    if !parts::present(tool) {
        parts::skipped_for_want_of(tool);
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.pdf");
    let pdf = Renderer::new().render(template, &sample::letter_of(template), sample::at()).unwrap();
    std::fs::write(&file, pdf.bytes).unwrap();
    let output = Command::new(tool).args(options).arg(&file).arg("-").output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_same_letter_has_the_same_bytes_whoever_sets_it() {
    for template in &templates::ALL {
        let once = Renderer::new().render(template, &sample::letter(), sample::at()).unwrap();
        let again = Renderer::new().render(template, &sample::letter(), sample::at()).unwrap();
        assert!(once == again, "{} differs from itself", template.name);
    }
}

#[test]
fn the_letter_before_leaves_no_trace_in_the_next_whatever_its_length() {
    let short = sample::letter();
    let mut long = sample::letter();
    long.facts = (0..40).map(|number| sample::fact(&format!("Œuvre {number}"))).collect();
    for template in &templates::ALL {
        let alone = |data| Renderer::new().render(template, data, sample::at()).unwrap();
        let (short_alone, long_alone) = (alone(&short), alone(&long));
        // A letter that tells no facts is as long with forty of them.
        let tells = template.source.contains("#facts-table");
        let grows = long_alone.pages > short_alone.pages;
        assert_eq!(grows, tells, "{} grows with what it tells", template.name);
        let in_a_row = Renderer::new();
        for (data, alone) in [
            (&long, &long_alone),
            (&short, &short_alone),
            (&short, &short_alone),
            (&long, &long_alone),
        ] {
            let set = in_a_row.render(template, data, sample::at()).unwrap();
            assert!(set == *alone, "{} depends on the letter before it", template.name);
        }
    }
}

#[test]
fn another_instant_or_another_fact_makes_another_letter() {
    let renderer = Renderer::new();
    let template = &templates::ALL[0];
    let letter = renderer.render(template, &sample::letter(), sample::at()).unwrap();
    let later = sample::at() + jiff::SignedDuration::from_secs(1);
    let other_day = renderer.render(template, &sample::letter(), later).unwrap();
    let mut data = sample::letter();
    data.facts[0].port = Some(51_414);
    let other_fact = renderer.render(template, &data, sample::at()).unwrap();
    assert_ne!(letter.sha256, other_day.sha256);
    assert_ne!(letter.sha256, other_fact.sha256);
}

#[test]
fn every_letter_fits_on_one_sheet_printed_on_both_sides() {
    for template in &templates::ALL {
        let pdf = Renderer::new().render(template, &sample::letter(), sample::at()).unwrap();
        assert!(pdf.pages <= 2, "{} {:?}", template.name, template.language);
    }
}

#[test]
fn a_letter_without_title_is_refused() {
    let reasons = refusal("#set document(date: auto)\n#set text(lang: \"fr\")\nBonjour");
    assert!(reasons.contains("missing document title"), "{reasons}");
}

#[test]
fn a_letter_without_date_is_refused() {
    let reasons = refusal("#set document(title: \"T\", date: none)\nBonjour");
    assert!(reasons.contains("missing document date"), "{reasons}");
}

#[test]
fn a_letter_with_a_picture_that_has_no_alternative_text_is_refused() {
    let reasons = refusal(
        "#set document(title: \"T\", date: auto)\n#image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg' \
         width='1' height='1'/>\"), format: \"svg\")",
    );
    assert!(reasons.contains("missing alt text"), "{reasons}");
}

#[test]
fn a_template_can_read_nothing_but_its_own_data() {
    for path in ["/etc/passwd", "other.typ", "../regime.toml"] {
        let source: &'static str = Box::leak(format!("#read(\"{path}\")").into_boxed_str());
        assert_ne!(refusal(source), "no refusal", "{path} was read");
    }
    assert_ne!(refusal("#import \"@preview/anything:1.0.0\""), "no refusal");
}

#[test]
fn a_template_cannot_ask_what_day_it_is() {
    let reasons = refusal("#datetime.today().display()");
    assert_ne!(reasons, "no refusal");
}

#[test]
fn data_are_printed_and_never_run_as_markup() {
    let mut data = sample::letter();
    data.facts = vec![sample::fact("#read(\"/etc/passwd\") = Titre $x$ #panic()")];
    assert!(Renderer::new().render(&templates::ALL[0], &data, sample::at()).is_ok());
}

#[test]
fn works_kept_back_and_addresses_not_shown_leave_a_sound_letter() {
    let mut data = sample::letter();
    for fact in &mut data.facts {
        fact.works.clear();
        fact.address = None;
        fact.port = None;
        fact.protocol = None;
    }
    assert!(Renderer::new().render(&templates::ALL[0], &data, sample::at()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_title_whatever_its_signs_can_stop_a_letter(title in "\\PC{0,60}", raw in ".{0,20}") {
        let mut data = sample::letter();
        data.facts = vec![sample::fact(&title), sample::fact(&raw)];
        prop_assert!(
            Renderer::new().render(&templates::ALL[0], &data, sample::at()).is_ok()
        );
    }
}

#[test]
fn every_page_says_specimen_to_the_eye_and_to_the_screen_reader() {
    for template in &templates::ALL {
        let Some(text) = seen("pdftotext", &["-layout"], template) else {
            return;
        };
        let pages: Vec<&str> = text.split_terminator('\u{c}').collect();
        assert!(!pages.is_empty());
        assert!(pages.iter().all(|page| page.contains("SPECIMEN")), "{}", template.name);
        // In a title a tilde is a tilde, and no space that does not break.
        assert!(!text.contains('~'), "{}", template.name);
    }
}

#[test]
fn a_letter_says_what_the_law_lists() {
    let Some(text) = seen("pdftotext", &["-layout"], &templates::ALL[0]) else {
        return;
    };
    let text = without_the_ground(&text);
    for said in [
        "Que vous reproche-t-on",
        "Que risquez-vous",
        "Quels sont vos droits",
        "Informations",
        "L. 336-3",
        "Nous vous demandons de la respecter",
        "L. 335-7",
        "18 novembre 2026",
        "« Les Jours d’essai »",
        "offres légales",
        "WPA3",
        "vie culturelle",
        "observations",
        "dossiers@autorite.example",
        "2026-0001234",
        "7K3M-Q9TZ-4HXC",
        "https://autorite.example/verifier",
        "L’Autorité ne demande jamais d’argent",
        "21 mai 2027",
    ] {
        assert!(text.contains(said), "{said} is missing from: {text}");
    }
}

#[test]
fn the_third_letter_says_what_the_rules_list() {
    let third = templates::ALL.iter().find(|template| template.name == "third").unwrap();
    let Some(text) = seen("pdftotext", &["-layout"], third) else {
        return;
    };
    let text = without_the_ground(&text);
    for said in [
        // case_number, facts_date
        "2026-0001234",
        "18 novembre 2026",
        // may_be_prosecuted
        "Ces faits peuvent donner lieu à des poursuites pénales",
        // observations_window
        "Présenter vos observations",
        "6 décembre 2026",
        // hearing_with_counsel
        "demander à être entendu",
        "l’avocat ou le conseil de votre choix",
        // personal_situation_asked
        "charges de famille",
        "ressources",
        "tutelle",
        "Seul un juge peut prononcer une sanction",
        "L’Autorité ne demande jamais d’argent",
    ] {
        assert!(text.contains(said), "{said} is missing from: {text}");
    }
}

#[test]
fn an_answer_tells_its_outcome_its_reasons_and_what_may_be_done_next() {
    let answers = || templates::ALL.iter().filter(|template| template.name == "answer");
    let told = |template: &Template, outcome| {
        let answer = Some(sample::answer(outcome));
        let data = LetterData { answer, ..sample::letter_of(template) };
        read(&Renderer::new().render(template, &data, sample::at()).unwrap().bytes)
    };
    for template in answers() {
        let Some(rejected) = told(template, Outcome::Rejected) else { return };
        let upheld = told(template, Outcome::Upheld).unwrap();
        let annulled = told(template, Outcome::Annulled).unwrap();
        let (right, wrong, silent) = match template.language {
            Language::Fr => ("Vous aviez raison", "reste valable", "pas répondu à temps"),
            Language::En => ("You were right", "stands", "did not answer you in time"),
        };
        for (text, own) in [(&rejected, wrong), (&upheld, right), (&annulled, silent)] {
            for other in [right, wrong, silent] {
                assert_eq!(text.contains(other), own == other, "{other}: {text}");
            }
            assert!(text.contains("Seconde recommandation"), "{text}");
            assert!(text.contains("9 novembre 2026"), "{text}");
            assert!(!text.contains("Les Jours d’essai"), "no facts: {text}");
        }
        let reason = "Nous vous croyons ; la loi demande";
        let judge = if template.language == Language::Fr { "devant un juge" } else { "a judge" };
        assert!(rejected.contains(reason) && upheld.contains(reason), "{rejected}");
        assert!(rejected.contains(judge) && !upheld.contains(judge), "{rejected}");
    }
}

#[test]
fn reasons_of_the_longest_answer_run_over_pages_and_lose_nothing() {
    let template = templates::ALL.iter().find(|template| template.name == "answer").unwrap();
    let reasons = (0..200).map(|number| format!("Raison {number}. {}", "mot ".repeat(20)));
    let answer = Some(Answer { reasons: reasons.collect(), ..sample::answer(Outcome::Rejected) });
    let data = LetterData { answer, ..sample::letter_of(template) };
    let pdf = Renderer::new().render(template, &data, sample::at()).unwrap();
    assert!(pdf.pages > 5);
    let Some(text) = read(&pdf.bytes) else { return };
    for number in 0..200 {
        assert!(text.contains(&format!("Raison {number}.")), "{number}");
    }
}

/// The words of a file; None where there is no program to read it.
fn read(pdf: &[u8]) -> Option<String> {
    if !parts::present("pdftotext") {
        parts::skipped_for_want_of("pdftotext");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output().unwrap();
    Some(without_the_ground(&String::from_utf8(output.stdout).unwrap()))
}

/// The ground's slanting letters fall between the lines, two by two.
#[test]
fn each_letter_tells_its_own_days_and_none_of_another_letter() {
    let told = [
        ("suspension", "Elle dure 30 jours"),
        ("convocation", "Vous serez entendu le 14 décembre 2026"),
        ("third", "quinze jours"),
    ];
    for (name, own) in told {
        let template = templates::ALL.iter().find(|template| template.name == name).unwrap();
        let Some(text) = seen("pdftotext", &["-layout"], template) else {
            return;
        };
        let text = without_the_ground(&text);
        assert!(text.contains(own), "{name}: {own} is missing from: {text}");
        assert!(!text.contains("deuxième recommandation, par"), "{name}: {text}");
    }
}

fn without_the_ground(text: &str) -> String {
    text.split_whitespace()
        .filter(|word| !["SP", "EC", "IM", "EN", "S", "P", "E", "C", "I", "M", "N"].contains(word))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_address_and_nothing_else_stands_in_the_window_however_the_sheet_slides() {
    const POINTS_PER_MM: f64 = 72.0 / 25.4;
    for template in &templates::ALL {
        let Some(boxes) = seen("pdftotext", &["-bbox", "-l", "1"], template) else {
            return;
        };
        let mut in_window = Vec::new();
        for line in boxes.lines().filter(|line| line.contains("<word")) {
            let value = |name: &str| -> f64 {
                let rest = line.split_once(&format!("{name}=\"")).unwrap().1;
                rest.split_once('"').unwrap().0.parse::<f64>().unwrap() / POINTS_PER_MM
            };
            let word = line.split_once('>').unwrap().1.split_once('<').unwrap().0.to_owned();
            let (left, right) = (value("xMin"), value("xMax"));
            let (top, bottom) = (value("yMin"), value("yMax"));
            if right > 90.0 && left < 200.0 && bottom > 44.0 && top < 90.0 && word.len() > 1 {
                assert!(left >= 105.0 && right <= 190.0, "{word} stands at {left}–{right} mm");
                assert!(top >= 55.0 && bottom <= 79.0, "{word} stands at {top}–{bottom} mm");
                in_window.push(word);
            }
        }
        assert_eq!(in_window.first().map(String::as_str), Some("Mme"));
        assert_eq!(in_window.last().map(String::as_str), Some("EXEMPLEVILLE"));
    }
}

#[test]
fn the_facts_are_attached_for_machines_without_the_addressee() {
    if !parts::present("pdfdetach") {
        return parts::skipped_for_want_of("pdfdetach");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.pdf");
    let mut data = sample::letter();
    data.facts = vec![sample::fact("七人の侍")];
    let pdf = Renderer::new().render(&templates::ALL[0], &data, sample::at()).unwrap();
    assert!(contains(&pdf.bytes, b"/AFRelationship/Data"));
    std::fs::write(&file, &pdf.bytes).unwrap();
    detach(&file, folder.path());
    let text = std::fs::read_to_string(folder.path().join("facts.json")).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(facts["file_number"], "2026-0001234");
    assert_eq!(facts["facts"][0]["observed_at"], "2026-11-18T20:14:33Z");
    assert_eq!(facts["facts"][0]["works"][0], "七人の侍");
    assert!(!text.contains("Camille") && !text.contains("EXEMPLEVILLE"));
}

fn detach(file: &Path, folder: &Path) {
    let done =
        Command::new("pdfdetach").arg("-saveall").arg("-o").arg(folder).arg(file).status().unwrap();
    assert!(done.success());
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn an_address_of_seven_lines_or_of_39_signs_is_refused_and_never_cut() {
    let seven = PostalAddress::new(["a", "b", "c", "d", "e", "f", "g"]).err();
    assert_eq!(seven, Some(AddressError::TooManyLines { lines: 7 }));
    let long = PostalAddress::new(["x".repeat(39).as_str(), "00000 TOWN"]).err();
    assert_eq!(long, Some(AddressError::LineTooLong { line: 1, characters: 39 }));
    assert!(PostalAddress::new(["x".repeat(38).as_str(), "00000 TOWN"]).is_ok());
    assert_eq!(PostalAddress::new(["A. B"]).err(), Some(AddressError::TooShort { lines: 1 }));
}

#[test]
fn a_long_name_runs_over_two_lines_and_loses_no_word() {
    let lines = ["1 place de l’Exemple", "00000 EXEMPLE CEDEX"];
    let name = "Autorité de protection des œuvres (SPECIMEN)";
    let address = PostalAddress::named(name, lines).unwrap();
    let expected = ["Autorité de protection des œuvres", "(SPECIMEN)"];
    assert_eq!(address.lines()[..2], expected);
    assert_eq!(PostalAddress::named("Mme Camille Exemple", lines).unwrap().lines().len(), 3);
    // A word that is too long itself is nobody's to break.
    let error = PostalAddress::named(&"x".repeat(39), lines).err();
    assert_eq!(error, Some(AddressError::LineTooLong { line: 1, characters: 39 }));
    // The two lines count.
    let five = ["a", "b", "c", "d", "00000 EXEMPLE"];
    let error = PostalAddress::named(name, five).err();
    assert_eq!(error, Some(AddressError::TooManyLines { lines: 7 }));
}

#[test]
fn empty_lines_and_doubled_spaces_are_dropped_and_the_town_is_in_capitals() {
    let address = PostalAddress::new(["Mme  Ada", "", "  ", "00100 Évry-l’Essai "]).unwrap();
    assert_eq!(address.lines(), ["Mme Ada", "00100 ÉVRY-L’ESSAI"]);
}

#[test]
fn an_error_about_an_address_repeats_nothing_of_it() {
    let error = PostalAddress::new(["Mme Camille Exemple\u{7}", "00100 TOWN"]).err().unwrap();
    assert!(!error.to_string().contains("Camille"));
}

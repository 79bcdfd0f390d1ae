//! The two catalogues say the same things, and every text a page asks for exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use entremise_core::deadline::Lang;
use entremise_core::rejection::Code;
use entremise_server::web::words::{catalogue, filled, known, number};

#[test]
fn both_languages_have_the_same_keys() {
    let keys = |lang| catalogue(lang).keys().collect::<BTreeSet<_>>();
    let (fr, en) = (keys(Lang::Fr), keys(Lang::En));
    assert_eq!(fr.difference(&en).collect::<Vec<_>>(), Vec::<&&String>::new());
    assert_eq!(en.difference(&fr).collect::<Vec<_>>(), Vec::<&&String>::new());
}

#[test]
fn both_languages_leave_the_same_places_to_fill() {
    let places = |text: &str| {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    for (key, fr) in catalogue(Lang::Fr) {
        assert_eq!(places(fr), places(&catalogue(Lang::En)[key]), "{key}");
    }
}

#[test]
fn every_text_a_page_asks_for_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [files_of(&root.join("templates")), files_of(&root.join("src/web"))].concat();
    assert!(files.len() > 20, "the pages are where this test looks for them");
    let mut asked = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for key in keys_asked(&text) {
            asked += 1;
            let known = catalogue(Lang::Fr).contains_key(&key)
                || catalogue(Lang::Fr).contains_key(&format!("{key}.heading"));
            assert!(known, "{}: no text for {key}", file.display());
        }
    }
    assert!(asked > 100, "the test finds what pages ask for: {asked}");
}

#[test]
fn every_code_of_a_rejection_has_words_in_both_languages() {
    for lang in [Lang::Fr, Lang::En] {
        let words: BTreeSet<&str> =
            Code::ALL.iter().filter_map(|code| known(lang, "rejection", code.name())).collect();
        assert_eq!(words.len(), Code::ALL.len(), "each code has its own words: {lang:?}");
        let kept = catalogue(lang).keys().filter(|key| key.starts_with("rejection."));
        assert_eq!(kept.count(), Code::ALL.len(), "and there are words for nothing else");
    }
}

/// The causes that workers give for what waits or was given up: names among the arguments of the
/// outbox's verbs.
fn causes(text: &str) -> BTreeSet<String> {
    let verbs = ["give_up(", "retry(", "park("];
    let calls = verbs.iter().flat_map(|verb| text.split(verb).skip(1).collect::<Vec<_>>());
    let arguments = calls.map(|call| call.split(')').next().unwrap_or_default());
    let named = arguments.filter_map(|given| given.split('"').nth(1));
    named.map(str::to_owned).collect()
}

#[test]
fn whatever_a_worker_says_it_waits_for_has_words_in_both_languages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/worker");
    let texts = files_of(&folder).into_iter().map(|file| std::fs::read_to_string(file).unwrap());
    let causes: BTreeSet<String> = texts.flat_map(|text| causes(&text)).collect();
    assert!(causes.len() > 12, "the test finds what workers say: {causes:?}");
    for lang in [Lang::Fr, Lang::En] {
        for cause in &causes {
            assert!(known(lang, "cause", cause).is_some(), "{cause}: {lang:?}");
        }
    }
}

#[test]
fn french_texts_keep_their_spaces_before_high_signs() {
    for (key, text) in catalogue(Lang::Fr) {
        for sign in [" :", " ;", " !", " ?", " »", "« ", "'"] {
            assert!(!text.contains(sign), "{key}: {text:?} breaks before or after {sign:?}");
        }
    }
}

#[test]
fn a_filled_text_holds_what_was_given_and_nothing_is_filled_twice() {
    let told = filled(Lang::En, "check.genuine.sent", &[("channel", "{day}"), ("day", "Monday")]);
    assert_eq!(told, "{day}, Monday");
}

#[test]
fn numbers_are_grouped_as_each_language_does() {
    assert_eq!(number(Lang::Fr, 1_204_007), "1\u{202f}204\u{202f}007");
    assert_eq!(number(Lang::En, 1_204_007), "1,204,007");
    assert_eq!(number(Lang::Fr, 7), "7");
}

/// `page.t("…")`, `.with("…"`, `text(lang, "…")` and the pages that only say something.
fn keys_asked(text: &str) -> Vec<String> {
    let asks = [".t(\"", ".with(\"", "page, \"", "authority), \"", "page.page, \"", "Work), \""];
    asks.iter()
        .flat_map(|ask| text.split(ask).skip(1).collect::<Vec<_>>())
        .filter_map(|rest| rest.split('"').next())
        .filter(|key| !key.is_empty() && !key.contains('{') && !key.contains('('))
        .map(str::to_owned)
        .collect()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_of(&path));
        } else {
            files.push(path);
        }
    }
    files
}

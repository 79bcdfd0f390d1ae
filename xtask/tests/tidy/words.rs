//! Names are words of the law and of the standards; and what code may not say outside tests.

use super::nothing_in;
use super::shape::{RATCHET, allowed};
use super::source::{Rust, contains_word, files, read, rust};

/// Names that say nothing, or the wrong thing.
const FORBIDDEN: [&str; 14] = [
    "util", "utils", "helper", "helpers", "manager", "managers", "common", "service", "services",
    "user", "users", "item", "items", "customer",
];

/// Names that are a standard's own: where it is said, the name, and whose word it is.
const THE_STANDARDS_OWN: [(&str, &str, &str); 4] = [
    ("formats/src/acns/", "item", "ACNS 1.2, element Item"),
    ("formats/src/acns/", "Item", "ACNS 1.2, element Item"),
    ("formats/src/xarf/", "OPEN_SERVICE", "XARF v4, vulnerability/open_service"),
    ("connector/src/read/", "services_card", "Junos, services card"),
];

/// Words after which a name is given.
const GIVES_A_NAME: [&str; 9] =
    ["fn", "struct", "enum", "trait", "mod", "const", "static", "type", "macro_rules!"];

/// The words of a name, however it is written.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let is_new = letter.is_uppercase()
            && words
                .last()
                .is_some_and(|word| word.ends_with(|before: char| !before.is_uppercase()));
        if is_new {
            words.push(String::new());
        }
        words.last_mut().expect("there is one").push(letter);
    }
    words.into_iter().map(|word| word.to_lowercase()).filter(|word| !word.is_empty()).collect()
}

fn is_forbidden(name: &str) -> bool {
    words_of(name).iter().any(|word| FORBIDDEN.contains(&word.as_str()))
}

fn forbidden_names(file: &Rust, ratchet: &str) -> Vec<String> {
    let is_old = |name: &str| allowed(ratchet, &format!("{}::{name}", file.path), 1) == 0;
    let mut found = Vec::new();
    for (at, line) in file.code.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2).filter(|pair| GIVES_A_NAME.contains(&pair[0])) {
            let is_name = |letter: &char| letter.is_alphanumeric() || *letter == '_';
            let name: String = pair[1].chars().take_while(is_name).collect();
            // The language's own name for what an iterator gives.
            let is_iterators = pair[0] == "type" && name == "Item";
            // The name of a test is a sentence, and says any word a sentence needs.
            let is_sentence = pair[0] == "fn" && file.is_test[at];
            let is_the_standards = THE_STANDARDS_OWN
                .iter()
                .any(|(folder, own, _)| file.path.starts_with(folder) && *own == name);
            if is_forbidden(&name)
                && !is_iterators
                && !is_sentence
                && !is_the_standards
                && !is_old(&name)
            {
                found.push(format!("{}:{}: {name}", file.path, at + 1));
            }
        }
    }
    found
}

fn ignored(file: &Rust) -> Vec<String> {
    let lines = file.code.lines().enumerate();
    lines
        .filter(|(_, line)| line.contains("#[ignore"))
        .map(|(at, _)| format!("{}:{}: #[ignore]", file.path, at + 1))
        .collect()
}

fn unwrapped(file: &Rust) -> Vec<String> {
    [".unwrap()", ".unwrap_err()", "todo!", "unimplemented!", "dbg!"]
        .iter()
        .flat_map(|needle| file.places_of(needle, false))
        .collect()
}

fn sleeping(file: &Rust) -> Vec<String> {
    let lines = file.code.lines().enumerate();
    lines
        .filter(|(line, code)| file.is_test[*line] && sleeps(code))
        .map(|(line, _)| format!("{}:{}: sleeps", file.path, line + 1))
        .collect()
}

fn sleeps(code: &str) -> bool {
    ["thread::sleep", "time::sleep", "sleep_until"].iter().any(|call| contains_word(code, call))
}

#[test]
fn names_say_what_a_thing_is() {
    let ratchet = read(RATCHET);
    let files_of_rust = rust();
    let names = files_of_rust.iter().flat_map(|file| forbidden_names(file, &ratchet));
    let mut findings: Vec<String> = names.collect();
    let paths = files("").into_iter().filter(|path| !path.starts_with("formats/samples/"));
    findings.extend(paths.filter(|path| {
        let bare = path.strip_suffix(".rs").unwrap_or(path);
        bare.split('/').any(|part| !part.starts_with('.') && is_forbidden(part))
    }));
    nothing_in(&findings, "Use the word of the law or of the standard.");
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    let findings: Vec<String> = rust().iter().flat_map(unwrapped).collect();
    nothing_in(&findings, "Return the error, or `expect` the reason why it cannot fail.");
}

#[test]
fn no_test_is_ignored() {
    let findings: Vec<String> = rust().iter().flat_map(ignored).collect();
    nothing_in(&findings, "A test that does not run is no test.");
}

#[test]
fn no_test_sleeps() {
    let findings: Vec<String> =
        rust().iter().filter(|file| !file.path.contains("/examples/")).flat_map(sleeping).collect();
    nothing_in(&findings, "Pass the instant, or wait for the thing itself.");
}

#[test]
fn what_breaks_the_words_is_seen() {
    let text = "fn user_names() { a.unwrap() }\nstruct CaseManager;\ntype Item = u8;\n\
                fn itemise() {}\n\
                #[cfg(test)]\nmod tests {\n#[test]\n#[ignore]\n\
                fn every_item() { std::thread::sleep(b); }\n}\n";
    let file = Rust::new("core/src/a.rs", text.to_owned());
    let names = ["core/src/a.rs:1: user_names", "core/src/a.rs:2: CaseManager"];
    assert_eq!(forbidden_names(&file, ""), names);
    assert_eq!(unwrapped(&file), ["core/src/a.rs:1: .unwrap()"]);
    assert_eq!(ignored(&file).len(), 1);
    assert_eq!(sleeping(&file), ["core/src/a.rs:9: sleeps"]);
}

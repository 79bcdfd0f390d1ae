//! Each threat of docs/threat-model.md names a test that tries it, and each such test is there.

use super::nothing_in;
use super::source::{files, read};

const MODEL: &str = "docs/threat-model.md";

/// A row of one of the model's tables.
struct Threat {
    what: String,
    tried_by: String,
}

fn threats(model: &str) -> Vec<Threat> {
    let rows = model.lines().filter(|line| line.starts_with("| "));
    rows.filter_map(|line| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split(" | ").map(str::trim).collect();
        let is_head = cells.first() == Some(&"attack or failure");
        (cells.len() >= 2 && !is_head).then(|| Threat {
            what: cells[0].to_owned(),
            tried_by: cells[cells.len() - 1].to_owned(),
        })
    })
    .collect()
}

/// What a cell says between back-quotes.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Whether a file of this room and of this name holds a test of this name.
fn is_there(name: &str, rust: &[(String, String)]) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let [room, file, test] = parts[..] else { return false };
    rust.iter().any(|(path, text)| {
        let mut folders = path.trim_end_matches(".rs").rsplit('/');
        let stem = folders.next().unwrap_or_default();
        let called = if matches!(stem, "main" | "mod") { folders.next() } else { Some(stem) };
        path.starts_with(&format!("{room}/")) && called == Some(file) && holds(text, test)
    })
}

/// A function of this name under an attribute that makes it a test.
fn holds(text: &str, test: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = format!("fn {test}(");
    lines.iter().enumerate().any(|(at, line)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        line.trim_start_matches("async ").starts_with(&declared)
            && above.into_iter().any(|line| line.contains("test"))
    })
}

fn untried(model: &str, rust: &[(String, String)]) -> Vec<String> {
    let mut findings = Vec::new();
    for threat in threats(model) {
        let tests = named(&threat.tried_by);
        if tests.is_empty() {
            findings.push(format!("{}: names no test", threat.what));
        }
        let gone = tests.into_iter().filter(|test| !is_there(test, rust));
        findings.extend(gone.map(|test| format!("{}: no test {test}", threat.what)));
    }
    findings
}

#[test]
fn every_threat_names_a_test_that_tries_it() {
    let rust: Vec<(String, String)> =
        files(".rs").into_iter().map(|path| (path.clone(), read(&path))).collect();
    let model = read(MODEL);
    assert!(threats(&model).len() > 30, "the model is where this test looks for it");
    nothing_in(&untried(&model, &rust), "Write the test, or mend its name.");
}

#[test]
fn a_threat_without_its_test_is_seen() {
    let source = "#[test]\nfn tries_it() {}\nfn is_no_test() {}\n";
    let rust = vec![("store/tests/store/main.rs".to_owned(), source.to_owned())];
    let findings = |tried_by: &str| {
        let model = format!("| attack or failure | answer | tried by |\n| x | y | {tried_by} |");
        untried(&model, &rust)
    };
    assert!(findings("`store::store::tries_it`").is_empty());
    assert_eq!(findings("`store::store::tries_it_not`"), ["x: no test store::store::tries_it_not"]);
    assert_eq!(findings("`store::store::is_no_test`").len(), 1);
    assert_eq!(findings("`server::store::tries_it`").len(), 1);
    assert_eq!(findings("by looking hard"), ["x: names no test"]);
    assert_eq!(findings("not tried: too hard"), ["x: names no test"]);
}

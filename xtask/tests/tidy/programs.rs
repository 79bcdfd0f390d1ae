//! Each room's tests are one program (`tests/main.rs`), which runs the files that it names.

use super::nothing_in;
use super::source::{files, read};

/// Files of tests that no program names, and so would never be run.
fn unnamed(paths: &[String], read: impl Fn(&str) -> String) -> Vec<String> {
    let mut findings = Vec::new();
    for path in paths {
        let Some((room, file)) = path.split_once("/tests/") else { continue };
        let Some(name) = file.strip_suffix(".rs").filter(|name| !name.contains('/')) else {
            continue;
        };
        let program = format!("{room}/tests/main.rs");
        // A room whose tests are few leaves them to Cargo.
        if name != "main"
            && paths.contains(&program)
            && !read(&program).lines().any(|line| line == format!("mod {name};"))
        {
            findings.push(format!("{path}: {program} does not name it"));
        }
    }
    findings
}

#[test]
fn every_file_of_tests_belongs_to_its_rooms_program() {
    let paths = files(".rs");
    assert!(paths.iter().any(|path| path == "server/tests/main.rs"), "where this test looks");
    nothing_in(&unnamed(&paths, read), "Add the line `mod <name>;` there, or it is never run.");
}

#[test]
fn a_file_of_tests_that_nothing_names_is_seen() {
    let found = |program: &'static str, file: &str| {
        let paths = ["server/tests/main.rs".to_owned(), file.to_owned()];
        unnamed(&paths, |_| program.to_owned()).len()
    };
    assert_eq!(found("mod a;\nmod b;", "server/tests/b.rs"), 0);
    assert_eq!(found("mod a;", "server/tests/b.rs"), 1);
    assert_eq!(found("mod a;", "server/tests/house/b.rs"), 0, "part of a file that is named");
    assert_eq!(found("mod a;", "audit/tests/b.rs"), 0, "no program of its own");
}

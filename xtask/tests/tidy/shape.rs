//! How long a line, a function and a file may be, and how a file opens.

use super::nothing_in;
use super::source::{Rust, closing, is_test_path, line_of, read, rust};

const COLUMNS_MAX: usize = 100;
const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;
const TEST_FILE_LINES_MAX: usize = 800;

/// Places that broke a rule when it came, one a line: `path limit` for a file, `path::name limit`
/// for a function, `path::columns limit` for its lines, `path::name 0` for a name. It only shrinks.
pub const RATCHET: &str = "xtask/tests/tidy/ratchet.txt";

pub fn allowed(ratchet: &str, place: &str, limit: usize) -> usize {
    ratchet
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .find(|(name, _)| *name == place)
        .and_then(|(_, allowed)| allowed.parse().ok())
        .unwrap_or(limit)
}

/// Lines that are too wide. An address in a comment cannot be broken.
fn wide_lines(file: &Rust, ratchet: &str) -> Vec<String> {
    let limit = allowed(ratchet, &format!("{}::columns", file.path), COLUMNS_MAX);
    let lines = file.text.lines().enumerate();
    lines
        .filter(|(_, line)| line.chars().count() > limit && !line.contains("http"))
        .map(|(at, line)| format!("{}:{}: {} columns", file.path, at + 1, line.chars().count()))
        .collect()
}

/// Name, first line and length of each function.
fn functions(file: &Rust) -> Vec<(String, usize, usize)> {
    let code = &file.code;
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let name: String = code[at + 3..].chars().take_while(|letter| is_name(*letter)).collect();
        if name.is_empty() || code[..at].ends_with(is_name) {
            continue;
        }
        let Some(open) = body(&code[at..]).map(|open| at + open) else { continue };
        let (first, last) = (line_of(code, at), line_of(code, closing(code, open)));
        found.push((name, first + 1, last - first + 1));
    }
    found
}

/// Where the body of a function opens; `None` when it has none.
fn body(code: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in code.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(at),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn long_functions(file: &Rust, ratchet: &str) -> Vec<String> {
    let functions = functions(file).into_iter();
    functions
        .filter(|(name, _, lines)| {
            *lines > allowed(ratchet, &format!("{}::{name}", file.path), FUNCTION_LINES_MAX)
        })
        .map(|(name, first, lines)| format!("{}:{first}: fn {name}, {lines} lines", file.path))
        .collect()
}

fn long_file(file: &Rust, ratchet: &str) -> Option<String> {
    let is_test = is_test_path(&file.path);
    let limit = if is_test { TEST_FILE_LINES_MAX } else { FILE_LINES_MAX };
    let lines = file.text.lines().count();
    let limit = allowed(ratchet, &file.path, limit);
    (lines > limit).then(|| format!("{}: {lines} lines, {limit} allowed", file.path))
}

/// A file says first what it is for.
fn headless(file: &Rust) -> Option<String> {
    let head = if file.path.ends_with("build.rs") { "//" } else { "//!" };
    (!file.text.starts_with(head)).then(|| format!("{}: does not open with {head}", file.path))
}

#[test]
fn no_line_is_wider_than_100_columns() {
    let ratchet = read(RATCHET);
    let files = rust();
    let findings = files.iter().flat_map(|file| wide_lines(file, &ratchet));
    nothing_in(&findings.collect::<Vec<_>>(), "Break the line, or the text in it.");
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let ratchet = read(RATCHET);
    let files = rust();
    let findings = files.iter().flat_map(|file| long_functions(file, &ratchet));
    nothing_in(&findings.collect::<Vec<_>>(), "Give its parts names.");
}

#[test]
fn no_file_is_longer_than_500_lines_nor_a_test_than_800() {
    let ratchet = read(RATCHET);
    let files = rust();
    let findings = files.iter().filter_map(|file| long_file(file, &ratchet));
    nothing_in(&findings.collect::<Vec<_>>(), "Split it where it says two things.");
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    let findings: Vec<String> = rust().iter().filter_map(headless).collect();
    nothing_in(&findings, "Say what the file is for, and what it must not know.");
}

#[test]
fn what_breaks_the_shape_is_seen() {
    let long = format!("// {}\nfn long() {{\n{}}}\n", "x".repeat(98), "    1;\n".repeat(70));
    let file = Rust::new("core/src/a.rs", long);
    assert_eq!(wide_lines(&file, ""), ["core/src/a.rs:1: 101 columns"]);
    assert_eq!(long_functions(&file, ""), ["core/src/a.rs:2: fn long, 72 lines"]);
    assert!(long_functions(&file, "core/src/a.rs::long 72\n").is_empty());
    assert!(headless(&file).is_some());
    let file = Rust::new("core/src/a.rs", format!("//! a\n{}", "// b\n".repeat(500)));
    assert_eq!(long_file(&file, ""), Some("core/src/a.rs: 501 lines, 500 allowed".to_owned()));
    assert!(headless(&file).is_none());
    let file = Rust::new("core/tests/a.rs", file.text);
    assert_eq!(long_file(&file, ""), None);
}

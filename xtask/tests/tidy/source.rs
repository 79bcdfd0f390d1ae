//! The files of the workspace, and Rust source with its comments and texts blanked out.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package has a parent").to_owned()
}

/// Folders that hold what nobody wrote.
const NOT_OURS: [&str; 6] = ["target", "node_modules", ".git", "corpus", "artifacts", "snapshots"];

/// Every file below a folder whose name ends so; relative to the root, in order.
pub fn files(ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&root(), "", ending, &mut found);
    found.sort();
    found
}

fn walk(root: &Path, below: &str, ending: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(below)).expect("a folder of ours can be read") {
        let entry = entry.expect("it can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.file_type().expect("it is there").is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                walk(root, &path, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

pub fn read(path: &str) -> String {
    let bytes = std::fs::read(root().join(path)).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// A Rust file, ready to be asked.
pub struct Rust {
    pub path: String,
    pub text: String,
    /// The text with comments, strings and characters blanked; same lines, same columns.
    pub code: String,
    /// For each line whether it belongs to a test module.
    pub is_test: Vec<bool>,
}

impl Rust {
    pub fn new(path: &str, text: String) -> Self {
        let code = code_of(&text);
        let whole = is_test_path(path);
        let mut is_test = vec![whole; code.lines().count() + 1];
        for (start, end) in test_modules(&code) {
            is_test[start..=end].fill(true);
        }
        Self { path: path.to_owned(), text, code, is_test }
    }

    /// Lines of code outside tests that contain this word, as `path:line`.
    pub fn places_of(&self, needle: &str, in_tests: bool) -> Vec<String> {
        let lines = self.code.lines().enumerate();
        lines
            .filter(|(line, code)| self.is_test[*line] == in_tests && contains_word(code, needle))
            .map(|(line, _)| format!("{}:{}: {needle}", self.path, line + 1))
            .collect()
    }
}

/// All Rust files.
pub fn rust() -> Vec<Rust> {
    files(".rs").into_iter().map(|path| Rust::new(&path, read(&path))).collect()
}

/// Files that are never part of what is shipped.
pub fn is_test_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let folder = |name| parts[..parts.len() - 1].contains(&name);
    folder("tests")
        || folder("examples")
        || folder("benches")
        || folder("fuzz")
        || path.ends_with("/tests.rs")
}

/// Whether the needle stands there and is not a part of a longer name.
pub fn contains_word(code: &str, needle: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(needle).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + needle.len()..].chars().next();
        let open_start = needle.starts_with(is_name) && before.is_some_and(is_name);
        let open_end = needle.ends_with(is_name) && after.is_some_and(is_name);
        !open_start && !open_end
    })
}

/// Line ranges of `#[cfg(test)] mod … { … }` and of any other item so marked.
fn test_modules(code: &str) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    for (at, mark) in code.match_indices("#[cfg(test)]") {
        let after = at + mark.len();
        let Some(open) = code[after..].find(['{', ';']).map(|open| after + open) else { continue };
        let end = if code[open..].starts_with('{') { closing(code, open) } else { open };
        ranges.push((line_of(code, at), line_of(code, end)));
    }
    ranges
}

/// Where the brace that opens at `open` closes.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// Number of the line, from 0, of a byte.
pub fn line_of(code: &str, at: usize) -> usize {
    code.as_bytes()[..at.min(code.len())].iter().filter(|byte| **byte == b'\n').count()
}

/// Blanks comments, strings and characters.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let name_before = code.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let length = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest, 1),
            'r' if !name_before => raw_string(rest).unwrap_or(0),
            '\'' => character(rest).unwrap_or(0),
            _ => 0,
        };
        let blanked = length > 0;
        let (taken, after) = rest.split_at(if blanked { length } else { letter.len_utf8() });
        if blanked {
            code.extend(taken.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        } else {
            code.push_str(taken);
        }
        rest = after;
    }
    code
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Length of a string whose text begins at `start`.
fn string(rest: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip_while(|(at, _)| *at < start) {
        match letter {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    let text = rest[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.find(&end).unwrap_or(text.len());
    Some((1 + hashes + 1 + length + end.len()).min(rest.len()))
}

/// A character, and not the name of a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut letters = rest.char_indices().skip(1);
    let (_, first) = letters.next()?;
    if first == '\\' {
        return rest[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map(|(at, _)| at + 3);
    }
    letters.next().filter(|(_, letter)| *letter == '\'').map(|(at, _)| at + 1)
}

#[test]
fn comments_and_texts_are_blanked_and_nothing_else_is() {
    let text = "a /* b /* c */ d */ e \"f \\\" g\" 'h' '\\'' &'i j r#\"k \" l\"# m // n\no";
    let code = code_of(text);
    assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "e", "&'i", "j", "m", "o"]);
    assert_eq!(code.len(), text.len());
}

#[test]
fn a_test_module_is_known_and_what_surrounds_it_is_not() {
    let text = "fn a() { x.unwrap() }\n#[cfg(test)]\nmod tests {\n  fn b() { y.unwrap() }\n}\n";
    let file = Rust::new("core/src/a.rs", text.to_owned());
    assert_eq!(file.places_of(".unwrap()", false), ["core/src/a.rs:1: .unwrap()"]);
    assert_eq!(file.places_of(".unwrap()", true), ["core/src/a.rs:4: .unwrap()"]);
}

#[test]
fn a_word_is_not_found_inside_a_longer_one() {
    assert!(contains_word("use entremise_store::Store;", "entremise_store"));
    assert!(!contains_word("let entremise_stored = 1;", "entremise_store"));
}

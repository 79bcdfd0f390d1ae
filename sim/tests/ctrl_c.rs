//! Ctrl-C ends the demonstration wherever it is: no process and no folder is left.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn demo(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(arguments)
        // Where temporary folders are made.
        .env("TMPDIR", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn interrupt(demo: &Child) {
    let sent = Command::new("kill").args(["-INT", &demo.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Reads until a line says so; false where the program ended before.
fn says(lines: impl BufRead, wanted: &str) -> bool {
    lines.lines().map_while(Result::ok).any(|line| line.contains(wanted))
}

fn left_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn whoever_has_walked_around_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = demo(folder.path(), &["--days", "1", "--quiet"]);
    assert!(says(BufReader::new(demo.stdout.take().unwrap()), "Ctrl-C ends it"));
    assert_eq!(left_in(folder.path()).len(), 1, "one folder while it stands");
    interrupt(&demo);
    assert!(demo.wait().unwrap().success());
    assert_eq!(left_in(folder.path()), [""; 0]);
}

#[test]
fn a_year_that_is_broken_off_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = demo(folder.path(), &["--days", "3650"]);
    assert!(says(BufReader::new(demo.stderr.take().unwrap()), "The first notice is accepted"));
    interrupt(&demo);
    assert!(!demo.wait().unwrap().success(), "a year that is not whole is no success");
    assert_eq!(left_in(folder.path()), [""; 0]);
}

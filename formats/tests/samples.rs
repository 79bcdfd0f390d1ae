//! Our own samples: each raw file beside what must be read from it.
//!
//! `NAME.expected.json` holds what the command line prints: one object per notice, or per
//! recipient under `samples/bounce`.

use crate::at_hand;
use std::path::{Path, PathBuf};

use entremise_formats::report::{check_report, mail_report};
use serde_json::Value;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn printed(path: &Path) -> Vec<Value> {
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    if path.components().any(|part| part.as_os_str() == "bounce") {
        return mail_report(&name, &entremise_formats::bounce::read_report(&bytes));
    }
    at_hand::read(&bytes).outcomes.iter().map(|item| check_report(&name, item)).collect()
}

#[test]
fn every_sample_is_read_as_the_file_beside_it_says() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"), &mut all);
    let mut compared = 0;
    for path in &all {
        let name = path.to_string_lossy();
        // OpenPGP keys are no input of their own.
        if name.ends_with(".expected.json") || name.ends_with(".key") {
            continue;
        }
        let beside = PathBuf::from(format!("{name}.expected.json"));
        let text =
            std::fs::read_to_string(&beside).unwrap_or_else(|_| panic!("{beside:?} is missing"));
        let expected: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(printed(path), expected, "{name}");
        compared += 1;
    }
    assert!(compared >= 30, "{compared}");
}

#[test]
fn a_rejected_notice_shows_code_and_place_and_no_notice() {
    let item = at_hand::only(b"{\"xarf_version\":\"4.2.0\"}");
    let shown = check_report("a.json", &item);
    assert_eq!((&shown["verdict"], &shown["notice"]), (&Value::from("rejected"), &Value::Null));
    assert_eq!(
        (&shown["code"], &shown["at"]),
        (&Value::from("field_missing"), &Value::from("/report_id"))
    );
    let mut keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    // Whoever builds the whole workspace has them in the order in which they were written.
    keys.sort_unstable();
    assert_eq!(keys, ["at", "code", "file", "format", "notice", "verdict", "version"]);
}

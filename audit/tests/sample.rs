//! The program by itself, on a ledger and a receipt that another program made.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the sample lies, or a copy of it that may be damaged.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sample")
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs the program in a folder; gives the exit code and what it printed.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_entremise-audit"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

const TRUST: [&str; 6] =
    ["--key", "ledger.vkey", "--witness", "witness.vkey", "--timestamp-ca", "root.pem"];

fn with_trust(folder: &Path, command: &[&str]) -> (i32, String) {
    run(folder, &[command, &TRUST].concat())
}

#[test]
fn a_ledger_that_another_program_made_verifies_with_witness_and_time_stamp() {
    let (code, words) = with_trust(&sample(), &["verify", "ledger"]);
    assert_eq!(code, 0, "{words}");
    for part in [
        "5 entries",
        "cosigned by temoin.example/w1 at 2026-01-10T09:05:00Z",
        "1  time stamps hold",
        "sound: every byte is what was signed",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let (code, json) = with_trust(&sample(), &["verify", "ledger", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &report["ledgers"][0]["sound"]), (0, &serde_json::Value::Bool(true)));
}

#[test]
fn a_receipt_that_another_program_made_proves_its_entry() {
    let (code, words) = with_trust(&sample(), &["receipt", "1.tlog-proof"]);
    assert_eq!(code, 0, "{words}");
    let sentence = "This receipt proves that event.notice_accepted for \
                    case:018f3c2e-0000-7000-8000-000000000001 was entered as entry 1 of the ledger \
                    autorite.example/sample, among its first 5 entries, before \
                    2026-01-10T09:05:00Z, when temoin.example/w1 saw it there.";
    assert!(words.starts_with(sentence), "{words}");
    assert!(words.contains("{\"specimen\":\"event.notice_accepted\"}"), "{words}");
}

#[test]
fn a_changed_byte_in_any_file_of_the_sample_changes_the_answer() {
    for file in [
        "ledger/checkpoint",
        "ledger/vkey",
        "ledger/tile/0/000.p/5",
        "ledger/tile/entries/000.p/5",
        "ledger/timestamps/5.checkpoint",
        "ledger/timestamps/5.tsr",
    ] {
        let folder = tempfile::tempdir().unwrap();
        copied(&sample(), folder.path());
        let path = folder.path().join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let (code, words) = with_trust(folder.path(), &["verify", "ledger"]);
        assert!(code == 1 && words.contains("WRONG"), "{file}: {words}");
    }
}

#[test]
fn what_cannot_be_found_out_is_neither_yes_nor_no() {
    let folder = sample();
    assert_eq!(run(&folder, &["verify", "nowhere"]).0, 2);
    assert_eq!(run(&folder, &["verify", "ledger", "--key", "nonsense"]).0, 2);
    let three = ["verify", "ledger", "--witness", "witness.vkey", "--quorum", "3"];
    assert_eq!(run(&folder, &three).0, 2);
    assert_eq!(run(&folder, &["receipt", "1.tlog-proof"]).0, 1, "a receipt needs a key");
    assert_eq!(run(&folder, &["receipt", "ledger.vkey", "--key", "ledger.vkey"]).0, 1);
}

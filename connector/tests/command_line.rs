//! The contract of the command line, and what a killed load leaves behind.

use crate::told;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::told::radius;
use serde_json::Value;

const START: &str = "2026-03-01T10:00:00Z";
const STOP: &str = "2026-03-01T11:00:00Z";

fn connector(words: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_entremise-connector"))
        .args(words)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn ask(directory: &Path, more: &[&str]) -> Value {
    let mut words = vec!["ask", "--index", "index", "--transport", "tcp", "--error-ms", "0"];
    words.extend(["--json", "--port", "4000", "--at", "2026-03-01T10:30:00Z"]);
    words.extend(more);
    let output = connector(&words, directory);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn detail(account: &str, last: u8) -> String {
    let line = format!("Framed-IP-Address = 192.0.2.{last}");
    radius("Start", account, account, START, &[&line])
        + &radius("Stop", account, account, STOP, &[&line])
}

#[test]
fn load_and_ask_need_nothing_but_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::write(root.join("detail"), detail("alice", 10)).unwrap();
    let load = ["load", "--index", "index", "--format", "radius-detail", "detail"];
    let output = connector(&load, root);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let answer = ask(root, &["--ip", "192.0.2.10"]);
    assert_eq!(answer["outcome"], "identified");
    assert_eq!(answer["handle"].as_str().unwrap().len(), 43);
    let held = serde_json::json!({"kind": "ppp", "start": START, "end": STOP});
    assert_eq!(answer["assignment"], held);
    assert_eq!(answer["evidence"]["source"], "radius-detail");
    assert!(answer["why"].as_str().unwrap().len() > 10);
    let nobody = ask(root, &["--ip", "198.51.100.1"]);
    assert_eq!((&nobody["outcome"], &nobody["handle"]), (&"not_found".into(), &Value::Null));
    // The same file again changes nothing, and says so.
    let again = connector(&load, root);
    assert!(String::from_utf8_lossy(&again.stdout).contains("already in the index"));
}

#[test]
fn a_handle_is_one_authoritys_under_one_regime() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::write(root.join("detail"), detail("alice", 10) + &detail("bob", 11)).unwrap();
    connector(&["load", "--index", "index", "--format", "radius-detail", "detail"], root);
    let handle = |more: &[&str]| ask(root, more)["handle"].as_str().unwrap().to_owned();
    let alice = handle(&["--ip", "192.0.2.10", "--authority", "one", "--regime", "r"]);
    assert_eq!(handle(&["--ip", "192.0.2.10", "--authority", "one", "--regime", "r"]), alice);
    assert_ne!(handle(&["--ip", "192.0.2.10", "--authority", "two", "--regime", "r"]), alice);
    assert_ne!(handle(&["--ip", "192.0.2.10", "--authority", "one", "--regime", "s"]), alice);
    assert_ne!(handle(&["--ip", "192.0.2.11", "--authority", "one", "--regime", "r"]), alice);
    let rotated = connector(&["keys", "rotate", "--keys", "index/keys.json"], root);
    assert_eq!(String::from_utf8_lossy(&rotated.stdout), "h2\n");
    assert_ne!(handle(&["--ip", "192.0.2.10", "--authority", "one", "--regime", "r"]), alice);
}

#[test]
fn what_is_wrong_is_said_with_its_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let code = |words: &[&str]| connector(words, root).status.code();
    assert_eq!(code(&["load", "--index", "index"]), Some(2));
    assert_eq!(code(&["load", "--index", "index", "--format", "telegraph", "x"]), Some(2));
    let missing = ["load", "--index", "index", "--format", "radius-detail", "missing"];
    assert_eq!(code(&missing), Some(1));
    let question =
        ["ask", "--index", "nowhere", "--ip", "192.0.2.1", "--at", "2026-03-01T10:30:00Z"];
    assert_eq!(code(&question), Some(1));
    // A file of which nothing can be read is the wrong file or the wrong format.
    std::fs::write(root.join("notes"), "these are no records\n").unwrap();
    let wrong = connector(&["load", "--index", "i", "--format", "radius-detail", "notes"], root);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("notes:1: "));
}

#[test]
fn keys_that_others_can_read_are_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::write(root.join("detail"), detail("alice", 10)).unwrap();
    let load = ["load", "--index", "index", "--format", "radius-detail", "detail"];
    connector(&load, root);
    let keys = root.join("index/keys.json");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = connector(&load, root);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("chmod 600"));
}

#[test]
fn a_load_that_is_killed_leaves_the_old_index_whole() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::write(root.join("detail"), detail("alice", 10)).unwrap();
    let load = ["load", "--index", "index", "--format", "radius-detail"];
    assert!(connector(&[&load[..], &["detail"]].concat(), root).status.success());
    let before = std::fs::read(root.join("index/manifest.json")).unwrap();
    let expected = ask(root, &["--ip", "192.0.2.10"]);
    // Large enough that it cannot be done before the kill below: a pipe that never ends would
    // not do, files are mapped.
    let many = sessions(0x0a00_0000, 60_000);
    std::fs::write(root.join("many"), many).unwrap();
    let mut killed = 0;
    for round in 0..4u64 {
        let mut process = Command::new(env!("CARGO_BIN_EXE_entremise-connector"))
            .args([&load[..], &["many"]].concat())
            .current_dir(root)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Each round a little later in the load; the first at once.
        std::thread::park_timeout(std::time::Duration::from_millis(round * 60));
        let was_running = process.try_wait().unwrap().is_none();
        process.kill().unwrap();
        process.wait().unwrap();
        if std::fs::read(root.join("index/manifest.json")).unwrap() == before {
            killed += u32::from(was_running);
            assert_eq!(ask(root, &["--ip", "192.0.2.10"]), expected);
            assert_eq!(ask(root, &["--ip", "10.0.0.1"])["outcome"], "not_found");
        }
    }
    assert!(killed > 0, "no load was killed before it was done");
    // What the killed loads left does not disturb the next one.
    assert!(connector(&[&load[..], &["many"]].concat(), root).status.success());
    assert_eq!(ask(root, &["--ip", "10.0.0.1"])["outcome"], "identified");
    let left = std::fs::read_dir(root.join("index")).unwrap().count();
    assert!(left < 16, "{left} files");
}

/// So many sessions from an address on, each of one hour.
fn sessions(from: u32, count: u32) -> String {
    (from..from + count)
        .map(|number| {
            let line = format!("Framed-IP-Address = {}", std::net::Ipv4Addr::from(number));
            let name = format!("subscriber-{number}");
            radius("Start", &name, &name, START, &[&line])
                + &radius("Stop", &name, &name, STOP, &[&line])
        })
        .collect()
}

#[test]
fn a_load_that_is_killed_while_it_merges_leaves_every_segment_it_was_merging() {
    const EACH: u32 = 4_000;
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let load = ["load", "--index", "index", "--format", "radius-detail", "detail"];
    for number in 0..6 {
        std::fs::write(root.join("detail"), sessions(0x0a00_0000 + number * EACH, EACH)).unwrap();
        assert!(connector(&load, root).status.success());
    }
    let before = std::fs::read(root.join("index/manifest.json")).unwrap();
    std::fs::write(root.join("detail"), sessions(0x0a10_0000, EACH)).unwrap();
    // The seventh load writes its own segment first, then the merged one.
    let merged = root.join("index/00000007-002.seg");
    let mut killed_merging = 0;
    for _ in 0..8 {
        let _ = std::fs::remove_file(&merged);
        let mut process = Command::new(env!("CARGO_BIN_EXE_entremise-connector"))
            .args(load)
            .current_dir(root)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while !merged.exists() && process.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        process.kill().unwrap();
        process.wait().unwrap();
        if std::fs::read(root.join("index/manifest.json")).unwrap() != before {
            break;
        }
        killed_merging += 1;
        assert_eq!(ask(root, &["--ip", "10.0.0.0"])["outcome"], "identified");
        let last = std::net::Ipv4Addr::from(0x0a00_0000 + 6 * EACH - 1).to_string();
        assert_eq!(ask(root, &["--ip", &last])["outcome"], "identified");
        assert_eq!(ask(root, &["--ip", "10.16.0.0"])["outcome"], "not_found");
    }
    assert!(killed_merging > 0, "no load was killed while it merged");
    assert!(connector(&load, root).status.success());
    for ip in ["10.0.0.0", "10.0.78.0", "10.16.0.0"] {
        assert_eq!(ask(root, &["--ip", ip])["outcome"], "identified");
    }
}

#[test]
fn a_file_of_questions_comes_back_completed_and_only_the_file_that_was_sent() {
    use entremise_core::identification::Outcome;
    use entremise_formats::identification_csv::{Request, read_answer, write_request};
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::write(root.join("detail"), detail("alice", 10)).unwrap();
    connector(&["load", "--index", "index", "--format", "radius-detail", "detail"], root);
    let mut unknown = told::with_port("192.0.2.99", 4000, "2026-03-01T10:30:00Z");
    unknown.id.0 = uuid::Uuid::from_u128(2);
    let mut request = Request {
        number: "2026-0007".to_owned(),
        date: jiff::civil::date(2026, 3, 2),
        regime: "fr-graduated-response".parse().unwrap(),
        questions: vec![told::with_port("192.0.2.10", 4000, "2026-03-01T10:30:00Z"), unknown],
    };
    let answer = |text: &str, out: &str| {
        std::fs::write(root.join("questions.csv"), text).unwrap();
        let words = ["answer-file", "questions.csv", "--index", "index", "--authority", "autorite"];
        connector(&[&words[..], &["--out", out]].concat(), root)
    };
    let sent = write_request(&request).unwrap();
    let output = answer(&sent, "answers.csv");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let completed = std::fs::read(root.join("answers.csv")).unwrap();
    let answers = read_answer(&request, &completed).unwrap();
    assert!(matches!(answers[0].outcome, Outcome::Identified { .. }));
    assert_eq!(answers[1].outcome, Outcome::NotFound);
    // The same file is answered the same; another content under its number is refused.
    assert!(answer(&sent, "again.csv").status.success());
    assert_eq!(std::fs::read(root.join("again.csv")).unwrap(), completed);
    request.questions.truncate(1);
    let other = answer(&write_request(&request).unwrap(), "other.csv");
    assert_eq!(other.status.code(), Some(1));
    assert!(!root.join("other.csv").exists());
    // Changed on the way: its digest is not its own.
    assert_eq!(answer(&sent.replace("4000", "4001"), "changed.csv").status.code(), Some(1));
}

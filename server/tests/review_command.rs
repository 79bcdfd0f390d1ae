//! A reviewer who works with a key file, on a machine that has neither the authority's
//! configuration nor its store: `entremise review key make`, `show`, `sign`.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::review_house::{ADDRESS, JUDGE, TITLE, World, authority, now, reviewers};
use entremise_core::authorisation::Ruling;
use entremise_server::config::KeyFile;
use entremise_server::web::review::desk::{Entered, ReviewDesk as _};
use entremise_server::web::review::file::RulingFile;
use entremise_server::web::review::over_store::StoreReviewDesk;
use tempfile::TempDir;

const REASONS: &str =
    "Les deux avertissements sont prouvés ; le troisième fait tombe dans l’année.";

/// The reviewer's own machine.
struct Machine(TempDir);

impl Machine {
    fn review(&self, arguments: &[&str], typed: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_entremise"))
            .arg("review")
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that ends before it reads has closed its end.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A machine with a key, and the authority's desk that knows its public half and nothing more.
fn with_a_key(world: &World) -> (Machine, StoreReviewDesk) {
    let machine = Machine(TempDir::new().unwrap());
    let made = machine.review(&["key", "make", "--id", "cle-neuve", "--out", "key.json"], "");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let printed = text(&made.stdout);
    let public_key = printed.split('"').nth(3).unwrap().to_owned();
    let mut reviewers = reviewers();
    reviewers[0].keys = vec![KeyFile { id: "cle-neuve".parse().unwrap(), public_key }];
    let name = "Autorité (SPECIMEN)".to_owned();
    (machine, StoreReviewDesk::new(world.store.clone(), authority(), name, reviewers))
}

/// Asks the reviewer and carries the request over, as a file.
fn carried_over(world: &World, machine: &Machine, desk: &StoreReviewDesk) {
    let request = world.ask(JUDGE);
    let file = desk.file(&JUDGE.parse().unwrap(), request, now()).unwrap().unwrap();
    machine.write("request.json", &file.to_json());
    machine.write("reasons.txt", REASONS);
}

const SIGN: [&str; 9] = [
    "sign",
    "--key",
    "key.json",
    "--request",
    "request.json",
    "--reasons",
    "reasons.txt",
    "--out",
    "ruling.json",
];

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0
}

#[test]
fn a_ruling_signed_on_another_machine_opens_the_third_linking() {
    let world = World::new();
    let (machine, desk) = with_a_key(&world);
    assert!(is_private(&machine.path("key.json")));
    let again = machine.review(&["key", "show", "key.json"], "");
    assert!(text(&again.stdout).contains("cle-neuve"));
    carried_over(&world, &machine, &desk);
    let shown = text(&machine.review(&["show", "request.json"], "").stdout);
    // What the rules let a reviewer see, and never the address.
    assert!(shown.contains("isp-riviere") && !shown.contains(ADDRESS), "{shown}");
    let signed = machine.review(&[&SIGN[..], &["--grant"]].concat(), "granted\n");
    assert!(signed.status.success(), "{}", text(&signed.stderr));
    assert!(text(&signed.stderr).contains("entremise authorisation v1"));
    let ruling = std::fs::read_to_string(machine.path("ruling.json")).unwrap();
    let ruling = RulingFile::read(&ruling).unwrap();
    let entered = desk.enter(ruling.signed, &ruling.reasons, now()).unwrap();
    assert_eq!(entered, Entered::Done(Some(Ruling::Granted)));
    assert_eq!(world.state(), "asking");
}

#[test]
fn nothing_is_signed_unless_the_word_itself_is_typed() {
    let world = World::new();
    let (machine, desk) = with_a_key(&world);
    carried_over(&world, &machine, &desk);
    for typed in ["yes\n", "refused\n", "\n", ""] {
        let signed = machine.review(&[&SIGN[..], &["--grant"]].concat(), typed);
        assert_eq!(signed.status.code(), Some(1), "{typed:?}");
        assert!(!machine.path("ruling.json").exists(), "{typed:?}");
    }
}

#[test]
fn a_ruling_without_reasons_or_on_a_changed_file_is_not_signed() {
    let world = World::new();
    let (machine, desk) = with_a_key(&world);
    carried_over(&world, &machine, &desk);
    machine.write("reasons.txt", " \n");
    let empty = machine.review(&[&SIGN[..], &["--refuse", "--yes"]].concat(), "");
    assert!(text(&empty.stderr).contains("a ruling needs its reasons"));
    machine.write("reasons.txt", REASONS);
    let request = std::fs::read_to_string(machine.path("request.json")).unwrap();
    machine.write("request.json", &request.replace(TITLE, "Un autre film"));
    let changed = machine.review(&[&SIGN[..], &["--refuse", "--yes"]].concat(), "");
    assert!(!changed.status.success());
    assert!(!machine.path("ruling.json").exists());
    // A key or a ruling that is there is never written over.
    let make = ["key", "make", "--id", "cle-neuve", "--out", "key.json"];
    assert!(!machine.review(&make, "").status.success());
}

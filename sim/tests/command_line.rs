//! How the demo is called.

use std::process::Command;

#[test]
fn the_demo_takes_its_options_behind_two_dashes_and_without() {
    let said = |arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).output().unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    let plain = said(&["--help"]);
    assert!(plain.0 == Some(0) && plain.1.contains("--once"), "{plain:?}");
    // `cargo demo -- --help`: the alias has dashes of its own.
    assert_eq!(said(&["--", "--help"]), plain);
    assert_ne!(said(&["--", "--no-such-option"]).0, Some(0));
}

//! Programs that some tests look through: where one is absent the test says so and passes, unless
//! `ENTREMISE_REQUIRE_PARTS` is set (as `cargo xtask test` does).

use std::process::Command;

/// Says that a test is skipped, or fails where every part is required.
pub fn skipped_for_want_of(part: &str) {
    assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "{part} is required and absent");
    println!("skipped: {part} is absent");
}

/// Whether a program can be started.
pub fn present(program: &str) -> bool {
    Command::new(program).arg("-v").output().is_ok()
}

//! The real parts that tests run against: started on free ports in folders of their own, stopped by
//! their process id when dropped. Only for tests; knows nothing of Entremise.

pub mod postgres;
mod process;

pub use process::Process;

/// Set in places that must not skip (continuous integration): an absent part is then a failure.
pub const REQUIRE: &str = "ENTREMISE_REQUIRE_PARTS";

/// What to do about a part that is not installed: says so and lets the test skip, or fails it.
///
/// # Panics
/// Where [`REQUIRE`] is set.
pub fn absent(part: &str) {
    assert!(std::env::var_os(REQUIRE).is_none(), "{part} is not here, and {REQUIRE} is set");
    println!("skipped: {part} is not installed here");
}

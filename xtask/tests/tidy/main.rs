//! The rules of the house that no compiler keeps, checked on the source as text.
//!
//! Lies here and not among the simulation's tests because it needs nothing of the house built:
//! `cargo xtask tidy` answers in seconds. Each test prints every place that breaks its rule.

mod arrows;
mod law;
mod papers;
mod programs;
mod shape;
mod source;
mod threats;
mod words;

/// Fails with one line for each place, and what to do about it.
fn nothing_in(findings: &[String], advice: &str) {
    assert!(
        findings.is_empty(),
        "\n{}\n\n{} found. {advice}\n",
        findings.join("\n"),
        findings.len()
    );
}

//! Delivery reports: whatever comes back, the report is read or is none.
//!
//! Seeds: `samples/bounce`. Run in `formats`:
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run bounce corpus/bounce samples/bounce`
#![no_main]

use entremise_formats::bounce::read_report;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let report = read_report(bytes);
    assert!(report.recipients.len() <= entremise_formats::limits::RECIPIENTS);
});

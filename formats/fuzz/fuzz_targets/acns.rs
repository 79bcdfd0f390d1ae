//! ACNS: whatever the bytes, every outcome is a notice or a rejection.
//!
//! Seeds: `samples/acns`. Run in `formats`:
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run acns corpus/acns samples/acns`
#![no_main]

use entremise_formats::{Hint, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let reading = read(bytes, Hint::default());
    assert!(!reading.outcomes.is_empty());
});

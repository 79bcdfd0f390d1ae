//! XARF: as for ACNS, with the bytes as the inside of a JSON object.
//!
//! Seeds: `samples/xarf`. Run in `formats`:
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run xarf corpus/xarf samples/xarf`
#![no_main]

use entremise_formats::{Hint, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert!(!read(bytes, Hint::default()).outcomes.is_empty());
    let inside = [b"{\"xarf_version\":\"4.2.0\",", bytes, b"}"].concat();
    assert!(!read(&inside, Hint::default()).outcomes.is_empty());
});

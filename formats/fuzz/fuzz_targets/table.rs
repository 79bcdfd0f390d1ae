//! CSV and NDJSON: the stream yields no more rows than there are bytes.
//!
//! Seeds: `samples/csv`. Run in `formats`:
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run table corpus/table samples/csv`
#![no_main]

use entremise_formats::batch::Batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let rows = Batch::new(bytes).map(|item| item.expect("memory does not fail")).count();
    assert!(rows <= bytes.len() + 1);
    let _ = entremise_formats::identification_csv::read_request(bytes);
});

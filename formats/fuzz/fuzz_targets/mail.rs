//! Mails: MIME, quotation and clearsigned text around a notice.
//!
//! Seeds: `samples/mail`. Run in `formats`:
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run mail corpus/mail samples/mail`
#![no_main]

use entremise_formats::{Hint, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let reading = read(bytes, Hint::default());
    assert!(!reading.outcomes.is_empty());
});

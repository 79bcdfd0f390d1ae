//! What several test files need: where the sample data of others lies, if it lies here at all.

use std::path::PathBuf;

use entremise_formats::{Hint, NoticeRead, Reading};

/// A folder of the corpus; None, with a line that says so, where it is absent.
pub fn corpus(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: the sample data {folder} is not here");
    None
}

pub fn read(bytes: &[u8]) -> Reading {
    entremise_formats::read(bytes, Hint::default())
}

/// The one item of an input that must hold one.
pub fn only(bytes: &[u8]) -> NoticeRead {
    let mut reading = read(bytes);
    assert_eq!(reading.outcomes.len(), 1, "{:#?}", reading.outcomes);
    reading.outcomes.remove(0)
}

/// The code of the first rejection, or `accepted`.
pub fn code(item: &NoticeRead) -> &'static str {
    match &item.verdict {
        Ok(_) => "accepted",
        Err(rejections) => rejections[0].code.name(),
    }
}

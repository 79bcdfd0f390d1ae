//! The bytes of one notice among many: found again where reading found them, and held against the
//! digest that reading took of them.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::reading::NoticeRead;
use crate::{charset, mail};

/// What one notice is within the input it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its own bytes: their SHA-256 is the one that reading took.
    pub bytes: Vec<u8>,
    /// Of a row of a table, the line that names its columns: without it nobody can read the row.
    /// It names nobody, and is no part of what the digest is of.
    pub header: Option<Vec<u8>>,
}

/// The notice's own bytes within the input it was read from. None where they cannot be found
/// again: those bytes must be taken from the whole.
pub fn original(input: &[u8], notice: &NoticeRead) -> Option<Original> {
    let text = charset::text(input).ok();
    let whole = [input, crate::head(input)]
        .into_iter()
        .map(Cow::Borrowed)
        .chain(text.into_iter().map(|text| Cow::Owned(text.into_owned().into_bytes())));
    let parts = mail::decoded(input).into_iter().map(Cow::Owned);
    whole.chain(parts).find_map(|within| {
        let own = within.get(notice.span.clone())?;
        (Sha256::digest(own)[..] == notice.digest).then(|| Original {
            bytes: own.to_vec(),
            header: (notice.format == "csv").then(|| header(&within)),
        })
    })
}

/// The first line, as a row is cut: without a byte-order mark and without its line end.
fn header(table: &[u8]) -> Vec<u8> {
    crate::first_line(crate::head(table)).trim_ascii_end().to_vec()
}

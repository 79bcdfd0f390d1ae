//! The bytes of one notice among many: found again where reading found them, and held against the
//! digest that reading took of them.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::reading::NoticeRead;
use crate::{charset, mail};

/// The notice's own bytes within the input it was read from. None where they cannot be found
/// again: those bytes must be taken from the whole.
pub fn original(input: &[u8], notice: &NoticeRead) -> Option<Vec<u8>> {
    let text = charset::text(input).ok();
    let whole = [input, crate::head(input)]
        .into_iter()
        .map(Cow::Borrowed)
        .chain(text.into_iter().map(|text| Cow::Owned(text.into_owned().into_bytes())));
    let parts = mail::decoded(input).into_iter().map(Cow::Owned);
    whole.chain(parts).find_map(|bytes| {
        let own = bytes.get(notice.span.clone())?;
        (Sha256::digest(own)[..] == notice.digest).then(|| own.to_vec())
    })
}

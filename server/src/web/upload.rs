//! What a document that somebody sends is, by its bytes: a name proves nothing.

/// What a document that is taken may be.
pub(super) const ENDINGS: [&str; 4] = ["pdf", "png", "jpg", "txt"];

/// `pdf`, `png`, `jpg` or `txt`; none for whatever else, which is not taken.
pub(super) fn ending(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("pdf"),
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [] => None,
        text if is_text(text) => Some("txt"),
        _ => None,
    }
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|letter| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t'))
    })
}

//! Bytes to text: UTF-8 unless a byte-order mark or the XML declaration says otherwise.
//!
//! Nothing is replaced in silence: bytes that are not what the declared character set says are
//! `charset_invalid`, and so is a NUL, which XML, JSON and CSV forbid alike.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use entremise_core::rejection::{Code, Rejection};

/// The text in the bytes, without its byte-order mark.
pub(crate) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Rejection> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((declared(bytes)?, 0));
    decode(encoding, &bytes[mark..])
}

fn decode<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Result<Cow<'a, str>, Rejection> {
    let decoded = if encoding == UTF_8 {
        // Faster than the general way, and nearly everything is UTF-8.
        simdutf8::basic::from_utf8(bytes).ok().map(Cow::Borrowed)
    } else {
        encoding.decode_without_bom_handling_and_without_replacement(bytes)
    };
    let text = decoded.ok_or_else(|| {
        let how = format!("the bytes are not {}", encoding.name());
        Rejection::new(Code::CharsetInvalid, "byte 0", how)
    })?;
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Err(Rejection::new(Code::CharsetInvalid, "byte 0", "text holds no NUL"));
    }
    Ok(text)
}

/// The character set an XML declaration names.
fn declared(bytes: &[u8]) -> Result<&'static Encoding, Rejection> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    let head = &bytes[start..];
    if !head.starts_with(b"<?xml") {
        return Ok(UTF_8);
    }
    let head = &head[..head.len().min(200)];
    let end = head.windows(2).position(|pair| pair == b"?>").unwrap_or(head.len());
    let head = String::from_utf8_lossy(&head[..end]);
    let Some((_, value)) = head.split_once("encoding") else {
        return Ok(UTF_8);
    };
    let value = value.trim_start_matches([' ', '\t', '\r', '\n', '=']);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let label = quote.and_then(|quote| value[1..].split(quote).next()).unwrap_or("");
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        Rejection::new(
            Code::CharsetInvalid,
            "byte 0",
            "the XML declaration names a character set this house does not know; use UTF-8",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_character_set_is_used() {
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xc9t\xe9</a>";
        assert!(text(latin).unwrap().ends_with("<a>Été</a>"));
        let wide: Vec<u8> = std::iter::once(0xfeffu16)
            .chain("<a>Été</a>".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(text(&wide).unwrap(), "<a>Été</a>");
        assert_eq!(text(b"\xef\xbb\xbf{}").unwrap(), "{}");
    }

    #[test]
    fn bytes_that_are_not_what_is_declared_are_refused() {
        let rows: [&[u8]; 5] = [
            b"<a>\xc9t\xe9</a>",
            b"<?xml version='1.0' encoding='utf-8'?><a>\xe9</a>",
            b"<?xml version='1.0' encoding='klingon'?><a/>",
            b"<a>\0</a>",
            b"\xff\xfe\x00\xd8",
        ];
        for bytes in rows {
            assert_eq!(text(bytes).unwrap_err().code, Code::CharsetInvalid, "{bytes:?}");
        }
    }
}

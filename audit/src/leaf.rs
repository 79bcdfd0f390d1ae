//! An entry as it is published, called a leaf: one line of JSON with these members, in this order,
//! without white space and without escapes. There is one way to write it, and only that is read.
//!
//! ```text
//! {"v":1,"seq":4211,"at":"2026-01-10T09:00:00Z","authority":"autorite","regime":"…","rules":"…",
//!  "subject":"case:…","kind":"event.notice_accepted","actor":"house","commitment":"…"}
//! ```
//!
//! A leaf names nobody. What happened, in full, lies behind the commitment: SHA-256 over a tag, a
//! salt and a body that the ledger's owner keeps and may erase. A general JSON parser would accept
//! many spellings of the same leaf and cost a third of the time of a verification.

use jiff::Timestamp;
use ring::digest::{Context, SHA256};

/// A leaf that borrows from the bundle it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafView<'a> {
    pub seq: u64,
    pub at: Timestamp,
    pub authority: &'a str,
    pub regime: &'a str,
    pub rules: &'a str,
    pub subject: &'a str,
    pub kind: &'a str,
    pub actor: &'a str,
    pub commitment: &'a str,
}

impl<'a> LeafView<'a> {
    /// # Errors
    /// The member that is not as it should be.
    pub fn read(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "text: it is not UTF-8")?;
        let mut rest = text;
        let version = number(&mut rest, "{\"v\":").ok_or("v")?;
        if version != 1 {
            return Err("v: only version 1 is known");
        }
        let leaf = Self {
            seq: number(&mut rest, ",\"seq\":").ok_or("seq")?,
            at: string(&mut rest, ",\"at\":\"").and_then(|at| at.parse().ok()).ok_or("at")?,
            authority: string(&mut rest, ",\"authority\":\"").ok_or("authority")?,
            regime: string(&mut rest, ",\"regime\":\"").ok_or("regime")?,
            rules: string(&mut rest, ",\"rules\":\"").ok_or("rules")?,
            subject: string(&mut rest, ",\"subject\":\"").ok_or("subject")?,
            kind: string(&mut rest, ",\"kind\":\"").ok_or("kind")?,
            actor: string(&mut rest, ",\"actor\":\"").ok_or("actor")?,
            commitment: string(&mut rest, ",\"commitment\":\"").ok_or("commitment")?,
        };
        if rest != "}" {
            return Err("end: something follows the commitment");
        }
        Ok(leaf)
    }
}

/// The commitment to a body: lower-case hexadecimal of SHA-256 over a tag, the salt and the body.
pub fn commitment(salt: &[u8], body: &[u8]) -> String {
    let mut digest = Context::new(&SHA256);
    digest.update(b"entremise/commitment/v1\0");
    digest.update(salt);
    digest.update(body);
    hexadecimal(digest.finish().as_ref())
}

/// Lower-case hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digits after `before`, without a leading zero.
fn number(rest: &mut &str, before: &str) -> Option<u64> {
    let digits = rest.strip_prefix(before)?;
    let end = digits.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, after) = digits.split_at(end);
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    *rest = after;
    digits.parse().ok()
}

/// What stands between `before` and the next quotation mark.
fn string<'a>(rest: &mut &'a str, before: &str) -> Option<&'a str> {
    let value = rest.strip_prefix(before)?;
    let end = memchr::memchr2(b'"', b'\\', value.as_bytes())?;
    if value.as_bytes()[end] != b'"' {
        return None;
    }
    *rest = &value[end + 1..];
    Some(&value[..end])
}

/// Whether this is a SHA-256 in lower-case hexadecimal.
pub fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

//! Reads a published leaf without copying it, and accepts only the one way in which
//! `core::ledger::Leaf` is written: these members, in this order, no white space, no escapes.
//!
//! A general JSON parser would accept many spellings of the same leaf and cost a third of the
//! time of a verification.

use jiff::Timestamp;

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

#[cfg(test)]
mod tests {
    use super::*;
    use entremise_core::ledger::{Actor, Entry, Kind, Leaf, Subject};

    fn leaf() -> Leaf {
        let entry = Entry {
            at: "2026-01-10T09:00:00.5Z".parse().unwrap(),
            regime: "fr-graduated-response".parse().unwrap(),
            regime_digest: "ab".repeat(32),
            subject: Subject::House,
            kind: Kind::Event("notice_accepted"),
            actor: Actor::House,
            body: b"anything".to_vec(),
        };
        Leaf::new(7, &"autorite".parse().unwrap(), &entry, &[3; 16])
    }

    #[test]
    fn a_leaf_that_core_wrote_is_read_with_every_member() {
        let leaf = leaf();
        let bytes = leaf.to_bytes();
        let view = LeafView::read(&bytes).unwrap();
        assert_eq!((view.seq, view.at), (leaf.seq, leaf.at));
        assert_eq!((view.authority, view.regime), (leaf.authority.as_str(), leaf.regime.as_str()));
        assert_eq!((view.rules, view.subject), (leaf.rules.as_str(), leaf.subject.as_str()));
        assert_eq!((view.kind, view.actor), (leaf.kind.as_str(), leaf.actor.as_str()));
        assert_eq!(view.commitment, leaf.commitment);
        assert!(is_digest(view.commitment) && is_digest(view.rules));
    }

    #[test]
    fn another_spelling_of_the_same_leaf_is_refused() {
        let good = String::from_utf8(leaf().to_bytes()).unwrap();
        for (from, to) in [
            ("{\"v\":1", "{ \"v\":1"),
            ("\"v\":1", "\"v\":2"),
            ("\"seq\":7", "\"seq\":07"),
            ("\"seq\":7,", ""),
            ("house", "hous\\u0065"),
            ("}", "} "),
            ("}", ",\"more\":1}"),
            ("2026-01-10T", "2026-13-10T"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            assert!(LeafView::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

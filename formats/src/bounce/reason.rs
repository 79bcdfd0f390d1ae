//! Why a mail did not arrive, from the words of the server that refused it.
//!
//! Words before codes: the same 5.1.1 stands for an unknown mailbox, for a sender that is too
//! fast, and for a recipient's own filter. Only where the words say nothing does the status code
//! (RFC 3463) decide, and the reply code never does.

use serde::{Deserialize, Serialize};

use super::words::WORDS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    MailboxUnknown,
    MailboxFull,
    MailboxInactive,
    DomainUnknown,
    /// This sender, its address or its domain is refused.
    Blocked,
    SpamDetected,
    Policy,
    TooLarge,
    RateLimited,
    Network,
    /// Tried until the server gave up.
    Expired,
    Content,
    RelayingDenied,
    Other,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Self::MailboxUnknown => "mailbox_unknown",
            Self::MailboxFull => "mailbox_full",
            Self::MailboxInactive => "mailbox_inactive",
            Self::DomainUnknown => "domain_unknown",
            Self::Blocked => "blocked",
            Self::SpamDetected => "spam_detected",
            Self::Policy => "policy",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Network => "network",
            Self::Expired => "expired",
            Self::Content => "content",
            Self::RelayingDenied => "relaying_denied",
            Self::Other => "other",
        }
    }

    /// Whether the refusal is about the sender and says nothing about the recipient.
    pub fn is_about_us(self) -> bool {
        matches!(self, Self::Blocked | Self::SpamDetected | Self::Policy | Self::RateLimited)
    }
}

/// The class of the failure (4 passes, 5 stays, as far as the server says) and the reason.
pub(super) fn of(status: Option<&str>, words: &str) -> (Option<u8>, Reason) {
    let lower = one_line(words);
    let in_words = status_in(words);
    let code = status.filter(|status| is_status(status)).or(in_words.as_deref());
    let said = WORDS.iter().find(|(_, words)| words.iter().any(|words| lower.contains(words)));
    let reason = match said {
        Some((reason, _)) => *reason,
        // A more precise code may stand in the words than in the field: `5.0.0` says nothing.
        None => match code.map(by_status) {
            Some(Reason::Other) | None => in_words.as_deref().map_or(Reason::Other, by_status),
            Some(reason) => reason,
        },
    };
    let class = code.and_then(|code| code.bytes().next()).map(|byte| byte - b'0');
    (class.or_else(|| reply_class(&lower)), reason)
}

/// Whether trying again would change nothing.
pub(super) fn permanent(class: Option<u8>, reason: Reason) -> bool {
    use Reason::*;
    match reason {
        Blocked | SpamDetected | Policy | RateLimited | Network | Expired | MailboxFull => false,
        // A 5 alone is no proof that an address is dead.
        Other => false,
        // Old servers say it without a code.
        MailboxUnknown | DomainUnknown | MailboxInactive => class != Some(4),
        TooLarge | Content | RelayingDenied => class == Some(5),
    }
}

/// Lower case, folded lines and repeated blanks made one.
fn one_line(words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// RFC 3463: what a code says when the words say nothing.
fn by_status(status: &str) -> Reason {
    let Some((_, detail)) = status.split_once('.') else {
        return Reason::Other;
    };
    match detail {
        "1.1" | "1.0" | "1.3" | "1.6" => Reason::MailboxUnknown,
        "1.2" | "1.10" | "4.4" => Reason::DomainUnknown,
        "1.7" | "1.8" => Reason::Blocked,
        "2.1" => Reason::MailboxInactive,
        "2.2" => Reason::MailboxFull,
        "2.3" | "3.4" => Reason::TooLarge,
        "4.7" => Reason::Expired,
        _ if detail.starts_with("4.") => Reason::Network,
        _ if detail.starts_with("6.") => Reason::Content,
        _ if detail.starts_with("7.") => Reason::Policy,
        _ => Reason::Other,
    }
}

/// The first enhanced status code in a text, but for the ones that say nothing.
pub(super) fn status_in(words: &str) -> Option<String> {
    let separators = |c: char| !(c.is_ascii_digit() || c == '.');
    let mut codes =
        words.split(separators).map(|word| word.trim_matches('.')).filter(|word| is_status(word));
    let first = codes.next()?;
    if first.ends_with(".0.0") {
        return Some(codes.find(|code| !code.ends_with(".0.0")).unwrap_or(first).to_owned());
    }
    Some(first.to_owned())
}

/// `class "." subject "." detail`: 2, 4 or 5, then up to three digits each.
fn is_status(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let [class, subject, detail] = parts.as_slice() else {
        return false;
    };
    let number =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    matches!(*class, "2" | "4" | "5") && subject.len() == 1 && number(subject) && number(detail)
}

/// The class of the first SMTP reply code that stands as a word.
fn reply_class(words: &str) -> Option<u8> {
    words.split(|c: char| !c.is_alphanumeric()).find_map(|word| {
        let bytes = word.as_bytes();
        let code = bytes.len() == 3 && bytes.iter().all(u8::is_ascii_digit);
        (code && matches!(bytes[0], b'4' | b'5') && bytes[1] <= b'5').then(|| bytes[0] - b'0')
    })
}

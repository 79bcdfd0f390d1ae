//! Why a mail did not arrive, from the words of the server that refused it.
//!
//! Words before codes: the same 5.1.1 stands for an unknown mailbox, for a sender that is too
//! fast, and for a recipient's own filter. Only where the words say nothing does the status code
//! (RFC 3463) decide, and the reply code never does.

use serde::{Deserialize, Serialize};

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
        matches!(
            self,
            Self::Blocked | Self::SpamDetected | Self::Policy | Self::RateLimited
        )
    }
}

/// Words and what they mean, in lower case. The first that is found decides, so what is said
/// precisely stands before what is said in general.
const WORDS: [(Reason, &[&str]); 15] = [
    (
        Reason::RateLimited,
        &[
            "too many messages",
            "too many emails",
            "too many mails",
            "rate limit",
            "ratelimit",
            "rate-limit",
            "rate exceeded",
            "sending too fast",
            "throttl",
            "too many connections",
            "too many recipients",
            "daily limit",
            "hourly limit",
            "sent too many",
            "receiving mail at a rate",
            "too frequent",
            "unusual rate",
            "veuillez essayer plus tard",
        ],
    ),
    // Said of the sender, in words that elsewhere are said of recipients.
    (
        Reason::Blocked,
        &[
            "domain of sender",
            "sender address rejected",
            "sender was rejected",
            "sender rejected",
            "sender verify",
            "after mail from",
            "in reply to mail from",
            "sender domain",
            "from: domain is invalid",
            "domain is invalid",
            "unauthenticated senders",
            "sender denied",
            "sender not allowed",
        ],
    ),
    (
        Reason::SpamDetected,
        &[
            "spam detected",
            "considered spam",
            "looks like spam",
            "classified as spam",
            "spam classification",
            "spam message",
            "spam content",
            "spamsignature",
            "- spam",
            "identified as spam",
            "rejected, ube",
            "unsolicited",
            "probability of spam",
            "spam score",
            "junk mail",
            "likely spam",
            "to be spam",
            "as spam",
            "suspected spam",
            "is spam",
            "rejected for spam",
            "spam-like",
        ],
    ),
    (
        Reason::RelayingDenied,
        &[
            "relay access denied",
            "relaying denied",
            "no relaying",
            "relay not permitted",
            "permitted to relay",
            "do not relay",
            "relay denied",
            "unable to relay",
            "relaying not allowed",
            "relaying prohibited",
        ],
    ),
    (
        Reason::MailboxFull,
        &[
            "mailbox full",
            "mailbox is full",
            "over quota",
            "overquota",
            "quota exceeded",
            "over the quota",
            "exceeded storage",
            "disk quota",
            "out of storage",
            "quotaexceeded",
            "mailbox exceeded",
            "storage limit",
            "full mailbox",
            "boite pleine",
            "boîte pleine",
            "exceeded its quota",
            "inbox is full",
            "quota is exceeded",
            "mailbox size limit",
        ],
    ),
    (
        Reason::TooLarge,
        &[
            "message size",
            "message too large",
            "message is too large",
            "too big",
            "exceeds size",
            "message length exceeds",
            "size limit",
            "exceeds limit set",
            "larger than",
        ],
    ),
    (
        Reason::MailboxInactive,
        &[
            "is disabled",
            "is inactive",
            "suspended",
            "is frozen",
            "no longer active",
            "deactivated",
            "account expired",
            "not active",
            "account closed",
            "account has been closed",
            "mailbox disabled",
            "temporarily disabled",
            "inactive user",
            "account disabled",
            "compte inactif",
            "bounced back",
            "account is locked",
        ],
    ),
    (
        Reason::MailboxUnknown,
        &[
            "user unknown",
            "unknown user",
            "no such user",
            "unknown recipient",
            "recipient unknown",
            "user not exist",
            "user does not exist",
            "user doesn't exist",
            "user not found",
            "recipnotfound",
            "recipientnotfound",
            "recipient not found",
            "no mailbox",
            "mailbox not found",
            "mailbox unavailable",
            "mailbox does not exist",
            "account does not exist",
            "tried to reach does not exist",
            "address does not exist",
            "recipient does not exist",
            "invalid recipient",
            "invalid mailbox",
            "invalid address",
            "illegal user",
            "no such recipient",
            "not our user",
            "not our customer",
            "unknown address",
            "address unknown",
            "no longer on server",
            "valid mailbox",
            "doesn't have a",
            "name is not recognized",
            "no such address",
            "unknown local",
            "mailbox unknown",
            "destinataire inconnu",
            "utilisateur inconnu",
            "adresse inconnue",
            "destinataire invalide",
            "not listed in",
            "mailbox has moved",
            "no such mailbox",
            "unknown mailbox",
            "no such person",
            "unrouteable address",
            "no such local user",
            "doesn't exist",
            "not a known user",
            "unknown e-mail",
            "recipient no longer",
            "cannot find your recipient",
            "unknown account",
            "no account",
        ],
    ),
    (
        Reason::Blocked,
        &[
            "blacklist",
            "black list",
            "block list",
            "blocklist",
            "blocked",
            "dnsbl",
            "/rbl",
            " rbl",
            "spamhaus",
            "spamcop",
            "barracudacentral",
            "reputation",
            "banned",
            "client host rejected",
            "server access",
            "rdns",
            "reverse dns",
            "ptr record",
            "ptr lookup",
            "access denied",
            "not allowed to send",
            "ofr_",
            "mail rejeté",
            "mail rejete",
            "complaints",
            "mismatches client ip",
            "no access from mail server",
            "open relay",
            "helo command rejected",
            "not welcome",
            "connection refused by policy",
            "bad sender",
            "denylist",
            "listed at",
            "listed in the",
        ],
    ),
    (
        Reason::Policy,
        &[
            "policy",
            "policies",
            "dmarc",
            " spf",
            "dkim",
            "authentication checks failed",
            "unauthenticated",
            "recipient preferences",
            "permission to post",
            "not authorized",
            "security reason",
            "administratively prohibited",
            "administrative prohibition",
            "not permitted",
            "authentication required",
        ],
    ),
    (
        Reason::DomainUnknown,
        &[
            "host unknown",
            "unknown host",
            "domain not found",
            "nxdomain",
            "host not found",
            "find any host named",
            "no such domain",
            "unrouteable mail domain",
            "could not find a gateway",
            "name or service not known",
            "domain name not found",
            "domain does not exist",
            "host/domain",
            "unrouteable",
            "no smtp service",
            "unknown domain",
            "domain unknown",
            "domaine inconnu",
            "no mx record",
            "name service error",
            "bad destination host",
            "host name lookup",
        ],
    ),
    (
        Reason::Expired,
        &[
            "delivery time expired",
            "retry timeout",
            "retry time",
            "message expired",
            "message timeout",
            "could not deliver for the last",
            "after multiple retries",
            "max retry",
            "was aborted after",
            "cannot send message for",
            "could not be sent for",
            "giving up after",
            "expired",
            "unable to be delivered after",
        ],
    ),
    (
        Reason::Network,
        &[
            "timed out",
            "lost connection",
            "connection refused",
            "unreachable",
            "no route to host",
            "unable to connect",
            "could not connect",
            "requests to connect",
            "not reachable",
            "hop count",
            "mail loop",
            "routing loop",
            "too many hops",
            "loops back",
            "connection reset",
            "connection dropped",
            "bad connection",
            "connection was",
            "network error",
            "loop detected",
        ],
    ),
    (
        Reason::Content,
        &[
            "virus",
            "malware",
            "content rejected",
            "multiple addresses in from",
            "attachment",
            "not rfc",
            "header error",
            "missing header",
            "invalid header",
            "malformed",
            "prohibited content",
            "content filter",
            "syntax error",
        ],
    ),
    (
        Reason::Network,
        &[
            "service unavailable",
            "service currently unavailable",
            "temporary failure",
            "try again later",
            "system not accepting",
        ],
    ),
];

/// The class of the failure (4 passes, 5 stays, as far as the server says) and the reason.
pub(super) fn of(status: Option<&str>, words: &str) -> (Option<u8>, Reason) {
    let lower = one_line(words);
    let in_words = status_in(words);
    let code = status
        .filter(|status| is_status(status))
        .or(in_words.as_deref());
    let said = WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|words| lower.contains(words)));
    let reason = match said {
        Some((reason, _)) => *reason,
        // A more precise code may stand in the words than in the field: `5.0.0` says nothing.
        None => match code.map(by_status) {
            Some(Reason::Other) | None => in_words.as_deref().map_or(Reason::Other, by_status),
            Some(reason) => reason,
        },
    };
    let class = code
        .and_then(|code| code.bytes().next())
        .map(|byte| byte - b'0');
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
    let mut codes = words
        .split(separators)
        .map(|word| word.trim_matches('.'))
        .filter(|word| is_status(word));
    let first = codes.next()?;
    if first.ends_with(".0.0") {
        return Some(
            codes
                .find(|code| !code.ends_with(".0.0"))
                .unwrap_or(first)
                .to_owned(),
        );
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
    words
        .split(|c: char| !c.is_alphanumeric())
        .find_map(|word| {
            let bytes = word.as_bytes();
            let code = bytes.len() == 3 && bytes.iter().all(u8::is_ascii_digit);
            (code && matches!(bytes[0], b'4' | b'5') && bytes[1] <= b'5').then(|| bytes[0] - b'0')
        })
}

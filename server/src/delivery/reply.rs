//! What a mail server's answer means: not now, never this address, or never us.
//!
//! A code alone is not believed (operators answer `550 5.2.0` when they block a sender, `5.1.1`
//! when they limit a rate): the words decide first where they speak of the sender, then the
//! enhanced code (RFC 3463), then the step at which it was said.

use jiff::SignedDuration;

use super::Handover;

/// How long to wait after a temporary refusal. Greylisting asks for minutes (RFC 6647: at least
/// one minute, at most 24 hours); half of the day in which a provider owes the relay is kept.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// A server's answer with every mail address taken out: servers like to repeat the recipient's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits; 0 where there were none.
    pub code: u16,
    /// The enhanced status code (RFC 3463), like `5.1.1`.
    pub enhanced: Option<String>,
    pub text: String,
}

/// Where in the conversation the answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Greeting,
    Session,
    Sender,
    Recipient,
    Content,
}

/// Words by which servers say that the sender, not the address, is refused.
const ABOUT_US: [&str; 16] = [
    "ofr_506",
    "ofr_",
    "blocked",
    "blocklist",
    "blacklist",
    "block list",
    "spam",
    "reputation",
    "rate limit",
    "too many",
    "throttl",
    "dnsbl",
    "rbl",
    "dmarc",
    "dkim",
    "spf",
];

impl Reply {
    /// `enhanced` as the SMTP parser took it off the text; all zero where it found none.
    pub fn heard(code: u16, enhanced: [u8; 3], text: &str) -> Self {
        let mut reply = Self::new(code, text);
        if enhanced[0] != 0 {
            let [class, subject, detail] = enhanced;
            reply.enhanced = Some(format!("{class}.{subject}.{detail}"));
        }
        reply
    }

    pub fn new(code: u16, text: &str) -> Self {
        let enhanced = text.split_whitespace().next().filter(|word| is_enhanced(word));
        let text = text
            .split_whitespace()
            .map(|word| if word.contains('@') { "<address>" } else { word })
            .take(40)
            .collect::<Vec<_>>()
            .join(" ");
        Self { code, enhanced: enhanced.map(str::to_owned), text }
    }

    /// The answer without a word that a server repeats and we must not keep: the part of an
    /// address before the `@`.
    pub fn forgetting(mut self, local_part: &str) -> Self {
        if !local_part.is_empty() {
            self.text = self.text.replace(local_part, "<name>");
        }
        self
    }

    /// What a refusal at `step` means.
    pub fn outcome(self, step: Step) -> Handover {
        if (400..500).contains(&self.code) || self.code == 0 {
            return Handover::Again { after: AGAIN_AFTER, reason: self.to_string() };
        }
        let words = self.text.to_lowercase();
        let about_us = ABOUT_US.iter().any(|word| words.contains(word));
        let class = self.enhanced.as_deref().map(|code| &code[..code.len().min(4)]);
        let about_the_address = match (class, step) {
            _ if about_us => false,
            (Some("5.7."), _) => false,
            (Some("5.1." | "5.2."), Step::Recipient | Step::Content) => {
                // 5.1.7 and 5.1.8 speak of the sender's address.
                !matches!(self.enhanced.as_deref(), Some("5.1.7" | "5.1.8"))
            }
            (_, Step::Recipient) => matches!(self.code, 550..=553),
            _ => false,
        };
        if about_the_address {
            Handover::Refused { reply: self }
        } else {
            Handover::Blocked { reply: self }
        }
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.code, self.text)
    }
}

fn is_enhanced(word: &str) -> bool {
    let mut parts = word.split('.');
    let class = parts.next();
    let rest: Vec<&str> = parts.collect();
    matches!(class, Some("2" | "4" | "5"))
        && rest.len() == 2
        && rest.iter().all(|part| {
            !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit())
        })
}

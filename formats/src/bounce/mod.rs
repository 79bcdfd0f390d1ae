//! What became of a mail we sent: delivery reports (RFC 3464), feedback reports (RFC 5965),
//! automatic replies (RFC 3834), and the reports in their own style that many servers still send.
//!
//! Three truths are told apart: the mail was *delivered*; the subscriber is *unreachable* there;
//! *we are blocked*, which says nothing about the subscriber. A status code alone never decides:
//! servers say 5.1.1 to slow a sender down, and 5.2.0 to refuse a sender altogether; the words
//! beside the code are read first ([`reason`]).
//!
//! Knows nothing of cases or letters: [`Report::token`] is what our own mail carried, and the
//! server finds its message by it.

mod delivery_status;
mod feedback;
mod notification;
mod original;
mod plain;
pub mod reason;
mod words;

use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use serde::{Deserialize, Serialize};

use crate::{limits, mail};
pub use reason::Reason;

/// One report, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The worst of what the recipients met.
    pub kind: Kind,
    pub recipients: Vec<Recipient>,
    /// The Message-ID of the mail that is reported on, without its angle brackets.
    pub original_message_id: Option<String>,
    /// What our mail carried to be found by: from the address the report came to
    /// (`bounce+TOKEN@…`), the envelope id (RFC 3461), or the returned header
    /// `X-Entremise-Token`. Unverified: anyone can write one.
    pub token: Option<String>,
    /// What a feedback report complains of (`abuse`, `fraud`, `virus`, `not-spam`, …).
    pub feedback_type: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No report, or none that this house knows.
    Other,
    AutoReply,
    FeedbackReport,
    /// Delivered, or handed on to a server that does not report.
    Delivered,
    /// Still being tried.
    Delay,
    /// Given up.
    Bounce,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::AutoReply => "auto_reply",
            Self::FeedbackReport => "feedback_report",
            Self::Delivered => "delivered",
            Self::Delay => "delay",
            Self::Bounce => "bounce",
        }
    }
}

/// What happened for one recipient. No `Debug` of the address would help anyone: it is a
/// subscriber's.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    pub address: String,
    pub kind: Kind,
    /// The enhanced status code (RFC 3463), as the report gives it or its words hold it.
    pub status: Option<String>,
    pub reason: Reason,
    /// Trying again later would change nothing: the server says so, and the reason is neither
    /// ours nor one that passes.
    pub permanent: bool,
    /// The refusal is about us, not about the recipient: stop the campaign, and do not conclude
    /// anything about the address.
    pub blocked: bool,
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Recipient")
            .field("kind", &self.kind)
            .field("status", &self.status)
            .field("reason", &self.reason)
            .field("permanent", &self.permanent)
            .field("blocked", &self.blocked)
            .finish_non_exhaustive()
    }
}

/// The three truths, and that there may be none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Delivered,
    Unreachable,
    WeAreBlocked,
    Unknown,
}

impl Recipient {
    /// From the words and codes of a report.
    fn new(kind: Kind, address: &str, status: Option<String>, words: &str) -> Self {
        let (class, reason) = match kind {
            Kind::Bounce | Kind::Delay => reason::of(status.as_deref(), words),
            _ => (None, Reason::Other),
        };
        let status = status.or_else(|| reason::status_in(words));
        Self {
            address: address.to_owned(),
            kind,
            status,
            reason,
            permanent: kind == Kind::Bounce && reason::permanent(class, reason),
            blocked: reason.is_about_us(),
        }
    }

    pub fn truth(&self) -> Truth {
        match self.kind {
            Kind::Delivered => Truth::Delivered,
            Kind::Bounce if self.blocked => Truth::WeAreBlocked,
            Kind::Bounce => Truth::Unreachable,
            _ => Truth::Unknown,
        }
    }
}

/// Reads one mail as a report. Never fails: what is no report is [`Kind::Other`].
pub fn read_report(bytes: &[u8]) -> Report {
    let other = Report {
        kind: Kind::Other,
        recipients: Vec::new(),
        original_message_id: None,
        token: None,
        feedback_type: None,
    };
    if bytes.len() > limits::INPUT_BYTES || mail::too_many_parts(bytes) {
        return other;
    }
    let Some(message) = mail::parse(bytes) else {
        return other;
    };
    let found = find(&message);
    if found.kind == Kind::Other {
        return other;
    }
    let original = original::find(&message, found.envelope_id);
    let mut recipients = found.recipients;
    if recipients.is_empty() && found.kind >= Kind::FeedbackReport {
        let address = original.recipient.as_deref();
        let words = found.words.as_str();
        recipients.extend(address.map(|address| Recipient::new(found.kind, address, None, words)));
    }
    recipients.truncate(limits::RECIPIENTS);
    Report {
        kind: found.kind,
        recipients,
        original_message_id: original.message_id,
        token: original.token,
        feedback_type: found.feedback_type,
    }
}

/// What a reader of one style has to say.
struct Found {
    kind: Kind,
    recipients: Vec<Recipient>,
    envelope_id: Option<String>,
    feedback_type: Option<String>,
    /// The server's words, where no recipient was named.
    words: String,
}

impl Found {
    fn new(kind: Kind, recipients: Vec<Recipient>) -> Self {
        Self { kind, recipients, envelope_id: None, feedback_type: None, words: String::new() }
    }
}

/// The standard forms first, then the styles of single servers, then the automatic reply: many
/// servers mark their bounces as automatic replies too.
fn find(message: &Message<'_>) -> Found {
    delivery_status::find(message)
        .or_else(|| feedback::find(message))
        .or_else(|| passed_on(message))
        .or_else(|| notification::find(message))
        .or_else(|| plain::find(message))
        .or_else(|| auto_reply(message))
        .unwrap_or_else(|| Found::new(Kind::Other, Vec::new()))
}

/// A gateway that wraps another server's report into a mail of its own.
fn passed_on(message: &Message<'_>) -> Option<Found> {
    if !plain::sent_by_a_mail_system(message) {
        return None;
    }
    message.parts.iter().find_map(|part| match &part.body {
        PartType::Message(inner) => delivery_status::find(inner),
        _ => None,
    })
}

/// RFC 3834: `Auto-Submitted` other than `no`; and what was there before it.
fn auto_reply(message: &Message<'_>) -> Option<Found> {
    let raw = |name: &str| raw_header(message, name);
    let submitted = raw("Auto-Submitted").map(|value| value.trim().to_ascii_lowercase());
    let marked = submitted.is_some_and(|value| value.starts_with("auto-replied"));
    let precedence = raw("Precedence").map(|value| value.trim().to_ascii_lowercase());
    let before = precedence.as_deref() == Some("auto_reply")
        || ["X-Autoreply", "X-Autorespond", "X-Auto-Response"]
            .iter()
            .any(|name| raw(name).is_some());
    (marked || before).then(|| Found::new(Kind::AutoReply, Vec::new()))
}

/// Parts of the type `message/…` with one of these subtypes, or `text/…`, as raw text.
fn parts_of<'m>(
    message: &'m Message<'_>,
    main: &'m str,
    subtypes: &'m [&'m str],
) -> impl Iterator<Item = String> + 'm {
    let fits = move |part: &&MessagePart<'_>| {
        part.content_type().is_some_and(|kind| {
            let sub = kind.c_subtype.as_deref().unwrap_or_default();
            kind.c_type.eq_ignore_ascii_case(main)
                && subtypes.iter().any(|wanted| wanted.eq_ignore_ascii_case(sub))
        })
    };
    message.parts.iter().filter(fits).map(|part| match &part.body {
        PartType::Message(inner) => String::from_utf8_lossy(inner.raw_message()).into_owned(),
        _ => String::from_utf8_lossy(part.contents()).into_owned(),
    })
}

/// A header field's text by its name, whatever its case; the first where there are several.
fn raw_header<'m>(message: &'m Message<'_>, name: &str) -> Option<&'m str> {
    let mut fields = message.headers_raw();
    fields.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// Header fields in a block of text, unfolded, names in lower case.
fn fields(block: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':')
            && !name.trim().contains(' ')
        {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

/// The first address in a text: `rfc822; a@b.example`, `<a@b.example>`, `a@b.example`.
fn address_in(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || "<>()[],;:\"'".contains(c)).find_map(|word| {
        let word = word.trim_matches(['.', '*', '#', '`']);
        let (local, domain) = word.rsplit_once('@')?;
        let sound = !local.is_empty()
            && word.len() <= 320
            && domain.contains('.')
            && !domain.starts_with('.')
            && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
        sound.then(|| word.to_owned())
    })
}

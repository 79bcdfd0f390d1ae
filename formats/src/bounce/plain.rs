//! Reports in their own style: qmail, Exim, older Sendmail, Exchange, and many more that tell in
//! prose what RFC 3464 would tell in fields.
//!
//! Nothing here knows a server by name. A mail is such a report if a mail system sent it and its
//! words speak of failure; its recipients are the addresses that stand where servers put them.

use mail_parser::{Message, PartType};

use super::{Found, Kind, Reason, Recipient, address_in, raw_header};

/// Lines behind which the returned mail stands.
const RETURNED: [&str; 20] = [
    "below this line is a copy",
    "enclosed is a copy",
    "copy of the message",
    "copy of the original",
    "original message follows",
    "- original message -",
    "unsent message follows",
    "message headers follow",
    "- returned message -",
    "undelivered message",
    "original mail as follows",
    "message header follows",
    "included is a copy",
    "original headers",
    "original message headers:",
    "the message that could not be delivered",
    "message text follows",
    "returned message follows",
    "first few lines of the message",
    "message that you sent is",
];

const FAILURE: [&str; 34] = [
    "undeliver",
    "delivery fail",
    "failure notice",
    "returned mail",
    "delivery status notification",
    "delivery failure",
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "not be delivered",
    "unable to deliver",
    "was not delivered",
    "wasn't able to deliver",
    "did not reach",
    "has been delayed",
    "delivery errors",
    "mail system error",
    "mail delivery failed",
    "error delivering",
    "delivery to the following",
    "delevery to the following",
    "bounce notification",
    "nondeliverable",
    "non-delivery",
    "delivery report",
    "failed recipient",
    "delivery incomplete",
    "was rejected",
    "n'a pas pu être",
    "n’a pas pu être",
    "échec de la remise",
    "non remis",
    "permanent error",
    "failure reasons",
];

const DELAY: [&str; 10] = [
    "(delay)",
    "has been delayed",
    "warning message only",
    "will be retried",
    "still being retried",
    "will continue to be attempted",
    "notification: delay",
    "delivery delayed",
    "delayed mail",
    "not yet been delivered",
];

/// The report, if the mail is one.
pub(super) fn find(message: &Message<'_>) -> Option<Found> {
    let failed = raw_header(message, "X-Failed-Recipients");
    if !(failed.is_some() || sent_by_a_mail_system(message)) {
        return None;
    }
    let text = text(message);
    let (above, _) = split(&text);
    let subject = message.subject().unwrap_or_default().to_lowercase();
    let told = format!("{subject}\n{}", above.to_lowercase());
    if failed.is_none() && !speaks_of_failure(&told) {
        return None;
    }
    let delayed = DELAY.iter().any(|words| told.contains(words));
    let kind = if delayed { Kind::Delay } else { Kind::Bounce };
    let mut recipients = recipients(message, above, failed, kind);
    if let [only] = recipients.as_mut_slice()
        && only.reason == Reason::Other
    {
        *only = Recipient::new(kind, &only.address, only.status.take(), &told);
    }
    let mut found = Found::new(kind, recipients);
    found.words = told;
    Some(found)
}

/// What a person reads above the returned mail.
pub(super) fn covering_text(message: &Message<'_>) -> String {
    let text = text(message);
    split(&text).0.to_owned()
}

pub(super) fn sent_by_a_mail_system(message: &Message<'_>) -> bool {
    let raw =
        |name: &'static str| raw_header(message, name).unwrap_or_default().trim().to_lowercase();
    let from = raw("From");
    let names = [
        "mailer-daemon",
        "mailer daemon",
        "postmaster",
        "mail delivery",
        "mail.delivery",
        "system administrator",
        "mail administrator",
        "maildelivery",
    ];
    let returns = message.parts.iter().any(|part| matches!(part.body, PartType::Message(_)));
    raw("Return-Path") == "<>"
        || from.ends_with("<>")
        || names.iter().any(|name| from.contains(name))
        || (returns && (from.contains("no-reply@") || from.contains("noreply@")))
}

fn speaks_of_failure(told: &str) -> bool {
    FAILURE.iter().chain(&DELAY).any(|words| told.contains(words))
        // The server's own words may be all there is.
        || super::reason::of(None, told).1 != Reason::Other
}

/// All text of the mail that is its own: plain parts, and pages where there is nothing else.
pub(super) fn text(message: &Message<'_>) -> String {
    let mut text = String::new();
    for part in &message.parts {
        if let PartType::Text(own) = &part.body {
            text.push_str(own);
            text.push('\n');
        }
    }
    if text.trim().is_empty() {
        for part in &message.parts {
            if let PartType::Html(page) = &part.body {
                text.push_str(&mail_parser::decoders::html::html_to_text(page));
                text.push('\n');
            }
        }
    }
    text
}

/// Parts what the server says from what it returns.
pub(super) fn split(text: &str) -> (&str, &str) {
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.trim().to_lowercase();
        let header =
            ["received:", "return-path:", "x-original-to:", "message-id:", "dkim-signature:"];
        if header.iter().any(|name| lower.starts_with(name)) && !line.starts_with("    ") {
            return text.split_at(position);
        }
        if RETURNED.iter().any(|mark| lower.contains(mark)) && !lower.starts_with("this is") {
            return text.split_at(position);
        }
        position += line.len();
    }
    (text, "")
}

/// The recipients that the text names, each with the words up to the next.
fn recipients(
    message: &Message<'_>,
    above: &str,
    failed: Option<&str>,
    kind: Kind,
) -> Vec<Recipient> {
    let own = own_addresses(message);
    let mut named: Vec<(String, usize)> = Vec::new();
    let mut add = |address: String, at: usize| {
        let known = named.iter().any(|(known, _)| known.eq_ignore_ascii_case(&address));
        if !known && named.len() < crate::limits::RECIPIENTS {
            named.push((address, at));
        }
    };
    for address in failed.unwrap_or_default().split(',').filter_map(address_in) {
        add(address, 0);
    }
    if failed.is_none() {
        let lines = || lines_with_offsets(above);
        for (line, at) in lines().filter(|(line, _)| names_recipient(line)) {
            if let Some(address) = address_in(line).filter(|address| !is_own(&own, address)) {
                add(address, at);
            }
        }
        if named.is_empty() {
            let anywhere = lines().find_map(|(line, at)| {
                let address = address_in(line).filter(|address| !is_own(&own, address))?;
                (!names_sender(line)).then_some((address, at))
            });
            // A mail to oneself: the recipient is the address the report goes to.
            let own_one = || {
                lines().find_map(|(line, at)| {
                    names_recipient(line).then(|| Some((address_in(line)?, at)))?
                })
            };
            named.extend(anywhere.or_else(own_one));
        }
    }
    let ends: Vec<usize> = named.iter().skip(1).map(|(_, at)| *at).collect();
    let several = named.len() > 1 && failed.is_none();
    let words = |index: usize, at: usize| {
        let end = ends.get(index).copied().unwrap_or(above.len());
        if several { &above[at..end.max(at)] } else { above }
    };
    let recipients = named.iter().enumerate();
    recipients
        .map(|(index, (address, at))| Recipient::new(kind, address, None, words(index, *at)))
        .collect()
}

fn lines_with_offsets(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut position = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = position;
        position += line.len();
        (line, at)
    })
}

/// Whether the line puts an address where servers put the recipient: at its beginning, behind a
/// reply code, or behind a word that announces it.
fn names_recipient(line: &str) -> bool {
    if names_sender(line) {
        return false;
    }
    let start = line.trim_start_matches([' ', '\t', '*', '<', '>', '-', '.']);
    let start = start.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ' || c == '<');
    let first =
        start.split([' ', '>', ':', ',', '\t', '\r', '\n', '(', '[']).next().unwrap_or_default();
    if address_in(first).is_some() {
        return true;
    }
    let lower = line.to_lowercase();
    let announced = [
        "recipient:",
        "rcpt to:",
        "mail address:",
        "delivering your mail to",
        "failed recipient",
        "could not be delivered to",
        "was not delivered to",
        "message to",
        "mailbox is full:",
        "gateway for",
        "recipients:",
        "destinataire",
    ];
    lower.contains('@') && announced.iter().any(|words| lower.contains(words))
}

fn names_sender(line: &str) -> bool {
    let lower = line.trim_start_matches(['>', ' ', '\t']).to_lowercase();
    ["mail from:", "from:", "from ", "sender:", "reply-to:"]
        .iter()
        .any(|word| lower.starts_with(word))
}

/// Addresses of the report itself: ours, and the mail system's.
fn own_addresses(message: &Message<'_>) -> Vec<String> {
    let names = ["To", "From", "Delivered-To", "X-Original-To", "Return-Path", "Reply-To"];
    let raw = names.iter().filter_map(|name| raw_header(message, name));
    raw.filter_map(address_in).map(|address| address.to_lowercase()).collect()
}

fn is_own(own: &[String], address: &str) -> bool {
    let address = address.to_lowercase();
    own.contains(&address)
        || address.starts_with("postmaster@")
        || address.starts_with("mailer-daemon@")
}

//! Which of our mails a report is about: from what came back of it, and from the address that the
//! report came to.

use mail_parser::{Message, PartType};

use super::{address_in, fields, parts_of, plain, raw_header};

pub(super) struct Original {
    pub message_id: Option<String>,
    pub token: Option<String>,
    /// To whom it went, for reports that do not say.
    pub recipient: Option<String>,
}

/// Gathers what there is. `envelope_id` is the report's own (RFC 3464, 2.2.1).
pub(super) fn find(message: &Message<'_>, envelope_id: Option<String>) -> Original {
    let headers = returned_headers(message);
    let get = |name: &str| {
        headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    };
    let reply = ["In-Reply-To", "References"].into_iter().find_map(|name| {
        let raw = raw_header(message, name)?;
        raw.split_whitespace().last()
    });
    let message_id = get("message-id").or(reply).map(bare).filter(|id| !id.is_empty());
    let token = sent_to(message)
        .or_else(|| envelope_id.filter(|id| is_token(id)))
        .or_else(|| get("x-entremise-token").filter(|token| is_token(token)).map(str::to_owned))
        .or_else(|| get("return-path").and_then(address_in).as_deref().and_then(token_of));
    Original { message_id, token, recipient: get("to").and_then(address_in) }
}

/// An address's token: `bounce+TOKEN@…`.
fn token_of(address: &str) -> Option<String> {
    let (local, _) = address.rsplit_once('@')?;
    let (_, token) = local.split_once('+')?;
    is_token(token).then(|| token.to_owned())
}

fn is_token(given: &str) -> bool {
    (8..=128).contains(&given.len())
        && given
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The token of the address that the report was sent to.
fn sent_to(message: &Message<'_>) -> Option<String> {
    ["X-Original-To", "Delivered-To", "Envelope-To", "To"].into_iter().find_map(|name| {
        let raw = raw_header(message, name)?;
        token_of(&address_in(raw)?)
    })
}

fn bare(id: &str) -> String {
    id.trim().trim_matches(['<', '>']).chars().take(998).collect()
}

/// The header of the returned mail: as a mail, as a part of headers, or below a line in the text.
fn returned_headers(message: &Message<'_>) -> Vec<(String, String)> {
    let returned = message.parts.iter().find_map(|part| match &part.body {
        PartType::Message(inner) => Some(String::from_utf8_lossy(inner.raw_message()).into_owned()),
        _ => None,
    });
    let returned = returned
        .or_else(|| parts_of(message, "text", &["rfc822-headers", "rfc822"]).next())
        .or_else(|| parts_of(message, "message", &["rfc822-headers", "partial"]).next());
    match returned {
        Some(text) => fields(head(&text)),
        None => {
            let text = plain::text(message);
            let (_, below) = plain::split(&text);
            // Some servers indent what they return.
            let below: String = below
                .lines()
                .map(|line| format!("{}\n", line.trim_start_matches([' ', '>'])))
                .collect();
            fields(&below)
        }
    }
}

fn head(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find("\r\n\r\n").or_else(|| text.find("\n\n")).unwrap_or(text.len());
    &text[..end]
}

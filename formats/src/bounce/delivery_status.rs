//! RFC 3464: the machine-readable part of a delivery report, one group of fields per recipient.

use mail_parser::Message;

use super::{Found, Kind, Recipient, address_in, fields, parts_of, raw_header};
use crate::limits;

/// The report in a `message/delivery-status` part; also where a server put the same fields into
/// plain text.
pub(super) fn find(message: &Message<'_>) -> Option<Found> {
    let mut found: Option<Found> = None;
    let subtypes = ["delivery-status", "global-delivery-status"];
    for part in parts_of(message, "message", &subtypes) {
        merge(&mut found, read(&part));
    }
    if found.is_none() {
        for part in parts_of(message, "text", &["plain", "rfc822-headers"]) {
            if part.contains("\nFinal-Recipient:") {
                merge(&mut found, read(&part));
            }
        }
    }
    let mut found = found?;
    complete(message, &mut found);
    Some(found)
}

fn merge(found: &mut Option<Found>, more: Option<Found>) {
    match (found.as_mut(), more) {
        (Some(found), Some(mut more)) => {
            found.kind = found.kind.max(more.kind);
            found.recipients.append(&mut more.recipients);
        }
        (None, more) => *found = more,
        (Some(_), None) => {}
    }
}

/// Reads the groups of fields, which blank lines part.
fn read(text: &str) -> Option<Found> {
    let text = text.replace("\r\n", "\n");
    let mut found = Found::new(Kind::Other, Vec::new());
    for block in text.split("\n\n") {
        let fields = fields(block);
        let get = |name: &str| {
            fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
        };
        if let Some(id) = get("original-envelope-id") {
            found.envelope_id = Some(id.to_owned());
        }
        let Some(kind) = kind(get("action"), get("status"), get("final-recipient")) else {
            continue;
        };
        found.kind = found.kind.max(kind);
        // Some servers name the mailbox's path last, and the address only before.
        let names = ["original-recipient", "final-recipient", "x-actual-recipient"];
        let (first, second) = (get("final-recipient"), names.iter().find_map(|name| get(name)));
        let address = first.and_then(address_in).or_else(|| second.and_then(address_in));
        let words = get("diagnostic-code").unwrap_or_default();
        // `5.2.1 (mailbox disabled, not accepting messages)`
        let status = get("status").and_then(|status| status.split_whitespace().next());
        let comment = get("status").unwrap_or_default();
        let words =
            format!("{words} {}", comment.split_once(' ').map_or("", |(_, comment)| comment));
        match address {
            Some(address) if found.recipients.len() < limits::RECIPIENTS => {
                let status = status.map(str::to_owned);
                found.recipients.push(Recipient::new(kind, &address, status, &words));
            }
            _ => found.words.push_str(&format!("{} {words} ", status.unwrap_or_default())),
        }
    }
    (found.kind != Kind::Other).then_some(found)
}

fn kind(action: Option<&str>, status: Option<&str>, recipient: Option<&str>) -> Option<Kind> {
    let action = action.map(|action| action.split([' ', '(', ';']).next().unwrap_or_default());
    Some(match action.map(str::to_ascii_lowercase).as_deref() {
        Some("failed" | "fail") => Kind::Bounce,
        Some("delayed" | "deferred") => Kind::Delay,
        Some("delivered" | "relayed" | "expanded" | "deliverable") => Kind::Delivered,
        // No action: the class of the status says it.
        _ => match (status?.trim().chars().next()?, recipient?) {
            ('2', _) => Kind::Delivered,
            ('4' | '5', _) => Kind::Bounce,
            _ => return None,
        },
    })
}

/// Where the fields say too little, the words of the covering text are read too: many servers put
/// the real reason only there.
fn complete(message: &Message<'_>, found: &mut Found) {
    let failed = raw_header(message, "X-Failed-Recipients");
    if found.recipients.is_empty()
        && let Some(address) = failed.and_then(address_in)
    {
        let words = std::mem::take(&mut found.words);
        found.recipients.push(Recipient::new(found.kind, &address, None, &words));
    }
    let [only] = found.recipients.as_mut_slice() else {
        return;
    };
    let silent =
        matches!(only.reason, super::Reason::Other) || only.status.as_deref() == Some("5.0.0");
    if !silent || !matches!(only.kind, Kind::Bounce | Kind::Delay) {
        return;
    }
    let text = super::plain::covering_text(message);
    let told = Recipient::new(only.kind, &only.address, None, &text);
    if matches!(only.reason, super::Reason::Other) {
        only.reason = told.reason;
        only.blocked = told.blocked;
        only.permanent = told.permanent;
    }
}

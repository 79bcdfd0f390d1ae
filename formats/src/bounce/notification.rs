//! Amazon SES over SNS: the report as JSON in a mail, or one within the other.

use mail_parser::Message;

use super::{Found, Kind, Recipient, parts_of};
use crate::json::{self, Json};

/// The report in a text part that is one JSON document.
pub(super) fn find(message: &Message<'_>) -> Option<Found> {
    let text =
        parts_of(message, "text", &["plain"]).find(|text| text.trim_start().starts_with('{'))?;
    // What follows the document is SNS's own small print.
    // Mail servers fold the long lines; JSON has no line end within a text, so none is lost.
    let text = text.replace("\r\n ", "").replace("\n ", "");
    let (outer, _) = json::parse_first(text.trim_start()).ok()?;
    match outer.get("Message").and_then(Json::text) {
        Some(inner) => read(&json::parse(inner).ok()?),
        None => read(&outer),
    }
}

fn read(notification: &Json) -> Option<Found> {
    let text = |holder: &Json, name: &str| holder.get(name).and_then(Json::text).map(str::to_owned);
    let kind =
        match text(notification, "notificationType").or_else(|| text(notification, "eventType"))? {
            kind if kind == "Bounce" => Kind::Bounce,
            kind if kind == "Delivery" => Kind::Delivered,
            kind if kind == "Complaint" => Kind::FeedbackReport,
            kind if kind == "DeliveryDelay" => Kind::Delay,
            _ => return None,
        };
    let list = match kind {
        Kind::Bounce => notification.get("bounce")?.get("bouncedRecipients")?,
        Kind::Delivered => notification.get("delivery")?.get("recipients")?,
        Kind::Delay => notification.get("deliveryDelay")?.get("delayedRecipients")?,
        _ => notification.get("complaint")?.get("complainedRecipients")?,
    };
    let Json::List(list) = list else { return None };
    let recipients = list.iter().take(crate::limits::RECIPIENTS).filter_map(|recipient| {
        let address = match recipient {
            Json::Text(address) => address.to_string(),
            _ => text(recipient, "emailAddress")?,
        };
        let words = text(recipient, "diagnosticCode").unwrap_or_default();
        Some(Recipient::new(kind, &address, text(recipient, "status"), &words))
    });
    Some(Found::new(kind, recipients.collect()))
}

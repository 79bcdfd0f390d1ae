//! RFC 5965: a mailbox provider passes a recipient's complaint on.

use mail_parser::Message;

use super::{Found, Kind, Recipient, address_in, fields, parts_of};

/// The complaint in a `message/feedback-report` part.
pub(super) fn find(message: &Message<'_>) -> Option<Found> {
    let text = parts_of(message, "message", &["feedback-report"]).next()?;
    let fields = fields(&text);
    let values = |name: &'static str| {
        fields.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    };
    let mut recipients: Vec<Recipient> = Vec::new();
    for address in
        values("original-rcpt-to").chain(values("removal-recipient")).filter_map(address_in)
    {
        if !recipients.iter().any(|known| known.address == address) {
            recipients.push(Recipient::new(Kind::FeedbackReport, &address, None, ""));
        }
    }
    let mut found = Found::new(Kind::FeedbackReport, recipients);
    found.feedback_type = values("feedback-type").next().map(str::to_ascii_lowercase);
    found.envelope_id = values("original-envelope-id").next().map(str::to_owned);
    Some(found)
}

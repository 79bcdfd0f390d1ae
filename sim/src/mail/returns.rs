//! What comes back of a message, in the forms mail systems use: a non-delivery report and a delay
//! report (RFC 3464 in RFC 6522), and an answer of a machine (RFC 3834).

use jiff::Timestamp;

use super::{Taken, header};

/// The mailbox turned out not to exist.
pub fn bounce(taken: &Taken, queue_id: &str, at: Timestamp) -> Vec<u8> {
    let words = "Votre message n’a pas pu être remis : cette boîte n’existe pas (plus).";
    let fields = "Action: failed\r\nStatus: 5.1.1\r\n\
                  Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n";
    report(taken, queue_id, at, "Undelivered Mail Returned to Sender", words, fields)
}

/// The mailbox takes nothing for the moment; the relay goes on trying.
pub fn delay(taken: &Taken, queue_id: &str, at: Timestamp) -> Vec<u8> {
    let words = "Votre message n’a pas encore pu être remis. Nous essayons encore.";
    let fields = "Action: delayed\r\nStatus: 4.4.1\r\n\
                  Diagnostic-Code: smtp; 451 4.4.1 No answer from host\r\n";
    report(taken, queue_id, at, "Delayed Mail (still being retried)", words, fields)
}

fn report(
    taken: &Taken,
    queue_id: &str,
    at: Timestamp,
    subject: &str,
    words: &str,
    fields: &str,
) -> Vec<u8> {
    let domain = taken.recipient.rsplit_once('@').map_or("relay.example", |(_, domain)| domain);
    let boundary = format!("=_{queue_id}");
    let text = String::from_utf8_lossy(&taken.bytes);
    let original = text.split("\r\n\r\n").next().unwrap_or_default();
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@{domain} (Mail Delivery System)\r\n\
         To: {to}\r\nSubject: {subject}\r\nDate: {date}\r\n\
         Message-ID: <{queue_id}.{secs}@{domain}>\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; \
         boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{words}\r\n\r\n\
         --{boundary}\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; relay.{domain}\r\nX-Queue-ID: {queue_id}\r\n\
         Arrival-Date: {arrived}\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\n\
         Original-Recipient: rfc822;{recipient}\r\n{fields}\r\n\
         --{boundary}\r\nContent-Type: text/rfc822-headers\r\n\r\n{original}\r\n\r\n\
         --{boundary}--\r\n",
        to = taken.return_path,
        date = mail_date(at),
        secs = at.as_second(),
        arrived = mail_date(taken.at),
        recipient = taken.recipient,
    )
    .into_bytes()
}

/// Somebody is on holiday.
pub fn auto_reply(taken: &Taken, message_id: &str, at: Timestamp) -> Vec<u8> {
    let subject = header(&taken.bytes, "subject").unwrap_or_default();
    format!(
        "Return-Path: <>\r\nFrom: {from}\r\nTo: {to}\r\nSubject: Re: {subject}\r\n\
         Date: {date}\r\nMessage-ID: <absence.{secs}.{from}>\r\nIn-Reply-To: {message_id}\r\n\
         References: {message_id}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         Bonjour,\r\n\r\nJe suis en vacances et ne lis pas mon courrier.\r\n",
        from = taken.recipient,
        to = taken.return_path,
        date = mail_date(at),
        secs = at.as_second(),
    )
    .into_bytes()
}

fn mail_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

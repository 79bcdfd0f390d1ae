//! The report of a sending as ACNS 1.2 says it: one `NoticeAck` per notice.

use entremise_formats::acns::ack::{Ack, Contact, Outcome};
use entremise_store::{BatchReport, ItemVerdict};

use crate::house::{Room, SenderRoom};

/// One document per notice, in the order of the sending.
pub fn notice_acks(room: &Room, sender: &SenderRoom, report: &BatchReport) -> Vec<String> {
    let authority = room.config.name.values().next().map_or("", String::as_str);
    report
        .results
        .iter()
        .zip(1..)
        .map(|(result, sequence)| {
            let repeated;
            let outcome = match &result.verdict {
                ItemVerdict::Accepted { .. } => Outcome::Accepted,
                ItemVerdict::DuplicateOf { notice } => {
                    repeated = notice.to_string();
                    Outcome::Duplicate { of: &repeated }
                }
                ItemVerdict::Rejected { rejections } => Outcome::Rejected(rejections),
            };
            let ack = Ack {
                case_id: result.sender_case_id.as_deref().unwrap_or(""),
                complainant: Contact { entity: &sender.config.name, email: &sender.config.email },
                service_provider: Contact { entity: authority, email: &room.config.contact.email },
                outcome,
                at: report.received_at,
                sequence: Some(sequence),
            };
            ack.to_xml()
        })
        .collect()
}

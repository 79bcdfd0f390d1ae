//! ACNS 1.2 out: one `NoticeAck` per notice, valid against the published schema.
//!
//! The schema misspells `Complianant`; so do we, or no receiver's parser would accept it. ACNS
//! has five reasons; our own code stands in `Notes`, where a person and a program can read it.

use entremise_core::notice::Notice;
use entremise_core::rejection::{Code, Rejection};
use jiff::Timestamp;

/// What became of one notice.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    Accepted,
    /// The fact was reported before; `of` is this house's number of the first notice.
    Duplicate {
        of: &'a str,
    },
    Rejected(&'a [Rejection]),
}

/// A party of the acknowledgement. ACNS requires a name and a mail address of each.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    pub entity: &'a str,
    pub email: &'a str,
}

/// One acknowledgement.
#[derive(Clone, Copy, Debug)]
pub struct Ack<'a> {
    /// The sender's case number; empty where the notice had none that could be read.
    pub case_id: &'a str,
    pub complainant: Contact<'a>,
    pub service_provider: Contact<'a>,
    pub outcome: Outcome<'a>,
    pub at: Timestamp,
    /// The position in the sender's batch, from 1.
    pub sequence: Option<i32>,
}

impl<'a> Ack<'a> {
    /// The case number to acknowledge a notice under.
    pub fn case_id(notice: Option<&'a Notice>) -> &'a str {
        notice.and_then(|notice| notice.sender_case_id.as_deref()).unwrap_or("")
    }

    /// The document, in UTF-8.
    pub fn to_xml(&self) -> String {
        let (accepted, reason, notes) = match self.outcome {
            Outcome::Accepted => (true, None, "accepted".to_owned()),
            Outcome::Duplicate { of } => (false, Some("MULTIPLE"), format!("duplicate_of {of}")),
            Outcome::Rejected(rejections) => (false, Some(reason(rejections)), notes(rejections)),
        };
        let mut xml = String::with_capacity(1024);
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml.push_str("<NoticeAck xmlns=\"http://www.acns.net/ACNS\"");
        // The attribute is declared at the top of the schema, so it carries the namespace.
        xml.push_str(" xmlns:acns=\"http://www.acns.net/ACNS\" acns:schemaVersion=\"1.2\"");
        xml.push_str(&format!(" Accepted=\"{accepted}\""));
        if let Some(reason) = reason {
            xml.push_str(&format!(" RejectReason=\"{reason}\""));
        }
        xml.push_str(&format!(" TimeStamp=\"{}\"", self.at));
        if let Some(sequence) = self.sequence {
            xml.push_str(&format!(" Sequence=\"{sequence}\""));
        }
        xml.push_str(">\n  <Case>");
        element(&mut xml, "ID", self.case_id);
        xml.push_str("</Case>\n");
        contact(&mut xml, "Complianant", self.complainant);
        contact(&mut xml, "Service_Provider", self.service_provider);
        xml.push_str("  ");
        element(&mut xml, "Notes", &notes);
        xml.push_str("\n</NoticeAck>\n");
        xml
    }
}

/// The ACNS reason for a list of rejections: the most telling one, `OTHER` where ACNS has none.
pub fn reason(rejections: &[Rejection]) -> &'static str {
    let reasons = rejections.iter().map(|rejection| reason_of(rejection.code));
    reasons.min_by_key(|reason| *reason == "OTHER").unwrap_or("OTHER")
}

/// The ACNS reason for one of our codes.
pub fn reason_of(code: Code) -> &'static str {
    match code {
        Code::NotOurNetwork | Code::AddressReserved => "IP_OUT_OF_RANGE",
        Code::TextXmlMismatch => "TEXT_XML_MISMATCH",
        Code::ClassNotHandled => "UNKNOWN_RECIPIENT",
        _ => "OTHER",
    }
}

/// `port_missing at /Infringement/Source/Port: …`, one a line.
fn notes(rejections: &[Rejection]) -> String {
    let lines: Vec<String> = rejections.iter().map(Rejection::to_string).collect();
    lines.join("\n")
}

fn contact(xml: &mut String, name: &str, contact: Contact) {
    xml.push_str(&format!("  <{name}>"));
    element(xml, "Entity", contact.entity);
    element(xml, "Email", contact.email);
    xml.push_str(&format!("</{name}>\n"));
}

pub(super) fn element(xml: &mut String, name: &str, text: &str) {
    xml.push_str(&format!("<{name}>"));
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(character),
            // XML 1.0 has no way to write these.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(character),
        }
    }
    xml.push_str(&format!("</{name}>"));
}

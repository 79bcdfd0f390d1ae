//! ACNS 1.2 out: `NoticeStatus`, where one notice stands, valid against the published schema.
//!
//! Of what the element can carry, only `Disposition` leaves: `GRStatus` has an identifier of the
//! person and counts of their notices, by which a sender would know whose line is whose.

use jiff::Timestamp;

use super::ack::element;

/// Where one notice stands.
#[derive(Clone, Copy, Debug)]
pub struct Status<'a> {
    /// The sender's own case number; ours where it gave none, or where it is erased.
    pub case_id: &'a str,
    /// `OPEN` or `CLOSED`.
    pub disposition: &'a str,
    /// Our own word for it, a stable name.
    pub reason: &'a str,
    pub received_at: Timestamp,
    /// When what may be told of it changed last.
    pub changed_at: Timestamp,
    /// When this was asked.
    pub at: Timestamp,
}

impl Status<'_> {
    /// The document, in UTF-8.
    pub fn to_xml(&self) -> String {
        let mut xml = String::with_capacity(512);
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml.push_str("<NoticeStatus xmlns=\"http://www.acns.net/ACNS\"");
        // The attribute is declared at the top of the schema, so it carries the namespace.
        xml.push_str(" xmlns:acns=\"http://www.acns.net/ACNS\" acns:schemaVersion=\"1.2\">\n");
        xml.push_str("  <CaseStatus CaseID=\"");
        xml.push_str(&quick_xml::escape::escape(plain(self.case_id)));
        xml.push_str(&format!("\" TimeStamp=\"{}\">\n    <Disposition>", self.at));
        element(&mut xml, "Type", self.disposition);
        element(&mut xml, "Reason", self.reason);
        element(&mut xml, "FirstProcessedDate", &self.received_at.to_string());
        element(&mut xml, "LastModifiedDate", &self.changed_at.to_string());
        xml.push_str("</Disposition>\n  </CaseStatus>\n</NoticeStatus>\n");
        xml
    }
}

/// Without what XML 1.0 has no way to write.
fn plain(text: &str) -> String {
    let writable = |letter: &char| *letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}');
    text.chars().filter(writable).collect()
}

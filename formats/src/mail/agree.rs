//! Whether a mail's text and the notice it carries say the same.
//!
//! A person reads the text, a program the XML; if they name different subscribers, somebody is
//! wrongly accused (ACNS: `TEXT_XML_MISMATCH`). Compared are the values behind known labels:
//! address, port, instant, case number. A value in another spelling than ours (`30 Aug 2008`) is
//! not compared.

use std::net::IpAddr;

use entremise_core::notice::Notice;
use entremise_core::rejection::{Code, Rejection};
use jiff::Timestamp;

use crate::acns;
use crate::reading::NoticeRead;

const ADDRESS: [&str; 8] = [
    "ip address",
    "ip",
    "source ip",
    "ip_address",
    "infringing ip address",
    "infringer's ip address",
    "infringers ip address",
    "adresse ip",
];
const PORT: [&str; 4] = ["port", "port number", "source port", "ip port"];
const INSTANT: [&str; 9] = [
    "timestamp",
    "time stamp",
    "infringement timestamp",
    "date and time",
    "date/time",
    "infringement date/time",
    "last seen",
    "recent infringement timestamp",
    "horodatage",
];
const CASE: [&str; 7] =
    ["notice id", "case id", "case", "case number", "notice", "reference number", "dossier"];

/// What the text claims, behind its labels.
#[derive(Default)]
struct Claims<'t> {
    addresses: Vec<IpAddr>,
    ports: Vec<u32>,
    instants: Vec<Timestamp>,
    cases: Vec<&'t str>,
}

impl Claims<'_> {
    fn count(&self) -> usize {
        self.addresses.len() + self.ports.len() + self.instants.len() + self.cases.len()
    }
}

/// Refuses every notice that the text around it contradicts; `place` is where the text stands.
pub(super) fn check(text: &str, items: &mut [NoticeRead], place: &str) {
    let claims = gather(text, items);
    let alone = items.len() == 1;
    for item in items {
        let Ok(notice) = &item.verdict else { continue };
        if let Some(what) = contradiction(&claims, notice, alone) {
            let how = format!("text and notice name a different {what}; send them alike");
            item.refuse(Rejection::new(Code::TextXmlMismatch, place, how));
        }
    }
}

fn contradiction(claims: &Claims, notice: &Notice, alone: bool) -> Option<&'static str> {
    let source = &notice.source;
    if differs(&claims.addresses, &source.ip, alone) {
        return Some("address");
    }
    if source.port.is_some_and(|port| differs(&claims.ports, &u32::from(port), alone)) {
        return Some("port");
    }
    if differs(&claims.instants, &notice.observation.from, alone) {
        return Some("instant");
    }
    let case = notice.sender_case_id.as_deref();
    case.is_some_and(|case| differs(&claims.cases, &case, alone)).then_some("case number")
}

/// With one notice every claim must be its own; with several, its own must be among them.
fn differs<T: PartialEq>(claims: &[T], own: &T, alone: bool) -> bool {
    let agrees = |claim: &T| claim == own;
    match alone {
        true => !claims.iter().all(agrees),
        false => !claims.is_empty() && !claims.iter().any(agrees),
    }
}

/// Reads the labelled lines of the text that lies outside the notices.
fn gather<'t>(text: &'t str, items: &[NoticeRead]) -> Claims<'t> {
    let mut claims = Claims::default();
    let mut position = 0;
    for item in items {
        if let Some(between) = text.get(position..item.span.start) {
            gather_from(between, &mut claims);
        }
        position = item.span.end;
    }
    // After a notice that is not well-formed nobody can say where it ends.
    if let Some(rest) = text.get(position..)
        && acns::find_start(rest, 0).is_none()
    {
        gather_from(rest, &mut claims);
    }
    claims
}

fn gather_from<'t>(text: &'t str, claims: &mut Claims<'t>) {
    for line in text.lines() {
        let Some((label, value)) = line.split_once(':') else {
            continue;
        };
        let label = label.trim_matches([' ', '-', '*', '\t', '#', '\u{a0}']).to_lowercase();
        let (label, value) = (label.as_str(), value.trim());
        // Labels by the thousand are no text that a person reads.
        if claims.count() == 10_000 {
            return;
        }
        if ADDRESS.contains(&label) {
            claims.addresses.extend(value.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()));
        } else if PORT.contains(&label) {
            claims.ports.extend(value.parse::<u32>().ok());
        } else if INSTANT.contains(&label) {
            claims.instants.extend(value.parse::<Timestamp>().ok());
        } else if CASE.contains(&label) && !value.is_empty() {
            claims.cases.push(value);
        }
    }
}

//! From the texts of one `Infringement` to the canonical notice, with everything that is wrong
//! said at once.

use std::collections::BTreeMap;

use entremise_core::notice::{Claim, Class, Clock, Notice, Observation, Source, Transport, Work};
use entremise_core::rejection::{Code, Rejection};

use super::document::{Document, Item};
use crate::reading::Complaints;
use crate::{address, digests, instant};

const CASE_ID: &str = "/Infringement/Case/ID";

/// The notice. What the schemas of all versions require is required here: a case number, both
/// parties with a mail address, a source with instant and address, and a work.
pub(super) fn from_document(
    mut document: Document,
    version: &str,
) -> Result<Notice, Vec<Rejection>> {
    let mut found = Complaints::default();
    required(&document.case_id, CASE_ID, &mut found);
    required(&document.complainant, "/Infringement/Complainant/Entity", &mut found);
    if !document.complainant_email {
        missing("/Infringement/Complainant/Email", &mut found);
    }
    required(&document.provider, "/Infringement/Service_Provider/Entity", &mut found);
    if !document.provider_email {
        missing("/Infringement/Service_Provider/Email", &mut found);
    }
    let observation = observation(&document, &mut found);
    let source = source(&document, &mut found);
    let works = works(&mut document, version, &mut found);
    let details = also_seen(&document, &mut found);
    let (kind, protocol, claim) = (kind(&document), protocol(&document), claim(&document));
    let notice = observation.zip(source).map(|(observation, source)| Notice {
        sender_case_id: kept(document.case_id),
        class: Class::Copyright,
        kind: kind.to_owned(),
        observation,
        source,
        observer: None,
        protocol,
        pseudonym: kept(document.source.user_name),
        provider_name: kept(document.provider),
        works,
        claim,
        details,
    });
    found.verdict(notice)
}

fn missing(at: impl Into<String>, found: &mut Complaints) {
    found.add(Code::FieldMissing, at, "this element must be given, and not empty");
}

/// The text, unless the element is absent or empty.
fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// The same, to keep.
fn kept(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn required<'d>(text: &'d Option<String>, at: &str, found: &mut Complaints) -> Option<&'d str> {
    let text = filled(text);
    if text.is_none() {
        missing(at, found);
    }
    text
}

fn observation(document: &Document, found: &mut Complaints) -> Option<Observation> {
    let at = "/Infringement/Source/TimeStamp";
    let given = required(&document.source.time_stamp, at, found)?;
    let from = found.keep(instant::parse(given, at))?;
    Some(Observation { from, until: None, clock: clock(document, found) })
}

/// The declaration of type `clock`: `source=ntp offset_ms=3 max_error_ms=500`.
fn clock(document: &Document, found: &mut Complaints) -> Option<Clock> {
    let body = declared(document, "clock")?;
    let mut clock = Clock { source: String::new(), offset_ms: None, max_error_ms: None };
    for (name, value) in body.split_ascii_whitespace().filter_map(|part| part.split_once('=')) {
        match name {
            "source" => clock.source = value.to_owned(),
            "offset_ms" => clock.offset_ms = value.parse().ok(),
            "max_error_ms" => clock.max_error_ms = value.parse().ok(),
            _ => {}
        }
    }
    if clock.source.is_empty() {
        let how = "write the clock as source=ntp offset_ms=3 max_error_ms=500";
        found.add(Code::FieldInvalid, "/Infringement/Declarations/Body", how);
    }
    Some(clock)
}

fn source(document: &Document, found: &mut Complaints) -> Option<Source> {
    let source = &document.source;
    let at = "/Infringement/Source/IP_Address";
    let ip =
        required(&source.ip, at, found).and_then(|given| found.keep(address::public(given, at)));
    let port = filled(&source.port)
        .and_then(|given| found.keep(address::port(given, "/Infringement/Source/Port")));
    let transport = filled(&source.protocol).and_then(|given| {
        let at = "/Infringement/Source/Protocol";
        let number = given.parse::<u8>().ok().filter(|number| *number <= 254);
        if number.is_none() {
            found.add(Code::FieldInvalid, at, "write the IANA protocol number, 0 to 254: 6 is TCP");
        }
        number.map(Transport::from_number)
    });
    Some(Source { ip: ip?, port, transport })
}

/// In the words of XARF: what was seen on a peer-to-peer network is `p2p`.
fn kind(document: &Document) -> &'static str {
    let base = document.source.base_type.as_deref().unwrap_or_default();
    match base.to_ascii_uppercase().as_str() {
        "P2P" => "p2p",
        "LINK" => "link_site",
        "SERVER" | "OTHER" => "copyright",
        // Before 1.0 there is only the type.
        _ => match protocol(document).as_deref() {
            Some("bittorrent" | "ed2k" | "gnutella" | "gnutella2" | "kad" | "ares") => "p2p",
            _ => "copyright",
        },
    }
}

fn protocol(document: &Document) -> Option<String> {
    let of_sub_type = filled(&document.source.application_protocol);
    let named = of_sub_type.filter(|name| !name.eq_ignore_ascii_case("OTHER"));
    let named = named.or_else(|| filled(&document.source.kind))?;
    // One word: some senders write a sentence.
    let one_word = named.len() <= 32 && !named.contains(char::is_whitespace);
    one_word.then(|| named.to_lowercase())
}

fn works(document: &mut Document, version: &str, found: &mut Complaints) -> Vec<Work> {
    if document.items.is_empty() {
        missing("/Infringement/Content/Item", found);
    }
    let mut works: Vec<Work> = document
        .items
        .iter_mut()
        .enumerate()
        .map(|(index, item)| {
            let at = |part: &str| format!("/Infringement/Content/Item[{}]/{part}", index + 1);
            work(item, &at, version, found)
        })
        .collect();
    // The asset's number belongs to the one work there is; with several nobody can say to which.
    if let ([work], Some((scheme, value))) = (works.as_mut_slice(), &document.asset_id) {
        work.work_id = Some(format!("{}:{value}", scheme.to_ascii_lowercase()));
    }
    works
}

/// `at` says where a part of the work stands.
fn work(
    item: &mut Item,
    at: &dyn Fn(&str) -> String,
    version: &str,
    found: &mut Complaints,
) -> Work {
    match filled(&item.time_stamp) {
        Some(given) => {
            if let Err(rejection) = instant::parse(given, "") {
                found.push(Rejection { at: at("TimeStamp"), ..rejection });
            }
        }
        // 0.6 has none.
        None if version == "0.6" => {}
        None => missing(at("TimeStamp"), found),
    }
    let size_bytes = filled(&item.file_size).and_then(|given| {
        let size = given.parse().ok();
        if size.is_none() {
            found.add(Code::FieldInvalid, at("FileSize"), "write the size in bytes");
        }
        size
    });
    if item.file_name.is_none() {
        missing(at("FileName"), found);
    }
    Work {
        title: kept(item.title.take()),
        artist: kept(item.artist.take()),
        file_name: kept(item.file_name.take()),
        size_bytes,
        hashes: item.hashes.iter().map(|(kind, value)| digests::hash(kind, value)).collect(),
        work_id: None,
    }
}

/// Every `AlsoSeen` interval of the notice, as `[{"start", "end"}]`.
fn also_seen(document: &Document, found: &mut Complaints) -> BTreeMap<String, serde_json::Value> {
    let mut sightings = Vec::new();
    for (start, end) in document.items.iter().flat_map(|item| &item.also_seen) {
        let at = "/Infringement/Content/Item/AlsoSeen";
        let start = found.keep(instant::parse(start, at));
        let end = found.keep(instant::parse(end, at));
        if let (Some(start), Some(end)) = (start, end) {
            sightings.push(serde_json::json!({ "start": start, "end": end }));
        }
    }
    let mut details = BTreeMap::new();
    if !sightings.is_empty() {
        details.insert("also_seen".to_owned(), sightings.into());
    }
    details
}

fn claim(document: &Document) -> Claim {
    let value = |kind: &str| declared(document, kind).map(str::to_owned);
    let retraction = matches!(document.retraction.as_deref(), Some("true" | "1"));
    Claim {
        rights_holder: filled(&document.complainant).map(str::to_owned),
        mandate: value("mandate"),
        sworn_agent: value("sworn_agent"),
        standing_declared: document.declarations.iter().any(|(kind, _)| kind == "standing"),
        legal_basis: value("legal_basis"),
        retraction,
    }
}

/// The body of the declaration of that type.
fn declared<'a>(document: &'a Document, kind: &str) -> Option<&'a str> {
    let mut declarations = document.declarations.iter();
    declarations
        .find(|(given, body)| given == kind && !body.is_empty())
        .map(|(_, body)| body.as_str())
}

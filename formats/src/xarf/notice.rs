//! From a checked report to the canonical notice.
//!
//! What has no field of its own in the notice stays in `details` under XARF's name, except the
//! evidence, which is kept raw with the report, and `_internal`, which nobody should have sent.

use std::collections::BTreeMap;
use std::net::IpAddr;

use entremise_core::notice::{
    Claim, Class, Clock, Hash, Notice, Observation, Source, Transport, Work,
};
use entremise_core::rejection::Code;
use jiff::Timestamp;

use crate::json::Json;
use crate::reading::Complaints;
use crate::xarf::kinds::Kind;
use crate::{address, digests, instant};

/// Whether a member becomes a field of the notice, or is left out on purpose.
fn is_taken(name: &str) -> bool {
    matches!(
        name,
        "xarf_version"
            | "report_id"
            | "timestamp"
            | "source_identifier"
            | "source_port"
            | "category"
            | "type"
            | "evidence"
            | "_internal"
            | "legacy_version"
            | "case_id"
            | "transport"
            | "observed_first"
            | "observed_last"
            | "clock"
            | "observer"
            | "info_hash_v2"
            | "work_id"
            | "file_name"
            | "artist"
            | "works"
            | "pseudonym"
            | "provider_name"
            | "mandate"
            | "sworn_agent"
            | "standing_declared"
            | "legal_basis"
            | "retraction"
            | "p2p_protocol"
            | "swarm_info"
            | "work_title"
            | "rights_holder"
            | "file_size"
            | "file_hash"
            | "destination_ip"
            | "destination_port"
            | "reporter"
            | "sender"
    )
}

/// The notice a report stands for; None when a field cannot be read, with the complaint noted.
pub(super) fn from_report(report: &Json, kind: &Kind, found: &mut Complaints) -> Option<Notice> {
    let mut details = BTreeMap::new();
    let text = |name: &str| report.get(name).and_then(Json::text).map(str::to_owned);
    let ip = source_address(report, kind, &mut details, found)?;
    let port = report.get("source_port").and_then(Json::integer);
    let port = port.and_then(|port| found.keep(address::port_number(port, "/source_port")));
    let transport = transport(report, "", found).or_else(|| transport_of_attack(report));
    let source = Source { ip, port, transport };
    let observation = observation(report, found)?;
    let copyright = kind.class == Class::Copyright;
    keep_details(report, copyright, &mut details);
    Some(Notice {
        sender_case_id: text("case_id").or_else(|| text("report_id")),
        class: kind.class,
        kind: kind.name.to_owned(),
        observation,
        source,
        observer: observer(report, found),
        protocol: text("p2p_protocol").or_else(|| text("protocol")),
        pseudonym: text("pseudonym"),
        provider_name: text("provider_name"),
        works: if copyright { works(report) } else { Vec::new() },
        claim: Claim {
            rights_holder: text("rights_holder"),
            mandate: text("mandate"),
            sworn_agent: text("sworn_agent"),
            standing_declared: is_true(report, "standing_declared"),
            legal_basis: text("legal_basis"),
            retraction: is_true(report, "retraction"),
        },
        details,
    })
}

fn is_true(report: &Json, name: &str) -> bool {
    report.get(name) == Some(&Json::Bool(true))
}

/// The address, or its absence where the report is about a host name. A peer has an address.
fn source_address(
    report: &Json,
    kind: &Kind,
    details: &mut BTreeMap<String, serde_json::Value>,
    found: &mut Complaints,
) -> Option<IpAddr> {
    let given = report.get("source_identifier")?.text()?;
    let by_address_only = kind.name == "p2p" || kind.class == Class::Connection;
    let looks_numeric =
        given.contains(':') || given.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if by_address_only || looks_numeric {
        let read = if kind.class == Class::Copyright { address::public } else { address::any };
        return found.keep(read(given, "/source_identifier"));
    }
    details.insert("source_identifier".to_owned(), given.into());
    Some(address::ABSENT)
}

/// `tcp`, `udp`, `6` or `"6"`.
fn transport(holder: &Json, at: &str, found: &mut Complaints) -> Option<Transport> {
    let given = holder.get("transport")?;
    let at = format!("{at}/transport");
    match given {
        Json::Text(name) => found.keep(address::transport(name, &at)),
        Json::Number(number) => found.keep(address::transport(&number.to_string(), &at)),
        _ => {
            found.add(Code::FieldInvalid, at, "write tcp, udp or an IANA protocol number");
            None
        }
    }
}

/// XARF's connection types name the transport `protocol`.
fn transport_of_attack(report: &Json) -> Option<Transport> {
    match report.get("protocol").and_then(Json::text)? {
        "tcp" => Some(Transport::Tcp),
        "udp" => Some(Transport::Udp),
        _ => None,
    }
}

fn observation(report: &Json, found: &mut Complaints) -> Option<Observation> {
    // Faults were noted when the rules were checked, and nobody reads their place here.
    let at = |name: &str| -> Option<Result<Timestamp, _>> {
        Some(instant::parse(report.get(name)?.text()?, ""))
    };
    let first = at("observed_first").or_else(|| at("timestamp"))?;
    let until = at("observed_last").and_then(Result::ok);
    let from = first.ok()?;
    if until.is_some_and(|until| until < from) {
        found.add(
            Code::TimestampInvalid,
            "/observed_last",
            "the observation ends before it begins",
        );
    }
    let clock = report.get("clock").and_then(clock);
    Some(Observation { from, until: until.filter(|until| *until != from), clock })
}

fn clock(given: &Json) -> Option<Clock> {
    let number = |name: &str| given.get(name).and_then(Json::integer);
    Some(Clock {
        source: given.get("source")?.text()?.to_owned(),
        offset_ms: number("offset_ms").and_then(|number| number.try_into().ok()),
        max_error_ms: number("max_error_ms").and_then(|number| number.try_into().ok()),
    })
}

/// The observer of the profile, or the attacked end that XARF's connection types name.
fn observer(report: &Json, found: &mut Complaints) -> Option<Source> {
    let (holder, ip, port, at) = match report.get("observer") {
        Some(observer) => (observer, "ip", "port", "/observer"),
        None => (report, "destination_ip", "destination_port", ""),
    };
    let ip: IpAddr = holder.get(ip)?.text()?.parse().ok()?;
    let port = holder.get(port).and_then(Json::integer);
    Some(Source {
        ip: ip.to_canonical(),
        port: port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0),
        transport: if at.is_empty() { None } else { transport(holder, at, found) },
    })
}

fn works(report: &Json) -> Vec<Work> {
    if let Some(Json::List(works)) = report.get("works") {
        return works.iter().map(listed_work).collect();
    }
    let mut work = Work {
        title: text(report, "work_title"),
        artist: text(report, "artist"),
        file_name: text(report, "file_name"),
        size_bytes: size(report, "file_size"),
        hashes: Vec::new(),
        work_id: text(report, "work_id").or_else(|| text(report, "work_identifier")),
    };
    if let Some(swarm) = report.get("swarm_info") {
        work.file_name = work.file_name.or_else(|| text(swarm, "torrent_name"));
        work.size_bytes = work.size_bytes.or_else(|| size(swarm, "total_size"));
        work.hashes.extend(swarm_hash(report, swarm));
    }
    if let Some(hash) = text(report, "info_hash_v2") {
        work.hashes.push(digests::hash("btmh", &hash));
    }
    if let Some(file) = report.get("file_info") {
        work.file_name = work.file_name.or_else(|| text(file, "filename"));
        work.size_bytes = work.size_bytes.or_else(|| size(file, "file_size"));
        work.hashes.extend(text(file, "file_hash").as_deref().and_then(digests::prefixed));
    }
    if let Some(message) = report.get("message_info") {
        work.size_bytes = work.size_bytes.or_else(|| size(message, "file_size"));
    }
    work.hashes.extend(text(report, "file_hash").as_deref().and_then(digests::prefixed));
    if work == Work::default() { Vec::new() } else { vec![work] }
}

/// The hash that names the swarm: given as such, else within the magnet URI.
fn swarm_hash(report: &Json, swarm: &Json) -> Option<Hash> {
    let bittorrent = report.get("p2p_protocol").and_then(Json::text) == Some("bittorrent");
    if let Some(hash) = swarm.get("info_hash").and_then(Json::text) {
        return Some(digests::hash(if bittorrent { "btih" } else { "sha1" }, hash));
    }
    digests::from_magnet(swarm.get("magnet_uri")?.text()?)
}

fn listed_work(given: &Json) -> Work {
    let hashes = match given.get("hashes") {
        Some(Json::List(hashes)) => hashes
            .iter()
            .filter_map(|hash| {
                Some(digests::hash(hash.get("algorithm")?.text()?, hash.get("value")?.text()?))
            })
            .collect(),
        _ => Vec::new(),
    };
    Work {
        title: text(given, "title"),
        artist: text(given, "artist"),
        file_name: text(given, "file_name"),
        size_bytes: size(given, "size_bytes"),
        hashes,
        work_id: text(given, "work_id"),
    }
}

fn text(holder: &Json, name: &str) -> Option<String> {
    holder.get(name).and_then(Json::text).map(str::to_owned)
}

fn size(holder: &Json, name: &str) -> Option<u64> {
    holder.get(name).and_then(Json::integer).and_then(|number| number.try_into().ok())
}

/// Keeps what has no field of its own, under its own name.
fn keep_details(report: &Json, copyright: bool, details: &mut BTreeMap<String, serde_json::Value>) {
    let Json::Object(members) = report else {
        return;
    };
    for (name, value) in members.iter() {
        let name = name.as_ref();
        // Outside copyright these are the type's own.
        let own = !copyright && matches!(name, "file_size" | "file_hash" | "rights_holder");
        if own || !is_taken(name) {
            details.insert(name.to_owned(), value.to_value());
        }
    }
}

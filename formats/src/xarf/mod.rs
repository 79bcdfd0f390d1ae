//! XARF v4: JSON reports of abuse, all 32 types in 7 categories (xarf.org, 4.2.0).
//!
//! Every minor version 4.x is read by the rules of 4.2.0, the newest published: 4.x only adds.
//! Version 3 and others are `version_unsupported`, by name. Verdicts are those of the published
//! JSON Schemas with formats asserted; beyond them this house refuses
//! * an instant without a zone, a port out of range, an address no subscriber can hold;
//! * evidence whose payload is no base64 or larger than 5 MiB;
//! * a profile member (see [`core::PROFILE`]) that does not fit its rule.
//!
//! Members that the profile adds to XARF's own, all optional here (the regime decides which it
//! demands): `case_id`, `transport`, `observed_first`, `observed_last`, `clock` {`source`,
//! `offset_ms`, `max_error_ms`}, `observer` {`ip`, `port`, `transport`}, `info_hash_v2`,
//! `piece_proof` {`bytes_received`, `piece_index`, `hash_verified`}, `work_id`, `file_name`,
//! `artist`, `works` [{`title`, `artist`, `file_name`, `size_bytes`, `hashes`, `work_id`}],
//! `pseudonym`, `provider_name`, `mandate`, `sworn_agent`, `standing_declared`, `legal_basis`,
//! `retraction`.
//!
//! A report about a host name (web page, shop, mail relay) names no address: its notice carries
//! [`crate::address::ABSENT`] and the name in `details["source_identifier"]`.

pub mod core;
pub mod kinds;
mod notice;
pub mod rule;

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::rejection::{Code, Rejection};

use crate::json::{self, Json};
use crate::reading::{Complaints, NoticeRead};
use kinds::Kind;

/// Reads one report from the text of one JSON document.
pub(crate) fn read(text: &str, start: usize) -> NoticeRead {
    match json::parse(text) {
        Ok(report) => read_report(&report, text, start),
        Err(rejection) => {
            let mut item = NoticeRead::new("xarf", text.as_bytes(), start);
            item.refuse(rejection);
            item
        }
    }
}

/// Whether a JSON object says of itself that it is an XARF report, of any version.
pub(crate) fn is_report(json: &Json) -> bool {
    ["xarf_version", "report_id", "ReporterInfo", "Report"]
        .iter()
        .any(|name| json.get(name).is_some())
}

/// Reads one report; `raw` is the text it was parsed from.
pub(crate) fn read_report(report: &Json, raw: &str, start: usize) -> NoticeRead {
    let mut item = NoticeRead::new("xarf", raw.as_bytes(), start);
    let version = declared_version(report);
    item.version = version.map(printable);
    match version {
        Some(version) if version.starts_with("4.") => {}
        Some(_) => {
            let version = item.version.as_deref().unwrap_or_default();
            let how = format!("XARF {version} is not read here; send XARF 4");
            item.verdict =
                Err(vec![Rejection::new(Code::VersionUnsupported, "/xarf_version", how)]);
            return item;
        }
        None => {
            let mut found = Complaints::default();
            rule::missing("", "xarf_version", &mut found);
            item.verdict = Err(found.into_inner());
            return item;
        }
    }
    let mut found = Complaints::default();
    let kind = check(report, &mut found);
    let notice = kind.and_then(|kind| notice::from_report(report, kind, &mut found));
    item.verdict = found.verdict(notice);
    item
}

/// Version 4 calls it `xarf_version`, version 3 `Version`.
fn declared_version<'a>(report: &'a Json) -> Option<&'a str> {
    report.get("xarf_version").or_else(|| report.get("Version")).and_then(Json::text)
}

/// A version as it may be shown: short, digits and dots only.
fn printable(version: &str) -> String {
    version.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(12).collect()
}

/// Checks everything the schemas demand; the kind when category and type name one.
fn check(report: &Json, found: &mut Complaints) -> Option<&'static Kind> {
    rule::check_members(report, core::CORE, "", found);
    rule::check_members(report, core::PROFILE, "", found);
    check_evidence(report, found);
    let category = report.get("category").and_then(Json::text)?;
    let name = report.get("type").and_then(Json::text)?;
    if kinds::class(category).is_none() {
        found.add(Code::FieldInvalid, "/category", "use one of the seven categories of XARF 4");
        return None;
    }
    let Some(kind) = kinds::find(category, name) else {
        found.add(Code::FieldInvalid, "/type", "XARF 4 has no such type in this category");
        return None;
    };
    for members in kind.members {
        rule::check_members(report, members, "", found);
    }
    check_together(report, category, name, found);
    Some(kind)
}

/// What the schemas demand of several members together.
fn check_together(report: &Json, category: &str, name: &str, found: &mut Complaints) {
    let missing = |member: &str| report.get(member).is_none();
    match (category, name) {
        ("connection", "ddos" | "login_attack" | "port_scan") => {
            let source = report.get("source_identifier").and_then(Json::text);
            let address = source.is_some_and(|source| source.parse::<IpAddr>().is_ok());
            if address && missing("source_port") {
                rule::missing("", "source_port", found);
            }
        }
        ("messaging", _) if report.get("protocol").and_then(Json::text) == Some("smtp") => {
            for member in ["smtp_from", "source_port"] {
                if missing(member) {
                    rule::missing("", member, found);
                }
            }
        }
        ("copyright", "p2p") => {
            let swarm = report.get("swarm_info");
            let named =
                |swarm: &Json| ["info_hash", "magnet_uri"].iter().any(|m| swarm.get(m).is_some());
            if !swarm.is_some_and(named) {
                rule::missing("/swarm_info", "info_hash", found);
            }
        }
        ("copyright", "usenet") => {
            let message = report.get("message_info");
            if message.is_none_or(|message| message.get("message_id").is_none()) {
                rule::missing("/message_info", "message_id", found);
            }
        }
        _ => {}
    }
}

/// Beyond the schema: a payload must be base64. Its digest is left to whoever opens the evidence.
fn check_evidence(report: &Json, found: &mut Complaints) {
    let Some(Json::List(evidence)) = report.get("evidence") else {
        return;
    };
    for (index, piece) in evidence.iter().take(50).enumerate() {
        let Some(payload) = piece.get("payload").and_then(Json::text) else {
            continue;
        };
        // 5 MiB in base64.
        if payload.len() > 7 << 20 {
            found.add(
                Code::TooLarge,
                format!("/evidence/{index}/payload"),
                "evidence has 5 MiB at most",
            );
        } else if STANDARD.decode(payload).is_err() {
            found.add(
                Code::FieldInvalid,
                format!("/evidence/{index}/payload"),
                "write the payload in base64",
            );
        }
    }
}

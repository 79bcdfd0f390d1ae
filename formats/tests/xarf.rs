//! XARF: our verdicts against the published schemas, rule by rule, and what becomes of a report.

use std::path::Path;

use entremise_core::notice::{Class, Transport};
use entremise_formats::address;
use serde_json::{Map, Value, json};

use crate::at_hand::{code, corpus, only};

fn verdict(report: &Value) -> &'static str {
    code(&only(report.to_string().as_bytes()))
}

fn peer() -> Value {
    serde_json::from_str(include_str!("../samples/xarf/4.2.0/p2p-profile.json")).unwrap()
}

fn with(member: &str, value: Value) -> Value {
    let mut report = peer();
    report[member] = value;
    report
}

#[test]
fn the_profiles_own_members_become_the_notices_fields() {
    let item = only(peer().to_string().as_bytes());
    assert_eq!((item.format, item.version.as_deref()), ("xarf", Some("4.2.0")));
    let notice = item.verdict.unwrap();
    assert_eq!(notice.sender_case_id.as_deref(), Some("SPECIMEN-X-1"));
    assert_eq!((notice.class, notice.kind.as_str()), (Class::Copyright, "p2p"));
    assert_eq!(notice.source.transport, Some(Transport::Udp));
    assert_eq!(notice.observation.from.to_string(), "2026-10-01T12:00:00.25Z");
    assert_eq!(notice.observation.until.unwrap().to_string(), "2026-10-01T12:00:09Z");
    let clock = notice.observation.clock.unwrap();
    assert_eq!(
        (clock.source.as_str(), clock.offset_ms, clock.max_error_ms),
        ("ntp", Some(-3), Some(250))
    );
    assert_eq!(notice.observer.unwrap().port, Some(6881));
    let hashes: Vec<&str> =
        notice.works[0].hashes.iter().map(|hash| hash.algorithm.as_str()).collect();
    assert_eq!(hashes, ["btih", "btmh"]);
    assert_eq!(notice.claim.mandate.as_deref(), Some("M-2026-01"));
    assert!(notice.claim.standing_declared && !notice.claim.retraction);
    assert_eq!(notice.details["piece_proof"]["bytes_received"], 16384);
    assert!(!notice.details.contains_key("_internal") && !notice.details.contains_key("evidence"));
}

#[test]
fn each_rule_beyond_the_schema_has_a_report_that_breaks_it() {
    let rows = [
        (with("timestamp", json!("2026-10-01T12:00:00")), "timestamp_without_zone"),
        (with("observed_first", json!("2026-10-01T12:00:00")), "timestamp_without_zone"),
        (with("observed_last", json!("2026-09-01T12:00:00Z")), "timestamp_invalid"),
        (with("source_port", json!(0)), "port_out_of_range"),
        (with("source_port", json!(65536)), "port_out_of_range"),
        (with("source_port", json!("6881")), "field_invalid"),
        (with("source_identifier", json!("192.168.1.1")), "address_reserved"),
        (with("source_identifier", json!("pair.example.com")), "field_invalid"),
        (with("transport", json!("sctp")), "field_invalid"),
        (with("transport", json!(255)), "field_invalid"),
        (with("transport", json!([])), "field_invalid"),
        (with("clock", json!({"offset_ms": 1})), "field_missing"),
        (with("clock", json!({"source": "ntp", "max_error_ms": -1})), "field_invalid"),
        (with("info_hash_v2", json!("00ff")), "field_invalid"),
        (with("works", json!([])), "schema_invalid"),
        (with("works", json!([{"titel": "x"}])), "schema_invalid"),
        (
            with("evidence", json!([{"content_type": "text/plain", "payload": "not base64!"}])),
            "field_invalid",
        ),
        (with("swarm_info", json!({"torrent_name": "x"})), "field_missing"),
        (with("category", json!("piracy")), "field_invalid"),
        (with("type", json!("phishing")), "field_invalid"),
        (with("xarf_version", json!("3.0.0")), "version_unsupported"),
        (with("xarf_version", json!("5.0.0")), "version_unsupported"),
        (with("xarf_version", json!(4)), "field_missing"),
    ];
    for (report, expected) in rows {
        assert_eq!(verdict(&report), expected, "{report}");
    }
}

#[test]
fn later_minor_versions_are_read_and_other_versions_are_named() {
    assert_eq!(verdict(&with("xarf_version", json!("4.9.1"))), "accepted");
    let item = only(br#"{"Version": "3.0.0", "ReporterInfo": {}, "Report": {}}"#);
    let rejection = &item.verdict.unwrap_err()[0];
    assert_eq!(rejection.code.name(), "version_unsupported");
    assert!(rejection.how.contains("3.0.0"));
}

#[test]
fn a_report_about_a_host_name_has_no_address_and_keeps_the_name() {
    let mut report = peer();
    report["category"] = json!("content");
    report["type"] = json!("phishing");
    report["url"] = json!("https://example.com/x");
    report["source_identifier"] = json!("hameconnage.example.com");
    let notice = only(report.to_string().as_bytes()).verdict.unwrap();
    assert_eq!(notice.source.ip, address::ABSENT);
    assert_eq!(notice.details["source_identifier"], "hameconnage.example.com");
    assert_eq!(notice.details["url"], "https://example.com/x");
    assert!(notice.works.is_empty());
}

#[test]
fn hostile_json_is_refused_in_bounded_depth_and_size() {
    let deep = format!("{{\"xarf_version\":\"4.2.0\",\"x\":{}", "[".repeat(100_000));
    assert_eq!(code(&only(deep.as_bytes())), "too_large");
    let twice = peer().to_string().replacen('{', "{\"source_port\":1,", 1);
    assert_eq!(code(&only(twice.as_bytes())), "malformed");
}

#[test]
fn every_published_sample_is_read() {
    let Some(folder) = corpus("xarf-v4/samples") else { return };
    let mut classes = std::collections::BTreeSet::new();
    let mut samples = 0;
    for (name, report) in json_files(&folder.join("v4")) {
        samples += 1;
        let item = only(report.to_string().as_bytes());
        let notice = item.verdict.unwrap_or_else(|why| panic!("{name}: {why:?}"));
        classes.insert(notice.class);
        assert_eq!(notice.kind, report["type"].as_str().unwrap());
        assert_eq!(notice.class == Class::Copyright, !notice.works.is_empty(), "{name}");
        assert_eq!(notice.observation.from.to_string(), report["timestamp"].as_str().unwrap());
    }
    assert_eq!((samples, classes.len()), (32, 7));
    for (name, report) in json_files(&folder.join("v3")) {
        assert_eq!(verdict(&report), "version_unsupported", "{name}");
    }
}

fn json_files(folder: &Path) -> Vec<(String, Value)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = entries.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap())
    })
    .collect()
}

// -- every rule of the schemas, kept and broken --

#[test]
fn every_rule_of_the_published_schemas_is_kept_and_broken() {
    let Some(folder) = corpus("xarf-v4") else { return };
    let schemas = folder.join("schemas/v4");
    let core = load(&schemas.join("xarf-core.json"));
    let mut broken = 0;
    for (name, sample) in json_files(&folder.join("samples/v4")) {
        let category = sample["category"].as_str().unwrap();
        let dashed =
            format!("{category}-{}.json", sample["type"].as_str().unwrap().replace('_', "-"));
        let spelt = format!("{category}-{}.json", sample["type"].as_str().unwrap());
        let path = [spelt, dashed].map(|file| schemas.join("types").join(file));
        let own = load(path.iter().find(|path| path.exists()).unwrap());
        let mut parts = vec![core.clone(), own["allOf"][1].clone()];
        if category == "content" {
            parts.push(load(&schemas.join("types/content-base.json"))["allOf"][1].clone());
        }
        for part in &parts {
            broken += check_part(&name, &sample, part, &parts, &core);
        }
    }
    assert!(broken > 2000, "{broken}");
}

fn load(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Sets each member of one schema to a value that keeps its rule, then to values that break it.
fn check_part(name: &str, sample: &Value, part: &Value, parts: &[Value], core: &Value) -> usize {
    let mut sample = sample.clone();
    if sample["source_identifier"].as_str().unwrap().starts_with("1") {
        sample["source_identifier"] = json!("192.0.2.1");
    }
    let mut broken = 0;
    for (member, rule) in part["properties"].as_object().unwrap() {
        let rules: Vec<&Value> =
            parts.iter().filter_map(|part| part["properties"].get(member)).collect();
        // Where two schemas speak of one member, the narrower one gives the sound value.
        let narrow = rules.iter().find(|rule| rule.get("enum").is_some()).unwrap_or(&rule);
        if !["type", "category", "source_identifier", "protocol"].contains(&member.as_str()) {
            let mut kept = sample.clone();
            kept[member] = good(narrow, core);
            assert_eq!(verdict(&kept), "accepted", "{name}: {member} = {}", kept[member]);
        }
        for value in bad(rule, core) {
            let mut report = sample.clone();
            report[member] = value;
            assert_ne!(verdict(&report), "accepted", "{name}: {member} = {}", report[member]);
            broken += 1;
        }
    }
    for member in part["required"].as_array().into_iter().flatten() {
        let mut report = sample.clone();
        report.as_object_mut().unwrap().remove(member.as_str().unwrap());
        assert_eq!(verdict(&report), "field_missing", "{name} without {member}");
        broken += 1;
    }
    broken
}

fn resolve<'a>(rule: &'a Value, core: &'a Value) -> &'a Value {
    match rule["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        Some(name) => &core["$defs"][name],
        None => rule,
    }
}

/// A value that keeps the rule.
fn good(rule: &Value, core: &Value) -> Value {
    let rule = resolve(rule, core);
    if let Some(words) = rule["enum"].as_array() {
        return words[0].clone();
    }
    if rule.get("anyOf").is_some() {
        return json!("2001:db8::1");
    }
    if rule["contentEncoding"] == "base64" {
        return json!("AAAA");
    }
    match rule["type"].as_str().unwrap() {
        "boolean" => json!(true),
        "integer" => json!(rule["minimum"].as_i64().unwrap_or(1)),
        "number" => json!(rule["maximum"].as_f64().or(rule["minimum"].as_f64()).unwrap_or(0.5)),
        "array" => {
            let least = rule["minItems"].as_u64().unwrap_or(0).max(1) as usize;
            Value::Array(vec![good(&rule["items"], core); least])
        }
        "object" => {
            let members = rule["properties"].as_object().into_iter().flatten();
            Value::Object(members.map(|(name, rule)| (name.clone(), good(rule, core))).collect())
        }
        _ => json!(good_text(rule)),
    }
}

fn good_text(rule: &Value) -> String {
    let text = match (rule["format"].as_str(), rule["pattern"].as_str()) {
        (Some("date-time"), _) => "2026-10-01T12:00:00Z",
        (Some("date"), _) => "2026-10-01",
        (Some("uri"), _) => "https://example.com/a?b=c#d",
        (Some("email"), _) => "a.b@example.com",
        (Some("hostname"), _) => "a-b.example.com",
        (Some("ipv4"), _) => "192.0.2.1",
        (Some("ipv6"), _) => "2001:db8::1",
        (Some("uuid"), _) => "550e8400-e29b-41d4-a716-446655440000",
        (_, Some(pattern)) => match pattern {
            p if p.contains("{40}") => "00112233445566778899aabbCCDDEEFF00112233",
            p if p.contains("{32}") => "00112233445566778899aabbCCDDEEFF",
            p if p.contains("{64}") => {
                "00112233445566778899aabbCCDDEEFF00112233445566778899aabbCCDDEEFF"
            }
            "^[A-Z]{2}$" => "FR",
            "^[A-Z]{3}$" => "EUR",
            p if p.starts_with("^CVE") => "CVE-2026-1234",
            p if p.starts_with("^CVSS") => "CVSS:3.1/AV:N",
            p if p.starts_with("^(md5") => "sha256:00ff",
            p if p.starts_with("^magnet") => "magnet:?xt=urn:btih:00ff",
            p if p.starts_with("^[a-z]{2}(") => "fr-FR",
            p if p.starts_with("^4") => "4.2.0",
            p if p.starts_with("^[a-z0-9]") => "a:b",
            p if p.starts_with("^([a-z0-9]+(-") => "a-b.example.com",
            other => panic!("a pattern this test does not know: {other}"),
        },
        _ => return "x".repeat(rule["maxLength"].as_u64().unwrap_or(1) as usize),
    };
    text.to_owned()
}

/// Values that break the rule, one for each thing it says.
fn bad(rule: &Value, core: &Value) -> Vec<Value> {
    let rule = resolve(rule, core);
    let mut bad = vec![json!(null)];
    if ["enum", "pattern", "format", "anyOf", "const"].iter().any(|word| rule.get(word).is_some()) {
        bad.extend([json!("!!"), json!("")]);
    }
    match rule["type"].as_str() {
        Some("string") => bad.extend([json!(5), json!(["x"])]),
        Some(_) => bad.push(json!("5")),
        None => {}
    }
    if let Some(max) = rule["maxLength"].as_u64() {
        bad.push(json!("é".repeat(max as usize + 1)));
    }
    if let Some(min) = rule["minimum"].as_f64() {
        bad.push(json!(min - 1.0));
    }
    if let Some(max) = rule["maximum"].as_f64() {
        bad.push(json!(max + 1.0));
    }
    if rule["type"] == "integer" {
        bad.push(json!(1.5));
    }
    if rule["type"] == "array" {
        bad.extend(bad_items(rule, core));
    }
    if rule["type"] == "object" {
        bad.extend(bad_members(rule, core));
    }
    bad
}

fn bad_items(rule: &Value, core: &Value) -> Vec<Value> {
    let items = bad(&rule["items"], core).into_iter().map(|item| json!([item]));
    let mut lists: Vec<Value> = items.collect();
    if let Some(max) = rule["maxItems"].as_u64() {
        lists.push(Value::Array(vec![good(&rule["items"], core); max as usize + 1]));
    }
    if rule["minItems"].as_u64().unwrap_or(0) > 0 {
        lists.push(json!([]));
    }
    if rule["uniqueItems"] == true {
        lists.push(Value::Array(vec![good(&rule["items"], core); 2]));
    }
    lists
}

fn bad_members(rule: &Value, core: &Value) -> Vec<Value> {
    let Value::Object(sound) = good(rule, core) else { unreachable!("an object's rule") };
    let mut objects = Vec::new();
    for (member, inner) in rule["properties"].as_object().unwrap_or(&Map::new()) {
        for value in bad(inner, core) {
            let mut object = sound.clone();
            object.insert(member.clone(), value);
            objects.push(Value::Object(object));
        }
    }
    for member in rule["required"].as_array().into_iter().flatten() {
        let mut object = sound.clone();
        object.remove(member.as_str().unwrap());
        objects.push(Value::Object(object));
    }
    if rule["additionalProperties"] == false {
        let mut object = sound;
        object.insert("one_more".to_owned(), json!(1));
        objects.push(Value::Object(object));
    }
    objects
}

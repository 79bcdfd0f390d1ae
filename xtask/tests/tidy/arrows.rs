//! Which room may know which, and who may ask what time it is.

use super::nothing_in;
use super::source::{Rust, is_test_path, read, rust};

/// What `core` may depend on: nothing that can do I/O or read the time.
const CORE_MAY: [&str; 7] = ["serde", "serde_json", "toml", "jiff", "thiserror", "uuid", "sha2"];

/// A room, and rooms and crates that it must not know.
const NEVER: [(&str, &[&str]); 8] = [
    (
        "formats",
        &["entremise-store", "entremise-server", "entremise-connector", "tokio", "reqwest"],
    ),
    (
        "store",
        &[
            "entremise-formats",
            "entremise-server",
            "entremise-connector",
            "axum",
            "reqwest",
            "quick-xml",
            "mail-parser",
        ],
    ),
    ("letters", &["entremise-store", "entremise-server", "entremise-connector", "reqwest", "axum"]),
    ("wire", &["entremise-store", "entremise-server", "entremise-connector"]),
    // An auditor reads it without the rest.
    (
        "audit",
        &[
            "entremise-core",
            "entremise-ledger",
            "entremise-store",
            "entremise-wire",
            "entremise-formats",
            "entremise-server",
            "entremise-connector",
        ],
    ),
    (
        "ledger",
        &[
            "entremise-core",
            "entremise-store",
            "entremise-server",
            "entremise-connector",
            "entremise-formats",
        ],
    ),
    ("connector", &["entremise-store", "entremise-server", "entremise-letters"]),
    ("server", &["entremise-connector", "entremise-sim"]),
];

/// Folders of source, and what must not be said in them.
const SILENT: [(&str, &[&str]); 9] = [
    ("core/src/", &["std::fs", "TcpStream", "UdpSocket", "std::env", "std::process", "async fn"]),
    ("formats/src/", &["std::fs", "TcpStream", "UdpSocket", "std::env", "std::process"]),
    ("server/src/provider/", &["entremise_store"]),
    ("server/src/delivery/", &["entremise_store"]),
    ("server/src/transmission/", &["entremise_store"]),
    ("server/src/api/", &["crate::provider", "crate::delivery", "crate::transmission"]),
    ("server/src/web/", &["crate::provider", "crate::delivery", "crate::transmission"]),
    ("store/src/", &["TcpStream", "TcpListener", "UdpSocket"]),
    ("ledger/src/", &["entremise_store", "entremise_server"]),
];

/// Every way to read a clock.
const CLOCKS: [&str; 6] = [
    "Timestamp::now",
    "SystemTime::now",
    "Instant::now",
    "Zoned::now",
    "UNIX_EPOCH.elapsed",
    "OffsetDateTime::now_utc",
];

/// Whoever wires things together may look at the clock.
fn may_read_the_clock(path: &str, clock: &str) -> bool {
    // The simulation waits for real processes; its days are made up all the same.
    let waits = path.starts_with("sim/") && clock == "Instant::now";
    is_test_path(path)
        || waits
        || path.starts_with("xtask/")
        || path.starts_with("parts/")
        || path.ends_with("/main.rs")
        || path.contains("/src/bin/")
        || path.ends_with("/src/serve.rs")
        || path.contains("/src/serve/")
}

/// Names of the direct dependencies of a package; those for its tests do not count.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
    let tables = ["dependencies", "build-dependencies"];
    let tables = tables.iter().filter_map(|name| manifest.get(*name)?.as_table());
    tables.flat_map(toml::Table::keys).cloned().collect()
}

fn forbidden_here(file: &Rust) -> Vec<String> {
    let rules = SILENT.iter().filter(|(folder, _)| file.path.starts_with(folder));
    rules.flat_map(|(_, words)| words.iter()).flat_map(|word| file.places_of(word, false)).collect()
}

fn clock_read(file: &Rust) -> Vec<String> {
    let clocks = CLOCKS.iter().filter(|clock| !may_read_the_clock(&file.path, clock));
    clocks.flat_map(|clock| file.places_of(clock, false)).collect()
}

#[test]
fn core_depends_only_on_what_is_pure() {
    let findings: Vec<String> = dependencies(&read("core/Cargo.toml"))
        .into_iter()
        .filter(|name| !CORE_MAY.contains(&name.as_str()))
        .map(|name| format!("core/Cargo.toml: {name}"))
        .collect();
    nothing_in(&findings, "A decision must be re-run in court from the ledger alone.");
}

#[test]
fn no_room_depends_on_one_that_it_must_not_know() {
    let mut findings = Vec::new();
    for (room, never) in NEVER {
        let manifest = format!("{room}/Cargo.toml");
        let known = dependencies(&read(&manifest));
        let wrong = known.iter().filter(|name| never.contains(&name.as_str()));
        findings.extend(wrong.map(|name| format!("{manifest}: {name}")));
    }
    nothing_in(&findings, "ARCHITECTURE.md says which arrows there are.");
}

#[test]
fn no_folder_says_what_it_must_not_know() {
    let findings: Vec<String> = rust().iter().flat_map(forbidden_here).collect();
    nothing_in(&findings, "Take what you need as an argument, or give back what another must do.");
}

#[test]
fn only_serve_and_the_programs_read_the_clock() {
    let findings: Vec<String> = rust().iter().flat_map(clock_read).collect();
    nothing_in(&findings, "`now` is an argument.");
}

#[test]
fn what_breaks_an_arrow_is_seen() {
    let file = |path: &str, text: &str| Rust::new(path, text.to_owned());
    let delivery = file("server/src/delivery/a.rs", "use entremise_store::Store;");
    assert_eq!(forbidden_here(&delivery).len(), 1);
    let web =
        file("server/src/web/a.rs", "crate::delivery::send();\n// crate::provider is not known");
    assert_eq!(forbidden_here(&web), ["server/src/web/a.rs:1: crate::delivery"]);
    let clock = file("core/src/a.rs", "let now = Timestamp::now();");
    assert_eq!(clock_read(&clock).len(), 1);
    assert!(clock_read(&file("server/src/serve/mod.rs", &clock.text)).is_empty());
    assert_eq!(clock_read(&file("connector/src/cli/a.rs", &clock.text)).len(), 1);
    let manifest = "[dependencies]\ntokio.workspace = true\n[dev-dependencies]\nproptest = \"1\"";
    assert_eq!(dependencies(manifest), ["tokio"]);
}

//! The API against its own description: schemathesis invents calls from `/openapi.json` and holds
//! every answer against it.

use std::process::Command;
use std::sync::Arc;

use crate::api_house::{Hand, TOKEN, config};
use entremise_server::serve;
use entremise_store::SystemEntropy;

/// Where schemathesis is, or None where it may be missing.
fn schemathesis() -> Option<String> {
    let place = std::env::var("ENTREMISE_SCHEMATHESIS").ok();
    if place.is_none() {
        let required = std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_some();
        assert!(!required, "ENTREMISE_SCHEMATHESIS names no schemathesis");
        println!("skipped: ENTREMISE_SCHEMATHESIS names no schemathesis");
    }
    place
}

#[test]
fn schemathesis_finds_nothing() {
    let Some(schemathesis) = schemathesis() else { return };
    let folder = tempfile::tempdir().unwrap();
    let hand = Hand::at("2026-06-15T12:00:00Z");
    let mut config = config(folder.path());
    for sender in &mut config.authorities[0].senders {
        // The rate is tested elsewhere; here it would hide everything else.
        sender.requests_per_second_max = 1_000_000;
    }
    let entropy = Arc::new(SystemEntropy::default());
    let service = serve::start(&config, hand.clock(), entropy, false).unwrap();
    // The one authority there is, so that calls come further than its door; and what cannot be read
    // as notices is answered with 422, whatever its bytes.
    let settings = "[parameters]\nauthority = \"autorite\"\n\
        [checks.positive_data_acceptance]\nexpected-statuses = [\"2xx\", 404, 422]\n";
    std::fs::write(folder.path().join("schemathesis.toml"), settings).unwrap();
    let address = format!("http://{}/openapi.json", service.doors.api);
    let output = Command::new(schemathesis)
        .args(["run", &address, "--checks", "all", "--max-examples", "60", "--seed", "1"])
        .args(["--header", &format!("Authorization: Bearer {TOKEN}")])
        .args(["--no-color", "--suppress-health-check", "all"])
        .env("HYPOTHESIS_STORAGE_DIRECTORY", folder.path().join("hypothesis"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("returned only 401"), "no call came further than the door: {said}");
}

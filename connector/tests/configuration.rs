//! The configuration that the manual shows is one that works, and what is missing is said.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_connector::config::Config;
use entremise_core::authorisation::PublicKey;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// The example at the head of `config.rs`, with a key where it leaves one out.
fn example() -> String {
    let source = include_str!("../src/config.rs");
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let shown: Vec<&str> = lines
        .skip_while(|line| !line.contains("```toml"))
        .skip(1)
        .take_while(|line| !line.contains("```"))
        .collect();
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    shown.join("\n").replace("\"…\"", &format!("{:?}", STANDARD.encode(key.public_key().as_ref())))
}

fn read(text: &str) -> anyhow::Result<Config> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("connector.toml");
    std::fs::write(&path, text)?;
    Config::read(&path)
}

#[test]
fn the_example_of_the_manual_is_read_with_all_it_pins() {
    let config = read(&example()).unwrap();
    let authority = &config.authorities[0];
    assert_eq!((authority.linkings_without_grant, authority.handle_rests_months), (2, 20));
    assert_eq!(authority.reviewers.len(), 1);
    assert!(matches!(authority.reviewers[0].key, PublicKey::Ed25519 { .. }));
    assert_eq!(config.network().unwrap().sources[0].lateness, 60_000);
    assert_eq!(config.relay.unwrap().from, "avertissements@isp.example");
}

#[test]
fn a_passkey_is_pinned_with_the_place_it_may_be_used_at() {
    let passkey = "kind = \"passkey\"\nrp_id = \"organe.example\"\n\
                   origin = \"https://organe.example\"";
    let with_origin = example().replace("kind = \"ed25519\"", passkey);
    let config = read(&with_origin).unwrap();
    assert!(matches!(config.authorities[0].reviewers[0].key, PublicKey::Passkey { .. }));
    let without = with_origin.replace("origin = \"https://organe.example\"", "");
    assert!(read(&without).is_err());
}

#[test]
fn reviewers_need_the_name_that_their_grants_call_us_by() {
    let text = example().replace("provider = \"isp-1\"", "");
    let error = read(&text).err().unwrap();
    assert!(format!("{error:#}").contains("provider"), "{error:#}");
}

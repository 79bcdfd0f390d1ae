//! The configuration that the manual shows is one that works, and what is missing is said.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_connector::config::Config;
use entremise_core::authorisation::PublicKey;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// The example at the head of `config.rs`, with a key where it leaves one out.
fn example() -> String {
    shown_in(include_str!("../src/config.rs")).replace("\"…\"", &key(7))
}

/// The same with what `measure/config.rs` shows, and the keys of so numbered persons in it.
fn with_measures(persons: [u8; 2]) -> String {
    let measures = shown_in(include_str!("../src/measure/config.rs"));
    let measures = measures.replacen("\"…\"", &key(persons[0]), 1);
    format!("{}\n{}", example(), measures.replacen("\"…\"", &key(persons[1]), 1))
}

fn key(seed: u8) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    format!("{:?}", STANDARD.encode(pair.public_key().as_ref()))
}

/// The TOML at the head of a file.
fn shown_in(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let shown: Vec<&str> = lines
        .skip_while(|line| !line.contains("```toml"))
        .skip(1)
        .take_while(|line| !line.contains("```"))
        .collect();
    shown.join("\n")
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

#[test]
fn measures_need_two_persons_with_keys_of_their_own() {
    let measures = read(&with_measures([1, 2])).unwrap().measures.unwrap();
    assert_eq!((measures.persons.len(), measures.authorities[0].longest_days), (2, 366));
    // One key under two names; the key of the authority, or of its reviewer.
    for persons in [[1, 1], [1, 7]] {
        assert!(read(&with_measures(persons)).is_err(), "{persons:?}");
    }
    let good = with_measures([1, 2]);
    for (said, other) in [
        ("name = \"a-petit\"", "name = \"c-martin\""),
        // Nobody is stopped by what changes nothing, and no attribute says who it is about.
        ("attributes = [{ type = 11, text = \"walled-garden\" }]", ""),
        ("type = 11", "type = 1"),
        ("id = \"autorite\"                              # also", "id = \"other\" # also"),
        ("longest_days = 366", "longest_day = 366"),
    ] {
        let changed = good.replace(said, other);
        assert_ne!(changed, good, "{said}");
        assert!(read(&changed).is_err(), "{other}");
    }
}

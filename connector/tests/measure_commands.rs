//! The command line of the provider's persons, beside what the server does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::measured::*;
use entremise_connector::config::Config;
use entremise_wire::measure::{MeasureOrder, MeasureState};
use jiff::{Timestamp, ToSpan};

fn connector(words: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_entremise-connector"))
        .args(words)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The configuration of a house as `serve` would read it, with the persons' own keys.
fn configured(house: &House, double: &AccessServerDouble, persons: [&str; 2]) -> PathBuf {
    let root = house.isp.provider.directory.path();
    let measures = config_text(root, &[double.address], "", "measures.");
    let measures = measures
        .replace(&house.martin.key.public(), persons[0])
        .replace(&house.petit.key.public(), persons[1]);
    let text = format!(
        "index = \"{}\"\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://connector.isp.example\"\n\
         [tls]\ncertificate = \"-\"\nkey = \"-\"\nclient_ca = \"-\"\n\
         [[authority]]\nid = \"autorite\"\nregimes = [\"fr-graduated-response\"]\n\
         key_id = \"autorite-1\"\npublic_key = \"{}\"\n[measures]\n{measures}",
        house.index().display(),
        person("autorite", 7).key.public(),
    );
    let path = root.join("connector.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn two_persons_say_yes_with_keys_of_their_own_and_the_plug_is_one_command() {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "");
    let root = house.isp.provider.directory.path().to_owned();
    let key = |name: &str| {
        let output = connector(&["measure", "key", "--out", name], &root);
        assert!(output.status.success());
        said(&output).trim().to_owned()
    };
    let persons = [key("martin.key"), key("petit.key")];
    let path = configured(&house, &double, [&persons[0], &persons[1]]);
    house.config = Config::read(&path).unwrap().measures.unwrap();
    house.restart(|_| {});
    let now = Timestamp::now();
    let window = carry(&(now - 1.hour()).to_string(), &(now + 24.hours()).to_string());
    let handle = house.isp.handle(10);
    let order = MeasureOrder { demand: window, ..order(1, 1, &handle) };
    house.taken(&order, &now.to_string());

    let with = ["--config", "connector.toml"];
    let run = |words: &[&str]| connector(&[&["measure"], words, &with[..]].concat(), &root);
    let tick = |house: &House| house.tick(&Timestamp::now().to_string());
    let listed = said(&run(&["list"]));
    assert!(
        listed.contains("received (0 of 2 approvals)") && !listed.contains("alice"),
        "{listed}"
    );
    assert!(said(&run(&["show", "0000"])).contains("account     alice"));
    let approve =
        |by: &str, key: &str| run(&["approve", "00000000", "--by", by, "--key", key]).status.code();
    assert_eq!(approve("c-martin", "martin.key"), Some(0));
    tick(&house);
    // Not twice, not with another's key, not as nobody.
    assert_eq!(approve("c-martin", "martin.key"), Some(1));
    assert_eq!(approve("a-petit", "martin.key"), Some(1));
    assert_eq!(approve("nobody", "petit.key"), Some(1));
    tick(&house);
    assert_eq!(double.heard(), []);
    assert_eq!(approve("a-petit", "petit.key"), Some(0));
    tick(&house);
    assert_eq!(double.heard().len(), 1);
    assert!(said(&run(&["list"])).contains("implemented"));
    let declined = ["refuse", "0000", "--by", "a-petit", "--key", "petit.key"];
    let output = run(&[&declined[..], &["--reason", "line-ceased"]].concat());
    assert_eq!(output.status.code(), Some(1), "in force");
    // A name that nobody has would stop nobody.
    assert_eq!(run(&["stop", "--authority", "autorit"]).status.code(), Some(1));
    assert!(run(&["stop", "--authority", "autorite"]).status.success());
    tick(&house);
    assert_eq!(double.heard()[0].filter.as_deref(), Some("open"));
    assert!(said(&run(&["list"])).contains("ended stopped"));
    assert_eq!(run(&["resume"]).status.code(), Some(1));
    assert!(run(&["resume", "--authority", "autorite"]).status.success());
    // The journal knows all of it, and holds together.
    let index = house.index().display().to_string();
    let verified = connector(&["journal", "verify", "--index", &index], &root);
    assert!(verified.status.success());
    for line in ["measure\t-\tapproved\t2", "measure\t-\tstopped (lift)\t1"] {
        assert!(said(&verified).contains(line), "{}", said(&verified));
    }
}

#[test]
fn one_person_declines_and_the_authority_is_told_why() {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "");
    let root = house.isp.provider.directory.path().to_owned();
    let public = |name: &str| said(&connector(&["measure", "key", "--out", name], &root));
    let persons = [public("martin.key"), public("petit.key")];
    let path = configured(&house, &double, [persons[0].trim(), persons[1].trim()]);
    house.config = Config::read(&path).unwrap().measures.unwrap();
    house.restart(|_| {});
    let now = Timestamp::now().to_string();
    let handle = house.isp.handle(10);
    let until = (Timestamp::now() + 24.hours()).to_string();
    house.taken(&MeasureOrder { demand: carry(&now, &until), ..order(1, 1, &handle) }, &now);
    let words = ["measure", "refuse", "0000", "--by", "a-petit", "--key", "petit.key"];
    let more = ["--config", "connector.toml", "--reason"];
    let free_text = connector(&[&words[..], &more[..], &["he moved"]].concat(), &root);
    assert_eq!(free_text.status.code(), Some(2));
    let output = connector(&[&words[..], &more[..], &["sparing-impossible"]].concat(), &root);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    house.tick(&Timestamp::now().to_string());
    let state = house.status(1, &now).state;
    assert!(matches!(state, MeasureState::Impossible { .. }), "{state:?}");
}

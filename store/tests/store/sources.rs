//! Where the compartments' keys may lie: files, systemd's credentials, a PKCS#11 token (SoftHSM2).

use std::path::{Path, PathBuf};
use std::process::Command;

use entremise_store::{COMPARTMENTS, KeySource, Keys, Places, Store, Token};
use tempfile::TempDir;

use crate::support::*;

fn open(places: &Places, source: KeySource) -> Result<Store, entremise_store::Trouble> {
    let now = at("2026-03-02T10:00:00Z");
    Store::open(places, Keys::load(source)?, vec![specimen()], Seeded::new(5), now)
}

#[test]
fn credentials_are_read_and_never_written() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    KeySource::Files(folder.path().to_owned()).make_missing(&*Seeded::new(1)).unwrap();
    let places = Places::in_folder(data.path());
    let credentials = KeySource::Credentials(folder.path().to_owned());
    let store = open(&places, credentials.clone()).unwrap();
    let now = at("2026-03-02T10:00:00Z");
    // The operator must hand over the next version first.
    assert!(store.rotate_keys("evidence", &officer(), now).is_err());
    std::fs::write(folder.path().join("evidence.2.key"), [7; 32]).unwrap();
    let rotation = store.rotate_keys("evidence", &officer(), now).unwrap();
    assert_eq!((rotation.version, rotation.by_hand), (2, vec![1]));
    std::fs::remove_file(folder.path().join("evidence.key")).unwrap();
    open(&places, credentials.clone()).unwrap();
    std::fs::remove_file(folder.path().join("evidence.2.key")).unwrap();
    assert!(open(&places, credentials).is_err(), "a missing key is never made anew");
}

/// A token of the test's own.
fn token(folder: &Path) -> Option<Token> {
    let modules =
        ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];
    let module = modules.iter().map(PathBuf::from).find(|path| path.exists());
    let (Some(module), true) = (module, Path::new("/usr/bin/softhsm2-util").exists()) else {
        entremise_parts::absent("SoftHSM2");
        return None;
    };
    let tokens = folder.join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let conf = folder.join("softhsm2.conf");
    let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
    std::fs::write(&conf, text).unwrap();
    let made = Command::new("softhsm2-util")
        .env("SOFTHSM2_CONF", &conf)
        .args(["--init-token", "--free", "--label", "entremise", "--pin", "1234"])
        .args(["--so-pin", "123456"])
        .output()
        .unwrap();
    assert!(made.status.success());
    let pin_file = folder.join("pin");
    std::fs::write(&pin_file, "1234\n").unwrap();
    let (token_label, key_label) = ("entremise".to_owned(), "compartments".to_owned());
    Some(Token { module, token_label, key_label, pin_file })
}

const CHILD: &str = "ENTREMISE_TOKEN_FOLDER";

/// The module reads its configuration from the environment, which only a child has of its own.
#[test]
fn the_child_with_a_token() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = PathBuf::from(folder);
    let Some(token) = token_of(&folder) else { return };
    let keys = folder.join("wrapped");
    let source = KeySource::Token { folder: keys.clone(), token: token.clone() };
    assert!(source.make_missing(&*Seeded::new(3)).is_err(), "the token has no key yet");
    token.make_key().unwrap();
    token.make_key().unwrap();
    source.make_missing(&*Seeded::new(3)).unwrap();
    let places = Places::in_folder(&folder);
    let now = at("2026-03-02T10:00:00Z");
    let store = open(&places, source.clone()).unwrap();
    let rotation = store.rotate_keys("identity", &officer(), now).unwrap();
    assert_eq!((rotation.version, rotation.by_hand.len()), (2, 0));
    open(&places, source.clone()).unwrap();
    for name in COMPARTMENTS {
        for (version, key) in source.read(name).unwrap() {
            let ending = if version == 1 { String::new() } else { format!(".{version}") };
            let lies = std::fs::read(keys.join(format!("{name}{ending}.wrapped"))).unwrap();
            assert!(!lies.windows(32).any(|window| window == key.as_slice()));
        }
    }
    // A wrapped key in another compartment's place does not open.
    std::fs::copy(keys.join("traffic.wrapped"), keys.join("evidence.wrapped")).unwrap();
    assert!(open(&places, source).is_err());
    let wrong = Token { key_label: "another".to_owned(), ..token.clone() };
    assert!(open(&places, KeySource::Token { folder: keys.clone(), token: wrong }).is_err());
    std::fs::write(&token.pin_file, "4321").unwrap();
    assert!(open(&places, KeySource::Token { folder: keys, token }).is_err());
    println!("the token held");
}

fn token_of(folder: &Path) -> Option<Token> {
    let module = std::fs::read_to_string(folder.join("module")).ok()?.into();
    let (token_label, key_label) = ("entremise".to_owned(), "compartments".to_owned());
    Some(Token { module, token_label, key_label, pin_file: folder.join("pin") })
}

#[test]
fn keys_wrapped_by_a_token_open_only_with_it() {
    let folder = TempDir::new().unwrap();
    let Some(token) = token(folder.path()) else { return };
    std::fs::write(folder.path().join("module"), token.module.display().to_string()).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sources::the_child_with_a_token", "--nocapture"])
        .env(CHILD, folder.path())
        .env("SOFTHSM2_CONF", folder.path().join("softhsm2.conf"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let why = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(said.contains("the token held"), "{said}\n{why}");
}

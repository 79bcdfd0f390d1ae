//! The witness as a process of its own: its door, its memory through a kill, and the publisher that
//! asks it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use entremise_ledger::publish::SourceError;
use entremise_ledger::witness::{NotCosigned, Request, add_cosignatures, ask};
use entremise_ledger::{
    Folder, Leaves, LogKey, Options, Place, PublicKey, WitnessKey, Witnesses, publish, verify,
};

const ORIGIN: &str = "autorite.example/ledger";
const ENTREMISE: &str = env!("CARGO_BIN_EXE_entremise");

/// Leaves as core writes them.
struct Book(u64);

fn leaf(seq: u64) -> Vec<u8> {
    format!(
        "{{\"v\":1,\"seq\":{seq},\"at\":\"2026-01-10T09:00:00Z\",\"authority\":\"autorite\",\
         \"regime\":\"fr\",\"rules\":\"{}\",\"subject\":\"house\",\"kind\":\"house.resumed\",\
         \"actor\":\"house\",\"commitment\":\"{}\"}}",
        "5a".repeat(32),
        "7b".repeat(32)
    )
    .into_bytes()
}

impl Leaves for Book {
    fn size(&mut self) -> Result<u64, SourceError> {
        Ok(self.0)
    }

    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, SourceError> {
        Ok((from..self.0).take(most).map(leaf).collect())
    }
}

fn key() -> LogKey {
    LogKey::from_seed(ORIGIN, &[42; 32]).unwrap()
}

fn publish_to(folder: &Path, size: u64) {
    publish(&mut Book(size), folder, &key(), "2026-01-10T10:00:00Z".parse().unwrap()).unwrap();
}

/// A running witness, killed as by a power cut when it is dropped.
struct Running {
    process: Child,
    address: String,
}

impl Running {
    fn start(folder: &Path, log: &PublicKey) -> Self {
        let mut process = Command::new(ENTREMISE)
            .args(["witness", "serve", "--listen", "127.0.0.1:0"])
            .arg("--key")
            .arg(folder.join("witness.key"))
            .arg("--state")
            .arg(folder.join("state"))
            .arg(format!("--log={ORIGIN}={log}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self { process, address }
    }

    fn post(&self, body: String) -> Result<(u16, String), String> {
        let client = reqwest::blocking::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(format!("{}/add-checkpoint", self.address)).body(body).send();
        let answer = answer.map_err(|error| error.to_string())?;
        let (status, kind) = (answer.status().as_u16(), answer.headers()["content-type"].clone());
        assert_eq!(status == 409, kind == "text/x.tlog.size");
        Ok((status, answer.text().unwrap()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL: nothing is put in order.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn witness_key(folder: &Path) -> WitnessKey {
    let made = Command::new(ENTREMISE)
        .args(["witness", "key", "make", "--name", "temoin.example/w1", "--out"])
        .arg(folder.join("witness.key"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    WitnessKey::parse(String::from_utf8(made.stdout).unwrap().trim()).unwrap()
}

#[test]
fn a_witness_that_is_killed_never_cosigns_a_second_history() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (folder, ledger) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key_of_witness = witness_key(folder.path());
    publish_to(ledger.path(), 300);
    let place = Folder(ledger.path().to_owned());
    let cosign = |witness: &Running, guess| {
        let asked = ask(&place, &key_of_witness, guess, &|body| witness.post(body))?;
        add_cosignatures(ledger.path(), &[asked]).unwrap();
        Ok::<(), NotCosigned>(())
    };
    let witness = Running::start(folder.path(), key().public());
    cosign(&witness, 0).unwrap();
    drop(witness);

    let witness = Running::start(folder.path(), key().public());
    let again = Request { old: 0, proof: Vec::new(), checkpoint: String::new() };
    assert_eq!(witness.post(again.to_string()).unwrap().0, 400);
    publish_to(ledger.path(), 500);
    cosign(&witness, 0).unwrap();
    let witnesses = Witnesses { keys: vec![key_of_witness.clone()], quorum: 1 };
    let options = Options { keys: vec![key().public().clone()], witnesses, ..Options::default() };
    let report = verify(&Place::folder(ledger.path()), options).unwrap();
    assert!(report.is_sound(), "{report}");
    drop(witness);

    let rolled_back = tempfile::tempdir().unwrap();
    publish_to(rolled_back.path(), 400);
    let witness = Running::start(folder.path(), key().public());
    let place = Folder(rolled_back.path().to_owned());
    let refusal = ask(&place, &key_of_witness, 0, &|body| witness.post(body)).unwrap_err();
    assert!(matches!(refusal, NotCosigned::Ahead { seen: 500, size: 400 }), "{refusal}");
}

#[test]
fn the_commands_make_and_check_a_receipt_and_verify_with_a_quorum() {
    let (folder, ledger) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let witness = witness_key(folder.path());
    publish_to(ledger.path(), 40);
    let run = |arguments: &[&str]| {
        let output = Command::new(ENTREMISE).arg("ledger").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (place, key) = (ledger.path().to_str().unwrap(), key().public().to_string());
    let (code, receipt) = run(&["receipt", "--entry", "21", place]);
    assert_eq!(code, Some(0));
    let file = folder.path().join("21.tlog-proof");
    std::fs::write(&file, receipt).unwrap();
    let file = file.to_str().unwrap();
    let (code, words) = run(&["check-receipt", file, "--key", &key]);
    assert!(code == Some(0) && words.contains("was entered as entry 21"), "{words}");
    let witness = witness.to_string();
    let (code, words) = run(&["check-receipt", file, "--key", &key, "--witness", &witness]);
    assert!(code == Some(1) && words.contains("proves nothing"), "{words}");
    let (code, words) = run(&["verify", place, "--key", &key]);
    assert!(code == Some(0) && words.contains("sound"), "{words}");
    let (code, words) = run(&["verify", place, "--key", &key, "--witness", &witness]);
    assert!(code == Some(1) && words.contains("missing: temoin.example/w1"), "{words}");
    let (code, _) = run(&["verify", place, "--key", "nonsense"]);
    assert_eq!(code, Some(2));
    let (code, _) = run(&["receipt", "--of", "notice:nobody", place]);
    assert_eq!(code, Some(1));
}

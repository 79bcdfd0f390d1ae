//! What the publisher gets from others: cosignatures and time stamps, with real parts; and that
//! nobody's silence delays it.

use crate::tsa;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use crate::api_house::{Hand, config};
use entremise_ledger::witness::{KnownLog, Witness};
use entremise_ledger::{Options, Place, Report, WitnessSigner, Witnesses, verify};
use entremise_server::config::{self, Config};
use entremise_server::house::House;
use entremise_server::serve::{self, Clock};
use entremise_server::worker::{observe, publish};
use entremise_store::SystemEntropy;
use jiff::Timestamp;

/// Answers requests one after the other until the test ends.
fn serve(answer: impl Fn(Vec<u8>) -> (u16, Vec<u8>) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, body) = answer(body);
            let head = format!(
                "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    format!("http://{address}")
}

fn open(folder: &Path, now: Timestamp, change: impl FnOnce(&mut Config)) -> Arc<House> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = config(folder);
    change(&mut config);
    let clock: Clock = Arc::new(move || now);
    Arc::new(serve::open(&config, &clock, Arc::new(SystemEntropy::default())).unwrap())
}

fn check(house: &House, witness: &WitnessSigner, root: Option<Vec<u8>>) -> Report {
    let room = &house.rooms[0];
    let options = Options {
        keys: vec![room.ledger_key.public().clone()],
        witnesses: Witnesses { keys: vec![witness.public().clone()], quorum: 1 },
        timestamp_roots: root.into_iter().collect(),
        ..Options::default()
    };
    verify(&Place::folder(&publish::folder(house, room)), options).unwrap()
}

fn signer() -> WitnessSigner {
    WitnessSigner::from_seed("temoin.example/w1", &[1; 32]).unwrap()
}

#[test]
fn a_published_ledger_is_cosigned_by_whom_answers_and_stamped_once_a_day() {
    let Some(authority) = tsa::Authority::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let now = authority.now();
    let (root, ca) = (authority.root(), authority.path("root.pem"));
    let stamping = serve(move |request| (200, authority.reply(&request)));
    // The ledger's key is made with the house: the witness learns it when it is first asked.
    let state = tempfile::tempdir().unwrap();
    let keys = folder.path().join("data/keys/autorite/ledger.key");
    let memory = state.path().to_owned();
    let opened = std::sync::OnceLock::new();
    let cosigning = serve(move |request| {
        let witness = opened.get_or_init(|| {
            let origin = "autorite.example/ledger".to_owned();
            let key = entremise_ledger::LogKey::load(&keys, &origin).unwrap();
            let log = KnownLog { origin, keys: vec![key.public().clone()] };
            Witness::open(signer(), vec![log], &memory).unwrap()
        });
        let (status, _, body) = witness.add_checkpoint(&request, now).unwrap().to_http();
        (status, body.into_bytes())
    });
    let house = open(folder.path(), now, |config| {
        let nobody = "http://127.0.0.1:9".to_owned();
        let other = WitnessSigner::from_seed("muet.example", &[2; 32]).unwrap();
        config.witnesses = vec![
            config::Witness { url: nobody, key: other.public().to_string() },
            config::Witness { url: cosigning, key: signer().public().to_string() },
        ];
        config.timestamp = Some(config::TimestampAuthority { url: stamping, ca });
    });
    let room = &house.rooms[0];
    let published = publish::ledger(&house, room, now).unwrap();
    assert!(published.size > 0, "the parties were entered");
    let at = publish::folder(&house, room);
    house.observers.ask(&at, 0, now).unwrap();
    let report = check(&house, &signer(), Some(root.clone()));
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.ledgers[0].cosigned.len(), 1);
    assert!(report.to_string().contains("1  time stamps hold"), "{report}");
    // The publisher takes the cosigned checkpoint for its own, and the day has its stamp.
    assert_eq!(publish::ledger(&house, room, now).unwrap().added, 0);
    house.observers.ask(&at, published.size, now).unwrap();
    assert!(check(&house, &signer(), Some(root)).is_sound());
    assert_eq!(std::fs::read_dir(at.join("timestamps")).unwrap().count(), 3);
}

#[test]
fn a_stamp_of_another_authority_than_the_pinned_one_is_not_kept() {
    let Some(authority) = tsa::Authority::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let now = authority.now();
    let other = tsa::Authority::start().unwrap();
    let stamping = serve(move |request| (200, authority.reply(&request)));
    let ca = other.path("root.pem");
    let house = open(folder.path(), now, |config| {
        config.timestamp = Some(config::TimestampAuthority { url: stamping, ca });
    });
    let room = &house.rooms[0];
    publish::ledger(&house, room, now).unwrap();
    let at = publish::folder(&house, room);
    let refused = house.observers.ask(&at, 0, now).unwrap_err();
    assert!(format!("{refused:#}").contains("not by an authority you trust"), "{refused:#}");
    assert!(!at.join("timestamps").exists());
}

#[test]
fn a_witness_that_never_answers_delays_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hand = Hand::at("2026-06-15T12:00:00Z");
    let now = hand.clock()();
    // It takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let house = open(folder.path(), now, |config| {
        config.witnesses = vec![config::Witness { url, key: signer().public().to_string() }];
    });
    let room = &house.rooms[0];
    let published = publish::ledger(&house, room, now).unwrap();
    observe::beside(&house, room, &published, now);
    assert!(house.observers.is_asking(&room.config.id), "it is still waited for, beside the work");
    assert_eq!(publish::ledger(&house, room, now).unwrap().size, published.size);
    let report = check(&house, &signer(), None);
    assert!(report.to_string().contains("missing: temoin.example/w1"), "{report}");
}

//! What a witness cosigns, what it refuses, and what it never forgets. C2SP tlog-witness.

use std::path::Path;
use std::sync::Mutex;

use crate::support::*;
use entremise_audit::{Folder, Witnesses};
use entremise_ledger::witness::{
    Answer, KnownLog, NotCosigned, Request, StateTrouble, Witness, add_cosignatures, ask,
};
use jiff::Timestamp;
use tlog_tiles::Hash;

const NAME: &str = "temoin.example/w1";

fn noon() -> Timestamp {
    "2026-01-10T12:00:00Z".parse().unwrap()
}

fn open(state: &Path) -> Witness {
    let logs = vec![KnownLog { origin: ORIGIN.to_owned(), keys: vec![key().public().clone()] }];
    Witness::open(witness_key(NAME, 1), logs, state).unwrap()
}

fn post(witness: &Witness, request: &Request) -> Answer {
    witness.add_checkpoint(request.to_string().as_bytes(), noon()).unwrap()
}

/// A ledger and a witness of it.
struct Pair {
    ledger: tempfile::TempDir,
    state: tempfile::TempDir,
    book: Book,
}

impl Pair {
    fn of(size: u64) -> Self {
        let (ledger, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut book = Book::of(size);
        publish_book(&mut book, ledger.path());
        Self { ledger, state, book }
    }

    fn grow_to(&mut self, size: u64) {
        self.book.grow_to(size);
        publish_book(&mut self.book, self.ledger.path());
    }

    fn checkpoint(&self) -> String {
        std::fs::read_to_string(self.ledger.path().join("checkpoint")).unwrap()
    }

    fn ask(&self, witness: &Witness, guess: u64) -> Result<String, NotCosigned> {
        let send = |body: String| {
            let (status, _, body) =
                witness.add_checkpoint(body.as_bytes(), noon()).unwrap().to_http();
            Ok((status, body))
        };
        let place = Folder(self.ledger.path().to_owned());
        let asked = ask(&place, witness.key(), guess, &send)?;
        add_cosignatures(self.ledger.path(), std::slice::from_ref(&asked)).unwrap();
        Ok(asked.line)
    }

    fn request(&self, old: u64) -> Request {
        let seen = Mutex::new(Vec::new());
        let keep = |body: String| {
            seen.lock().unwrap().push(body);
            Err("kept".to_owned())
        };
        let place = Folder(self.ledger.path().to_owned());
        ask(&place, witness_key(NAME, 1).public(), old, &keep).unwrap_err();
        Request::parse(&seen.into_inner().unwrap()[0]).unwrap()
    }
}

#[test]
fn a_ledger_that_grows_is_cosigned_at_every_size() {
    let mut pair = Pair::of(1);
    let witness = open(pair.state.path());
    let mut before = 0;
    for size in [1, 2, 3, 255, 256, 257, 600] {
        pair.grow_to(size);
        let line = pair.ask(&witness, before).unwrap();
        assert!(line.starts_with(&format!("— {NAME} ")));
        before = size;
    }
    let witnesses = Witnesses { keys: vec![witness.key().clone()], quorum: 1 };
    let found = witnesses.look_at(&pair.checkpoint());
    assert_eq!(found.good[0].at, noon());
    assert!(verified(pair.ledger.path()).is_sound());
}

#[test]
fn a_wrong_guess_of_what_the_witness_saw_is_mended_by_its_answer() {
    let mut pair = Pair::of(300);
    let witness = open(pair.state.path());
    pair.ask(&witness, 300).unwrap();
    pair.grow_to(700);
    pair.ask(&witness, 0).unwrap();
    pair.ask(&witness, 12).unwrap();
}

#[test]
fn the_same_checkpoint_is_cosigned_again_with_the_new_time() {
    let pair = Pair::of(20);
    let witness = open(pair.state.path());
    let first = pair.ask(&witness, 0).unwrap();
    let request = Request { old: 20, proof: Vec::new(), checkpoint: pair.checkpoint() };
    let later = noon() + jiff::SignedDuration::from_hours(1);
    let again = witness.add_checkpoint(request.to_string().as_bytes(), later).unwrap();
    let Answer::Cosigned(again) = again else { panic!("{again:?}") };
    assert_ne!(first, again);
}

#[test]
fn a_wrong_old_size_is_answered_with_the_size_that_was_seen() {
    let mut pair = Pair::of(300);
    let witness = open(pair.state.path());
    assert_eq!(post(&witness, &pair.request(7)), Answer::Conflict { size: 0 });
    pair.ask(&witness, 0).unwrap();
    pair.grow_to(301);
    let answer = post(&witness, &pair.request(7));
    assert_eq!(answer.to_http(), (409, "text/x.tlog.size", "300\n".to_owned()));
}

#[test]
fn another_origin_is_unknown_and_another_key_forbidden() {
    let pair = Pair::of(5);
    let log = |origin: &str, key: &entremise_ledger::LogKey| {
        vec![KnownLog { origin: origin.to_owned(), keys: vec![key.public().clone()] }]
    };
    let request = pair.request(0);
    for (logs, status) in
        [(log("autre.example/ledger", &key()), 404), (log(ORIGIN, &other_key()), 403)]
    {
        let state = tempfile::tempdir().unwrap();
        let witness = Witness::open(witness_key(NAME, 1), logs, state.path()).unwrap();
        assert_eq!(post(&witness, &request).to_http().0, status);
    }
}

#[test]
fn what_is_not_a_request_is_refused_and_never_panics() {
    let pair = Pair::of(5);
    let witness = open(pair.state.path());
    let good = pair.request(0).to_string();
    let bad = [
        "".to_owned(),
        "old 0".to_owned(),
        good.replacen("old 0", "old 00", 1),
        good.replacen("old 0", "old -1", 1),
        good.replacen("old 0", "old 6", 1),
        good.replacen("old 0", "old 0\nnot a hash", 1),
        good.replacen("old 0", &format!("old 0{}", "\nMTIz".repeat(80)), 1),
        good.replacen("\n5\n", "\nfive\n", 1),
    ];
    for body in bad {
        let answer = witness.add_checkpoint(body.as_bytes(), noon()).unwrap();
        assert!(matches!(answer, Answer::Malformed(_)), "{answer:?}: {body}");
    }
    assert!(matches!(witness.add_checkpoint(&[0xff, 0xfe], noon()), Ok(Answer::Malformed(_))));
}

#[test]
fn a_proof_that_does_not_hold_is_not_cosigned_and_what_was_signed_is_kept_as_evidence() {
    let mut pair = Pair::of(300);
    let witness = open(pair.state.path());
    pair.ask(&witness, 0).unwrap();
    pair.grow_to(700);
    let right = pair.request(300);
    for break_it in 0..3 {
        let mut wrong = right.clone();
        match break_it {
            0 => wrong.proof[0] = Hash([1; 32]),
            1 => drop(wrong.proof.pop()),
            _ => wrong.proof.clear(),
        }
        assert_eq!(post(&witness, &wrong), Answer::NotContinued, "{break_it}");
    }
    assert_eq!(std::fs::read_dir(pair.state.path().join("evidence")).unwrap().count(), 1);
    assert!(matches!(post(&witness, &right), Answer::Cosigned(_)));
}

#[test]
fn a_first_checkpoint_needs_no_proof_and_may_bring_none() {
    let pair = Pair::of(3);
    let witness = open(pair.state.path());
    let mut request = pair.request(0);
    request.proof.push(Hash([0; 32]));
    assert_eq!(post(&witness, &request), Answer::NotContinued);
    request.proof.clear();
    assert!(matches!(post(&witness, &request), Answer::Cosigned(_)));
}

#[test]
fn an_empty_ledger_is_cosigned_and_then_grows() {
    let mut pair = Pair::of(0);
    let witness = open(pair.state.path());
    pair.ask(&witness, 0).unwrap();
    pair.grow_to(3);
    pair.ask(&witness, 0).unwrap();
}

#[test]
fn what_was_cosigned_is_remembered_by_the_next_process() {
    let mut pair = Pair::of(300);
    {
        let witness = open(pair.state.path());
        pair.ask(&witness, 0).unwrap();
    }
    let fork = Pair::of(0);
    let mut other = Book::of(400);
    other.leaves[5] = leaf(5, 99, entremise_core::ledger::Kind::House("resumed"));
    publish_book(&mut other, fork.ledger.path());
    let witness = open(pair.state.path());
    let refused = fork.ask(&witness, 0).unwrap_err();
    assert!(matches!(refused, NotCosigned::OtherHistory { .. }), "{refused}");
    pair.grow_to(400);
    pair.ask(&witness, 300).unwrap();
}

#[test]
fn a_half_written_file_of_a_crash_is_not_what_the_witness_remembers() {
    let pair = Pair::of(300);
    drop(open(pair.state.path()).add_checkpoint(pair.request(0).to_string().as_bytes(), noon()));
    for file in std::fs::read_dir(pair.state.path()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".checkpoint") {
            std::fs::write(path.with_file_name(format!(".{name}.new")), b"half").unwrap();
        }
    }
    let answer = post(&open(pair.state.path()), &pair.request(0));
    assert_eq!(answer, Answer::Conflict { size: 300 });
}

#[test]
fn a_memory_that_cannot_be_read_is_never_taken_for_none() {
    let pair = Pair::of(300);
    drop(open(pair.state.path()).add_checkpoint(pair.request(0).to_string().as_bytes(), noon()));
    for file in std::fs::read_dir(pair.state.path()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "checkpoint") {
            std::fs::write(path, b"damaged").unwrap();
        }
    }
    let body = pair.request(0).to_string();
    let trouble = open(pair.state.path()).add_checkpoint(body.as_bytes(), noon());
    assert!(matches!(trouble, Err(StateTrouble::Unreadable { .. })));
}

#[test]
fn two_witnesses_cannot_share_one_memory() {
    let pair = Pair::of(3);
    let _first = open(pair.state.path());
    let second = Witness::open(witness_key(NAME, 1), Vec::new(), pair.state.path());
    assert!(matches!(second, Err(StateTrouble::Busy { .. })));
}

#[test]
fn two_histories_at_once_are_never_both_cosigned() {
    let pair = Pair::of(300);
    let witness = open(pair.state.path());
    pair.ask(&witness, 0).unwrap();
    let forks: Vec<Pair> = (0..8)
        .map(|number| {
            let fork = Pair::of(0);
            let mut book = Book::of(300);
            for more in 0..=number {
                book.leaves.push(leaf(
                    300 + more,
                    900 + u128::from(number),
                    entremise_core::ledger::Kind::House("resumed"),
                ));
            }
            publish_book(&mut book, fork.ledger.path());
            fork
        })
        .collect();
    let requests: Vec<Request> = forks.iter().map(|fork| fork.request(300)).collect();
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            requests.iter().map(|request| scope.spawn(|| post(&witness, request))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let cosigned = answers.iter().filter(|answer| matches!(answer, Answer::Cosigned(_))).count();
    assert_eq!(cosigned, 1, "{answers:?}");
}

#[test]
fn a_cosignature_over_an_older_checkpoint_is_not_put_under_a_newer_one() {
    let mut pair = Pair::of(20);
    let witness = open(pair.state.path());
    let Answer::Cosigned(line) = post(&witness, &pair.request(0)) else { panic!("refused") };
    let checkpoint = pair.checkpoint();
    pair.grow_to(30);
    let late = entremise_ledger::witness::Asked { checkpoint, line };
    assert_eq!(add_cosignatures(pair.ledger.path(), &[late]).unwrap(), 0);
    assert!(verified(pair.ledger.path()).is_sound());
}

#[test]
fn another_ones_line_is_not_taken_for_the_witness() {
    let pair = Pair::of(20);
    let place = Folder(pair.ledger.path().to_owned());
    let stranger = witness_key(NAME, 2);
    let line = stranger.cosign(&text_of(&pair.checkpoint()), noon());
    let send = |_: String| Ok((200, line.clone()));
    let refused = ask(&place, witness_key(NAME, 1).public(), 0, &send).unwrap_err();
    assert!(matches!(refused, NotCosigned::NotItsSignature));
    let silent = |_: String| Err("no answer in time".to_owned());
    let refused = ask(&place, stranger.public(), 0, &silent).unwrap_err();
    assert!(matches!(refused, NotCosigned::Silent(_)));
}

#[test]
fn a_witness_key_is_made_once_and_is_never_a_ledger_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("witness.key");
    let made = entremise_ledger::WitnessSigner::make(&path, NAME, &[9; 32]).unwrap();
    let read = entremise_ledger::WitnessSigner::load(&path).unwrap();
    assert_eq!(made.public(), read.public());
    assert!(entremise_ledger::WitnessSigner::make(&path, NAME, &[1; 32]).is_err());
    let text = made.public().to_string();
    assert_eq!(entremise_audit::WitnessKey::parse(&text).unwrap(), *made.public());
    assert!(entremise_audit::PublicKey::parse(&text).is_err());
    assert!(entremise_audit::WitnessKey::parse(key().public().as_str()).is_err());
    assert!(entremise_audit::WitnessKey::parse(&text.replace('+', " ")).is_err());
}

#[test]
fn a_key_whose_secret_has_a_plus_sign_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..64u8 {
        let path = folder.path().join(format!("{seed}.key"));
        let made = entremise_ledger::WitnessSigner::make(&path, NAME, &[seed.wrapping_mul(37); 32]);
        let read = entremise_ledger::WitnessSigner::load(&path).unwrap();
        assert_eq!(read.public().to_string(), made.unwrap().public().to_string());
    }
}

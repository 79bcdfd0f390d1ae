//! Bytes that mean harm: nothing panics, nothing grows beyond its bounds, everything is answered.
//!
//! A brief run of what `fuzz/` does at length: our own samples, cut, spliced and overwritten.

use crate::at_hand;
use std::path::Path;

use entremise_formats::batch::Batch;
use entremise_formats::{bounce, identification_csv, jws, limits};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::at_hand::read;

fn samples() -> Vec<Vec<u8>> {
    fn gather(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { gather(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"), &mut found);
    found.sort();
    found.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Reads the bytes in every way there is.
fn read_in_every_way(bytes: &[u8]) {
    let reading = read(bytes);
    assert!(!reading.outcomes.is_empty(), "whatever arrives is answered");
    for item in &reading.outcomes {
        if let Err(rejections) = &item.verdict {
            assert!((1..=limits::REJECTIONS + 1).contains(&rejections.len()));
        }
        entremise_formats::report::check_report("x", item);
    }
    let streamed = Batch::new(bytes).map(Result::unwrap).count();
    assert!(streamed <= bytes.len() + 1);
    bounce::read_report(bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = identification_csv::read_request(bytes);
    let _ = jws::header(&text);
}

/// Tokens that parsers trip over.
const TOKENS: [&str; 24] = [
    "\0",
    "\u{fffd}",
    "<",
    ">",
    "&",
    "&#0;",
    "&#x110000;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE",
    "</Infringement>",
    "<Infringement>",
    "\"",
    "\\",
    "{",
    "[",
    ",",
    "\r\n\r\n",
    "--b",
    "=?utf-8?B?",
    "99999999999999999999",
    "-----BEGIN PGP SIGNED MESSAGE-----",
];

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    })]

    #[test]
    fn our_samples_cut_and_overwritten_never_panic(
        sample in any::<Index>(),
        other in any::<Index>(),
        edits in prop::collection::vec(any::<(Index, Index, u8, u8)>(), 1..8),
    ) {
        let samples = samples();
        let mut bytes = sample.get(&samples).clone();
        for (from, to, what, byte) in edits {
            if bytes.is_empty() { break; }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let (from, to) = (from.min(to), from.max(to));
            match what % 5 {
                0 => bytes[from] = byte,
                1 => { bytes.drain(from..to); }
                2 => {
                    let token = TOKENS[byte as usize % TOKENS.len()];
                    bytes.splice(from..from, token.bytes());
                }
                3 => { let piece = bytes[from..to].to_vec(); bytes.splice(from..from, piece); }
                _ => {
                    let other = other.get(&samples);
                    bytes.splice(from..to, other[other.len() / 2..].iter().copied());
                }
            }
        }
        read_in_every_way(&bytes);
    }

    #[test]
    fn bytes_without_any_sense_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_in_every_way(&bytes);
    }
}

#[test]
fn every_sample_may_end_anywhere() {
    for sample in samples() {
        for end in (0..sample.len()).step_by(37) {
            read(&sample[..end]);
        }
    }
}

#[test]
fn a_hundred_thousand_of_anything_is_read_in_one_go() {
    for token in TOKENS {
        for start in [
            "",
            "<Infringement>",
            "{\"a\":",
            "From: a\r\n\r\n",
            "sender_case_id,observed_at,source_ip\n",
        ] {
            let bytes = format!("{start}{}", token.repeat(20_000));
            let reading = read(bytes.as_bytes());
            assert!(reading.outcomes.len() <= 20_001);
        }
    }
}

#[test]
fn faults_by_the_hundred_thousand_are_given_up_at_their_bound() {
    let header = "sender_case_id,observed_at,source_ip\n";
    for (head, fault) in [("", "<Infringement/>"), ("", "{}\n"), (header, "a\n")] {
        let reading = read(format!("{head}{}", fault.repeat(100_000)).as_bytes());
        assert_eq!(reading.outcomes.len(), limits::FAULTY + 1, "{fault}");
        assert_eq!(at_hand::code(reading.outcomes.last().unwrap()), "too_large");
    }
    let hidden = "<!--<Infringement>-->".repeat(200_000);
    assert_eq!(at_hand::code(&at_hand::only(hidden.as_bytes())), "format_unknown");
}

#[test]
fn more_than_is_read_in_one_piece_is_refused_unseen() {
    let item = at_hand::only(&vec![b'<'; limits::INPUT_BYTES + 1]);
    assert_eq!(at_hand::code(&item), "too_large");
}

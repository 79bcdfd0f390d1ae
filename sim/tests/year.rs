//! The demo's own way, on real sockets, for some days: one seed, one year.

use entremise_sim::oracle::judge;
use entremise_sim::play::{Play, Staging};
use entremise_sim::report::{Report, leave};
use entremise_sim::world::Size;
use jiff::{SignedDuration, Timestamp};

const SIZE: Size = Size { fibre: 8, cable: 6, mobile: 8, zeal: 4 };
const DAYS: i64 = 9;

/// Plays some days on sockets and yields the report; the oracle has looked at them.
fn play(seed: u64) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let from: Timestamp = "2026-01-05T05:00:00Z".parse().unwrap();
    let mut play = Play::stage(&Staging {
        seed,
        size: SIZE,
        from,
        folder: folder.path(),
        sockets: true,
        keep_mails: true,
    })
    .unwrap();
    for half_day in 1..DAYS * 2 {
        play.advance(from + SignedDuration::from_hours(12 * half_day)).unwrap();
    }
    let report = Report::of(&play, from, DAYS).unwrap();
    assert_eq!(judge(&play).unwrap(), []);
    let out = folder.path().join("out");
    leave(&play, &report, &out).unwrap();
    for part in ["mails", "letters", "ledger", "acknowledgements", "report.json"] {
        assert!(out.join(part).exists(), "{part} is missing");
    }
    report
}

#[test]
fn one_seed_gives_one_year_to_the_last_hash_of_its_ledger() {
    let first = play(11);
    assert!(first.ledger.verified, "{:?}", first.ledger.findings);
    assert!(first.notices["accepted"] > 5 && !first.emails.is_empty(), "{first:?}");
    assert_eq!(play(11), first);
    assert_ne!(play(12).ledger.root, first.ledger.root);
}

//! The demo's own way, on real sockets, for some days: one seed, one year.

use entremise_sim::estate::PostBy;
use entremise_sim::oracle::judge;
use entremise_sim::play::{Play, Staging};
use entremise_sim::report::{Report, leave};
use entremise_sim::world::Size;
use jiff::{SignedDuration, Timestamp};

const SIZE: Size = Size { fibre: 8, cable: 6, mobile: 8, zeal: 4 };
const DAYS: i64 = 9;
/// Long enough for a mail to come back and a letter to go out, twice.
const DAYS_WITH_LETTERS: i64 = 40;

/// Plays some days on sockets and yields the report; the oracle has looked at them.
fn play(seed: u64, days: i64, post_by: PostBy) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let from: Timestamp = "2026-01-05T05:00:00Z".parse().unwrap();
    let mut play = Play::stage(&Staging {
        seed,
        size: SIZE,
        from,
        folder: folder.path(),
        sockets: true,
        keep_mails: true,
        post_by,
    })
    .unwrap();
    for half_day in 1..days * 2 {
        play.advance(from + SignedDuration::from_hours(12 * half_day)).unwrap();
    }
    let report = Report::of(&play, from, days).unwrap();
    assert_eq!(judge(&play).unwrap(), []);
    // Each proof is fetched once, however often the post is asked for news.
    let letters = play.post.letters().len();
    assert!(play.post.downloads() as usize <= 2 * letters, "{letters} letters");
    let out = folder.path().join("out");
    leave(&play, &report, &out).unwrap();
    for part in ["mails", "letters", "ledger", "acknowledgements", "report.json"] {
        assert!(out.join(part).exists(), "{part} is missing");
    }
    report
}

#[test]
fn one_seed_gives_one_year_to_the_last_hash_of_its_ledger() {
    // Side by side, so that each is in the other's way and threads finish in another order.
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(|| play(11, DAYS_WITH_LETTERS, PostBy::Http));
        (play(11, DAYS_WITH_LETTERS, PostBy::Http), second.join().unwrap())
    });
    assert!(first.ledger.verified, "{:?}", first.ledger.findings);
    assert!(first.notices["accepted"] > 20 && first.emails.len() > 1, "{first:?}");
    assert_eq!(first, second);
}

#[test]
fn another_seed_gives_another_year() {
    let first = play(11, DAYS, PostBy::Http);
    assert_ne!(play(12, DAYS, PostBy::Http).ledger.root, first.ledger.root);
}

#[test]
fn letters_by_hand_over_folder_reach_the_same_people() {
    let by_folder = play(11, DAYS_WITH_LETTERS, PostBy::Folder);
    assert!(by_folder.ledger.verified, "{:?}", by_folder.ledger.findings);
    assert!(!by_folder.letters.is_empty(), "{by_folder:?}");
    assert_eq!(by_folder.letters, play(11, DAYS_WITH_LETTERS, PostBy::Http).letters);
}

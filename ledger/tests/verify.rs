//! What a stranger finds out: any changed byte, where it is, and what happened.

use std::sync::LazyLock;

use crate::support::*;
use entremise_core::ledger::Kind;
use entremise_ledger::{Finding, Harm, Options, Place, Report, VerifyError, publish, verify};
use proptest::prelude::*;

/// One ledger with full tiles, partial tiles and partial tiles of an earlier day.
static LEDGER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[520, 600, 700], folder.path());
    folder
});

fn damaged(damage: impl FnOnce(&std::path::Path)) -> Report {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(LEDGER.path(), folder.path());
    damage(folder.path());
    verified(folder.path())
}

fn only_finding(report: &Report) -> &Finding {
    assert_eq!(report.ledgers[0].findings.len(), 1, "{report}");
    &report.ledgers[0].findings[0]
}

fn harms(report: &Report) -> Vec<Harm> {
    report.ledgers[0].findings.iter().map(|finding| finding.harm).collect()
}

#[test]
fn a_sound_ledger_is_said_to_be_sound_with_what_was_checked() {
    let report = verified(LEDGER.path());
    assert!(report.is_sound(), "{report}");
    let checks = &report.ledgers[0].checks;
    let count = |name| checks.iter().find(|check| check.name == name).map(|check| check.count);
    assert_eq!(count("entries"), Some(700));
    assert_eq!(count("hashes"), Some(512 + 188 + 2));
    assert_eq!(count("outcomes"), Some(233));
    assert_eq!(count("outgrown"), Some(4));
    assert_eq!(report.ledgers[0].authority, "autorite");
    assert_eq!(report.entries(), 700);
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["ledgers"][0]["sound"], true);
    assert!(report.to_string().contains("a key you trust"));
}

#[test]
fn the_key_beside_the_checkpoint_serves_when_none_is_given_and_the_report_says_so() {
    let report = verify_with(LEDGER.path(), &[]);
    assert!(report.is_sound());
    assert!(!report.ledgers[0].key_is_trusted);
    assert!(report.to_string().contains("proves nothing about who signed"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_changed_bit_anywhere_in_any_published_file_is_found(
        file in any::<prop::sample::Index>(),
        place in any::<usize>(),
        bit in 0u8..8,
        trusted in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(LEDGER.path(), folder.path());
        let files = files(folder.path());
        let file = &files[file.index(files.len())];
        flip_bit(&folder.path().join(file), place, bit);
        let keys = if trusted { vec![key().public().clone()] } else { Vec::new() };
        let report = verify_with(folder.path(), &keys);
        prop_assert!(!report.is_sound(), "{}", file);
    }

    #[test]
    fn a_cut_or_lengthened_file_is_found(
        file in any::<prop::sample::Index>(),
        cut in 1usize..40,
        longer in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(LEDGER.path(), folder.path());
        let files = files(folder.path());
        let path = folder.path().join(&files[file.index(files.len())]);
        let mut bytes = std::fs::read(&path).unwrap();
        if longer {
            bytes.extend(vec![b'0'; cut]);
        } else {
            bytes.truncate(bytes.len().saturating_sub(cut));
        }
        std::fs::write(&path, bytes).unwrap();
        prop_assert!(!verified(folder.path()).is_sound(), "{}", path.display());
    }
}

#[test]
fn every_byte_of_the_checkpoint_and_of_the_key_beside_it_counts() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[3], folder.path());
    for file in ["checkpoint", "vkey"] {
        let path = folder.path().join(file);
        for place in 0..std::fs::read(&path).unwrap().len() {
            let flip = || flip_bit(&path, place, u8::try_from(place % 8).unwrap());
            flip();
            assert!(!verified(folder.path()).is_sound(), "{file}, byte {place}");
            flip();
        }
    }
    assert!(verified(folder.path()).is_sound());
}

#[test]
fn a_changed_byte_in_an_entry_is_named_by_file_and_number() {
    let report = damaged(|folder| flip_bit(&folder.join("tile/entries/001"), 3000, 0));
    let entry = report.ledgers[0].findings.last().unwrap();
    assert_eq!((entry.harm, entry.file.as_str()), (Harm::ChangedByte, "tile/entries/001"));
    // Entries lie behind their length in two bytes.
    let length = Book::of(257).leaves[256].to_bytes().len() as u64 + 2;
    assert_eq!(entry.entry, Some(256 + 3000 / length));
    assert!(entry.words.contains("a byte of this entry was changed"), "{}", entry.words);
}

#[test]
fn a_changed_byte_in_the_last_growing_bundle_is_laid_to_the_entry() {
    let report = damaged(|folder| flip_bit(&folder.join("tile/entries/002.p/188"), 1000, 0));
    let finding = report.ledgers[0].findings.last().unwrap();
    assert_eq!(finding.file, "tile/entries/002.p/188", "{report}");
    assert!(finding.words.contains("a byte of this entry was changed"), "{}", finding.words);
}

#[test]
fn a_changed_byte_in_a_tile_is_laid_to_the_tile() {
    for (file, place, hash) in [
        ("tile/0/000", 32 * 9 + 1, "hash 9"),
        ("tile/0/002.p/188", 32 * 100, "hash 100"),
        ("tile/1/000.p/2", 33, "hash 1"),
    ] {
        let report = damaged(|folder| flip_bit(&folder.join(file), place, 7));
        let finding = only_finding(&report);
        assert_eq!((finding.harm, finding.file.as_str()), (Harm::ChangedByte, file));
        assert!(finding.words.contains(hash), "{}", finding.words);
    }
}

#[test]
fn a_missing_file_is_named() {
    for file in ["tile/entries/001", "tile/0/001", "tile/1/000.p/2", "checkpoint"] {
        let report = damaged(|folder| std::fs::remove_file(folder.join(file)).unwrap());
        let finding = only_finding(&report);
        assert_eq!((finding.harm, finding.file.as_str()), (Harm::Missing, file));
    }
}

#[test]
fn a_bundle_that_is_missing_with_its_tile_is_one_finding() {
    let report = damaged(|folder| {
        std::fs::remove_file(folder.join("tile/entries/000")).unwrap();
        std::fs::remove_file(folder.join("tile/0/000")).unwrap();
    });
    let finding = only_finding(&report);
    assert_eq!((finding.harm, finding.entry), (Harm::Missing, Some(0)));
}

#[test]
fn a_tree_that_ends_before_its_checkpoint_is_called_shorter() {
    let report = damaged(|folder| {
        for gone in ["entries", "0"] {
            std::fs::remove_file(folder.join(format!("tile/{gone}/001"))).unwrap();
            std::fs::remove_dir_all(folder.join(format!("tile/{gone}/002.p"))).unwrap();
        }
    });
    let finding = &report.ledgers[0].findings[0];
    assert_eq!((finding.harm, finding.entry), (Harm::Shorter, Some(256)));
    assert!(finding.words.contains("700 entries were signed"), "{}", finding.words);
}

#[test]
fn a_checkpoint_that_claims_more_than_anybody_could_read_does_not_keep_the_verifier_busy() {
    let report = damaged(|folder| {
        let path = folder.join("checkpoint");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replacen("\n700\n", "\n99999999999999\n", 1)).unwrap();
    });
    let harms = harms(&report);
    assert!(harms.contains(&Harm::ChangedByte) && harms.contains(&Harm::Shorter), "{report}");
}

#[test]
fn a_ledger_signed_with_another_key_is_not_the_one_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    publish(&mut Book::of(30), folder.path(), &other_key(), start()).unwrap();
    let report = verified(folder.path());
    assert_eq!(harms(&report), [Harm::WrongKey, Harm::WrongKey]);
}

#[test]
fn a_whole_ledger_forged_below_a_true_checkpoint_gives_the_wrong_root() {
    let (folder, forged) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    publish_in_steps(&[700], folder.path());
    let mut book = Book::of(700);
    book.leaves[5] = leaf(5, 1, Kind::Outcome("never_happened"));
    publish_book(&mut book, forged.path());
    for file in files(forged.path()).iter().filter(|file| *file != "checkpoint") {
        std::fs::copy(forged.path().join(file), folder.path().join(file)).unwrap();
    }
    assert_eq!(harms(&verified(folder.path())), [Harm::WrongRoot]);
}

#[test]
fn an_older_checkpoint_must_still_hold() {
    for old in [1, 255, 256, 300, 512, 700] {
        let folder = tempfile::tempdir().unwrap();
        let before = publish_in_steps(&[old], folder.path());
        publish_in_steps(&[old, 700], folder.path());
        let report = verified_since(folder.path(), &before.checkpoint);
        assert!(report.is_sound(), "{old}: {report}");
        assert!(report.ledgers[0].checks.iter().any(|check| check.name == "since"));
    }
}

#[test]
fn a_ledger_that_went_back_is_found_rolled_back() {
    let (long, short) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let promised = publish_in_steps(&[700], long.path());
    publish_in_steps(&[600], short.path());
    assert!(verified(short.path()).is_sound(), "sound in itself");
    let report = verified_since(short.path(), &promised.checkpoint);
    assert_eq!(harms(&report), [Harm::RolledBack]);
}

#[test]
fn a_ledger_that_tells_two_people_two_stories_is_found_rewritten() {
    for old in [200, 256, 300] {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let promised = publish_in_steps(&[old], one.path());
        let mut book = Book::of(700);
        book.leaves[102] = leaf(102, 34, Kind::Event("answered"));
        publish_book(&mut book, two.path());
        assert!(verified(two.path()).is_sound(), "sound in itself");
        assert_eq!(harms(&verified_since(two.path(), &promised.checkpoint)), [Harm::Rewritten]);
    }
}

#[test]
fn an_older_checkpoint_of_another_ledger_is_a_wrong_question() {
    let folder = tempfile::tempdir().unwrap();
    let other = entremise_ledger::LogKey::from_seed("autre.example/log", &[1; 32]).unwrap();
    let promised = publish(&mut Book::of(3), folder.path(), &other, start()).unwrap();
    let since = Some(promised.checkpoint.into_bytes());
    let answer = verify(&Place::folder(LEDGER.path()), Options { since, ..Options::default() });
    assert!(
        matches!(answer, Err(VerifyError::SinceOfOther { origin }) if origin.contains("autre"))
    );
}

#[test]
fn entries_that_break_the_rules_of_the_ledger_are_found_though_duly_signed() {
    type Break = fn(&mut Book);
    let broken: [(Harm, Break); 4] = [
        (Harm::BackInTime, |book| book.leaves[9].at = book.leaves[3].at),
        (Harm::OtherAuthority, |book| book.leaves[9].authority = "autre".parse().unwrap()),
        (Harm::NoRules, |book| book.leaves[9].rules = String::new()),
        (Harm::OutcomeWithoutIntent, |book| book.leaves[9].kind = "outcome.sent".to_owned()),
    ];
    for (harm, break_rule) in broken {
        let folder = tempfile::tempdir().unwrap();
        let mut book = Book::of(20);
        break_rule(&mut book);
        publish_book(&mut book, folder.path());
        let report = verified(folder.path());
        let finding = only_finding(&report);
        assert_eq!((finding.harm, finding.entry), (harm, Some(9)), "{report}");
    }
}

#[test]
fn a_line_of_the_house_needs_no_rules_and_a_thing_given_up_no_intent() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Book::of(9);
    book.leaves.push(leaf(9, 99, Kind::Outcome("given_up")));
    let mut house = leaf(10, 0, Kind::House("stopped"));
    house.rules = String::new();
    book.leaves.push(house);
    publish_book(&mut book, folder.path());
    assert!(verified(folder.path()).is_sound(), "{}", verified(folder.path()));
}

#[test]
fn a_folder_with_a_ledger_per_authority_is_verified_whole() {
    let place = tempfile::tempdir().unwrap();
    for authority in ["autorite", "autre"] {
        let mut book = Book::of(10);
        book.leaves.iter_mut().for_each(|leaf| leaf.authority = authority.parse().unwrap());
        publish_book(&mut book, &place.path().join(authority));
    }
    let report = verified(place.path());
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.ledgers.len(), report.entries()), (2, 20));
    std::fs::rename(place.path().join("autre"), place.path().join("third")).unwrap();
    let report = verified(place.path());
    assert!(!report.is_sound(), "a ledger under another authority's name");
}

#[test]
fn where_there_is_no_ledger_nothing_is_said_to_be_sound() {
    let empty = tempfile::tempdir().unwrap();
    let answer = verify(&Place::folder(empty.path()), Options::default());
    assert!(matches!(answer, Err(VerifyError::NoLedger { .. })));
}

#[test]
fn progress_runs_from_nothing_to_all() {
    let mut seen = Vec::new();
    let mut note = |progress: entremise_ledger::Progress| seen.push((progress.done, progress.size));
    let options = Options { progress: Some(&mut note), ..Options::default() };
    verify(&Place::folder(LEDGER.path()), options).unwrap();
    assert_eq!((seen.first(), seen.last()), (Some(&(0, 700)), Some(&(700, 700))));
}

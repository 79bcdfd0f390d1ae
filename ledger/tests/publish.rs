//! What publishing promises: the same tree however it grew, nothing taken back, nothing lost.

use crate::support::*;
use entremise_core::ledger::Kind;
use entremise_ledger::{LogKey, PublishError, publish};
use proptest::prelude::*;

#[test]
fn a_ledger_has_the_same_root_and_the_same_full_tiles_however_it_grew() {
    let (at_once, in_steps) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let whole = publish_in_steps(&[1000], at_once.path());
    let grown = publish_in_steps(&[0, 1, 2, 255, 256, 257, 511, 700, 768, 1000], in_steps.path());
    assert_eq!((whole.size, whole.root), (grown.size, grown.root));
    assert_eq!(whole.checkpoint, grown.checkpoint);
    for file in files(at_once.path()) {
        let (one, two) = (at_once.path().join(&file), in_steps.path().join(&file));
        assert_eq!(std::fs::read(one).unwrap(), std::fs::read(two).unwrap(), "{file}");
    }
    assert!(verified(at_once.path()).is_sound());
    assert!(verified(in_steps.path()).is_sound(), "{}", verified(in_steps.path()));
}

#[test]
fn a_tree_of_three_levels_of_tiles_grows_by_its_right_edge_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Book::of(65_536 + 300);
    publish_book(&mut book, folder.path());
    // Whatever is not on the right edge is not needed to go on.
    std::fs::remove_file(folder.path().join("tile/entries/000")).unwrap();
    std::fs::remove_file(folder.path().join("tile/0/000")).unwrap();
    book.grow_to(65_536 + 900);
    let grown = publish_book(&mut book, folder.path());
    assert_eq!((grown.size, grown.added), (66_436, 600));
    let whole = tempfile::tempdir().unwrap();
    assert_eq!(publish_book(&mut book, whole.path()).root, grown.root);
    assert!(whole.path().join("tile/2/000.p/1").exists());
    assert!(verified(whole.path()).is_sound());
}

#[test]
fn publishing_again_with_nothing_new_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Book::of(300);
    let first = publish_book(&mut book, folder.path());
    let before = std::fs::metadata(folder.path().join("checkpoint")).unwrap().modified().unwrap();
    let again = publish_book(&mut book, folder.path());
    let after = std::fs::metadata(folder.path().join("checkpoint")).unwrap().modified().unwrap();
    assert_eq!((again.added, again.checkpoint, again.root), (0, first.checkpoint, first.root));
    assert_eq!(before, after);
}

#[test]
fn a_ledger_without_entries_is_published_and_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let published = publish_in_steps(&[0], folder.path());
    assert_eq!(published.size, 0);
    assert!(verified(folder.path()).is_sound());
}

#[test]
fn a_source_with_fewer_entries_than_were_published_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let published = publish_in_steps(&[300], folder.path());
    let refused = publish(&mut Book::of(299), folder.path(), &key(), start());
    assert!(matches!(refused, Err(PublishError::Shrunk { published: 300, source_size: 299 })));
    let stands = std::fs::read_to_string(folder.path().join("checkpoint")).unwrap();
    assert_eq!(stands, published.checkpoint);
}

#[test]
fn a_source_that_tells_another_story_of_what_was_published_is_refused() {
    for published in [300, 256] {
        let folder = tempfile::tempdir().unwrap();
        publish_in_steps(&[published], folder.path());
        let mut book = Book::of(400);
        let seq = published - 2;
        book.leaves[usize::try_from(seq).unwrap()] = leaf(seq, 999, Kind::House("resumed"));
        let refused = publish(&mut book, folder.path(), &key(), start());
        assert!(matches!(refused, Err(PublishError::Diverged { seq: at }) if at == seq));
        assert!(verified(folder.path()).is_sound());
    }
}

#[test]
fn another_key_cannot_continue_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[10], folder.path());
    let refused = publish(&mut Book::of(20), folder.path(), &other_key(), start());
    assert!(matches!(refused, Err(PublishError::OtherLedger { .. })));
}

#[test]
fn nothing_is_added_to_a_damaged_right_edge() {
    for file in ["tile/0/001.p/44", "tile/1/000.p/1"] {
        let folder = tempfile::tempdir().unwrap();
        publish_in_steps(&[300], folder.path());
        flip_bit(&folder.path().join(file), 5, 3);
        let refused = publish(&mut Book::of(301), folder.path(), &key(), start());
        assert!(matches!(refused, Err(PublishError::Damaged { .. })), "{file}");
        std::fs::remove_file(folder.path().join(file)).unwrap();
        let refused = publish(&mut Book::of(301), folder.path(), &key(), start());
        assert!(matches!(refused, Err(PublishError::Damaged { .. })), "{file}");
    }
}

#[test]
fn an_entry_under_a_wrong_number_is_not_published() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Book::of(5);
    book.leaves[3].seq = 4;
    let refused = publish(&mut book, folder.path(), &key(), start());
    assert!(matches!(refused, Err(PublishError::UnfitLeaf { seq: 3, .. })));
    assert!(!folder.path().join("checkpoint").exists());
}

#[test]
fn two_publishers_cannot_work_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let lock = std::fs::File::create(folder.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let refused = publish(&mut Book::of(5), folder.path(), &key(), start());
    assert!(matches!(refused, Err(PublishError::Busy { .. })));
    drop(lock);
    publish_in_steps(&[5], folder.path());
}

#[test]
fn partial_tiles_go_once_their_tile_is_full_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[10, 20], folder.path());
    assert!(folder.path().join("tile/entries/000.p/10").exists());
    publish_in_steps(&[20, 256], folder.path());
    assert!(!folder.path().join("tile/entries/000.p").exists());
    assert!(!folder.path().join("tile/0/000.p").exists());
    assert!(verified(folder.path()).is_sound());
}

#[test]
fn a_key_file_is_made_once_and_read_ever_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.key");
    let made = LogKey::load_or_make(&path, ORIGIN, &mut |bytes| bytes.fill(9)).unwrap();
    let read = LogKey::load_or_make(&path, ORIGIN, &mut |bytes| bytes.fill(1)).unwrap();
    assert_eq!(made.public(), read.public());
    assert!(LogKey::load(&path, "autre.example/log").is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(&path, "PRIVATE+KEY+nonsense").unwrap();
    assert!(LogKey::load_or_make(&path, ORIGIN, &mut |bytes| bytes.fill(1)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// A crash leaves any part of the new files behind, in any order, but never the checkpoint
    /// without them: it is written last.
    #[test]
    fn whatever_a_crash_left_behind_the_old_checkpoint_holds_and_the_next_run_completes(
        old in 0u64..600,
        more in 1u64..600,
        survives in proptest::collection::vec(any::<bool>(), 64),
    ) {
        let (crashed, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        publish_in_steps(&[old], crashed.path());
        let mut book = Book::of(old + more);
        let expected = publish_book(&mut book, whole.path());
        let new = files(whole.path()).into_iter().filter(|file| file != "checkpoint");
        for (file, _) in new.zip(survives).filter(|(_, survives)| *survives) {
            let target = crashed.path().join(&file);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(whole.path().join(&file), target).unwrap();
        }
        let report = verified(crashed.path());
        prop_assert!(report.is_sound(), "{}", report);
        let done = publish_book(&mut book, crashed.path());
        prop_assert_eq!(done.root, expected.root);
        let report = verified(crashed.path());
        prop_assert!(report.is_sound(), "{}", report);
    }
}

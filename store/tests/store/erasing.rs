//! What is erased stays erased, whatever is restored, and the ledger still holds.

use std::path::{Path, PathBuf};

use entremise_core::event::Event;
use entremise_core::id::CaseId;
use entremise_core::ledger::{Actor, Leaf, commitment, hexadecimal};
use entremise_store::{
    About, ApplyError, CaseRef, EraseError, Look, LookField, LookPurpose, Places, Seen, WhyErased,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::*;

const ALL: &[LookField] = &[LookField::Evidence, LookField::Traffic, LookField::Identity];

pub fn look(world: &World, about: About) -> Seen {
    let look = Look {
        authority: &authority(),
        person: &"agent-1".parse().unwrap(),
        about,
        purpose: LookPurpose::Rights,
        legal_basis: "Example Act, s 12",
        fields: ALL,
    };
    world.store.look(&look, world.now).unwrap_or_else(|error| panic!("{error}"))
}

/// A case of a line with a notice, a disclosure and a document.
fn full_case(world: &mut World) -> CaseId {
    let claim = crate::linking::ready_to_write(world);
    world.store.keep_document(claim.id, "message.eml", b"nom-clair", world.now).unwrap();
    let seen = look(world, About::Case(claim.case));
    assert_eq!((seen.evidence.len(), seen.traffic.len(), seen.identities.len()), (1, 1, 1));
    claim.case
}

/// Lets time pass until the case is closed and nothing of it is kept.
fn until_its_end(world: &mut World, case: CaseId) {
    let case_ref = CaseRef::Id(authority(), case);
    for _ in 0..4 {
        world.later(40 * 86_400);
        match world.store.apply(&case_ref, &Event::DeadlinePassed, &Actor::House, world.now) {
            Ok(_) => {}
            Err(ApplyError::Refused(_)) => break,
            Err(error) => panic!("{error}"),
        }
    }
    let effects = world.store.case_file(&authority(), &case).unwrap().unwrap().effects;
    let asked = effects.iter().filter(|row| row.effect.name() == "erase_personal_data");
    assert_eq!(asked.count(), 1);
}

fn erase(world: &World, case: CaseId) -> Result<entremise_store::Erased, EraseError> {
    world.store.erase(&authority(), case, WhyErased::TimeIsOver, &Actor::House, world.now)
}

/// Every leaf that was there is there as it was, and every opening that is there fits its leaf.
fn assert_ledger_holds(world: &World, before: &[Vec<u8>]) {
    let leaves = world.store.ledger_leaves(&authority(), 0, 100_000).unwrap();
    assert_eq!(&leaves[..before.len()], before);
    for (seq, leaf) in leaves.iter().enumerate() {
        let leaf: Leaf = serde_json::from_slice(leaf).unwrap();
        assert_eq!(leaf.seq, seq as u64);
        if let Some((salt, body)) = world.store.ledger_opening(&authority(), seq as u64).unwrap() {
            assert_eq!(hexadecimal(&commitment(&salt, &body)), leaf.commitment);
        }
    }
}

fn nothing_opens(world: &World, case: CaseId, notice: entremise_core::id::NoticeId) {
    for about in [About::Case(case), About::Notice(notice)] {
        let seen = look(world, about);
        assert!(seen.evidence.is_empty() && seen.traffic.is_empty() && seen.identities.is_empty());
    }
}

fn notice_of(world: &World, case: CaseId) -> entremise_core::id::NoticeId {
    look(world, About::Case(case)).evidence[0].0
}

#[test]
fn at_its_end_a_case_loses_all_that_is_personal_and_the_ledger_holds() {
    on_both(|mut world| {
        let case = full_case(&mut world);
        let notice = notice_of(&world, case);
        until_its_end(&mut world, case);
        let before = world.store.ledger_leaves(&authority(), 0, 100_000).unwrap();
        let erased = erase(&world, case).unwrap();
        assert_eq!((erased.notices, erased.disclosures, erased.documents), (1, 1, 1));
        assert_eq!(erased.seq, before.len() as u64, "the line comes first");
        assert_eq!(erase(&world, case).unwrap(), erased, "again changes nothing");
        nothing_opens(&world, case, notice);
        assert!(world.store.documents(&authority(), &case).unwrap().is_empty());
        let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
        let text = format!("{file:?}");
        assert!(!text.contains(line().handle.as_str()), "the handle is gone with the rest");
        assert!(file.history.iter().all(|entry| entry.body.is_none()
            || ["house.erasure", "look.rights"].contains(&entry.kind.as_str())));
        assert_ledger_holds(&world, &before);
        // What comes late for it is not kept.
        let effect = file.effects.iter().find(|row| row.effect.name() == "send_message").unwrap();
        world.store.keep_document(effect.id, "proof", b"nom-clair", world.now).unwrap();
        assert!(world.store.documents(&authority(), &case).unwrap().is_empty());
    });
}

#[test]
fn of_many_erased_together_one_that_is_refused_or_not_there_holds_up_no_other() {
    on_both(|mut world| {
        let case = full_case(&mut world);
        let notice = notice_of(&world, case);
        until_its_end(&mut world, case);
        let (_, open) = world.one_notice(77);
        let cases = [open, CaseId(uuid::Uuid::from_u128(5)), case];
        let before = world.store.ledger_leaves(&authority(), 0, 100_000).unwrap();
        let why = WhyErased::TimeIsOver;
        let erased =
            world.store.erase_many(&authority(), &cases, why, &Actor::House, world.now).unwrap();
        assert!(matches!(erased[0], Err(EraseError::Refused(_))));
        assert!(matches!(erased[1], Err(EraseError::NoSuchCase)));
        assert_eq!(*erased[2].as_ref().unwrap(), erase(&world, case).unwrap(), "again, alone");
        nothing_opens(&world, case, notice);
        assert!(!look(&world, About::Case(open)).evidence.is_empty(), "it is open still");
        assert_ledger_holds(&world, &before);
        let leaves = world.store.ledger_leaves(&authority(), before.len() as u64, 9).unwrap();
        let kinds: Vec<String> = leaves
            .iter()
            .map(|leaf| serde_json::from_slice::<Leaf>(leaf).unwrap().kind)
            .filter(|kind| kind.starts_with("house."))
            .collect();
        assert_eq!(kinds, ["house.erasure_refused", "house.erasure"]);
    });
}

#[test]
fn a_cut_at_any_step_of_an_erasure_is_made_good() {
    on_both(|mut world| {
        let case = full_case(&mut world);
        let notice = notice_of(&world, case);
        until_its_end(&mut world, case);
        for step in ["erase.entered", "erase.destroyed"] {
            world.store.fail_at(step);
            assert!(erase(&world, case).is_err());
        }
        let size = world.store.ledger_size(&authority()).unwrap();
        world.reopen();
        world.store.erase_outlived(world.now, |_, _| Ok(())).unwrap();
        nothing_opens(&world, case, notice);
        let lines = world.store.ledger_leaves(&authority(), 0, 100_000).unwrap();
        let erasures = lines.iter().filter(|leaf| {
            let leaf: Leaf = serde_json::from_slice(leaf).unwrap();
            leaf.kind == "house.erasure" && leaf.subject.starts_with("case:")
        });
        assert_eq!(erasures.count(), 1, "one erasure is entered once: {size}");
    });
}

#[test]
fn an_open_case_and_one_that_a_court_holds_are_not_erased() {
    on_both(|mut world| {
        let case = full_case(&mut world);
        let refused = |world: &World, why| {
            let by = officer();
            match world.store.erase(&authority(), case, why, &by, world.now) {
                Err(EraseError::Refused(refusal)) => refusal.name(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(refused(&world, WhyErased::Asked), "not_yet_due");
        let until = at("2027-01-01T00:00:00Z");
        let order = "0".repeat(64).parse().unwrap();
        let hold = Event::HoldPlaced { by: "agent-1".parse().unwrap(), order, until };
        let case_ref = CaseRef::Id(authority(), case);
        world.store.apply(&case_ref, &hold, &officer(), world.now).unwrap();
        world.later(100 * 86_400);
        assert_eq!(refused(&world, WhyErased::Asked), "on_hold");
        let kind = "house.erasure_refused";
        let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
        assert!(file.history.iter().any(|entry| entry.kind == kind), "the refusal is entered");
        assert_eq!(look(&world, About::Case(case)).identities.len(), 1);
    });
}

#[test]
fn a_notice_that_another_case_still_needs_is_kept() {
    on_both(|mut world| {
        let case = full_case(&mut world);
        let notice = notice_of(&world, case);
        // The same fact stands against another line too.
        let fact = entremise_core::event::Fact { notice, ..fact(1) };
        let other =
            entremise_core::event::Line { handle: "g".repeat(43).parse().unwrap(), ..line() };
        let other = CaseRef::Line { authority: authority(), regime: regime(), line: other };
        let event = Event::FactEstablished { fact };
        let other = world.store.apply(&other, &event, &Actor::House, world.now).unwrap();
        until_its_end(&mut world, case);
        assert_eq!(erase(&world, case).unwrap().notices, 0);
        let seen = look(&world, About::Notice(notice));
        assert_eq!((seen.evidence.len(), seen.traffic.len()), (1, 1));
        until_its_end(&mut world, other.case.id);
        assert_eq!(erase(&world, other.case.id).unwrap().notices, 1);
        nothing_opens(&world, other.case.id, notice);
    });
}

#[test]
fn raw_batches_and_what_was_set_aside_go_when_a_referral_must() {
    on_both(|mut world| {
        let batch = world.batch(vec![notice(1)]);
        let (id, raw) = (batch.id, batch.raw.clone());
        world.store.intake(batch).unwrap();
        let set_aside = world.store.quarantine(entremise_store::Quarantined {
            authority: authority(),
            regime: regime(),
            sender: None,
            channel: "mail".to_owned(),
            raw: b"motif-clair".to_vec(),
            reasons: Vec::new(),
            received_at: world.now,
        });
        let about = About::Quarantined(set_aside.unwrap());
        world.later(29 * 86_400);
        assert_eq!(world.store.erase_outlived(world.now, |_, _| Ok(())).unwrap(), 0);
        assert!(look(&world, about).raw.is_some());
        let report = |world: &World| {
            world.store.batch_report(&authority(), &sender(), &id).unwrap().unwrap().results.len()
        };
        assert_eq!(report(&world), 1);
        world.later(2 * 86_400);
        // Whoever still needs something of a batch is asked while it can be opened.
        let open = |batch| world.store.open_batch(&authority(), batch, "CPI R331-14", world.now);
        let mut asked = Vec::new();
        world.store.fail_at("erase.outlived");
        let cut_off = world.store.erase_outlived(world.now, |_, batch| {
            asked.push((batch, open(batch)?));
            Ok(())
        });
        assert!(cut_off.is_err());
        let [(batch, Some(bytes))] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!((*batch, bytes), (id, &raw));
        assert_eq!(open(id).unwrap(), None, "it is erased");
        let ledger = world.store.ledger_leaves(&authority(), 0, 100_000).unwrap();
        let looks = ledger.iter().map(|leaf| serde_json::from_slice::<Leaf>(leaf).unwrap());
        assert_eq!(looks.filter(|leaf| leaf.kind == "look.keep").count(), 1, "the first, alone");
        assert_eq!(
            world.store.erase_outlived(world.now, |_, _| Ok(())).unwrap(),
            0,
            "the one cut off is ended"
        );
        assert!(look(&world, about).raw.is_none());
        assert_eq!(report(&world), 0);
        // The notice itself has its own time, that of its case.
        let claims = world.claim("ask_provider", 1);
        assert_eq!(world.store.question_material(&claims, world.now).unwrap().len(), 1);
    });
}

fn copy(from: &Path, to: &Path, wanted: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if wanted(&name) && entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn is_data(name: &str) -> bool {
    let sealed = ["evidence.db", "traffic.db", "identity.db"];
    sealed.iter().any(|file| name.starts_with(file))
}

#[test]
fn an_old_backup_of_the_data_opens_nothing_that_was_erased() {
    let folder = TempDir::new().unwrap();
    let places = Places::in_folder(folder.path());
    let mut world = World::open(folder, places, vec![specimen()]);
    let case = full_case(&mut world);
    let notice = notice_of(&world, case);
    let (other, _) = world.one_notice(2);
    let backup = TempDir::new().unwrap();
    copy(world.folder.path(), backup.path(), is_data);
    until_its_end(&mut world, case);
    let before = world.store.ledger_leaves(&authority(), 0, 100_000).unwrap();
    erase(&world, case).unwrap();
    let World { folder, places, store, now, .. } = world;
    drop(store);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if is_data(path.file_name().unwrap().to_str().unwrap()) {
            std::fs::remove_file(path).unwrap();
        }
    }
    copy(backup.path(), folder.path(), is_data);
    let rows = |place: &str| {
        let data = Connection::open(place.strip_prefix("sqlite:").unwrap()).unwrap();
        data.query_row("SELECT COUNT(*) FROM record", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(rows(&places.traffic), 2, "the old records are back");
    let mut world = World::open(folder, places, vec![specimen()]);
    world.now = now;
    nothing_opens(&world, case, notice);
    assert_eq!(look(&world, About::Notice(other)).traffic.len(), 1, "the others open");
    assert_ledger_holds(&world, &before);
}

/// The wrapped keys in a register, by the number of their record.
fn wrapped_keys(place: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let keys = Connection::open(place.strip_prefix("sqlite:").unwrap()).unwrap();
    let mut rows = keys.prepare("SELECT record_id, wrapped_key FROM record_key").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn is_in_a_file(folder: &Path, bytes: &[u8]) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).find(|path| {
        std::fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn the_bytes_of_a_destroyed_key_are_in_no_file_and_no_log() {
    let folder = TempDir::new().unwrap();
    let places = Places::in_folder(folder.path());
    let mut world = World::open(folder, places, vec![specimen()]);
    let case = full_case(&mut world);
    world.bring((100..400).map(notice).collect());
    until_its_end(&mut world, case);
    let places = &world.places.keys;
    let before: Vec<_> = [&places.evidence, &places.traffic, &places.identity]
        .into_iter()
        .flat_map(|place| wrapped_keys(place))
        .collect();
    erase(&world, case).unwrap();
    let after: Vec<_> = [&places.evidence, &places.traffic, &places.identity]
        .into_iter()
        .flat_map(|place| wrapped_keys(place))
        .collect();
    let gone: Vec<_> = before.iter().filter(|key| !after.contains(key)).collect();
    assert_eq!(gone.len(), 4, "evidence, traffic, disclosure, document");
    for (_, key) in gone {
        assert_eq!(is_in_a_file(world.folder.path(), key), None);
    }
    let (_, there) = &after[0];
    assert!(is_in_a_file(world.folder.path(), there).is_some(), "the look finds what is there");
}

#[test]
fn keys_that_an_earlier_release_kept_in_the_rows_are_carried_over_and_leave_no_trace() {
    let folder = TempDir::new().unwrap();
    let places = Places::in_folder(folder.path());
    let mut world = World::open(folder, places, vec![specimen()]);
    world.bring((1..=1_500).map(notice).take(900).collect());
    let World { folder, places, store, now, .. } = world;
    drop(store);
    let old = as_it_was(&places.traffic, &places.keys.traffic, &[3; 32]);
    assert_eq!(old.len(), 900);
    assert!(is_in_a_file(folder.path(), &old[0]).is_some());
    let mut world = World::open(folder, places, vec![specimen()]);
    world.now = now;
    let claims = world.claim("ask_provider", 900);
    assert_eq!(world.store.question_material(&claims, world.now).unwrap().len(), 900);
    assert_eq!(wrapped_keys(&world.places.keys.traffic).len(), 900);
    for key in old.iter().step_by(97) {
        assert_eq!(is_in_a_file(world.folder.path(), key), None);
    }
}

/// Puts the keys back into the records' rows, wrapped as the first release wrapped them.
fn as_it_was(data: &str, keys: &str, compartment_key: &[u8; 32]) -> Vec<Vec<u8>> {
    use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let tag = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, compartment_key),
        b"entremise wrap record keys v1",
    );
    let wrapping = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, tag.as_ref()).unwrap());
    let nonce = |bytes: &[u8]| Nonce::try_assume_unique_for_key(bytes).unwrap();
    let open = |place: &str| Connection::open(place.strip_prefix("sqlite:").unwrap()).unwrap();
    let (data, keys) = (open(data), open(keys));
    let mut rows = keys.prepare("SELECT record_id, nonce, wrapped_key FROM record_key").unwrap();
    let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    data.execute_batch("BEGIN").unwrap();
    let mut old = Vec::new();
    for (id, nonce_bytes, mut wrapped) in rows {
        let key =
            wrapping.open_in_place(nonce(&nonce_bytes), Aad::from(&id[..]), &mut wrapped).unwrap();
        let mut beside = key.to_vec();
        let uuid = uuid::Uuid::from_slice(&id).unwrap();
        let binding = format!("apo|xx-specimen|{uuid}");
        wrapping
            .seal_in_place_append_tag(nonce(&nonce_bytes), Aad::from(binding), &mut beside)
            .unwrap();
        data.execute("UPDATE record SET wrapped_key = ?2 WHERE record_id = ?1", (&id, &beside))
            .unwrap();
        old.push(beside);
    }
    data.execute_batch("COMMIT").unwrap();
    keys.execute("DELETE FROM record_key", []).unwrap();
    old
}

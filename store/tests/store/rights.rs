//! Looks, rights and the report on retention: each is entered, counted, and says why.

use entremise_core::event::Event;
use entremise_core::identification::Identity;
use entremise_core::ledger::Actor;
use entremise_store::{
    About, CaseRef, DocumentId, Look, LookError, LookField, LookPurpose, Note, RectifyError, Seen,
    WhyErased,
};
use jiff::SignedDuration;

use crate::erasing::look;
use crate::linking::ready_to_write;
use crate::support::*;

#[test]
fn a_look_is_entered_with_who_what_for_and_by_which_text_before_anything_opens() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        world.store.fail_at("look.commit");
        let person = "agent-2".parse().unwrap();
        let authority = authority();
        let wanted = Look {
            authority: &authority,
            person: &person,
            about: About::Case(claim.case),
            purpose: LookPurpose::Decide,
            legal_basis: "Example Act, s 4",
            fields: &[LookField::Evidence],
        };
        assert!(world.store.look(&wanted, world.now).is_err(), "no line, no look");
        let seen = world.store.look(&wanted, world.now).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((seen.evidence.len(), seen.traffic.len(), seen.identities.len()), (1, 0, 0));
        let file = world.store.case_file(&authority, &claim.case).unwrap().unwrap();
        let line = file.history.iter().find(|entry| entry.kind == "look.decide").unwrap();
        assert_eq!((line.seq, line.actor.as_str()), (seen.seq, "person:agent-2"));
        let body = line.body.as_ref().unwrap();
        assert_eq!(body["legal_basis"], "Example Act, s 4");
        assert_eq!(body["fields"], serde_json::json!(["evidence"]));
        let without = Look { legal_basis: " ", ..wanted.clone() };
        assert!(matches!(world.store.look(&without, world.now), Err(LookError::NoLegalBasis)));
        let other = "elsewhere".parse().unwrap();
        let elsewhere = Look { authority: &other, ..wanted };
        assert!(matches!(world.store.look(&elsewhere, world.now), Err(LookError::NoSuchThing)));
    });
}

/// Looks at these documents of a case, as an officer who answers or as one who sends a file.
fn open_documents(
    world: &World,
    about: About,
    purpose: LookPurpose,
    documents: &[DocumentId],
) -> Result<Seen, LookError> {
    let fields: Vec<LookField> = documents.iter().map(|id| LookField::Document(*id)).collect();
    let look = Look {
        authority: &authority(),
        person: &"agent-1".parse().unwrap(),
        about,
        purpose,
        legal_basis: "Example Act, s 12",
        fields: &fields,
    };
    world.store.look(&look, world.now)
}

/// What the lines of a case say was opened at each look at documents.
fn lines(world: &World, case: entremise_core::id::CaseId) -> Vec<serde_json::Value> {
    let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
    let looks = file.history.into_iter().filter(|line| line.kind.starts_with("look."));
    looks.map(|line| line.body.unwrap()["documents"].clone()).collect()
}

#[test]
fn a_look_at_one_document_opens_it_alone_and_its_line_says_which() {
    on_both(|mut world| {
        let case = ready_to_write(&mut world).case;
        for (name, bytes) in [("observations-1.txt", b"mine"), ("letter.pdf", b"read")] {
            let by = officer();
            world
                .store
                .keep_case_document(&authority(), case, name, bytes, &by, world.now)
                .unwrap();
        }
        let kept = world.store.documents(&authority(), &case).unwrap();
        let wanted = kept.iter().find(|row| row.name == "letter.pdf").unwrap().id;
        let about = About::Case(case);
        let seen = open_documents(&world, about, LookPurpose::Answer, &[wanted]).unwrap();
        assert_eq!(seen.documents, [("letter.pdf".to_owned(), b"read".to_vec())]);
        assert!(seen.evidence.is_empty() && seen.identities.is_empty() && seen.raw.is_none());
        assert_eq!(lines(&world, case), [serde_json::json!([wanted.0])]);
        // Where the whole is needed, the line names the whole.
        let all = Look {
            authority: &authority(),
            person: &"agent-1".parse().unwrap(),
            about,
            purpose: LookPurpose::Transmit,
            legal_basis: "Example Act, s 12",
            fields: &[LookField::Documents],
        };
        assert_eq!(world.store.look(&all, world.now).unwrap().documents.len(), kept.len());
        let ids: Vec<_> = kept.iter().map(|row| row.id.0).collect();
        assert_eq!(lines(&world, case)[1], serde_json::json!(ids));
        // And a look at something else opens no document.
        assert!(crate::erasing::look(&world, about).documents.is_empty());
        assert_eq!(lines(&world, case)[2], serde_json::json!([]));
    });
}

#[test]
fn a_document_of_another_case_and_a_note_for_a_prosecutor_are_not_opened_and_nothing_is_entered() {
    on_both(|mut world| {
        let case = ready_to_write(&mut world).case;
        let (_, other) = world.one_notice(2);
        let note = Note::new("The clock was wrong.").unwrap();
        let by = "agent-1".parse().unwrap();
        world.store.keep_note(&authority(), case, &note, &by, world.now).unwrap();
        let note = world.store.documents(&authority(), &case).unwrap().remove(0).id;
        let nobodys = DocumentId(uuid::Uuid::from_u128(9));
        let (here, elsewhere) = (About::Case(case), About::Case(other));
        for (about, purpose, documents, why) in [
            (elsewhere, LookPurpose::Answer, vec![note], "another case's"),
            (here, LookPurpose::Answer, vec![note, nobodys], "one of two is nobody's"),
            (here, LookPurpose::Transmit, vec![note], "a note, for a prosecutor"),
        ] {
            let seen = open_documents(&world, about, purpose, &documents);
            assert!(matches!(seen, Err(LookError::NoSuchThing)), "{why}");
        }
        assert!(lines(&world, case).is_empty() && lines(&world, other).is_empty());
        let seen = open_documents(&world, here, LookPurpose::Answer, &[note, note]).unwrap();
        assert_eq!(seen.documents.len(), 1, "to work on the case it opens, once");
    });
}

#[test]
fn looks_are_counted_by_person_and_linkings_by_purpose_within_a_time() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        let begun = world.now;
        look(&world, About::Case(claim.case));
        look(&world, About::Case(claim.case));
        world.later(10);
        look(&world, About::Case(claim.case));
        let reads = world.store.reads_by_agent(&authority(), begun, world.now).unwrap();
        let agent = ("agent-1".parse().unwrap(), "rights".to_owned());
        assert_eq!(reads, [(agent, 2)].into());
        let purpose = entremise_core::identification::Purpose::Warn;
        world
            .store
            .message_material(&claim, purpose, &Actor::House, world.now)
            .unwrap_or_else(|error| panic!("{error}"));
        let until = world.now + SignedDuration::from_secs(1);
        let linkings = world.store.linkings_by_purpose(&authority(), begun, until).unwrap();
        assert_eq!(linkings, [("warn".to_owned(), 1)].into());
    });
}

#[test]
fn a_rectified_identity_replaces_the_old_one_whose_key_is_destroyed() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        let (disclosure, _) = look(&world, About::Case(claim.case)).identities.remove(0);
        let right =
            Identity { emails: vec!["juste@exemple.invalid".to_owned()], ..Identity::default() };
        let rectify =
            |of| world.store.rectify(&authority(), claim.case, of, &right, &officer(), world.now);
        let seq = rectify(disclosure).unwrap();
        let identities = look(&world, About::Case(claim.case)).identities;
        assert_eq!(identities.len(), 1);
        assert!(identities[0].1 == right);
        let other = entremise_core::id::QuestionId(uuid::Uuid::from_u128(9));
        assert!(matches!(rectify(other), Err(RectifyError::NothingDisclosed)));
        let report = world.store.retention_report(&authority(), world.now).unwrap();
        assert_eq!(
            (report.erased[0].kind.as_str(), report.erased[0].counts.seq),
            ("rectification", seq)
        );
        assert_eq!(report.under_way, 0);
    });
}

#[test]
fn the_report_says_what_went_what_goes_next_and_what_a_court_keeps() {
    on_both(|mut world| {
        let case = ready_to_write(&mut world).case;
        world.one_notice(2);
        let report = world.store.retention_report(&authority(), world.now).unwrap();
        assert!(report.erased.is_empty() && report.held.is_empty());
        assert_eq!(report.overdue, 0);
        // The waiting referral, and the bytes of two batches, on the day their thirty days end.
        let mut due: Vec<_> = report.due.iter().map(|day| (day.kind, day.count)).collect();
        due.sort_unstable();
        assert_eq!(due, [("bytes", 2), ("referral", 1)]);
        let until = at("2027-01-01T00:00:00Z");
        let order = "a".repeat(64).parse().unwrap();
        let hold = Event::HoldPlaced { by: "agent-1".parse().unwrap(), order, until };
        let case_ref = CaseRef::Id(authority(), case);
        let held = world.store.apply(&case_ref, &hold, &officer(), world.now).unwrap();
        let report = world.store.retention_report(&authority(), world.now).unwrap();
        assert_eq!(report.held.len(), 1);
        assert_eq!((report.held[0].until, report.held[0].seq), (until, Some(held.seq)));
        world.later(40 * 86_400);
        let overdue = world.store.retention_report(&authority(), world.now).unwrap().overdue;
        assert_eq!(overdue, 3, "what should have gone is told aloud");
        world.store.erase_outlived(world.now, |_, _| Ok(())).unwrap();
        let report = world.store.retention_report(&authority(), world.now).unwrap();
        assert_eq!((report.erased.len(), report.erased[0].counts.batches), (1, 2));
        assert_eq!(report.overdue, 1);
        let lifted = Event::HoldLifted { by: "agent-1".parse().unwrap() };
        world.store.apply(&case_ref, &lifted, &officer(), world.now).unwrap();
        let report = world.store.retention_report(&authority(), world.now).unwrap();
        assert!(report.held.is_empty());
        let asked = world.store.erase(&authority(), case, WhyErased::Asked, &officer(), world.now);
        assert!(asked.is_err(), "it is still open");
    });
}

#[test]
fn only_linking_opens_the_compartments() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut opening = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).unwrap().contains(".open_record") {
                opening.push(path.strip_prefix(&folder).unwrap().display().to_string());
            }
        }
    }
    opening.sort_unstable();
    // The compartment itself, which knows no other; the one room that opens two; and the register
    // of suspended persons, whose tags name nobody.
    let known = ["compartment/mod.rs", "linking/message.rs", "linking/mod.rs", "suspended.rs"];
    assert_eq!(opening, known.map(str::to_owned));
}

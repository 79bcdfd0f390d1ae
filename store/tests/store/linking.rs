//! Compartments are opened for a purpose, after their line in the ledger, and never otherwise.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::QuestionId;
use entremise_core::identification::{Identity, IdentityField, Purpose};
use entremise_core::ledger::Actor;
use entremise_store::{CaseRef, Claimed, LinkError, MessageAsked, NewDocument, SealedDisclosure};
use entremise_wire::sealing;
use uuid::Uuid;

use crate::support::*;

pub fn someone() -> Identity {
    Identity { emails: vec!["nom-clair@exemple.invalid".to_owned()], ..Identity::default() }
}

/// A line whose disclosure is in the identity compartment; yields the claim on its message.
pub fn ready_to_write(world: &mut World) -> Claimed {
    ready_to_write_after(world, |_| {})
}

/// The same, with something in between the provider's sealing and our opening.
pub fn ready_to_write_after(world: &mut World, between: impl Fn(&World)) -> Claimed {
    let case = world.identified(1);
    world.later(60);
    let request = world.claim_one("request_disclosure");
    let question = QuestionId(Uuid::from_u128(77));
    let (key, sealed) = sealed_for(world, question, Purpose::Warn);
    between(world);
    let keep =
        |world: &World| world.store.keep_disclosure(&request, question, &key, &sealed, world.now);
    world.store.fail_at("disclosure.identity");
    assert!(keep(world).is_err());
    keep(world).unwrap();
    keep(world).unwrap();
    let event = Event::Disclosed { question, fields: vec![IdentityField::Email] };
    let event = Some((CaseRef::Id(authority(), case), event));
    world.store.settle(&request, "disclosed", event, &provider_acts(), world.now).unwrap();
    world.claim_one("send_message")
}

fn sealed_for(world: &World, question: QuestionId, purpose: Purpose) -> (Vec<u8>, Vec<u8>) {
    let sealed = sealing::seal(&someone(), &world.store.seal_to(), question, purpose).unwrap();
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    (bytes(&sealed.encapsulated_key), bytes(&sealed.ciphertext))
}

#[test]
fn a_message_brings_identity_traffic_and_works_together() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        let material = world
            .store
            .message_material(&claim, Purpose::Warn, &Actor::House, world.now)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(material.identity == someone());
        assert_eq!(material.source_ip, notice(1).source.ip);
        assert_eq!(material.observed_at, notice(1).observation.from);
        assert_eq!(material.works.unwrap()[0].title.as_deref(), Some("Titre-Clair"));
        assert_eq!(material.file_number, "2026-000001-4");
        assert_eq!(material.provider, provider());
    });
}

#[test]
fn each_look_has_its_line_with_purpose_fields_and_count() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        for _ in 0..2 {
            world
                .store
                .message_material(&claim, Purpose::Warn, &officer(), world.now)
                .unwrap_or_else(|error| panic!("{error}"));
        }
        let file = world.store.case_file(&authority(), &claim.case).unwrap().unwrap();
        let lines: Vec<_> =
            file.history.iter().filter(|entry| entry.kind == "linking.warn").collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].actor, "person:agent-1");
        let body = lines[1].body.as_ref().unwrap();
        assert_eq!(body["linking"], 2);
        assert_eq!(
            body["fields"],
            serde_json::json!(["identity", "source", "observed_at", "works"])
        );
    });
}

#[test]
fn a_message_to_be_relayed_is_written_without_any_identity() {
    on_both_under(relaying(), |mut world| {
        world.established(1);
        assert!(world.claim("request_disclosure", 1).is_empty(), "nobody is asked who it is");
        let claim = world.claim_one("relay_message");
        let material = world
            .store
            .message_material(&claim, Purpose::Warn, &Actor::House, world.now)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(material.identity == Identity::default());
        assert_eq!(material.source_ip, notice(1).source.ip);
        let file = world.store.case_file(&authority(), &claim.case).unwrap().unwrap();
        let line = file.history.iter().find(|entry| entry.kind == "linking.warn").unwrap();
        let fields = &line.body.as_ref().unwrap()["fields"];
        assert_eq!(*fields, serde_json::json!(["source", "observed_at", "works"]));
    });
}

#[test]
fn nothing_is_opened_when_its_line_cannot_be_entered() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        world.store.fail_at("linking.commit");
        let cut = world.store.message_material(&claim, Purpose::Warn, &Actor::House, world.now);
        assert!(matches!(cut, Err(LinkError::Trouble(_))));
    });
}

#[test]
fn another_purpose_another_effect_or_a_lost_lease_opens_nothing() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        let before = world.store.ledger_size(&authority()).unwrap();
        let open = |claim: &Claimed, purpose| {
            world.store.message_material(claim, purpose, &Actor::House, world.now).err()
        };
        let finding = open(&claim, Purpose::Finding);
        assert!(matches!(finding, Some(LinkError::NothingDisclosed)));
        let lost = open(&Claimed { attempts: 9, ..claim.clone() }, Purpose::Warn);
        assert!(matches!(lost, Some(LinkError::LeaseLost)));
        let Effect::SendMessage { notice, .. } = claim.effect else { panic!() };
        let other = Effect::AskProvider { notice, provider: provider() };
        let other = open(&Claimed { effect: other, ..claim.clone() }, Purpose::Warn);
        assert!(matches!(other, Some(LinkError::NotAMessage)));
        assert_eq!(world.store.ledger_size(&authority()).unwrap(), before);
    });
}

#[test]
fn what_keeps_one_message_closed_keeps_no_other() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        let lost = Claimed { attempts: 9, ..claim.clone() };
        let before = world.store.ledger_size(&authority()).unwrap();
        let asked =
            [&lost, &claim, &claim].map(|claim| MessageAsked { claim, purpose: Purpose::Warn });
        let materials = world.store.message_materials(&asked, &Actor::House, world.now).unwrap();
        let [lost, first, second] = materials.as_slice() else { panic!() };
        assert!(matches!(lost, Err(LinkError::LeaseLost)));
        assert!([first, second].iter().all(|material| {
            material.as_ref().is_ok_and(|material| material.identity == someone())
        }));
        assert_eq!(world.store.ledger_size(&authority()).unwrap(), before + 2);
        // Each is counted, those of one transaction too.
        let file = world.store.case_file(&authority(), &claim.case).unwrap().unwrap();
        let lines = file.history.iter().filter(|entry| entry.kind == "linking.warn");
        let counts: Vec<_> =
            lines.map(|line| line.body.as_ref().unwrap()["linking"].clone()).collect();
        assert_eq!(counts, [1, 2]);
    });
}

#[test]
fn a_disclosure_that_does_not_open_is_in_the_way_of_no_other() {
    on_both(|mut world| {
        world.identified(1);
        world.later(60);
        let claim = world.claim_one("request_disclosure");
        let [good, bad] = [1, 2].map(|number| QuestionId(Uuid::from_u128(number)));
        let (key, sealed) = sealed_for(&world, good, Purpose::Warn);
        let from = |question| SealedDisclosure {
            claim: &claim,
            question,
            encapsulated_key: &key,
            sealed: &sealed,
        };
        let kept = world.store.keep_disclosures(&[from(bad), from(good)], world.now).unwrap();
        assert_eq!(kept.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
        let event = Event::Disclosed { question: good, fields: vec![IdentityField::Email] };
        let event = Some((CaseRef::Id(authority(), claim.case), event));
        world.store.settle(&claim, "disclosed", event, &provider_acts(), world.now).unwrap();
        let claim = world.claim_one("send_message");
        let material =
            world.store.message_material(&claim, Purpose::Warn, &Actor::House, world.now);
        assert!(material.is_ok_and(|material| material.identity == someone()));
    });
}

#[test]
fn documents_are_kept_once_however_often_they_come_in_one_go() {
    on_both(|mut world| {
        let claim = ready_to_write(&mut world);
        let document = |name, bytes| NewDocument { claim: &claim, name, bytes };
        let all: [NewDocument; 3] = [
            document("message.eml", b"as sent"),
            document("handed-over.txt", b"250 taken"),
            document("message.eml", b"another text"),
        ];
        let before = world.store.ledger_size(&authority()).unwrap();
        for _ in 0..2 {
            world.store.keep_documents(&all, world.now).unwrap();
        }
        assert_eq!(world.store.ledger_size(&authority()).unwrap(), before + 2);
        let mut kept = world.store.documents(&authority(), &claim.case).unwrap();
        kept.sort_by(|left, right| left.name.cmp(&right.name));
        let sizes: Vec<_> = kept.iter().map(|row| (row.name.as_str(), row.size_bytes)).collect();
        assert_eq!(sizes, [("handed-over.txt", 9), ("message.eml", 7)], "the first writing stands");
        assert!(kept.iter().all(|row| row.effect == Some(claim.id)));
    });
}

#[test]
fn a_disclosure_for_another_question_is_not_taken_in() {
    on_both(|mut world| {
        world.identified(1);
        world.later(60);
        let request = world.claim_one("request_disclosure");
        let (key, sealed) = sealed_for(&world, QuestionId(Uuid::from_u128(1)), Purpose::Warn);
        let moved = QuestionId(Uuid::from_u128(2));
        let kept = world.store.keep_disclosure(&request, moved, &key, &sealed, world.now);
        assert!(kept.is_err());
    });
}

#[test]
fn questions_open_the_traffic_of_their_notices_under_one_line() {
    on_both(|mut world| {
        world.bring((1..=3).map(notice).collect());
        let claims = world.claim("ask_provider", 3);
        let before = world.store.ledger_size(&authority()).unwrap();
        let material = world.store.question_material(&claims, world.now).unwrap();
        assert_eq!(world.store.ledger_size(&authority()).unwrap(), before + 1);
        assert_eq!(material.len(), 3);
        for (effect, record) in &material {
            let claim = claims.iter().find(|claim| claim.id == *effect).unwrap();
            let Effect::AskProvider { notice, .. } = &claim.effect else { panic!() };
            assert_eq!(record.notice, *notice);
            assert_eq!(record.observed_at, crate::support::notice(1).observation.from);
        }
        let ips: std::collections::HashSet<_> =
            material.iter().map(|(_, record)| record.ip).collect();
        assert_eq!(ips.len(), 3);
    });
}

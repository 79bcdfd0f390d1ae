//! Effects are carried out once, by whoever holds them, and none is forgotten.

use std::collections::HashSet;

use entremise_core::event::Event;
use entremise_core::id::QuestionId;
use entremise_core::ledger::Actor;
use entremise_store::{CaseRef, Claimed, Party, Role, Settled, Settlement};

use crate::support::*;

fn kinds(world: &World, claim: &Claimed) -> Vec<String> {
    let file = world.store.case_file(&claim.authority, &claim.case).unwrap().unwrap();
    file.history.into_iter().map(|entry| entry.kind).collect()
}

fn asked(claim: &Claimed) -> Option<(CaseRef, Event)> {
    let case = CaseRef::Id(claim.authority.clone(), claim.case);
    Some((case, Event::QuestionAsked { question: QuestionId(claim.id.0) }))
}

fn provider_party(id: &str) -> Party {
    Party {
        authority: authority(),
        id: id.parse().unwrap(),
        role: Role::Provider,
        name: "Fournisseur d’exemple".to_owned(),
        stopped: None,
        settings: serde_json::json!({}),
    }
}

#[test]
fn two_workers_never_hold_the_same_effect() {
    on_both(|mut world| {
        world.bring((0..60).map(notice).collect());
        let held: Vec<Claimed> = std::thread::scope(|threads| {
            let workers: Vec<_> = (0..4)
                .map(|worker| {
                    let store = world.store.clone();
                    let now = world.now;
                    threads.spawn(move || {
                        let name = format!("worker-{worker}");
                        let mut held = Vec::new();
                        for _ in 0..10 {
                            held.extend(store.claim(&["ask_provider"], &name, 60, 4, now).unwrap());
                        }
                        held
                    })
                })
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        let distinct: HashSet<_> = held.iter().map(|claim| claim.id).collect();
        assert_eq!(distinct.len(), held.len());
        let rest = world.claim("ask_provider", 100).len();
        assert_eq!(held.len() + rest, 60);
    });
}

#[test]
fn an_expired_lease_is_available_again_and_a_running_one_is_not() {
    on_both(|mut world| {
        world.one_notice(1);
        let first = world.claim_one("ask_provider");
        world.later(59);
        assert!(world.claim("ask_provider", 1).is_empty());
        world.later(1);
        let second = world.claim_one("ask_provider");
        assert_eq!(second.id, first.id);
        assert_eq!((first.attempts, second.attempts), (1, 2));
    });
}

#[test]
fn an_effect_whose_lease_was_lost_is_settled_once() {
    on_both(|mut world| {
        world.one_notice(1);
        let slow = world.claim_one("ask_provider");
        world.later(60);
        let quick = world.claim_one("ask_provider");
        world.store.settle(&slow, "asked", asked(&slow), &Actor::House, world.now).unwrap();
        world.store.settle(&quick, "asked", asked(&quick), &Actor::House, world.now).unwrap();
        let kinds = kinds(&world, &slow);
        assert_eq!(kinds, ["event.notice_accepted", "outcome.asked", "event.question_asked"]);
    });
}

#[test]
fn a_worker_without_its_lease_enters_no_intent() {
    on_both(|mut world| {
        world.one_notice(1);
        let slow = world.claim_one("ask_provider");
        world.later(60);
        let quick = world.claim_one("ask_provider");
        assert!(world.store.intend(&slow, world.now).is_err());
        world.store.intend(&quick, world.now).unwrap();
        world.store.intend(&quick, world.now).unwrap();
        assert_eq!(kinds(&world, &quick), ["event.notice_accepted", "intent.ask_provider"]);
    });
}

#[test]
fn each_attempt_has_its_own_intent() {
    on_both(|mut world| {
        world.one_notice(1);
        let claim = world.claim_one("ask_provider");
        world.store.intend(&claim, world.now).unwrap();
        world.store.retry(&claim, "no answer", 30, world.now).unwrap();
        assert!(world.claim("ask_provider", 1).is_empty());
        world.later(30);
        let again = world.claim_one("ask_provider");
        world.store.intend(&again, world.now).unwrap();
        let kinds = kinds(&world, &again);
        assert_eq!(kinds.iter().filter(|kind| *kind == "intent.ask_provider").count(), 2);
    });
}

#[test]
fn what_is_given_up_is_parked_aloud_and_can_be_put_back() {
    on_both(|mut world| {
        world.one_notice(1);
        let claim = world.claim_one("ask_provider");
        world.store.give_up(&claim, "refused by the provider", world.now).unwrap();
        world.later(100_000);
        assert!(world.claim("ask_provider", 1).is_empty());
        let alarms = world.store.alarms(&authority()).unwrap();
        assert_eq!(alarms.len(), 1);
        assert_eq!((alarms[0].name.as_str(), alarms[0].effect), ("given_up", Some(claim.id)));
        assert!(kinds(&world, &claim).contains(&"outcome.given_up".to_owned()));
        assert!(world.store.put_back(&authority(), claim.id, &officer(), world.now).unwrap());
        assert!(!world.store.put_back(&authority(), claim.id, &officer(), world.now).unwrap());
        assert_eq!(world.claim_one("ask_provider").id, claim.id);
        let settled =
            world.store.settle_alarm(&authority(), alarms[0].id, &officer(), world.now).unwrap();
        assert!(settled);
        assert!(world.store.alarms(&authority()).unwrap().is_empty());
    });
}

#[test]
fn a_worker_without_its_lease_gives_nothing_up() {
    on_both(|mut world| {
        world.one_notice(1);
        let slow = world.claim_one("ask_provider");
        world.later(60);
        let quick = world.claim_one("ask_provider");
        world.store.give_up(&slow, "too slow", world.now).unwrap();
        world.store.retry(&slow, "too slow", 1000, world.now).unwrap();
        assert!(world.store.alarms(&authority()).unwrap().is_empty());
        world.store.intend(&quick, world.now).unwrap();
    });
}

#[test]
fn the_law_may_refuse_the_event_and_the_effect_is_settled_all_the_same() {
    on_both(|mut world| {
        let (notice, case) = world.one_notice(1);
        let claim = world.claim_one("ask_provider");
        let by_id = CaseRef::Id(authority(), case);
        let back = Event::NoticeRetracted { notice };
        world.store.apply(&by_id, &back, &Actor::House, world.now).unwrap();
        let settlement = Settlement {
            claim: claim.clone(),
            outcome: "asked",
            event: asked(&claim),
            actor: Actor::House,
        };
        let settled = world.store.settle_many(vec![settlement], world.now).unwrap();
        assert!(matches!(settled[0], Settled::Refused(_)));
        assert_eq!(kinds(&world, &claim).last().unwrap(), "refusal.out_of_turn");
        world.later(1000);
        assert!(world.claim("ask_provider", 1).is_empty());
    });
}

#[test]
fn a_cut_before_the_settlement_leaves_the_effect_to_be_claimed_again() {
    on_both(|mut world| {
        world.one_notice(1);
        let claim = world.claim_one("ask_provider");
        world.store.fail_at("settle.commit");
        let cut = world.store.settle(&claim, "asked", asked(&claim), &Actor::House, world.now);
        assert!(cut.is_err());
        world.later(60);
        world.reopen();
        let again = world.claim_one("ask_provider");
        assert_eq!(kinds(&world, &again), ["event.notice_accepted"]);
        world.store.settle(&again, "asked", asked(&again), &Actor::House, world.now).unwrap();
        assert_eq!(kinds(&world, &again).len(), 3);
    });
}

#[test]
fn a_flood_of_one_authority_does_not_hold_up_another() {
    on_both(|mut world| {
        world.bring((0..50).map(notice).collect());
        let mut small = world.batch(vec![notice(100)]);
        small.authority = "zzz".parse().unwrap();
        world.store.intake(small).unwrap();
        let claimed = world.claim("ask_provider", 4);
        assert_eq!(claimed.len(), 4);
        assert!(claimed.iter().any(|claim| claim.authority.as_str() == "zzz"));
    });
}

#[test]
fn a_flood_for_one_provider_does_not_hold_up_another() {
    on_both(|mut world| {
        world.bring((0..50).map(notice).collect());
        let mut small = world.batch(vec![notice(100)]);
        small.notices[0].verdict.as_mut().unwrap().1 = "zz-net".parse().unwrap();
        world.store.intake(small).unwrap();
        let claimed = world.claim("ask_provider", 4);
        assert_eq!(claimed.len(), 4);
        let other = claimed.iter().filter(|claim| {
            matches!(&claim.subject, entremise_core::case::Subject::Notice { provider, .. }
                if provider.as_str() == "zz-net")
        });
        assert_eq!(other.count(), 1);
    });
}

#[test]
fn nothing_goes_to_a_stopped_provider_until_it_is_let_go_on() {
    on_both(|mut world| {
        world.store.register(&provider_party("exemple-net"), &officer(), world.now).unwrap();
        world.one_notice(1);
        world.store.stop(&authority(), &provider(), "panne", &officer(), world.now).unwrap();
        assert!(world.claim("ask_provider", 1).is_empty());
        world.store.resume(&authority(), &provider(), &officer(), world.now).unwrap();
        assert_eq!(world.claim("ask_provider", 1).len(), 1);
    });
}

#[test]
fn what_stays_in_the_house_goes_on_while_a_provider_is_stopped() {
    on_both(|mut world| {
        world.store.register(&provider_party("exemple-net"), &officer(), world.now).unwrap();
        let (_, case) = world.one_notice(1);
        let claim = world.claim_one("ask_provider");
        world.store.settle(&claim, "asked", asked(&claim), &Actor::House, world.now).unwrap();
        let event = Event::Answered { question: QuestionId(claim.id.0), outcome: identified() };
        let by_id = CaseRef::Id(authority(), case);
        world.store.apply(&by_id, &event, &provider_acts(), world.now).unwrap();
        world.store.stop(&authority(), &provider(), "panne", &officer(), world.now).unwrap();
        assert_eq!(world.claim("establish_fact", 1).len(), 1);
    });
}

#[test]
fn only_the_named_queues_are_claimed_and_never_more_than_asked_for() {
    on_both(|mut world| {
        world.bring((0..5).map(notice).collect());
        assert!(world.claim("send_message", 10).is_empty());
        assert_eq!(world.claim("ask_provider", 3).len(), 3);
        assert_eq!(world.claim("ask_provider", 0).len(), 0);
        assert_eq!(world.claim("ask_provider", 10).len(), 2);
    });
}

#[test]
fn claims_that_leave_together_are_intended_together_or_not_at_all() {
    on_both(|mut world| {
        world.bring((0..3).map(notice).collect());
        let mut claims = world.claim("ask_provider", 3);
        claims[2].attempts += 1;
        assert!(world.store.intend_many(&claims, world.now).is_err());
        assert_eq!(kinds(&world, &claims[0]), ["event.notice_accepted"]);
        claims[2].attempts -= 1;
        world.store.intend_many(&claims, world.now).unwrap();
        for claim in &claims {
            assert_eq!(kinds(&world, claim).last().unwrap(), "intent.ask_provider");
        }
    });
}

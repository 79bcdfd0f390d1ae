//! A batch becomes notices, once.

use entremise_core::notice::Notice;
use entremise_core::regime::rules::SenderKind;
use entremise_core::rejection::{Code, Rejection};
use entremise_store::{IncomingNotice, IntakeError, ItemVerdict, Party, Role};
use jiff::SignedDuration;

use crate::support::*;

fn codes(verdict: &ItemVerdict) -> Vec<Code> {
    match verdict {
        ItemVerdict::Rejected { rejections } => rejections.iter().map(|one| one.code).collect(),
        other => panic!("not rejected: {other:?}"),
    }
}

#[test]
fn an_accepted_notice_opens_a_case_and_asks_its_provider() {
    on_both(|mut world| {
        let (notice, case) = world.one_notice(1);
        let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
        assert_eq!(file.case.state.name(), "waiting");
        assert!(file.due.is_some());
        assert_eq!(file.history.len(), 1);
        let claim = world.claim_one("ask_provider");
        let asks = entremise_core::effect::Effect::AskProvider { notice, provider: provider() };
        assert_eq!(claim.effect, asks);
        assert_eq!(claim.case, case);
    });
}

#[test]
fn the_same_key_and_body_again_yield_the_stored_report() {
    on_both(|mut world| {
        let mut first = world.batch(vec![notice(1), notice(2)]);
        first.idempotency_key = Some("key".to_owned());
        let first = world.store.intake(first).unwrap();
        let mut again = world.batch(vec![notice(1), notice(2)]);
        again.idempotency_key = Some("key".to_owned());
        assert_eq!(world.store.intake(again).unwrap(), first);
        assert_eq!(world.store.counts(&authority()).unwrap().notices["accepted"], 2);
        let kept = world.store.batch_report(&authority(), &sender(), &first.id).unwrap();
        assert_eq!(kept, Some(first));
    });
}

#[test]
fn the_same_key_with_another_body_is_refused() {
    on_both(|mut world| {
        let mut first = world.batch(vec![notice(1)]);
        first.idempotency_key = Some("key".to_owned());
        world.store.intake(first).unwrap();
        let mut other = world.batch(vec![notice(2)]);
        other.idempotency_key = Some("key".to_owned());
        other.body_digest = [8; 32];
        assert!(matches!(world.store.intake(other), Err(IntakeError::KeyReused)));
    });
}

#[test]
fn one_senders_key_says_nothing_about_anothers() {
    on_both(|mut world| {
        let mut first = world.batch(vec![notice(1)]);
        first.idempotency_key = Some("key".to_owned());
        world.store.intake(first).unwrap();
        let mut other = world.batch(vec![notice(2)]);
        other.idempotency_key = Some("key".to_owned());
        other.body_digest = [8; 32];
        other.sender = "sacem".parse().unwrap();
        assert!(world.store.intake(other).is_ok());
    });
}

#[test]
fn a_report_is_only_for_its_sender() {
    on_both(|mut world| {
        let report = world.bring(vec![notice(1)]);
        let other = "sacem".parse().unwrap();
        assert_eq!(world.store.batch_report(&authority(), &other, &report.id).unwrap(), None);
    });
}

#[test]
fn the_senders_number_again_is_a_duplicate_of_the_first() {
    on_both(|mut world| {
        let (first, _) = world.one_notice(1);
        let again = Notice { sender_case_id: notice(1).sender_case_id, ..notice(2) };
        let report = world.bring(vec![again]);
        assert_eq!(report.results[0].verdict, ItemVerdict::DuplicateOf { notice: first });
    });
}

#[test]
fn another_senders_same_number_is_no_duplicate() {
    on_both(|mut world| {
        world.one_notice(1);
        let mut other =
            world.batch(vec![Notice { sender_case_id: notice(1).sender_case_id, ..notice(2) }]);
        other.sender = "sacem".parse().unwrap();
        let report = world.store.intake(other).unwrap();
        assert!(matches!(report.results[0].verdict, ItemVerdict::Accepted { .. }));
    });
}

#[test]
fn the_same_fact_from_another_sender_is_a_duplicate() {
    on_both(|mut world| {
        let (first, _) = world.one_notice(1);
        let mut other = world.batch(vec![Notice { sender_case_id: None, ..notice(1) }]);
        other.sender = "sacem".parse().unwrap();
        let report = world.store.intake(other).unwrap();
        assert_eq!(report.results[0].verdict, ItemVerdict::DuplicateOf { notice: first });
    });
}

#[test]
fn one_second_or_one_port_more_is_another_fact() {
    on_both(|mut world| {
        let plain = || Notice { sender_case_id: None, ..notice(1) };
        let mut later = plain();
        later.observation.from += SignedDuration::from_secs(1);
        let mut beside = plain();
        beside.source.port = Some(1);
        let report = world.bring(vec![plain(), later, beside]);
        let accepted = |verdict: &ItemVerdict| matches!(verdict, ItemVerdict::Accepted { .. });
        assert!(report.results.iter().all(|result| accepted(&result.verdict)));
    });
}

#[test]
fn a_duplicate_inside_one_batch_points_to_the_first() {
    on_both(|mut world| {
        let report = world.bring(vec![notice(1), notice(2), notice(1)]);
        let ItemVerdict::Accepted { notice: first } = report.results[0].verdict else { panic!() };
        assert_eq!(report.results[2].verdict, ItemVerdict::DuplicateOf { notice: first });
        assert_eq!(world.claim("ask_provider", 10).len(), 2);
    });
}

#[test]
fn the_quota_counts_accepted_notices_of_one_local_day() {
    on_both_under(with_quota(2), |mut world| {
        world.now = at("2026-03-02T04:00:00Z");
        let report = world.bring(vec![notice(1), notice(1), notice(2), notice(3)]);
        assert_eq!(codes(&report.results[3].verdict), [Code::Quota]);
        assert!(matches!(report.results[2].verdict, ItemVerdict::Accepted { .. }));
        let report = world.bring(vec![notice(4)]);
        assert_eq!(codes(&report.results[0].verdict), [Code::Quota]);
        // 23:00 in New York was still the day before: at 00:00 there a new day begins.
        world.now = at("2026-03-02T05:00:00Z");
        let report = world.bring(vec![notice(4)]);
        assert!(matches!(report.results[0].verdict, ItemVerdict::Accepted { .. }));
    });
}

#[test]
fn a_stopped_sender_brings_nothing() {
    on_both(|mut world| {
        let party = Party {
            authority: authority(),
            id: sender(),
            role: Role::Sender { kind: SenderKind::Agency },
            name: "Agence d’exemple".to_owned(),
            stopped: None,
            settings: serde_json::json!({}),
        };
        world.store.register(&party, &officer(), world.now).unwrap();
        world.store.stop(&authority(), &sender(), "clé perdue", &officer(), world.now).unwrap();
        let report = world.bring(vec![notice(1)]);
        assert_eq!(codes(&report.results[0].verdict), [Code::SenderStopped]);
        world.store.resume(&authority(), &sender(), &officer(), world.now).unwrap();
        let report = world.bring(vec![notice(1)]);
        assert!(matches!(report.results[0].verdict, ItemVerdict::Accepted { .. }));
    });
}

#[test]
fn a_rejected_notice_is_in_the_ledger_by_place_and_code_and_without_the_senders_words() {
    on_both(|mut world| {
        let mut batch = world.batch(vec![notice(1)]);
        let how = "Mot-Clair du message";
        batch.notices.push(IncomingNotice {
            place: "line 3".to_owned(),
            verdict: Err(vec![Rejection::new(Code::PortMissing, "source_port", how)]),
        });
        let report = world.store.intake(batch).unwrap();
        assert_eq!(codes(&report.results[1].verdict), [Code::PortMissing]);
        let last = world.store.ledger_size(&authority()).unwrap() - 1;
        let (_, body) = world.store.ledger_opening(&authority(), last).unwrap().unwrap();
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains("line 3") && body.contains("port_missing"), "{body}");
        assert!(!body.contains("Mot-Clair"), "{body}");
    });
}

#[test]
fn a_notice_that_is_taken_back_closes_its_identification() {
    on_both(|mut world| {
        let (first, case) = world.one_notice(1);
        let mut back = notice(1);
        back.claim.retraction = true;
        let report = world.bring(vec![back]);
        assert_eq!(report.results[0].verdict, ItemVerdict::Accepted { notice: first });
        let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
        assert_eq!(file.case.state.name(), "retracted");
    });
}

#[test]
fn what_was_never_brought_or_is_answered_cannot_be_taken_back() {
    on_both(|mut world| {
        let mut back = notice(1);
        back.claim.retraction = true;
        let report = world.bring(vec![back.clone()]);
        assert_eq!(codes(&report.results[0].verdict), [Code::FieldInvalid]);
        world.identified(1);
        let report = world.bring(vec![back]);
        assert_eq!(codes(&report.results[0].verdict), [Code::FieldInvalid]);
    });
}

#[test]
fn a_cut_between_two_commits_loses_nothing_and_doubles_nothing() {
    on_both(|mut world| {
        let steps =
            ["intake.records", "intake.keys", "intake.evidence", "intake.traffic", "intake.cases"];
        for (number, step) in steps.iter().enumerate() {
            let number = number as u32 + 1;
            world.store.fail_at(step);
            let cut = world.batch(vec![notice(number)]);
            assert!(world.store.intake(cut).is_err(), "{step}");
            world.reopen();
            let (_, case) = world.one_notice(number);
            assert!(world.store.case_file(&authority(), &case).unwrap().is_some());
        }
        assert_eq!(world.store.counts(&authority()).unwrap().notices["accepted"], 5);
        assert_eq!(world.claim("ask_provider", 10).len(), 5);
        let until = world.later(7200);
        // Each cut but the first left a notice and a batch in evidence and a notice in traffic, of
        // which one cut had the keys of evidence not kept; the first left keys alone.
        assert_eq!(world.store.sweep_orphans(until).unwrap(), 10);
        assert_eq!(world.store.sweep_orphans(until).unwrap(), 0);
        let claims = world.claim("ask_provider", 10);
        assert_eq!(world.store.question_material(&claims, until).unwrap().len(), 5);
    });
}

#[test]
fn an_empty_batch_has_an_empty_report() {
    on_both(|mut world| {
        assert_eq!(world.bring(Vec::new()).results, []);
    });
}

#[test]
fn a_batch_that_waited_is_entered_at_the_ledgers_instant() {
    on_both(|mut world| {
        world.one_notice(1);
        let mut late = world.batch(vec![notice(2)]);
        late.received_at = at("2026-03-01T22:00:00Z");
        let report = world.store.intake(late).unwrap();
        assert_eq!(report.received_at, at("2026-03-01T22:00:00Z"));
        assert!(matches!(report.results[0].verdict, ItemVerdict::Accepted { .. }));
    });
}

#[test]
fn batches_that_come_at_once_each_get_their_own_report() {
    on_both(|world| {
        let reports: Vec<_> = std::thread::scope(|threads| {
            let senders: Vec<_> = (1..=12u32)
                .map(|number| {
                    let store = world.store.clone();
                    // Two of each: the same fact comes twice, at the same time.
                    let one = notice(number.div_ceil(2));
                    let id = uuid::Uuid::from_u128(u128::from(number));
                    let batch = batch(id, vec![one], world.now);
                    threads.spawn(move || (id, store.intake(batch).unwrap()))
                })
                .collect();
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        let mut accepted = Vec::new();
        let mut duplicates = Vec::new();
        for (id, report) in &reports {
            assert_eq!(report.id.0, *id);
            match &report.results[0].verdict {
                ItemVerdict::Accepted { notice } => accepted.push(*notice),
                ItemVerdict::DuplicateOf { notice } => duplicates.push(*notice),
                other => panic!("{other:?}"),
            }
        }
        accepted.sort();
        duplicates.sort();
        assert_eq!(accepted.len(), 6);
        assert_eq!(accepted, duplicates);
        assert_eq!(world.store.counts(&authority()).unwrap().notices["accepted"], 6);
    });
}

#[test]
fn a_batch_that_cannot_be_taken_does_not_hold_up_those_that_came_with_it() {
    on_both(|world| {
        std::thread::scope(|threads| {
            for number in 1..=8u32 {
                let store = world.store.clone();
                let id = uuid::Uuid::from_u128(u128::from(number));
                let mut batch = batch(id, vec![notice(number)], world.now);
                if number % 4 == 0 {
                    batch.regime = "not-loaded".parse().unwrap();
                }
                threads.spawn(move || {
                    assert_eq!(store.intake(batch).is_ok(), number % 4 != 0);
                });
            }
        });
        assert_eq!(world.store.counts(&authority()).unwrap().notices["accepted"], 6);
    });
}

#[test]
fn every_case_of_a_batch_is_due_when_its_own_history_says() {
    on_both(|mut world| {
        let mut older = notice(2);
        older.observation.from = at("2026-02-20T09:00:00Z");
        world.bring(vec![notice(1), older]);
        world.later(86_400);
        world.bring(vec![notice(3)]);
        for claim in world.claim("ask_provider", 10) {
            let file = world.store.case_file(&authority(), &claim.case).unwrap().unwrap();
            let due_at = file.due.unwrap().at();
            let is_due = |at| {
                let due = world.store.due(at, 10).unwrap();
                due.contains(&(authority(), claim.case))
            };
            assert!(is_due(due_at) && !is_due(due_at - SignedDuration::from_micros(1)));
        }
    });
}

//! Any sequence of events and failures keeps what must always hold.

use std::collections::BTreeMap;

use entremise_core::case::State;
use entremise_core::event::{
    Decision, DeliveryReport, DeliveryStatus, DisclosureFailure, Event, Ground, Verdict,
};
use entremise_core::id::{CaseId, QuestionId};
use entremise_core::identification::IdentityField;
use entremise_core::ledger::{Actor, Leaf};
use entremise_core::procedure::{Due, DueKind};
use entremise_core::regime::rules::ChannelKind;
use entremise_store::CaseRef;
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use crate::applying::assert_replays;
use crate::support::*;

/// One thing that is tried. What the law says to it is the law's business.
#[derive(Clone, Debug)]
enum Op {
    Bring(u8),
    Claim { queue: u8, most: u8 },
    Settle(u8),
    Retry(u8),
    GiveUp(u8),
    Fact(u8),
    Tell { case: u8, event: u8 },
    Wait(u32),
    Cut(u8),
    Reopen,
}

const QUEUES: [&str; 4] = ["ask_provider", "establish_fact", "request_disclosure", "send_message"];
const CUTS: [&str; 6] = [
    "apply.commit",
    "settle.commit",
    "intake.records",
    "intake.keys",
    "intake.traffic",
    "intake.cases",
];

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => any::<u8>().prop_map(Op::Bring),
        4 => (0..4u8, 0..5u8).prop_map(|(queue, most)| Op::Claim { queue, most }),
        4 => any::<u8>().prop_map(Op::Settle),
        1 => any::<u8>().prop_map(Op::Retry),
        1 => any::<u8>().prop_map(Op::GiveUp),
        3 => any::<u8>().prop_map(Op::Fact),
        6 => (any::<u8>(), 0..9u8).prop_map(|(case, event)| Op::Tell { case, event }),
        2 => (0..3_000_000u32).prop_map(Op::Wait),
        1 => (0..6u8).prop_map(Op::Cut),
        1 => Just(Op::Reopen),
    ]
}

fn event(kind: u8, world: &World) -> Event {
    let question = QuestionId(Uuid::from_u128(3));
    let report =
        |status| DeliveryReport { stage: 0, channel: ChannelKind::Email, status, at: world.now };
    let decision = |verdict| Decision {
        by: "agent-1".parse().unwrap(),
        verdict,
        ground: Ground::FactsEstablished,
    };
    match kind {
        0 => Event::QuestionAsked { question },
        1 => Event::Answered { question, outcome: identified() },
        2 => Event::Disclosed { question, fields: vec![IdentityField::Email] },
        3 => Event::DisclosureFailed { question, reason: DisclosureFailure::Refused },
        4 => Event::Delivery(report(DeliveryStatus::HandedOver)),
        5 => Event::Delivery(report(DeliveryStatus::Bounced)),
        6 => Event::Decided(decision(Verdict::Send)),
        7 => Event::Decided(decision(Verdict::Close)),
        _ => Event::DeadlinePassed,
    }
}

fn run(ops: &[Op], mut world: World) {
    let mut claims = Vec::new();
    let mut cases: Vec<CaseId> = Vec::new();
    for op in ops {
        match op {
            Op::Bring(number) => {
                let batch = world.batch(vec![notice(u32::from(*number))]);
                if let Ok(report) = world.store.intake(batch) {
                    for row in report.results {
                        if let entremise_store::ItemVerdict::Accepted { notice } = row.verdict {
                            let row = world.store.notice(&authority(), notice).unwrap().unwrap();
                            cases.push(row.case);
                        }
                    }
                }
            }
            Op::Claim { queue, most } => {
                let queue = QUEUES[usize::from(*queue)];
                claims.extend(world.claim(queue, usize::from(*most)));
            }
            Op::Settle(which) => {
                let Some(claim) = pick(&claims, *which) else { continue };
                let event = Some((CaseRef::Id(authority(), claim.case), event(*which % 9, &world)));
                let _ = world.store.intend(claim, world.now);
                let _ = world.store.settle(claim, "tried", event, &Actor::House, world.now);
            }
            Op::Retry(which) => {
                let Some(claim) = pick(&claims, *which) else { continue };
                world.store.retry(claim, "tried", i64::from(*which), world.now).unwrap();
            }
            Op::GiveUp(which) => {
                let Some(claim) = pick(&claims, *which) else { continue };
                world.store.give_up(claim, "tried", world.now).unwrap();
            }
            Op::Fact(number) => {
                let mut fact = fact(u128::from(*number));
                fact.fact_at = world.now;
                let event = Event::FactEstablished { fact };
                if let Ok(applied) = world.store.apply(&by_line(), &event, &Actor::House, world.now)
                {
                    cases.push(applied.case.id);
                }
            }
            Op::Tell { case, event: kind } => {
                let Some(case) = pick(&cases, *case) else { continue };
                let case = CaseRef::Id(authority(), *case);
                let told = event(*kind, &world);
                let _ = world.store.apply(&case, &told, &officer(), world.now);
            }
            Op::Wait(secs) => {
                world.later(i64::from(*secs));
            }
            Op::Cut(place) => world.store.fail_at(CUTS[usize::from(*place)]),
            Op::Reopen => world.reopen(),
        }
    }
    world.reopen();
    assert_holds(&world, cases);
}

fn pick<T>(from: &[T], which: u8) -> Option<&T> {
    (!from.is_empty()).then(|| &from[usize::from(which) % from.len()])
}

fn assert_holds(world: &World, mut cases: Vec<CaseId>) {
    cases.sort();
    cases.dedup();
    let mut by_state: BTreeMap<String, u64> = BTreeMap::new();
    let mut open_lines = 0;
    for case in &cases {
        assert_replays(world, *case);
        let file = world.store.case_file(&authority(), case).unwrap().unwrap();
        let state = &file.case.state;
        *by_state.entry(format!("{}.{}", state.procedure(), state.name())).or_default() += 1;
        open_lines += u32::from(matches!(state, State::Ladder(_)) && !state.is_closed());
        let end = |due: &Due| due.what == DueKind::End;
        let waits = !state.is_closed() || file.due.as_ref().is_none_or(end);
        assert!(waits, "a closed case waits for its erasure at the most");
        assert!(state.is_closed() || file.due.is_some(), "an open case has an end: {state:?}");
        for effect in &file.effects {
            let about = |entry: &&entremise_store::HistoryEntry, kind: &str| {
                let id = effect.id.to_string();
                entry.kind.starts_with(kind)
                    && entry.body.as_ref().is_some_and(|body| body["effect_id"] == id.as_str())
            };
            let done = file.history.iter().filter(|entry| about(entry, "outcome.tried")).count();
            assert_eq!(done, usize::from(effect.state == "done"));
            let open = matches!(effect.state.as_str(), "ready" | "leased");
            assert_eq!(effect.available_at.is_some(), open, "no state is stuck in silence");
        }
    }
    assert!(open_lines <= 1, "a line has one open case");
    assert_eq!(world.store.counts(&authority()).unwrap().cases, by_state);
    let leaves = world.store.ledger_leaves(&authority(), 0, 100_000).unwrap();
    assert_eq!(leaves.len() as u64, world.store.ledger_size(&authority()).unwrap());
    let mut last = None;
    for (seq, bytes) in leaves.iter().enumerate() {
        let leaf: Leaf = serde_json::from_slice(bytes).unwrap();
        assert_eq!(leaf.seq, seq as u64);
        assert!(last <= Some(leaf.at));
        last = Some(leaf.at);
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn any_sequence_of_events_and_cuts_keeps_what_must_hold() {
    proptest!(config(48), |(ops in proptest::collection::vec(op(), 1..60))| {
        let folder = TempDir::new().unwrap();
        let places = entremise_store::Places::in_folder(folder.path());
        run(&ops, World::open(folder, places, vec![specimen()]));
    });
}

#[test]
fn any_sequence_of_events_and_cuts_keeps_what_must_hold_on_postgresql() {
    let Some(cluster) = entremise_parts::postgres::shared() else { return };
    proptest!(config(6), |(ops in proptest::collection::vec(op(), 1..60))| {
        let places = made_by(|| cluster.database().unwrap());
        run(&ops, World::open(TempDir::new().unwrap(), places, vec![specimen()]));
    });
}

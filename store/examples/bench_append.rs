//! How many lines a second go into the ledger: each with its salt, its commitment and its place,
//! on the disk before the caller hears of it.
//!
//! `cargo run --release -p entremise-store --example bench_append [writers] [a commit] [lines]
//! [place]`: so many threads (1) that each enter so many lines per commit (1) until there are so
//! many (5,000 times the lines a commit, at most 500,000); `place` as in `bench_intake`. The line is
//! a refusal: the one thing that is entered and changes nothing else. Prints one JSON object.

#[path = "measure/mod.rs"]
mod measure;

use std::time::Instant;

use entremise_core::event::{Event, Fact, Line};
use entremise_core::id::{AuthorityId, CaseId, NoticeId, QuestionId};
use entremise_core::ledger::Actor;
use entremise_store::{ApplyError, CaseRef, Store};
use jiff::Timestamp;
use uuid::Uuid;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let writers = measure::number(&arguments, 1, 1).max(1);
    let at_once = measure::number(&arguments, 2, 1).max(1);
    let lines = measure::number(&arguments, 3, at_once.saturating_mul(5_000).min(500_000));
    let place = measure::Place::open(arguments.get(4).map(String::as_str));
    let case = open_case(&place.store, place.now);
    let commits = (lines / at_once / writers).max(1);
    let authority = case.authority().clone();
    let before = place.store.ledger_size(&authority).expect("a size");
    let (begun, cpu_before) = (Instant::now(), measure::cpu_seconds());
    std::thread::scope(|threads| {
        for _ in 0..writers {
            threads.spawn(|| append(&place.store, &case, at_once, commits, place.now));
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let entered = place.store.ledger_size(&authority).expect("a size") - before;
    println!(
        "{{\"writers\":{writers},\"a_commit\":{at_once},\"entries\":{entered},\
         \"entries_per_second\":{:.0},\"per_cpu_second\":{:.0},\"peak_mebibytes\":{:.0}}}",
        entered as f64 / seconds,
        entered as f64 / (measure::cpu_seconds() - cpu_before),
        measure::peak_mebibytes()
    );
}

fn append(store: &Store, case: &CaseRef, at_once: u32, commits: u32, now: Timestamp) {
    let question = QuestionId(Uuid::from_u128(3));
    let refused = (case.clone(), Event::QuestionAsked { question }, Actor::House);
    let many = vec![refused; at_once as usize];
    for _ in 0..commits {
        if let [(case, event, actor)] = many.as_slice() {
            let answer = store.apply(case, event, actor, now);
            assert!(matches!(answer, Err(ApplyError::Refused(_))), "this case asks no question");
        } else {
            store.apply_many(&many, now).expect("lines are entered");
        }
    }
}

/// A case on the ladder: it refuses what only an identification can take.
fn open_case(store: &Store, now: Timestamp) -> CaseRef {
    let authority: AuthorityId = "apo".parse().expect("a name");
    let line = Line {
        provider: "exemple-net".parse().expect("a name"),
        handle: "h".repeat(43).parse().expect("a handle"),
    };
    let regime = "xx-specimen".parse().expect("a name");
    let fact = Fact {
        notice: NoticeId(Uuid::from_u128(1)),
        identification: CaseId(Uuid::from_u128(2)),
        fact_at: now,
        received_at: now,
    };
    let by_line = CaseRef::Line { authority: authority.clone(), regime, line };
    let established = Event::FactEstablished { fact };
    let applied = store.apply(&by_line, &established, &Actor::House, now).expect("a case");
    CaseRef::Id(authority, applied.case.id)
}

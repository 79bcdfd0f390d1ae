//! Hundreds of short worlds, each with its faults, each judged by the oracle.
//!
//! `ENTREMISE_SEEDS=n` runs so many; `ENTREMISE_SEED=n` runs one and says what happened in it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use entremise_sim::simulation::{Outcome, run};

const SEEDS: u64 = 200;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What is wrong with a seed, in words that name the seed.
fn complaint(seed: u64, outcome: anyhow::Result<Outcome>) -> Option<String> {
    match outcome {
        Ok(outcome) if outcome.violations.is_empty() => None,
        Ok(outcome) => {
            let shown: Vec<String> =
                outcome.violations.iter().take(5).map(ToString::to_string).collect();
            let number = outcome.violations.len();
            Some(format!("seed {seed}: {number} violations\n  {}", shown.join("\n  ")))
        }
        Err(error) => Some(format!("seed {seed}: {error:#}")),
    }
}

#[test]
fn no_world_makes_the_house_break_a_rule() {
    if let Some(seed) = number("ENTREMISE_SEED") {
        let outcome = run(seed);
        println!("seed {seed}: {outcome:?}");
        assert_eq!(complaint(seed, outcome), None);
        return;
    }
    let seeds = number("ENTREMISE_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let complaints = Mutex::new(Vec::new());
    let happened = [const { AtomicU64::new(0) }; 3];
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds {
                        return;
                    }
                    let outcome = run(seed);
                    if let Ok(outcome) = &outcome {
                        let counts = [outcome.notices, outcome.messages, outcome.faults];
                        for (total, count) in happened.iter().zip(counts) {
                            total.fetch_add(count as u64, Ordering::SeqCst);
                        }
                    }
                    if let Some(complaint) = complaint(seed, outcome) {
                        println!("{complaint}");
                        complaints.lock().unwrap().push(complaint);
                    }
                }
            });
        }
    });
    let [notices, messages, faults] = happened.map(AtomicU64::into_inner);
    println!("{seeds} seeds: {notices} notices, {messages} messages, {faults} faults");
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    // A world in which nothing happens proves nothing.
    assert!(notices > 20 * seeds && messages > seeds && faults > 5 * seeds);
}

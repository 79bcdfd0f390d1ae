//! How many notices a second the intake takes: sealed, deduplicated, in the ledger, on the disk.
//!
//! `cargo run --release -p entremise-store --example bench_intake [batches] [notices] [senders]
//! [place]`: so many batches (100) of so many notices (1,000) each, from so many senders (1) at a
//! time; `place` is a folder (SQLite; a temporary one if absent), `postgres` for a started cluster,
//! or `postgres://…/` for a server that runs.
//! Prints one line. Making the notices is not counted.

#[path = "measure/mod.rs"]
mod measure;

use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use entremise_core::id::BatchId;
use entremise_core::notice::Work;
use entremise_core::notice::{Claim, Class, Clock, Hash, Notice, Observation, Source, Transport};
use entremise_store::{IncomingBatch, IncomingNotice, ItemVerdict, Store};
use jiff::Timestamp;
use uuid::Uuid;

/// Batches that lie ready at once: memory stays bounded.
const ROUND: u32 = 25;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let batches = measure::number(&arguments, 1, 100);
    let size = measure::number(&arguments, 2, 1000);
    let senders = measure::number(&arguments, 3, 1);
    let place = measure::Place::open(arguments.get(4).map(String::as_str));
    // Made beforehand, a round at a time: only the taking in is measured.
    let mut accepted = 0;
    let (mut taken, mut slowest, mut cpu) = (Duration::ZERO, Duration::ZERO, 0.0);
    for first in (0..batches).step_by(ROUND as usize) {
        let round: Vec<IncomingBatch> = (first..batches.min(first + ROUND))
            .map(|number| {
                // Time goes on: numbers of cases and notices begin with it.
                let now = place.now + jiff::SignedDuration::from_secs(i64::from(number));
                batch(number, size, now)
            })
            .collect();
        let waiting = Mutex::new(round.into_iter());
        let (begun, cpu_before) = (Instant::now(), measure::cpu_seconds());
        let taken_in: Vec<(usize, Duration)> = std::thread::scope(|threads| {
            let started: Vec<_> =
                (0..senders).map(|_| threads.spawn(|| send(&place.store, &waiting))).collect();
            started.into_iter().map(|one| one.join().expect("a sender")).collect()
        });
        taken += begun.elapsed();
        cpu += measure::cpu_seconds() - cpu_before;
        accepted += taken_in.iter().map(|(accepted, _)| accepted).sum::<usize>();
        slowest = taken_in.iter().map(|(_, slowest)| *slowest).fold(slowest, Duration::max);
    }
    let seconds = taken.as_secs_f64();
    println!(
        "{accepted} of {} notices in {seconds:.2} s: {:.0} notices/s in batches of {size}, {:.0} \
         per second of one core, slowest batch {:.0} ms, peak memory {:.0} MiB",
        batches * size,
        accepted as f64 / seconds,
        accepted as f64 / cpu,
        slowest.as_secs_f64() * 1000.0,
        measure::peak_mebibytes()
    );
}

/// Sends batches, each when the one before was answered. Yields how many notices were accepted,
/// and how long the slowest batch took.
fn send(store: &Store, waiting: &Mutex<std::vec::IntoIter<IncomingBatch>>) -> (usize, Duration) {
    let (mut accepted, mut slowest) = (0, Duration::ZERO);
    loop {
        let next = waiting.lock().expect("no sender died").next();
        let Some(batch) = next else { return (accepted, slowest) };
        let begun = Instant::now();
        let report = store.intake(batch).expect("an intake");
        slowest = slowest.max(begun.elapsed());
        let is_accepted = |verdict: &ItemVerdict| matches!(verdict, ItemVerdict::Accepted { .. });
        accepted += report.results.iter().filter(|result| is_accepted(&result.verdict)).count();
    }
}

fn batch(place: u32, size: u32, now: Timestamp) -> IncomingBatch {
    let notices = (0..size).map(|notice| IncomingNotice {
        place: format!("/notices/{notice}"),
        verdict: Ok((made(place * size + notice, now), "exemple-net".parse().expect("a name"))),
    });
    IncomingBatch {
        id: BatchId(Uuid::from_u128(u128::from(place) + 1)),
        authority: "apo".parse().expect("a name"),
        regime: "xx-specimen".parse().expect("a name"),
        sender: "alpa".parse().expect("a name"),
        format: "acns",
        channel: "api",
        raw: vec![b'x'; 780 * size as usize],
        received_at: now,
        idempotency_key: Some(format!("batch {place}")),
        body_digest: [0; 32],
        proof: None,
        notices: notices.collect(),
    }
}

fn made(number: u32, now: Timestamp) -> Notice {
    let [_, b, c, d] = number.to_be_bytes();
    let scattered = number.wrapping_mul(2_654_435_761);
    Notice {
        sender_case_id: Some(format!("2026-{number:010}")),
        class: Class::Copyright,
        kind: "p2p".to_owned(),
        observation: Observation {
            from: now - jiff::SignedDuration::from_secs(i64::from(scattered % 600_000)),
            until: None,
            clock: Some(Clock {
                source: "ntp".to_owned(),
                offset_ms: Some(3),
                max_error_ms: Some(100),
            }),
        },
        source: Source {
            ip: Ipv4Addr::new(198, b, c, d).into(),
            port: Some((scattered % 60_000) as u16 + 1024),
            transport: Some(Transport::Tcp),
        },
        observer: None,
        protocol: Some("bittorrent".to_owned()),
        pseudonym: None,
        provider_name: Some("Exemple Net".to_owned()),
        works: vec![Work {
            title: Some("Un film d’exemple".to_owned()),
            artist: Some("Une autrice d’exemple".to_owned()),
            file_name: Some("Un.film.d.exemple.2026.FRENCH.1080p.mkv".to_owned()),
            size_bytes: Some(4_294_967_296),
            hashes: vec![Hash { algorithm: "btih".to_owned(), value: format!("{scattered:040x}") }],
            work_id: None,
        }],
        claim: Claim {
            rights_holder: Some("Ayants droit d’exemple".to_owned()),
            mandate: Some("M-2026-17".to_owned()),
            sworn_agent: Some("A-204".to_owned()),
            standing_declared: true,
            legal_basis: Some("Example Act, s 2".to_owned()),
            retraction: false,
        },
        details: std::collections::BTreeMap::new(),
    }
}

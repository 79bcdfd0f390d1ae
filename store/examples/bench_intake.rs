//! How many notices a second the intake takes: sealed, deduplicated, in the ledger, on the disk.
//!
//! `cargo run --release -p entremise-store --example bench_intake [batches] [notices] [place]`;
//! `place` is a folder (SQLite; a temporary one if absent) or `postgres`, for a started cluster.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use entremise_core::id::BatchId;
use entremise_core::notice::Work;
use entremise_core::notice::{Claim, Class, Clock, Hash, Notice, Observation, Source, Transport};
use entremise_core::regime::{Regime, embedded};
use entremise_store::{
    IncomingBatch, IncomingNotice, ItemVerdict, Keys, Places, Store, SystemEntropy,
};
use jiff::Timestamp;
use uuid::Uuid;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |place: usize, otherwise| {
        arguments.get(place).map_or(otherwise, |given| given.parse().expect("a number"))
    };
    let batches: u32 = number(1, 50);
    let size: u32 = number(2, 1000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster;
    let places = match arguments.get(3).map(String::as_str) {
        None => Places::in_folder(folder.path()),
        Some("postgres") => {
            cluster = entremise_parts::postgres::Cluster::start()
                .expect("PostgreSQL starts")
                .expect("PostgreSQL is installed");
            let database = || cluster.database().expect("a database");
            Places {
                cases: database(),
                evidence: database(),
                traffic: database(),
                identity: database(),
            }
        }
        Some(folder) => Places::in_folder(folder.as_ref()),
    };
    let keys = Keys { cases: [1; 32], evidence: [2; 32], traffic: [3; 32], identity: [4; 32] };
    let now: Timestamp = "2026-03-02T10:00:00Z".parse().expect("an instant");
    let entropy = Arc::new(SystemEntropy::default());
    let store = Store::open(&places, keys, vec![regime()], entropy, now).expect("a store");
    let made: Vec<IncomingBatch> = (0..batches).map(|place| batch(place, size, now)).collect();
    let started = Instant::now();
    let mut accepted = 0;
    let mut slowest = 0.0f64;
    for batch in made {
        let begun = Instant::now();
        let report = store.intake(batch).expect("an intake");
        slowest = slowest.max(begun.elapsed().as_secs_f64());
        accepted += report
            .results
            .iter()
            .filter(|result| matches!(result.verdict, ItemVerdict::Accepted { .. }))
            .count();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{accepted} of {} notices in {seconds:.2} s: {:.0} notices/s in batches of {size}, the \
         slowest batch {:.0} ms",
        batches * size,
        accepted as f64 / seconds,
        slowest * 1000.0
    );
}

/// The specimen regime without its small quota.
fn regime() -> Regime {
    let text = embedded::text("xx-specimen").expect("the specimen is in the binary");
    let text = text.replace("value = 1_000, from", "value = 100_000_000, from");
    let calendars = embedded::calendars().expect("the calendars are in the binary");
    Regime::parse("bench.toml", &text, &calendars).expect("a regime")
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

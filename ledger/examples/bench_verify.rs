//! Times publishing and verifying a ledger of N entries: `bench_verify [N] [FOLDER]`.
//!
//! Prints one JSON object: entries a second, per second of this process's own time and by the wall.
//! Leaves are made beforehand and kept in memory, so that only the ledger's own work is timed.

use std::path::PathBuf;
use std::time::Instant;

use entremise_core::id::CaseId;
use entremise_core::ledger::{Actor, Entry, Kind, Leaf, Subject};
use entremise_ledger::publish::SourceError;
use entremise_ledger::{Leaves, LogKey, Options, Place, publish, verify};
use jiff::{SignedDuration, Timestamp};

struct Made {
    leaves: Vec<Vec<u8>>,
    visible: usize,
}

impl Leaves for Made {
    fn size(&mut self) -> Result<u64, SourceError> {
        Ok(self.visible as u64)
    }

    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, SourceError> {
        let from = usize::try_from(from)?;
        Ok(self.leaves[from..(from + most).min(self.visible)].to_vec())
    }
}

fn leaf(seq: u64, start: Timestamp) -> Vec<u8> {
    let entry = Entry {
        at: start + SignedDuration::from_millis(i64::try_from(seq).expect("small")),
        regime: "fr-graduated-response".parse().expect("a regime's name"),
        regime_digest: "5a".repeat(32),
        subject: Subject::Case(CaseId(uuid::Uuid::from_u128(u128::from(seq / 3) << 64))),
        kind: match seq % 3 {
            0 => Kind::Event("notice_accepted"),
            1 => Kind::Intent("ask_provider"),
            _ => Kind::Outcome("asked"),
        },
        actor: Actor::House,
        body: seq.to_be_bytes().to_vec(),
    };
    Leaf::new(seq, &"autorite".parse().expect("a name"), &entry, &[7; 16]).to_bytes()
}

/// Seconds of processor time that this process has used, user and system.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks =
        |index: usize| fields.get(index).and_then(|field| field.parse().ok()).unwrap_or(0.0);
    // utime and stime are the 14th and 15th field of proc(5), in hundredths of a second.
    (ticks(11) + ticks(12)) / 100.0
}

/// Runs and gives back (rate by the wall, rate by processor time).
fn timed(count: usize, work: impl FnOnce()) -> (f64, f64) {
    let (wall, cpu) = (Instant::now(), cpu_secs());
    work();
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), (cpu_secs() - cpu).max(0.01));
    (count as f64 / wall, count as f64 / cpu)
}

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(1_000_000, |count| count.parse().expect("a number"));
    let folder = arguments.next().map_or_else(
        || std::env::temp_dir().join(format!("entremise-bench-{}", std::process::id())),
        PathBuf::from,
    );
    let start: Timestamp = "2026-01-10T09:00:00Z".parse().expect("an instant");
    let leaves: Vec<Vec<u8>> = (0..count as u64).map(|seq| leaf(seq, start)).collect();
    let leaf_bytes = leaves.first().map_or(0, Vec::len);
    let key = LogKey::from_seed("autorite.example/bench", &[1; 32]).expect("a good name");
    let mut made = Made { leaves, visible: count };
    let whole = timed(count, || {
        publish(&mut made, &folder, &key, start).expect("an empty folder takes a ledger");
    });
    let mut walked = 0;
    let check = timed(count, || {
        let options = Options { keys: vec![key.public().clone()], ..Options::default() };
        let report = verify(&Place::folder(&folder), options).expect("it was just published");
        assert!(report.is_sound(), "{report}");
        walked = report.entries();
    });
    std::fs::remove_dir_all(&folder).expect("it was just made");
    // A ledger that grows by a thousand entries a checkpoint, as a busy house publishes.
    let steps = count.min(200_000) / 1000;
    let grown = timed(steps * 1000, || {
        for step in 1..=steps {
            made.visible = step * 1000;
            publish(&mut made, &folder, &key, start).expect("it continues");
        }
    });
    std::fs::remove_dir_all(&folder).ok();
    println!(
        "{{\"entries\":{walked},\"leaf_bytes\":{leaf_bytes},\
         \"verify_per_s\":{:.0},\"verify_per_cpu_s\":{:.0},\
         \"publish_per_s\":{:.0},\"publish_per_cpu_s\":{:.0},\
         \"publish_by_1000_per_s\":{:.0}}}",
        check.0, check.1, whole.0, whole.1, grown.0
    );
}

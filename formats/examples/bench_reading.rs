//! Reads and validates notices on one core and prints how many a second; the verdicts are counted,
//! so that a fast "no" is seen.
//!
//! `cargo run --profile bench -p entremise-formats --example bench_reading -- acns|xarf|mail DIR`
//!
//! DIR holds the seeded inputs of `cargo xtask bench`: `acns.lp` and `eml.lp` (each document after
//! its length, 32 bits, little endian), `xarf.ndjson` (one report a line). The mails are
//! clearsigned by nobody's key, so their signatures stay unverified, as they do for the peers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use entremise_formats::{Hint, read};

/// Documents of one run: as many as the largest peer's harness reads.
const DOCUMENTS: usize = 100_000;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, folder] = arguments.as_slice() else {
        eprintln!("usage: bench_reading acns|xarf|mail DIR");
        std::process::exit(2);
    };
    let folder = Path::new(folder);
    let documents = match mode.as_str() {
        "acns" => after_their_lengths(&folder.join("acns.lp")),
        "mail" => after_their_lengths(&folder.join("eml.lp")),
        "xarf" => lines(&folder.join("xarf.ndjson")),
        other => panic!("{other} is none of acns, xarf, mail"),
    };
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let mut accepted = 0;
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let (wall, cpu) = (Instant::now(), cpu_secs());
    for document in &documents {
        for outcome in read(document, Hint::default()).outcomes {
            match outcome.verdict {
                Ok(_) => accepted += 1,
                Err(why) => {
                    let code = why.first().map_or("none", |rejection| rejection.code.name());
                    *refused.entry(code.to_owned()).or_default() += 1;
                }
            }
        }
    }
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_secs() - cpu);
    let read = documents.len() as f64;
    println!(
        "{{\"mode\":\"{mode}\",\"documents\":{},\"accepted\":{accepted},\"refused\":{},\
         \"bytes_each\":{},\"per_second\":{:.0},\"per_cpu_second\":{:.0}}}",
        documents.len(),
        serde_json::json!(refused),
        bytes / documents.len().max(1),
        read / wall,
        read / cpu,
    );
}

fn after_their_lengths(path: &Path) -> Vec<Vec<u8>> {
    let bytes = contents(path);
    let mut rest = bytes.as_slice();
    let mut documents = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (document, after) = after.split_at_checked(length).expect("a whole document");
        documents.push(document.to_vec());
        rest = after;
        if documents.len() == DOCUMENTS {
            break;
        }
    }
    documents
}

fn lines(path: &Path) -> Vec<Vec<u8>> {
    let bytes = contents(path);
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.take(DOCUMENTS).map(<[u8]>::to_vec).collect()
}

fn contents(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|trouble| panic!("{}: {trouble}", path.display()))
}

/// Processor time of this thread's process so far, seconds; the scheduler counts nanoseconds.
fn cpu_secs() -> f64 {
    let said = std::fs::read_to_string("/proc/self/schedstat").expect("Linux tells it");
    let nanoseconds: f64 =
        said.split(' ').next().and_then(|word| word.parse().ok()).expect("a number comes first");
    nanoseconds / 1e9
}

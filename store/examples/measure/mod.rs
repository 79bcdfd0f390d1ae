//! What every measuring program of this room needs: a store in a place that the command line names,
//! and what the process has used up.

use std::sync::Arc;

use entremise_core::regime::{Regime, embedded};
use entremise_store::{KeyPlaces, Keys, Places, Store, SystemEntropy};
use jiff::Timestamp;
use tempfile::TempDir;

/// A store for one measurement, and what must live as long as it does.
pub struct Place {
    pub store: Store,
    pub now: Timestamp,
    _folder: TempDir,
    _cluster: Option<entremise_parts::postgres::Cluster>,
}

impl Place {
    /// `given`: a folder for SQLite (a temporary one if absent), `postgres` for a cluster started
    /// for the occasion (it never waits for the disk), or `postgres://…/` for a server that runs:
    /// seven databases `bench_…` are made anew in it.
    pub fn open(given: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut cluster = None;
        let places = match given {
            None => Places::in_folder(folder.path()),
            Some("postgres") => {
                let started = entremise_parts::postgres::Cluster::start()
                    .expect("PostgreSQL starts")
                    .expect("PostgreSQL is installed");
                let places = all(|_| started.database().expect("a database"));
                cluster = Some(started);
                places
            }
            Some(server) if server.starts_with("postgres") => all(|name| made_in(server, name)),
            Some(folder) => Places::in_folder(folder.as_ref()),
        };
        let keys = Keys::given([1; 32], [[2; 32], [3; 32], [4; 32]]);
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().expect("an instant");
        let entropy = Arc::new(SystemEntropy::default());
        let store = Store::open(&places, keys, vec![regime()], entropy, now).expect("a store");
        Self { store, now, _folder: folder, _cluster: cluster }
    }
}

fn all(make: impl Fn(&str) -> String) -> Places {
    let keys = KeyPlaces {
        evidence: make("evidence_keys"),
        traffic: make("traffic_keys"),
        identity: make("identity_keys"),
    };
    Places {
        cases: make("cases"),
        evidence: make("evidence"),
        traffic: make("traffic"),
        identity: make("identity"),
        keys,
    }
}

fn made_in(server: &str, name: &str) -> String {
    let server = server.trim_end_matches('/');
    let mut client = postgres::Client::connect(&format!("{server}/postgres"), postgres::NoTls)
        .expect("the server answers");
    for verb in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
        client.batch_execute(&format!("{verb} bench_{name}")).expect("a database");
    }
    format!("{server}/bench_{name}")
}

/// The specimen regime without its small quota.
fn regime() -> Regime {
    let text = embedded::text("xx-specimen").expect("the specimen is in the binary");
    let text = text.replace("value = 1_000, from", "value = 100_000_000, from");
    let calendars = embedded::calendars().expect("the calendars are in the binary");
    Regime::parse("bench.toml", &text, &calendars).expect("a regime")
}

/// An argument that is a number.
pub fn number(arguments: &[String], place: usize, otherwise: u32) -> u32 {
    arguments.get(place).map_or(otherwise, |given| given.parse().expect("a number"))
}

/// Seconds of a core's time that this process has used so far, the kernel's work for it included.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory this process has held, MiB.
pub fn peak_mebibytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

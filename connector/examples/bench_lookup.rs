//! How fast the index is built and asked, on the inputs of the benchmark generator
//! (`leases.bin`, `queries.bin`, `expected.bin`; see the benchmarks' own description).
//!
//!     cargo run --release --example bench_lookup -- DATA [--error-ms N] [--raw-only]
//!
//! Prints one figure a line: building from records in memory, opening, questions one by one and
//! as a batch on one and on all threads, each with the ambiguity window and a typed outcome, and
//! how many answers agree with what is expected. Reading raw RADIUS detail and Kea text is timed
//! too, on files made here.

mod leases;

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Instant;

use entremise_connector::identify::{Finding, Identifier, Network};
use entremise_connector::index::Index;
use entremise_connector::keys::KeyFile;
use entremise_connector::load::Loader;
use entremise_connector::read::{Format, ReadOptions};
use jiff::Timestamp;
use leases::{build, questions};

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let data = Path::new(arguments.get(1).map_or("data", String::as_str));
    let error_ms = arguments.iter().skip_while(|word| *word != "--error-ms").nth(1);
    let error_ms: u32 = error_ms.map_or(Ok(0), |text| text.parse())?;
    if !arguments.iter().any(|word| word == "--raw-only") {
        lookups(data, error_ms)?;
    }
    raw_text(Format::RadiusDetail, radius_text(300_000))?;
    raw_text(Format::KeaLease4, kea_text(1_000_000))?;
    raw_text(Format::CgnatJuniper, juniper_text(500_000))
}

fn lookups(data: &Path, error_ms: u32) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let keys = KeyFile::of_index(directory.path())?;

    let leases = std::fs::read(data.join("leases.bin"))?;
    let begun = begin();
    let accounts = build(&leases, directory.path(), &keys)?;
    rate("intervals built into the index", leases.len() / 20, begun);

    let begun = begin();
    let index = Index::open(directory.path(), &keys)?;
    println!("opened in {:.1} ms", begun.wall.elapsed().as_secs_f64() * 1e3);
    println!(
        "bytes of core segments per interval: {:.1}",
        segment_bytes(directory.path())? / index.record_count() as f64
    );

    let questions = questions(&std::fs::read(data.join("queries.bin"))?, error_ms);
    let expected: Vec<u32> = std::fs::read(data.join("expected.bin"))?
        .chunks_exact(4)
        .map(|bytes| u32::from_le_bytes(bytes.try_into().expect("four bytes")))
        .collect();
    let network = Network::default();
    let identifier = Identifier::new(&index, &network);
    let now = Timestamp::now();

    let begun = begin();
    let found: Vec<Finding> =
        questions.iter().map(|question| identifier.find(question, now)).collect();
    rate("questions one after another, one thread", questions.len(), begun);
    agreement(&found, &expected, &accounts);

    for threads in [1, std::thread::available_parallelism()?.get()] {
        let begun = begin();
        let found = identifier.find_all(&questions, now, threads);
        rate(&format!("questions as a batch, {threads} thread(s)"), questions.len(), begun);
        agreement(&found, &expected, &accounts);
    }
    Ok(())
}

/// How many findings are what the generator expects. With a clock error some become ambiguous.
fn agreement(found: &[Finding], expected: &[u32], accounts: &[u32]) {
    let (mut right, mut ambiguous, mut wrong) = (0, 0, 0);
    for (finding, subscriber) in found.iter().zip(expected) {
        match finding {
            Finding::Account { number, .. } if accounts[*subscriber as usize] == *number => {
                right += 1;
            }
            Finding::NotFound { .. } if *subscriber == 0 => right += 1,
            Finding::Ambiguous { .. } => ambiguous += 1,
            _ => wrong += 1,
        }
    }
    println!("    as expected {right}, ambiguous {ambiguous}, otherwise {wrong}");
}

fn segment_bytes(directory: &Path) -> anyhow::Result<f64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "seg") {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes as f64)
}

/// A figure, and how busy the machine was: other work on it halves a rate easily.
fn rate(what: &str, count: usize, begun: Begun) {
    let secs = begun.wall.elapsed().as_secs_f64();
    let cpu_secs = cpu_secs() - begun.cpu_secs;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    println!(
        "{what}: {count} in {secs:.2} s, {:.0} per second; {:.0} per cpu-second (load {load})",
        count as f64 / secs,
        count as f64 / cpu_secs
    );
}

/// By the wall's clock and by the processor's, all threads together.
struct Begun {
    wall: Instant,
    cpu_secs: f64,
}

fn begin() -> Begun {
    Begun { wall: Instant::now(), cpu_secs: cpu_secs() }
}

/// User and system time of this process: fields 14 and 15 of its stat, in hundredths (proc(5)).
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 =
        behind_name.split(' ').skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn raw_text(format: Format, text: String) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("records");
    std::fs::write(&path, text)?;
    let index = directory.path().join("index");
    std::fs::create_dir(&index)?;
    let keys = KeyFile::of_index(&index)?;
    let begun = begin();
    let mut loader = Loader::open(&index, &keys)?;
    let report = loader.load(&path, format, &ReadOptions::default(), &mut |_| {})?;
    loader.commit()?;
    rate(&format!("{format} records from text"), report.records as usize, begun);
    Ok(())
}

/// Start and Stop of sessions of an hour, as FreeRADIUS writes them.
fn radius_text(sessions: u32) -> String {
    let mut text = String::new();
    for number in 0..sessions {
        // Subscribers come back, each time to another address.
        let subscriber = (number + number / 100_000 * 1_000) % 100_000;
        let address = Ipv4Addr::from(0x5100_0000 + number % 100_000);
        let start = 1_785_542_400 + number / 100_000 * 7_200;
        for (status, at) in [("Start", start), ("Stop", start + 3_600)] {
            let _ = write!(
                text,
                "Thu Jan  1 00:00:00 1970\n\tAcct-Status-Type = {status}\n\
                 \tUser-Name = \"subscriber-{subscriber}@isp.example\"\n\
                 \tAcct-Session-Id = \"{number:08x}\"\n\tNAS-IP-Address = 192.0.2.254\n\
                 \tNAS-Port = {number}\n\tNAS-Port-Type = Virtual\n\tService-Type = Framed-User\n\
                 \tFramed-Protocol = PPP\n\tFramed-IP-Address = {address}\n\
                 \tCalling-Station-Id = \"02:00:00:00:00:01\"\n\tAcct-Authentic = RADIUS\n\
                 \tAcct-Delay-Time = 0\n\tAcct-Unique-Session-Id = \"{number:032x}\"\n\
                 \tTimestamp = {at}\n\n"
            );
        }
    }
    text
}

fn kea_text(rows: u32) -> String {
    let mut text = String::from(
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,\
         state,user_context,pool_id\n",
    );
    for number in 0..rows {
        let address = Ipv4Addr::from(0x5100_0000 + number % 250_000);
        let expire = 1_785_542_400 + number / 250_000 * 7_200;
        // Devices come back, each time to another address.
        let device = ((number + number / 250_000 * 1_000) % 250_000).to_be_bytes();
        let _ = writeln!(
            text,
            "{address},02:00:{:02x}:{:02x}:{:02x}:{:02x},,3600,{expire},1,0,0,,0,,0",
            device[0], device[1], device[2], device[3]
        );
    }
    text
}

/// Blocks of 1,008 ports, allocated and released an hour later, as an SRX writes them.
fn juniper_text(blocks: u32) -> String {
    let mut text = String::new();
    for number in 0..blocks {
        let inside = Ipv4Addr::from(0x6440_0000 + number % 1_000_000);
        let outside = Ipv4Addr::from(0x5200_0000 + number / 64 % 1_000);
        let low = 1_024 + number % 64 * 1_008;
        let start = 1_785_542_400 + number / 64_000 * 7_200;
        for (event, at) in [("ALLOC", start), ("RELEASE", start + 3_600)] {
            let _ = writeln!(
                text,
                "<14>1 2026-08-01T00:00:00.000Z srx RT_NAT - RT_SRC_NAT_PBA_{event} \
                 [junos@2636.1.1.1.2.137 internal-ip=\"{inside}\" reflexive-ip=\"{outside}\" \
                 block-port-low=\"{low}\" block-port-high=\"{}\" epoch-time-64=\"{at:x}\"]",
                low + 1_007
            );
        }
    }
    text
}

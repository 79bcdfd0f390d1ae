//! One notice per request, durable before it is answered: how many a second, and how long the
//! slowest hundredth waits.
//!
//! `cargo run --profile bench -p entremise-server --example bench_post -- [CONNECTIONS] [SECONDS]`
//! starts a whole house on a temporary folder, its door on loopback, has `wrk` post notices that
//! differ in number, address and port, and prints one JSON object. A refusal ends it.

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/api_house/mod.rs"]
mod api_house;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, bail};
use entremise_server::config::Config;
use entremise_server::serve;
use entremise_store::SystemEntropy;
use ring::digest::{SHA256, digest};

const NOON: &str = "2026-06-15T12:00:00Z";
const SEEN: &str = "2026-06-14T21:03:04.500Z";
/// The rules give each sender so many notices a day: there are enough senders for a long run.
const SENDERS: usize = 40;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let connections = arguments.next().unwrap_or_else(|| "32".to_owned());
    let seconds = arguments.next().unwrap_or_else(|| "6".to_owned());
    let folder = tempfile::tempdir()?;
    let config = config(folder.path())?;
    let clock = api_house::Hand::at(NOON).clock();
    let service = serve::start(&config, clock, Arc::new(SystemEntropy::default()), false)?;
    let script = folder.path().join("post.lua");
    std::fs::write(&script, lua())?;
    let said = Command::new("wrk")
        .args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "--latency", "-s"])
        .arg(&script)
        .arg(format!("http://{}/", service.doors.api))
        .output()
        .context("wrk does not start; Debian has it in the package wrk")?;
    let said = String::from_utf8(said.stdout)?;
    if said.contains("Non-2xx") || said.contains("Socket errors") {
        bail!("some were refused:\n{said}");
    }
    let rate = after(&said, "Requests/sec:").context("no rate")?;
    let per_second: f64 = rate.parse()?;
    let waits = milliseconds(after(&said, "99%").context("no 99th part")?)?;
    println!(
        "{{\"connections\":{connections},\"per_second\":{per_second:.0},\"p99_ms\":{waits:.1}}}"
    );
    Ok(())
}

/// The house of the tests, with more senders.
fn config(folder: &Path) -> anyhow::Result<Config> {
    api_house::config(folder);
    let path = folder.join("entremise.toml");
    let mut text = std::fs::read_to_string(&path)?;
    for number in 0..SENDERS {
        let token = hex::encode(digest(&SHA256, token(number).as_bytes()));
        write!(
            text,
            "\n[[authority.sender]]\nid = \"s{number}\"\nname = \"Saisissant {number} SPECIMEN\"\n\
             email = \"notices@s{number}.example\"\nkind = \"rights_holder_body\"\n\
             token_sha256 = \"{token}\"\nrequests_per_second_max = 1000000\n"
        )?;
    }
    std::fs::write(&path, text)?;
    Ok(Config::read(&path)?)
}

fn token(number: usize) -> String {
    format!("token-of-sender-{number}")
}

/// What `wrk` runs for each request.
fn lua() -> String {
    let notice = api_house::notice("NUMBER", "198.51.100.ADDRESS", SEEN);
    let (before, rest) = notice.split_once("ADDRESS").expect("the address is in it");
    let (between, rest) = rest.split_once("51413").expect("the port is in it");
    let parts = [before, between, rest].map(|part| part.replace('"', "\\\""));
    format!(
        "local n = 0\n\
         function request()\n  n = n + 1\n  \
         local body = (\"{}\" .. (n % 254 + 1) .. \"{}\" .. (1024 + math.floor(n / 254) % 60000) \
         .. \"{}\"):gsub(\"NUMBER\", \"N-\" .. n, 1)\n  \
         return wrk.format(\"POST\", \"/v1/autorite/notices\", {{[\"Content-Type\"] = \
         \"application/json\", [\"Authorization\"] = \"Bearer token-of-sender-\" .. (n % \
         {SENDERS})}}, body)\nend\n\
         local shown = 0\n\
         function response(status, headers, body)\n  \
         if status ~= 200 and shown < 3 then shown = shown + 1; print(status, body) end\nend\n",
        parts[0], parts[1], parts[2]
    )
}

fn after<'s>(said: &'s str, label: &str) -> Option<&'s str> {
    said.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim)
}

/// A span as `wrk` writes it: `812.00us`, `3.21ms`, `1.02s`.
fn milliseconds(span: &str) -> anyhow::Result<f64> {
    let number = |unit| span.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok());
    if let Some(microseconds) = number("us") {
        return Ok(microseconds / 1000.0);
    }
    if let Some(milliseconds) = number("ms") {
        return Ok(milliseconds);
    }
    number("s").map(|seconds| seconds * 1000.0).with_context(|| format!("{span} is no span"))
}

//! How long `entremise serve` takes from the call to its first answer, and how large the program
//! is: `bench_start PROGRAM [TIMES]`.
//!
//! Each time a new house is opened (keys and databases are made) and opened once more. What is
//! printed as `first_answer_ms` is the slower of the two medians.

#[path = "../tests/api_house/mod.rs"]
#[allow(dead_code, reason = "only the configuration is needed here")]
mod api_house;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

fn main() -> anyhow::Result<()> {
    let program = std::env::args().nth(1).context("the program's path")?;
    let times = std::env::args().nth(2).and_then(|times| times.parse().ok()).unwrap_or(7);
    let (mut new, mut again) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let folder = tempfile::tempdir_in(Path::new(&program).parent().context("its folder")?)?;
        api_house::config(folder.path());
        let configuration = folder.path().join("entremise.toml");
        new.push(first_answer(&program, &configuration)?);
        again.push(first_answer(&program, &configuration)?);
    }
    let median = |took: &mut Vec<Duration>| {
        took.sort_unstable();
        took[took.len() / 2].as_secs_f64() * 1e3
    };
    let (new, again) = (median(&mut new), median(&mut again));
    println!(
        "{{\"new_house_ms\":{new:.1},\"again_ms\":{again:.1},\"first_answer_ms\":{:.1},\
         \"program_mb\":{:.1}}}",
        new.max(again),
        std::fs::metadata(&program)?.len() as f64 / 1e6
    );
    Ok(())
}

/// Starts the program, asks as soon as it says where, and ends it.
fn first_answer(program: &str, configuration: &Path) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut serving = Command::new(program)
        .args(["serve", "--config"])
        .arg(configuration)
        .env("ENTREMISE_LOG", "error")
        .stdout(Stdio::piped())
        .spawn()?;
    let answered = ask(&mut serving).map(|()| begun.elapsed());
    serving.kill()?;
    serving.wait()?;
    answered
}

fn ask(serving: &mut std::process::Child) -> anyhow::Result<()> {
    // It goes on speaking: its pipe stays open until it has ended.
    let said = serving.stdout.as_mut().context("what it says")?;
    let line = BufReader::new(said).lines().next().context("it ended before it served")??;
    let (_, address) = line.split_once("http://").context("it names no address")?;
    let (address, path) = address.split_once('/').context("it names no path")?;
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "it answered {:?}", answer.lines().next());
    Ok(())
}

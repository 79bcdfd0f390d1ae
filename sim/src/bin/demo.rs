//! `cargo demo`: an authority, three providers, rights holders, a mail relay, a post and some
//! hundred and sixty subscribers through a legal year of virtual time, on real sockets, in a few
//! minutes; then everything stays open to walk around in.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use entremise_sim::play::{Engine, Play, Staging};
use entremise_sim::report::{self, Report};
use entremise_sim::tell::Teller;
use entremise_sim::world::Size;
use jiff::{SignedDuration, Timestamp};

/// The first day of the year that is played.
const BEGINS: &str = "2026-01-05T05:00:00Z";
/// Hours of the day, behind the beginning, at which everybody acts: in the morning, and when the
/// office closes.
const HOURS: [i64; 2] = [4, 12];

/// A legal year in a few minutes. Everything in it is a SPECIMEN.
#[derive(Parser)]
struct Arguments {
    /// End by itself when the year is over.
    #[arg(long)]
    once: bool,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
    /// Leave mails, letters, ledger, acknowledgements and report.json in this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The same seed gives the same year.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// How many days to play.
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// Say nothing on the way.
    #[arg(long)]
    quiet: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("entremise-demo-").tempdir()?;
    let from: Timestamp = BEGINS.parse()?;
    let mut teller = Teller::new(arguments.days.into(), arguments.quiet);
    teller.say(from, "Three providers open their networks, the authority its doors.");
    let mut play = Play::stage(&Staging {
        seed: arguments.seed,
        size: Size::DEMO,
        from,
        folder: folder.path(),
        sockets: true,
        keep_mails: true,
    })?;
    for day in 0..i64::from(arguments.days) {
        for hour in HOURS {
            play.advance(from + SignedDuration::from_hours(24 * day + hour))
                .with_context(|| format!("day {day} of seed {}", arguments.seed))?;
        }
        if day % 7 == 6 {
            play.publish()?;
        }
        let counts = play.house().store.counts(&play.authority)?;
        teller.day(&play, &counts, day.unsigned_abs() + 1);
    }
    let report = Report::of(&play, from, arguments.days.into())?;
    teller.finish();
    if let Some(out) = &arguments.out {
        report::leave(&play, &report, out)?;
    }
    if !arguments.quiet {
        eprintln!("\nThe year is over.\n\n{}", report.table());
        if let Some(out) = &arguments.out {
            eprintln!("Everything that left is in {}\n", out.display());
        }
    }
    if !arguments.once {
        show_around(&play);
    }
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    }
    if !arguments.once {
        wait_for_ctrl_c()?;
    }
    Ok(())
}

/// Where one can go now.
fn show_around(play: &Play) {
    let Engine::Sockets { service, .. } = &play.engine else { return };
    let doors = &service.doors;
    println!("Walk around. The clock stands at {}.\n", play.clock.now());
    for pages in &doors.pages {
        println!("  public page      http://{}/", pages.public);
        println!(
            "  office           http://{}/   (secret: {})",
            pages.office, play.estate.member_secret
        );
    }
    println!("  senders' API     http://{}/openapi.json", doors.api);
    println!("  metrics          http://{}/metrics", doors.operator);
    println!("  ledger           {}", play.ledger_folder().display());
    println!("  mailboxes        {}", play.estate.folder.join("mail/mailboxes").display());
    if let Some((number, code)) = report::something_to_check(play) {
        println!("\nA genuine message, to check on the public page: {number}, code {code}");
    }
    println!("\nCtrl-C ends it and removes the folder.");
}

fn wait_for_ctrl_c() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { tokio::signal::ctrl_c().await })?;
    Ok(())
}

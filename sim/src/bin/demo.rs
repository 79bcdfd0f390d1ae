//! `cargo demo`: an authority, three providers, rights holders, a mail relay, a post and some
//! hundred and sixty subscribers through a legal year of virtual time, on real sockets, in a few
//! minutes; then everything stays open to walk around in.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use anyhow::Context;
use clap::Parser;
use entremise_sim::estate::PostBy;
use entremise_sim::play::{Engine, Play, Staging};
use entremise_sim::report::{self, Report};
use entremise_sim::tell::Teller;
use entremise_sim::world::Size;
use jiff::{SignedDuration, Timestamp};
use tokio::signal::unix::{SignalKind, signal};

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
    /// How letters reach the post: over its HTTP interface, or by a hand-over folder that a print
    /// shop empties.
    #[arg(long, value_enum, default_value_t = PostMode::Http)]
    post: PostMode,
    /// Say nothing on the way.
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum PostMode {
    Http,
    Folder,
}

/// Reading notices and setting letters allocate much and in many threads; see docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(&Arguments::parse_from(meant(std::env::args_os()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The alias `cargo demo` ends with the two dashes behind which a program's options stand: whoever
/// writes them again, as `cargo run` wants it, means the same.
fn meant(given: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut given = given;
    given.next().into_iter().chain(given.skip_while(|argument| argument == "--"))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let stopping = Stopping::listen()?;
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
        post_by: match arguments.post {
            PostMode::Http => PostBy::Http,
            PostMode::Folder => PostBy::Folder,
        },
    })?;
    for day in 0..i64::from(arguments.days) {
        if stopping.is_asked() {
            teller.finish();
            anyhow::bail!("stopped on day {day}; the folder is removed");
        }
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
        stopping.wait();
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

/// Whether somebody asked for the end (Ctrl-C, or the system's own signal). What was opened is
/// closed in its order, and the folder goes.
struct Stopping(Arc<(Mutex<bool>, Condvar)>);

impl Stopping {
    fn listen() -> anyhow::Result<Self> {
        let asked = Arc::new((Mutex::new(false), Condvar::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Registered before anything is opened: from here on a signal does not end the process.
        let signals = runtime.block_on(async {
            std::io::Result::Ok((
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            ))
        });
        let (mut interrupt, mut terminate) = signals?;
        let told = asked.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            *told.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            told.1.notify_all();
        })?;
        Ok(Self(asked))
    }

    fn is_asked(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_while(asked, |asked| !*asked));
    }
}

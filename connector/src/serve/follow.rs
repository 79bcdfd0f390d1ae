//! Follows the configured files: what a server appends is in the index within about a second.
//!
//! A file that was rotated away is read to its end before the new one is begun: its old name is
//! kept open until then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;

use super::http::Office;
use crate::config::{Config, Source, retention};
use crate::interval::Millis;
use crate::keys::KeyFile;
use crate::load::Loader;
use crate::read::ReadOptions;

/// How often files are looked at.
pub const PERIOD: Duration = Duration::from_millis(500);

/// The thread that follows. Dropping it without [`Follower::stop`] leaves it running.
pub struct Follower {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Reads what is there now, so that the first question finds an index.
pub fn first_index(config: &Config, keys: &KeyFile, now: Timestamp) -> anyhow::Result<()> {
    let mut loader = Loader::open(&config.index, keys)?;
    loader.read_at(now.as_millisecond());
    let sources = prepared(config, &mut loader)?;
    if read_all(&mut loader, &sources) || loader.generation() == 0 {
        loader.commit()?;
    }
    Ok(())
}

/// Starts following. Without sources there is nothing to follow, and an index that someone loads
/// by hand is still noticed.
pub fn start(
    config: &Config,
    keys: &KeyFile,
    office: Arc<Office>,
    every: Duration,
) -> anyhow::Result<Follower> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let kept = config.network.retention_days.map(retention);
    let mut follow = None;
    if !config.sources.is_empty() {
        let mut loader = Loader::open(&config.index, keys)?;
        let sources = prepared(config, &mut loader)?;
        follow = Some((loader, sources));
    }
    let thread = thread::Builder::new().name("follow".to_owned()).spawn(move || {
        // Counted by the pauses themselves: no clock is read to wait.
        let mut waited = Duration::ZERO;
        while !stopped.load(Ordering::Relaxed) {
            let mut added = false;
            if let Some((loader, sources)) = &mut follow
                && renew(loader, sources, kept, (office.clock)().as_millisecond())
            {
                added = true;
                if let Err(error) = loader.commit() {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the index could not be extended"
                    );
                }
            }
            // An index that someone loads by hand is noticed too, at the usual pace.
            if added || waited >= PERIOD {
                waited = Duration::ZERO;
                if let Err(error) = office.desk.refresh_index() {
                    tracing::error!(error = format!("{error:#}"), "the new index cannot be opened");
                }
            }
            thread::park_timeout(every);
            waited += every;
        }
    })?;
    Ok(Follower { stop, thread: Some(thread) })
}

fn prepared(config: &Config, loader: &mut Loader) -> anyhow::Result<Vec<(Source, ReadOptions)>> {
    config
        .sources
        .iter()
        .map(|source| {
            let space = source.vrf.as_deref().map_or(0, |name| loader.space(name));
            Ok((source.clone(), source.options(space)?))
        })
        .collect()
}

/// Reads what was added, and looks for what may be kept no longer. True where a commit is due.
fn renew(
    loader: &mut Loader,
    sources: &[(Source, ReadOptions)],
    kept: Option<Millis>,
    now: Millis,
) -> bool {
    loader.read_at(now);
    if let Some(kept) = kept {
        loader.keep_from(now - kept);
    }
    read_all(loader, sources) | loader.has_outlived()
}

/// Reads what was added to all files. True where something was.
fn read_all(loader: &mut Loader, sources: &[(Source, ReadOptions)]) -> bool {
    let mut added = false;
    for (source, options) in sources {
        for path in &source.files {
            match loader.follow(path, source.format, options) {
                Ok(report) => {
                    added |= report.bytes > 0;
                    for error in &report.shown {
                        tracing::warn!(
                            file = %path.display(), line = error.line, "{}", error.how
                        );
                    }
                }
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "a source cannot be read");
                }
            }
        }
    }
    added
}

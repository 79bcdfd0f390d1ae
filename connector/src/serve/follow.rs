//! Follows the configured files: what a server appends is in the index within about a second.
//!
//! A file that was rotated away is read to its end before the new one is begun: its old name is
//! kept open until then.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;

use super::http::Office;
use crate::config::{Config, Source, retention};
use crate::interval::Millis;
use crate::keys::KeyFile;
use crate::load::Loader;
use crate::read::ReadOptions;

/// How often files are looked at.
pub const PERIOD: Duration = Duration::from_millis(500);

/// What the thread that follows is told.
enum Word {
    /// Look at the files now, and say when that is done.
    Look(SyncSender<()>),
    Stop,
}

/// Makes a follower look at its files before its period is over.
#[derive(Clone)]
pub struct Bell(Sender<Word>);

/// The other end of a [`Bell`].
pub struct Rung(Receiver<Word>);

impl Bell {
    pub fn new() -> (Self, Rung) {
        let (rings, rung) = channel();
        (Self(rings), Rung(rung))
    }

    /// Comes back once everything that stood in the files at the call is in the index, and the
    /// desk answers from it. An error when that takes longer than `at_most`.
    pub fn look(&self, at_most: Duration) -> anyhow::Result<()> {
        let (done, seen) = sync_channel(1);
        self.0.send(Word::Look(done)).ok().context("nothing follows the files any more")?;
        seen.recv_timeout(at_most).context("the files were not read in time")
    }
}

/// The thread that follows. Dropping it without [`Follower::stop`] leaves it running.
pub struct Follower {
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    pub fn stop(mut self) {
        // It may have ended by itself.
        let _ = self.bell.0.send(Word::Stop);
        if let Some(thread) = self.thread.take() {
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

/// Starts following, `every` so often and when the bell is rung; what lay there before is in the
/// index already ([`first_index`]). Without sources there is nothing to follow, and an index that
/// someone loads by hand is still noticed.
pub fn start(
    config: &Config,
    keys: &KeyFile,
    office: Arc<Office>,
    every: Duration,
    (bell, rung): (Bell, Rung),
) -> anyhow::Result<Follower> {
    let mut follow = None;
    if !config.sources.is_empty() {
        let mut loader = Loader::open(&config.index, keys)?;
        let sources = prepared(config, &mut loader)?;
        let kept = config.network.retention_days.map(retention);
        follow = Some(Files { loader, sources, kept });
    }
    let thread = thread::Builder::new().name("follow".to_owned()).spawn(move || {
        // Counted by the pauses themselves: no clock is read to wait.
        let mut waited = Duration::ZERO;
        loop {
            let asked = match rung.0.recv_timeout(every) {
                Ok(Word::Look(done)) => Some(done),
                Err(RecvTimeoutError::Timeout) => None,
                Ok(Word::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            };
            waited += every;
            let added = follow.as_mut().is_some_and(|files| files.look(&office));
            // An index that someone loads by hand is noticed too, at the usual pace.
            if added || asked.is_some() || waited >= PERIOD {
                waited = Duration::ZERO;
                if let Err(error) = office.desk.refresh_index() {
                    tracing::error!(error = format!("{error:#}"), "the new index cannot be opened");
                }
            }
            if let Some(done) = asked {
                // Whoever asked may have given up.
                let _ = done.send(());
            }
        }
    })?;
    Ok(Follower { bell, thread: Some(thread) })
}

/// The files that are followed.
struct Files {
    loader: Loader,
    sources: Vec<(Source, ReadOptions)>,
    kept: Option<Millis>,
}

impl Files {
    /// Extends the index by what was added. True where it changed.
    fn look(&mut self, office: &Office) -> bool {
        let now = (office.clock)().as_millisecond();
        let due = renew(&mut self.loader, &self.sources, self.kept, now);
        if due && let Err(error) = self.loader.commit() {
            tracing::error!(error = format!("{error:#}"), "the index could not be extended");
        }
        due
    }
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

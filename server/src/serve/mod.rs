//! Opens the house: reads keys, opens the store, wires the rooms, starts listeners and workers, and
//! stops them again. The only reader of the wall clock; everything else is told what time it is.

pub mod listeners;
pub(crate) mod places;
mod rooms;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use entremise_core::id::AuthorityId;
use entremise_core::regime::embedded;
use entremise_store::{Entropy, Store, SystemEntropy};
use jiff::Timestamp;

use crate::config::Config;
use crate::house::House;
use crate::worker;
use crate::worker::observe::Observers;

pub use listeners::Doors;

/// What time it is. The service's own reads the machine's clock; the simulation gives another.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's clock.
pub fn wall_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// A house with its doors open. Dropping it stops the workers and closes the doors.
pub struct Service {
    pub house: Arc<House>,
    /// Where each door really opened.
    pub doors: Doors,
    stopping: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// Opens the store and the rooms, without doors or workers: what the command line works on.
pub fn open(config: &Config, clock: &Clock, entropy: Arc<dyn Entropy>) -> anyhow::Result<House> {
    let now = clock();
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
    let places = places::places(config);
    let keys = places::keys(config, entropy.as_ref())
        .context("the compartments' keys cannot be read or made")?;
    let regimes = embedded::ids()
        .into_iter()
        .map(|id| embedded(id).with_context(|| format!("the built-in regime {id}")))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let store = Store::open(&places, keys, regimes, entropy.clone(), now)
        .context("the store cannot be opened")?;
    let piloted: Vec<_> =
        config.authorities.iter().filter_map(|authority| authority.piloted(&config.data)).collect();
    let rooms = config
        .authorities
        .iter()
        .chain(&piloted)
        .map(|authority| {
            rooms::furnish(authority, &config.data, entropy.as_ref())
                .with_context(|| format!("authority {}", authority.id))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    rooms::register(&store, &rooms, now).context("the parties cannot be registered")?;
    let observers = Observers::read(config, entropy).context("witnesses and time stamps")?;
    Ok(House { store, rooms, ledger: config.data.join("ledger"), observers })
}

/// Opens the doors. Workers run by themselves unless whoever starts drives them (the simulation).
pub fn start(
    config: &Config,
    clock: Clock,
    entropy: Arc<dyn Entropy>,
    workers: bool,
) -> anyhow::Result<Service> {
    // A second call keeps the first provider, which is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let house = Arc::new(open(config, &clock, entropy)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the network runtime cannot be started")?;
    let doors = runtime.block_on(listeners::open(config, &house, &clock))?;
    let stopping = Arc::new(AtomicBool::new(false));
    let mut threads = Vec::new();
    if workers {
        threads.push(keep_working(house.clone(), clock, stopping.clone())?);
    }
    Ok(Service { house, doors, stopping, workers: threads, runtime: Some(runtime) })
}

/// `entremise serve`: opens the doors and stays until it is told to stop.
pub fn run(config: &Config) -> anyhow::Result<()> {
    let service = start(config, wall_clock(), Arc::new(SystemEntropy::default()), true)?;
    service.doors.announce();
    let runtime = service.runtime.as_ref().context("the runtime has stopped")?;
    runtime.block_on(async {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    })?;
    tracing::info!("stopping: work in hand is finished first");
    Ok(())
}

/// Pause between rounds that found nothing to do.
const IDLE: Duration = Duration::from_millis(200);
/// Pause after a round that met trouble.
const TROUBLED: Duration = Duration::from_secs(5);
/// Rounds of work between two publications of the ledger, at least.
const PUBLISH_EVERY: Duration = Duration::from_secs(10);

fn keep_working(
    house: Arc<House>,
    clock: Clock,
    stopping: Arc<AtomicBool>,
) -> anyhow::Result<JoinHandle<()>> {
    let work = move || {
        let mut published = None;
        while !stopping.load(Ordering::Relaxed) {
            let now = clock();
            let pause = match worker::round(&house, now) {
                Ok(round) if round.idle() => IDLE,
                Ok(_) => Duration::ZERO,
                Err(trouble) => {
                    tracing::error!(%trouble, "a round of work broke off; it is begun again");
                    TROUBLED
                }
            };
            let due = published
                .is_none_or(|at: Timestamp| now.duration_since(at).unsigned_abs() >= PUBLISH_EVERY);
            if due {
                publish(&house, now);
                published = Some(now);
            }
            std::thread::park_timeout(pause);
        }
    };
    std::thread::Builder::new()
        .name("worker".to_owned())
        .spawn(work)
        .context("the worker cannot be started")
}

/// Publishes every authority's ledger; a failure is logged and tried again at the next turn.
/// Witnesses are asked beside the work: one that is silent delays nothing.
fn publish(house: &Arc<House>, now: Timestamp) {
    for room in &house.rooms {
        let authority: &AuthorityId = &room.config.id;
        match worker::publish::ledger(house, room, now) {
            Ok(published) => worker::observe::beside(house, room, &published, now),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(%authority, error, "the ledger is not published");
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker that panicked has said so on its own.
            let _ = worker.join();
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(10));
        }
    }
}

//! The connector as a service: wires configuration, desk, TLS and the follower together, starts
//! and stops them. The only part of the library that reads the clock.

pub mod follow;
pub mod http;
mod keeper;
pub mod measures;
pub mod stop;
pub mod tls;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use jiff::Timestamp;

use self::follow::{Bell, Rung};
use self::http::Office;
use self::keeper::Keeper;
use crate::config::Config;
use crate::desk::{Desk, Setup};
use crate::keys::KeyFile;
use crate::measure::Measures;

/// How long a running answer may take after the order to stop.
const GRACE: Duration = Duration::from_secs(10);

/// What time it is. The service's own reads the machine's clock; a simulation gives another.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's clock: read nowhere else.
pub fn wall_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// A service that is bound to its port and not yet running.
pub struct Service {
    listener: TcpListener,
    tls: RustlsConfig,
    office: Arc<Office>,
    config: Config,
    keys: KeyFile,
    follow_every: Duration,
    bell: (Bell, Rung),
}

impl Service {
    /// Reads the configuration and opens everything, so that what is wrong shows at the start.
    pub fn prepare(config: Config) -> anyhow::Result<Self> {
        Self::prepare_with(config, wall_clock(), follow::PERIOD)
    }

    /// The same with another clock and another pace of looking at the files.
    pub fn prepare_with(
        config: Config,
        clock: Clock,
        follow_every: Duration,
    ) -> anyhow::Result<Self> {
        // Another installation of the same provider in the process is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let keys = KeyFile::read(&config.key_path())?;
        let tls = RustlsConfig::from_config(Arc::new(tls::server_config(&config.tls)?));
        let listener = TcpListener::bind(config.listen)
            .with_context(|| format!("binding {}", config.listen))?;
        listener.set_nonblocking(true)?;
        follow::first_index(&config, &keys, clock())?;
        let desk = Arc::new(Desk::open(Setup::of(&config)?, keys.clone())?);
        let measures = config.measures.clone();
        let office = Office {
            keeper: Keeper::start(Arc::clone(&desk))?,
            measures: measures
                .map(|measures| Measures::open(measures, &config.index, &keys))
                .transpose()?,
            desk,
            pinned: config.pinned()?,
            signing: keys.signing_key()?,
            public_url: config.public_url.trim_end_matches('/').to_owned(),
            clock,
        };
        let (office, bell) = (Arc::new(office), Bell::new());
        Ok(Self { listener, tls, office, config, keys, follow_every, bell })
    }

    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Makes the running service look at its files at once.
    pub fn bell(&self) -> Bell {
        self.bell.0.clone()
    }

    /// Answers until `handle` is told to stop.
    pub async fn run(self, handle: Handle<SocketAddr>) -> anyhow::Result<()> {
        let office = Arc::clone(&self.office);
        let follower =
            follow::start(&self.config, &self.keys, office, self.follow_every, self.bell)?;
        let measures = measures::start(Arc::clone(&self.office), measures::PERIOD)?;
        let outcome = axum_server::from_tcp_rustls(self.listener, self.tls)?
            .handle(handle)
            .serve(http::router(self.office).into_make_service())
            .await;
        follower.stop();
        measures.stop();
        outcome.context("serving")
    }
}

/// `serve`: until SIGTERM or SIGINT.
pub fn run(config_path: &Path) -> anyhow::Result<u8> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    let service = Service::prepare(Config::read(config_path)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let handle = Handle::new();
        tracing::info!(address = %service.address()?, "answering");
        tokio::spawn(stop_on_signal(handle.clone()));
        service.run(handle).await
    })?;
    Ok(0)
}

async fn stop_on_signal(handle: Handle<SocketAddr>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    handle.graceful_shutdown(Some(GRACE));
}

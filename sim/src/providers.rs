//! The providers' side: logs are appended to, followed into the connector's index, and questions
//! are answered from it. Either by the real connectors over mutual TLS, or by the same library in
//! this process, with faults on the way.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, bail};
use axum_server::Handle;
use entremise_connector::config::Config;
use entremise_connector::desk::{CallRefused, Desk, Setup};
use entremise_connector::load::Loader;
use entremise_connector::measure::Measures;
use entremise_connector::read::{Format, ReadOptions};
use entremise_connector::serve::Service;
use entremise_connector::serve::follow::Bell;
use entremise_core::identification::{Answer, Disclosure};
use entremise_server::provider::{Answering, ProviderTrouble};
use entremise_wire::measure::{MeasureAnswer, MeasureBatch, MeasureStatus, StatesAsked};
use entremise_wire::message::{DisclosureBatch, IdentificationBatch, RelayBatch, Relayed};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use crate::clock::VirtualClock;
use crate::estate::{Estate, ProviderEstate, sources};
use crate::world::network::Log;

/// Appends what a provider's machines wrote.
pub fn append(provider: &ProviderEstate, log: &Log) -> anyhow::Result<()> {
    let path = provider.log(log.file);
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .with_context(|| format!("appending to {}", path.display()))?;
    Ok(file.write_all(log.text.as_bytes())?)
}

/// A connector here looks at its logs when it is told to, and by itself as good as never: what it
/// knows when it is asked must not hang on which thread was faster.
const FOLLOW_EVERY: Duration = Duration::from_secs(86_400);
/// The longest a connector may take to have read a day's logs, before something is wrong.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(60);

/// The real connectors, each with its own index, directory, keys and socket.
pub struct Connectors {
    providers: Vec<Connector>,
}

struct Connector {
    bell: Bell,
    handle: Handle<std::net::SocketAddr>,
    thread: Option<JoinHandle<()>>,
}

impl Connectors {
    pub fn start(estate: &Estate, clock: &VirtualClock) -> anyhow::Result<Self> {
        let mut providers = Vec::new();
        for provider in &estate.providers {
            let config = Config::read(&provider.config)?;
            let service = Service::prepare_with(config, clock.reader(), FOLLOW_EVERY)
                .with_context(|| format!("the connector of {}", provider.name))?;
            let (handle, bell) = (Handle::new(), service.bell());
            let stopping = handle.clone();
            let thread = std::thread::Builder::new()
                .name(format!("connector {}", provider.name))
                .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                if let Ok(runtime) = runtime
                    && let Err(error) = runtime.block_on(service.run(stopping))
                {
                    eprintln!("a connector ended: {error:#}");
                }
            })?;
            providers.push(Connector { bell, handle, thread: Some(thread) });
        }
        Ok(Self { providers })
    }

    /// Appends logs; the connectors have them in their index when this comes back.
    pub fn write(&mut self, estate: &Estate, logs: &[(usize, Log)]) -> anyhow::Result<()> {
        for (place, log) in logs {
            append(&estate.providers[*place], log)?;
        }
        for (connector, provider) in self.providers.iter().zip(&estate.providers) {
            let name = &provider.name;
            connector
                .bell
                .look(FOLLOWED_WITHIN)
                .with_context(|| format!("the connector of {name} does not follow its logs"))?;
        }
        Ok(())
    }
}

impl Drop for Connectors {
    fn drop(&mut self) {
        for connector in &mut self.providers {
            connector.handle.shutdown();
            if let Some(thread) = connector.thread.take() {
                let _ = thread.join();
            }
        }
    }
}

/// What may go wrong between the house and a provider. Each fault is used up when it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayFault {
    LostRequest,
    LostReply,
    /// The request arrives twice.
    Doubled,
    /// The answers come in another order than the questions.
    Shuffled,
    /// One answer is missing.
    Incomplete,
}

/// A provider that answers through the connector's library, in this process.
pub struct InProcess {
    desk: Desk,
    /// None where its configuration carries no measures out.
    measures: Option<Measures>,
    loader: Mutex<Loader>,
    /// Faults of the next calls, the first first.
    pub faults: Mutex<VecDeque<WayFault>>,
    /// The same of the calls that bring orders.
    pub order_faults: Mutex<VecDeque<WayFault>>,
    /// Nothing is answered at all while this holds.
    pub silent: AtomicBool,
}

impl InProcess {
    pub fn open(provider: &ProviderEstate) -> anyhow::Result<Self> {
        let config = Config::read(&provider.config)?;
        let mut loader = Loader::open(&provider.index, &provider.keys)?;
        loader.commit()?;
        let measures = config.measures.clone();
        Ok(Self {
            desk: Desk::open(Setup::of(&config)?, provider.keys.clone())?,
            measures: measures
                .map(|measures| Measures::open(measures, &config.index, &provider.keys))
                .transpose()?,
            loader: Mutex::new(loader),
            faults: Mutex::default(),
            order_faults: Mutex::default(),
            silent: AtomicBool::new(false),
        })
    }

    /// Reads what was appended to the logs.
    pub fn follow(&self, provider: &ProviderEstate) -> anyhow::Result<()> {
        let mut loader = self.loader.lock().unwrap_or_else(|broken| broken.into_inner());
        let mut added = 0;
        for (file, format) in sources(provider.name) {
            let format = Format::ALL
                .into_iter()
                .find(|known| known.name() == *format)
                .with_context(|| format!("no format {format}"))?;
            let report = loader.follow(&provider.log(file), format, &ReadOptions::default())?;
            if report.error_count() > 0 {
                bail!("{} wrote a log that its connector cannot read", provider.name);
            }
            added += report.bytes;
        }
        if added == 0 {
            return Ok(());
        }
        loader.commit()?;
        self.desk.refresh_index()
    }

    /// Does what is due about measures at an instant, as the connector does each second.
    pub fn tick(&self, now: Timestamp) -> anyhow::Result<()> {
        self.measures.as_ref().map_or(Ok(()), |measures| measures.tick(&self.desk, now))
    }

    /// One call with whatever befalls it.
    fn call<A>(
        &self,
        faults: &Mutex<VecDeque<WayFault>>,
        mut ask: impl FnMut() -> Result<A, CallRefused>,
        disturb: impl FnOnce(A, WayFault) -> A,
    ) -> Result<A, ProviderTrouble> {
        let again = |what: &str| ProviderTrouble::Again { what: what.to_owned(), after_secs: None };
        if self.silent.load(Ordering::SeqCst) {
            return Err(again("no connection"));
        }
        let fault = faults.lock().unwrap_or_else(|broken| broken.into_inner()).pop_front();
        if fault == Some(WayFault::LostRequest) {
            return Err(again("no connection"));
        }
        if fault == Some(WayFault::Doubled) {
            ask().map_err(refused)?;
        }
        let answer = ask().map_err(refused)?;
        match fault {
            Some(WayFault::LostReply) => Err(again("the connection broke off")),
            Some(fault) => Ok(disturb(answer, fault)),
            None => Ok(answer),
        }
    }
}

fn refused(refused: CallRefused) -> ProviderTrouble {
    let after_secs = match &refused {
        CallRefused::Quota { retry_after_secs } => Some(*retry_after_secs),
        _ => None,
    };
    ProviderTrouble::Refused { what: refused.to_string(), after_secs }
}

fn disturb<T>(mut answers: Vec<T>, fault: WayFault) -> Vec<T> {
    match fault {
        WayFault::Shuffled => answers.reverse(),
        WayFault::Incomplete => drop(answers.pop()),
        _ => {}
    }
    answers
}

/// The digest that makes a batch the same batch.
fn body_digest(body: &impl serde::Serialize) -> Result<String, ProviderTrouble> {
    let bytes = serde_json::to_vec(body)
        .map_err(|error| ProviderTrouble::Untrusted { what: error.to_string() })?;
    Ok(hex::encode(digest(&SHA256, &bytes)))
}

impl Answering for InProcess {
    fn identify(
        &self,
        batch: &IdentificationBatch,
        now: Timestamp,
    ) -> Result<Vec<Answer>, ProviderTrouble> {
        let asked = body_digest(batch)?;
        self.call(
            &self.faults,
            || Ok(self.desk.identifications(batch, &asked, now)?.answers),
            disturb,
        )
    }

    fn disclose(
        &self,
        batch: &DisclosureBatch,
        now: Timestamp,
    ) -> Result<Vec<Disclosure>, ProviderTrouble> {
        let asked = body_digest(batch)?;
        self.call(
            &self.faults,
            || Ok(self.desk.disclosures(batch, &asked, now)?.disclosures),
            disturb,
        )
    }

    fn relay(&self, batch: &RelayBatch, now: Timestamp) -> Result<Vec<Relayed>, ProviderTrouble> {
        let asked = body_digest(batch)?;
        self.call(&self.faults, || Ok(self.desk.relays(batch, &asked, now)?.relays), disturb)
    }

    fn order(
        &self,
        batch: &MeasureBatch,
        now: Timestamp,
    ) -> Result<Vec<MeasureAnswer>, ProviderTrouble> {
        let asked = body_digest(batch)?;
        let Some(measures) = &self.measures else { return Err(none_carried_out()) };
        let order = || Ok(measures.receive(&self.desk, batch, &asked, now)?.answers);
        self.call(&self.order_faults, order, disturb)
    }

    fn measure_states(
        &self,
        asked: &StatesAsked,
        now: Timestamp,
    ) -> Result<Vec<MeasureStatus>, ProviderTrouble> {
        let Some(measures) = &self.measures else { return Err(none_carried_out()) };
        self.call(&self.faults, || Ok(measures.states(asked, now)?.states), disturb)
    }
}

fn none_carried_out() -> ProviderTrouble {
    let what = "it carries no measures out".to_owned();
    ProviderTrouble::Refused { what, after_secs: None }
}

/// Lets one `Arc` be both the house's provider and the simulation's handle on it.
pub struct Shared(pub Arc<InProcess>);

impl Answering for Shared {
    fn identify(
        &self,
        batch: &IdentificationBatch,
        now: Timestamp,
    ) -> Result<Vec<Answer>, ProviderTrouble> {
        self.0.identify(batch, now)
    }

    fn disclose(
        &self,
        batch: &DisclosureBatch,
        now: Timestamp,
    ) -> Result<Vec<Disclosure>, ProviderTrouble> {
        self.0.disclose(batch, now)
    }

    fn relay(&self, batch: &RelayBatch, now: Timestamp) -> Result<Vec<Relayed>, ProviderTrouble> {
        self.0.relay(batch, now)
    }

    fn order(
        &self,
        batch: &MeasureBatch,
        now: Timestamp,
    ) -> Result<Vec<MeasureAnswer>, ProviderTrouble> {
        self.0.order(batch, now)
    }

    fn measure_states(
        &self,
        asked: &StatesAsked,
        now: Timestamp,
    ) -> Result<Vec<MeasureStatus>, ProviderTrouble> {
        self.0.measure_states(asked, now)
    }
}

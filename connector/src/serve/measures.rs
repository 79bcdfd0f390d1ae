//! Does what is due about measures, once a second, by this machine's clock: a measure ends whether
//! an authority is there or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::http::Office;

/// How often it is seen what is due.
pub const PERIOD: Duration = Duration::from_secs(1);

/// The thread that ticks. Dropping it without [`Ticker::stop`] leaves it running.
pub struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Starts ticking, at once: something may have come to its end while nothing ran.
pub fn start(office: Arc<Office>, every: Duration) -> std::io::Result<Ticker> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    if office.measures.is_none() {
        return Ok(Ticker { stop, thread: None });
    }
    let thread = thread::Builder::new().name("measures".to_owned()).spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            if let Some(measures) = &office.measures
                && let Err(error) = measures.tick(&office.desk, (office.clock)())
            {
                tracing::error!(error = format!("{error:#}"), "measures could not be looked at");
            }
            thread::park_timeout(every);
        }
    })?;
    Ok(Ticker { stop, thread: Some(thread) })
}

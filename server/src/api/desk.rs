//! Where sendings wait to be read and stored. Small ones that come at the same time are taken
//! together: one thread, the clerk, reads them all, and the store flushes once for all.
//!
//! Knows no HTTP.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use entremise_core::id::{AuthorityId, PartyId};
use entremise_store::BatchReport;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::problem::Problem;
use crate::house::House;
use crate::intake::{self, Channel, NotTaken, Prepared, Sending};

/// The largest sending that others wait for, bytes: larger ones are read each in a thread of its
/// own.
const SMALL_BYTES: usize = 32 * 1024;
/// Small sendings taken together: nobody waits long for others.
const TOGETHER: usize = 256;
/// How long the clerk looks out for as many as were there the last time. Whoever was answered sends
/// the next one now; taking the first of them alone would cost all others a flush more.
const LOOKOUT: Duration = Duration::from_millis(1);

/// One sending, as it came through the door.
pub(super) struct Letter {
    pub authority: AuthorityId,
    pub sender: PartyId,
    pub bytes: Bytes,
    pub idempotency_key: Option<String>,
    pub jws: Option<String>,
    pub at: Timestamp,
}

type Answer = Result<BatchReport, Problem>;

/// Who waits for a report, and the place that it takes in the room for intakes.
struct Asker {
    answer: oneshot::Sender<Answer>,
    _permit: OwnedSemaphorePermit,
}

type Waiting = (Letter, Asker);

/// Where small sendings wait.
#[derive(Default)]
pub(crate) struct Desk {
    line: Mutex<Line>,
    /// As many wait as the clerk looks out for.
    enough: Condvar,
}

#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    is_manned: bool,
    /// How many the clerk looks out for.
    wanted: usize,
}

impl Desk {
    /// Has a sending read and stored, and waits for its report.
    pub(super) async fn take(
        self: &Arc<Self>,
        house: &Arc<House>,
        letter: Letter,
        permit: OwnedSemaphorePermit,
    ) -> Answer {
        let (answer, told) = oneshot::channel();
        let is_small = letter.bytes.len() <= SMALL_BYTES;
        let waiting = (letter, Asker { answer, _permit: permit });
        let house = Arc::clone(house);
        if !is_small {
            tokio::task::spawn_blocking(move || serve(&house, vec![waiting]));
        } else if self.put(waiting) {
            let desk = Arc::clone(self);
            tokio::task::spawn_blocking(move || {
                let mut before = 0;
                while let Some(together) = desk.next(before) {
                    before = together.len();
                    serve(&house, together);
                }
            });
        }
        // Who was to answer panicked, or the house closes.
        told.await.unwrap_or_else(|_| Err(Problem::busy()))
    }

    /// Puts a sending into the line; whether there is no clerk yet.
    fn put(&self, waiting: Waiting) -> bool {
        let mut line = self.line();
        line.waiting.push(waiting);
        if line.waiting.len() == line.wanted {
            self.enough.notify_one();
        }
        !std::mem::replace(&mut line.is_manned, true)
    }

    /// Those who are taken together next. None where nobody waits: then the clerk leaves.
    fn next(&self, before: usize) -> Option<Vec<Waiting>> {
        let mut line = self.line();
        line.wanted = before;
        let (mut line, _) = self
            .enough
            .wait_timeout_while(line, LOOKOUT, |line| line.waiting.len() < before)
            .unwrap_or_else(PoisonError::into_inner);
        line.wanted = 0;
        line.is_manned = !line.waiting.is_empty();
        let together = line.waiting.len().min(TOGETHER);
        line.is_manned.then(|| line.waiting.drain(..together).collect())
    }

    /// A panic in another thread has left nothing half done behind this lock.
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads and stores sendings, and answers each. Where it panics, the answers that are left break
/// off, and whoever serves goes on.
fn serve(house: &Arc<House>, together: Vec<Waiting>) {
    let served = catch_unwind(AssertUnwindSafe(|| {
        let (mut batches, mut askers) = (Vec::new(), Vec::new());
        for (prepared, asker) in read(house, together) {
            match prepared {
                Ok(Prepared::Batch(batch)) => {
                    batches.push(batch);
                    askers.push(asker);
                }
                // Kept with flushes of its own, for which nobody else has to wait.
                Ok(Prepared::Unreadable(raw, why)) => {
                    let house = Arc::clone(house);
                    tokio::task::spawn_blocking(move || {
                        asker.tell(Err(intake::set_aside(&house.store, raw, why).into()));
                    });
                }
                Err(problem) => asker.tell(Err(problem)),
            }
        }
        let reports = house.store.intake_many(batches);
        for (asker, report) in askers.into_iter().zip(reports) {
            asker.tell(report.map_err(|error| NotTaken::from(error).into()));
        }
    }));
    if served.is_err() {
        tracing::error!("the thread that stored sendings panicked");
    }
}

impl Asker {
    fn tell(self, answer: Answer) {
        // Who asked may have gone.
        let _ = self.answer.send(answer);
    }
}

/// Reads and screens each. One that makes the reader panic costs the others nothing.
fn read(
    house: &House,
    together: Vec<Waiting>,
) -> impl Iterator<Item = (Result<Prepared, Problem>, Asker)> {
    let parties = together.iter().map(|(letter, _)| (&letter.authority, &letter.sender));
    let stopped = house.store.why_stopped(parties).map_err(Problem::from);
    together.into_iter().enumerate().map(move |(place, (letter, asker))| {
        let stopped = match &stopped {
            Ok(stopped) => Ok(stopped.get(place).cloned().flatten()),
            Err(problem) => Err(problem.clone()),
        };
        let read = || prepare(house, letter, stopped?);
        let prepared = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
            tracing::error!("the reader of a sending panicked");
            Err(Problem::busy())
        });
        (prepared, asker)
    })
}

fn prepare(house: &House, letter: Letter, stopped: Option<String>) -> Result<Prepared, Problem> {
    let room = house.room(&letter.authority).ok_or_else(Problem::unauthorised)?;
    let sender = room.sender(&letter.sender).ok_or_else(Problem::unauthorised)?;
    let sending = Sending {
        channel: Channel::Http,
        bytes: letter.bytes.into(),
        idempotency_key: letter.idempotency_key,
        jws: letter.jws.as_deref(),
        received_at: letter.at,
    };
    Ok(intake::prepare(&house.store, room, sender, sending, stopped)?)
}

//! Where sendings wait to be read and stored. Small ones that come at the same time are taken
//! together: one thread reads them all, and the store flushes once for all.
//!
//! Knows no HTTP.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use entremise_core::id::{AuthorityId, PartyId};
use entremise_store::{BatchReport, IncomingBatch};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::problem::Problem;
use crate::house::House;
use crate::intake::{self, Channel, NotTaken, Sending};

/// The largest sending that others wait for, bytes: larger ones are read each in a thread of its
/// own.
const SMALL_BYTES: usize = 32 * 1024;
/// Threads that read small sendings: one reads while the other waits for the disk.
const CLERKS: usize = 2;
/// Small sendings taken together: nobody waits long for others.
const TOGETHER: usize = 128;

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

/// The small sendings that wait, and how many threads read.
#[derive(Default)]
pub(crate) struct Desk(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    clerks: usize,
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
                while let Some(together) = desk.next() {
                    serve(&house, together);
                }
            });
        }
        // Who was to answer panicked, or the house closes.
        told.await.unwrap_or_else(|_| Err(Problem::busy()))
    }

    /// Puts a sending into the line; whether one more clerk is needed.
    fn put(&self, waiting: Waiting) -> bool {
        let mut line = self.line();
        line.waiting.push(waiting);
        let is_needed = line.clerks < CLERKS;
        line.clerks += usize::from(is_needed);
        is_needed
    }

    /// Those who are taken together next. None where nobody waits: then the clerk leaves.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut line = self.line();
        if line.waiting.is_empty() {
            line.clerks -= 1;
            return None;
        }
        let together = line.waiting.len().min(TOGETHER);
        Some(line.waiting.drain(..together).collect())
    }

    /// A panic in another thread has left nothing half done behind this lock.
    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads and stores sendings, and answers each. Where it panics, the answers that are left break
/// off, and whoever serves goes on.
fn serve(house: &House, together: Vec<Waiting>) {
    let served = catch_unwind(AssertUnwindSafe(|| {
        let (mut batches, mut askers) = (Vec::new(), Vec::new());
        for (prepared, asker) in read(house, together) {
            match prepared {
                Ok(batch) => {
                    batches.push(batch);
                    askers.push(asker);
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
) -> impl Iterator<Item = (Result<IncomingBatch, Problem>, Asker)> {
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

fn prepare(
    house: &House,
    letter: Letter,
    stopped: Option<String>,
) -> Result<IncomingBatch, Problem> {
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

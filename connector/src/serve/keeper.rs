//! One thread keeps the answers of all calls: whatever was answered while it flushed goes with the
//! next flush. A call waits for its own without holding a thread.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use anyhow::Context;
use tokio::sync::oneshot;

use crate::desk::{Desk, Unkept};

/// Calls that are kept together at most: what is written at once stays small.
const TOGETHER_MAX: usize = 1_000;

/// A call, and who waits for it.
struct Waiting {
    unkept: Unkept,
    kept: oneshot::Sender<bool>,
}

/// Ends, and has kept everything, when it is dropped.
pub struct Keeper {
    sender: Option<Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub fn start(desk: Arc<Desk>) -> anyhow::Result<Self> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || keep(&desk, &receiver))
            .context("starting the thread that keeps answers")?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Waits until a call is on the disk. False where it is not: the answer must not leave.
    pub async fn kept(&self, unkept: Unkept) -> bool {
        let (kept, hears) = oneshot::channel();
        let Some(sender) = &self.sender else { return false };
        sender.send(Waiting { unkept, kept }).is_ok() && hears.await.unwrap_or(false)
    }
}

fn keep(desk: &Desk, receiver: &Receiver<Waiting>) {
    while let Ok(first) = receiver.recv() {
        let more = receiver.try_iter().take(TOGETHER_MAX - 1);
        let (calls, waiting): (Vec<Unkept>, Vec<oneshot::Sender<bool>>) =
            std::iter::once(first).chain(more).map(|one| (one.unkept, one.kept)).unzip();
        let kept = desk.keep(&calls);
        if let Err(error) = &kept {
            tracing::error!(error = format!("{error:#}"), "answers could not be kept");
        }
        // The calls have ended before anybody is told so.
        drop(calls);
        for one in waiting {
            // Who hung up asks again, and gets the same answer.
            let _ = one.send(kept.is_ok());
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it was told to those who waited.
            let _ = thread.join();
        }
    }
}

//! Threads that stay: each does one piece of work after the other. Starting a thread for each
//! transaction would cost a single notice more than writing it.
//!
//! Knows nothing of what is done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use crate::trouble::Trouble;

type Work = Box<dyn FnOnce() + Send>;

/// One such thread. Ends, its work done, when this is dropped.
pub(crate) struct Hand {
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

/// What will come of a piece of work.
pub(crate) struct Promise<T>(Receiver<T>);

impl Hand {
    pub fn new(name: &str) -> Result<Self, Trouble> {
        let (work, given) = channel::<Work>();
        let thread = Builder::new()
            .name(name.to_owned())
            .spawn(move || given.into_iter().for_each(|work| work()))
            .map_err(|error| Trouble::again_from("a thread of the store cannot start", error))?;
        Ok(Self { work: Some(work), thread: Some(thread) })
    }

    /// Has work done after what was given before. A panic of the work breaks its promise, and
    /// leaves the thread for what comes next.
    pub fn give<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Promise<T> {
        let (tell, told) = channel();
        let work = move || {
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                // Who asked may have given up.
                let _ = tell.send(done);
            }
        };
        if let Some(hand) = &self.work {
            // A thread that is gone drops the work, and the promise breaks.
            let _ = hand.send(Box::new(work));
        }
        Promise(told)
    }
}

impl<T> Promise<T> {
    /// Waits for the work's end. None where it panicked.
    pub fn kept(self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl Drop for Hand {
    /// Waits: whoever lets a store go may open its databases anew.
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_one_piece_of_work_leaves_the_thread_for_the_next() {
        let hand = Hand::new("test").unwrap();
        let broken = hand.give(|| -> u32 { panic!("as a test") });
        let kept = hand.give(|| 2);
        assert_eq!(broken.kept(), None);
        assert_eq!(kept.kept(), Some(2));
    }

    #[test]
    fn what_was_given_is_done_before_the_hand_is_let_go() {
        let (tell, told) = channel();
        let hand = Hand::new("test").unwrap();
        drop(hand.give(move || tell.send(1)));
        drop(hand);
        assert_eq!(told.try_recv(), Ok(1));
    }
}

//! Who is at work: calls side by side, or the one who erases, alone.
//!
//! A call's place may be handed to another thread, which a lock's guard may not: the answer is kept
//! by the thread that flushes, and only then has the call ended.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Default)]
pub struct Calls(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    at_work: usize,
    /// Somebody erases or waits to: no call begins.
    is_closed: bool,
}

/// One call, until it is dropped.
pub struct AtWork(Arc<Inner>);

/// The one who erases, until it is dropped.
pub struct Alone(Arc<Inner>);

impl Calls {
    /// Begins a call; waits while somebody erases.
    pub fn begin(&self) -> AtWork {
        let mut state = self.0.when(|state| !state.is_closed);
        state.at_work += 1;
        drop(state);
        AtWork(Arc::clone(&self.0))
    }

    /// Waits until every call has ended, and holds back new ones.
    pub fn alone(&self) -> Alone {
        self.0.when(|state| !state.is_closed).is_closed = true;
        drop(self.0.when(|state| state.at_work == 0));
        Alone(Arc::clone(&self.0))
    }
}

impl Inner {
    fn when(&self, is_so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.lock();
        self.changed
            .wait_while(state, |state| !is_so(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.at_work -= 1;
        if state.at_work == 0 {
            self.0.changed.notify_all();
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.0.lock().is_closed = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_erases_waits_for_every_call_and_holds_back_the_next() {
        let calls = Calls::default();
        let (first, second) = (calls.begin(), calls.begin());
        let (told, hears) = std::sync::mpsc::channel();
        let erases = {
            let (calls, told) = (calls.clone(), told.clone());
            std::thread::spawn(move || {
                let alone = calls.alone();
                told.send("erased").unwrap();
                drop(alone);
            })
        };
        while !calls.0.lock().is_closed {
            std::thread::yield_now();
        }
        let next = {
            let calls = calls.clone();
            std::thread::spawn(move || {
                let _at_work = calls.begin();
                told.send("called").unwrap();
            })
        };
        drop(first);
        assert!(hears.try_recv().is_err(), "a call is still at work");
        // The call ends in another thread than it began in.
        std::thread::spawn(move || drop(second)).join().unwrap();
        assert_eq!(hears.recv().unwrap(), "erased");
        assert_eq!(hears.recv().unwrap(), "called");
        erases.join().unwrap();
        next.join().unwrap();
    }
}

//! Those who come at the same time are served together: one transaction, and one sync of the disk,
//! answers all who wait. Whoever comes to a free gate takes in everybody who stands before it.
//!
//! Knows neither what is asked nor what a transaction is.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::trouble::Trouble;

/// Where those who ask `Q` wait for their `A`.
pub(crate) struct Gate<Q, A> {
    line: Mutex<Line<Q, A>>,
    served: Condvar,
}

struct Line<Q, A> {
    waiting: VecDeque<Arc<Waiting<Q, A>>>,
    /// Somebody is serving a group.
    is_busy: bool,
}

struct Waiting<Q, A> {
    asked: Q,
    weight: usize,
    answer: Mutex<Option<Result<A, Trouble>>>,
}

impl<Q, A> Default for Gate<Q, A> {
    fn default() -> Self {
        let line = Line { waiting: VecDeque::new(), is_busy: false };
        Self { line: Mutex::new(line), served: Condvar::new() }
    }
}

impl<Q, A> Gate<Q, A> {
    /// Asks, and waits for the answer. At most `most` of weight are served at once, unless a single
    /// one weighs more: nobody waits long for others.
    ///
    /// `serve` answers a group in its order, all or none. Where it cannot, each is tried alone: one
    /// who cannot be served must not hold up the others.
    pub fn pass(
        &self,
        asked: Q,
        weight: usize,
        most: usize,
        serve: impl Fn(&[&Q]) -> Result<Vec<A>, Trouble>,
    ) -> Result<A, Trouble> {
        let mine = Arc::new(Waiting { asked, weight, answer: Mutex::new(None) });
        let mut line = lock(&self.line);
        line.waiting.push_back(Arc::clone(&mine));
        loop {
            if let Some(answer) = lock(&mine.answer).take() {
                return answer;
            }
            if line.is_busy {
                line = self.served.wait(line).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let group = line.next_group(most);
            if group.is_empty() {
                return Err(Trouble::never("what was asked was lost when another's work panicked"));
            }
            line.is_busy = true;
            drop(line);
            let done = Done(self);
            answer_all(&group, &serve);
            drop(done);
            line = lock(&self.line);
        }
    }
}

/// Opens the gate again however the serving ended, a panic included.
struct Done<'g, Q, A>(&'g Gate<Q, A>);

impl<Q, A> Drop for Done<'_, Q, A> {
    fn drop(&mut self) {
        lock(&self.0.line).is_busy = false;
        self.0.served.notify_all();
    }
}

impl<Q, A> Line<Q, A> {
    fn next_group(&mut self, most: usize) -> Vec<Arc<Waiting<Q, A>>> {
        let mut group: Vec<Arc<Waiting<Q, A>>> = Vec::new();
        let mut weight = 0;
        while let Some(next) = self.waiting.front() {
            weight += next.weight;
            if !group.is_empty() && weight > most {
                break;
            }
            group.extend(self.waiting.pop_front());
        }
        group
    }
}

fn answer_all<Q, A>(
    group: &[Arc<Waiting<Q, A>>],
    serve: &impl Fn(&[&Q]) -> Result<Vec<A>, Trouble>,
) {
    let asked: Vec<&Q> = group.iter().map(|waiting| &waiting.asked).collect();
    match (serve(&asked), group) {
        (Ok(answers), _) => {
            for (waiting, answer) in group.iter().zip(answers) {
                *lock(&waiting.answer) = Some(Ok(answer));
            }
        }
        (Err(trouble), [alone]) => *lock(&alone.answer) = Some(Err(trouble)),
        (Err(_), _) => group.iter().for_each(|one| answer_all(std::slice::from_ref(one), serve)),
    }
}

/// A panic in another thread has left nothing half done behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_one_lets_the_next_through() {
        let gate = Gate::<u32, u32>::default();
        let twice = |asked: &[&u32]| Ok(asked.iter().map(|number| *number * 2).collect());
        let dying = std::panic::AssertUnwindSafe(|| gate.pass(1, 1, 9, |_| panic!("as a test")));
        assert!(std::panic::catch_unwind(dying).is_err());
        assert_eq!(gate.pass(2, 1, 9, twice).unwrap(), 4);
    }
}

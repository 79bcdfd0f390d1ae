//! Those who come at the same time are served together: one transaction, and one sync of the disk,
//! answers all who wait. Whoever comes to a free gate takes in everybody who stands before it.
//!
//! Knows neither what is asked nor what a transaction is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::trouble::Trouble;

/// Where those who ask `Q` wait for their `A`.
pub(crate) struct Gate<Q, A> {
    waiting: Mutex<VecDeque<Arc<Waiting<Q, A>>>>,
    turn: Mutex<()>,
}

struct Waiting<Q, A> {
    asked: Q,
    weight: usize,
    answer: Mutex<Option<Result<A, Trouble>>>,
}

impl<Q, A> Default for Gate<Q, A> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: Mutex::default() }
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
        lock(&self.waiting).push_back(Arc::clone(&mine));
        loop {
            let _turn = lock(&self.turn);
            if let Some(answer) = lock(&mine.answer).take() {
                return answer;
            }
            let group = self.next_group(most);
            if group.is_empty() {
                return Err(Trouble::never("what was asked was lost when another's work panicked"));
            }
            answer_all(&group, &serve);
        }
    }

    fn next_group(&self, most: usize) -> Vec<Arc<Waiting<Q, A>>> {
        let mut waiting = lock(&self.waiting);
        let mut group: Vec<Arc<Waiting<Q, A>>> = Vec::new();
        let mut weight = 0;
        while let Some(next) = waiting.front() {
            weight += next.weight;
            if !group.is_empty() && weight > most {
                break;
            }
            group.extend(waiting.pop_front());
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

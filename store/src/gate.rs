//! Those who come at the same time are served together: one transaction, and one sync of the disk,
//! answers all who wait. Whoever comes to a free gate takes in everybody who stands before it.
//!
//! Knows neither what is asked nor what a transaction is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use crate::trouble::Trouble;

/// Where those who ask `Q` wait for their `A`.
pub(crate) struct Gate<Q, A> {
    line: Mutex<Line<Q, A>>,
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
    /// Who sleeps until there is an answer, or until it is its turn to serve.
    asker: Thread,
}

impl<Q, A> Default for Gate<Q, A> {
    fn default() -> Self {
        Self { line: Mutex::new(Line { waiting: VecDeque::new(), is_busy: false }) }
    }
}

impl<Q, A> Gate<Q, A> {
    /// Asks, and waits for the answer: what `pass_many` does, for one.
    pub fn pass(
        &self,
        asked: Q,
        weight: usize,
        most: usize,
        serve: impl Fn(&[&Q]) -> Result<Vec<A>, Trouble>,
    ) -> Result<A, Trouble> {
        let answer = self.pass_many(vec![(asked, weight)], most, serve).pop();
        answer.unwrap_or_else(|| Err(Trouble::never("a question was left without its answer")))
    }

    /// Asks, each with its weight, and waits for all answers, which stand in the same order. At
    /// most `most` of weight are served at once, unless a single one weighs more: nobody waits long
    /// for others.
    ///
    /// `serve` answers a group in its order, all or none. Where it cannot, each is tried alone: one
    /// who cannot be served must not hold up the others.
    pub fn pass_many(
        &self,
        asked: Vec<(Q, usize)>,
        most: usize,
        serve: impl Fn(&[&Q]) -> Result<Vec<A>, Trouble>,
    ) -> Vec<Result<A, Trouble>> {
        let ask = |(asked, weight)| {
            Arc::new(Waiting { asked, weight, answer: Mutex::new(None), asker: thread::current() })
        };
        let mine: Vec<Arc<Waiting<Q, A>>> = asked.into_iter().map(ask).collect();
        lock(&self.line).waiting.extend(mine.iter().cloned());
        // The last is answered last.
        while mine.iter().rev().any(|one| lock(&one.answer).is_none()) {
            let next = lock(&self.line).next_group(most);
            match next {
                Some(group) => {
                    let served = Served { gate: self, group: &group };
                    answer_all(&group, &serve);
                    drop(served);
                }
                // Whoever serves wakes us, even when that was before we fell asleep.
                None => thread::park(),
            }
        }
        mine.iter().filter_map(|one| lock(&one.answer).take()).collect()
    }
}

/// However the serving ended, a panic included: wakes those who have their answer, and then opens
/// the gate again and wakes one who serves next. In this order, those who ask again at once come
/// together, and not each with a flush of its own.
struct Served<'g, Q, A> {
    gate: &'g Gate<Q, A>,
    group: &'g [Arc<Waiting<Q, A>>],
}

impl<Q, A> Drop for Served<'_, Q, A> {
    fn drop(&mut self) {
        for one in self.group {
            lock(&one.answer).get_or_insert_with(|| {
                Err(Trouble::never("what was asked was lost when another's work panicked"))
            });
            one.asker.unpark();
        }
        let mut line = lock(&self.gate.line);
        line.is_busy = false;
        if let Some(next) = line.waiting.front() {
            next.asker.unpark();
        }
    }
}

impl<Q, A> Line<Q, A> {
    /// Whom to serve now; none while somebody else is serving, or where nobody waits.
    fn next_group(&mut self, most: usize) -> Option<Vec<Arc<Waiting<Q, A>>>> {
        if self.is_busy {
            return None;
        }
        let mut group: Vec<Arc<Waiting<Q, A>>> = Vec::new();
        let mut weight = 0;
        while let Some(next) = self.waiting.front() {
            weight += next.weight;
            if !group.is_empty() && weight > most {
                break;
            }
            group.extend(self.waiting.pop_front());
        }
        self.is_busy = !group.is_empty();
        self.is_busy.then_some(group)
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

    fn twice(asked: &[&u32]) -> Result<Vec<u32>, Trouble> {
        Ok(asked.iter().map(|number| *number * 2).collect())
    }

    #[test]
    fn a_panic_of_one_lets_the_next_through() {
        let gate = Gate::<u32, u32>::default();
        let dying = std::panic::AssertUnwindSafe(|| gate.pass(1, 1, 9, |_| panic!("as a test")));
        assert!(std::panic::catch_unwind(dying).is_err());
        assert_eq!(gate.pass(2, 1, 9, twice).unwrap(), 4);
    }

    #[test]
    fn many_are_answered_in_their_order_however_they_are_grouped() {
        let gate = Gate::<u32, u32>::default();
        let many = (0..10).map(|number| (number, 2)).collect();
        let answers = gate.pass_many(many, 5, |asked| {
            assert!(asked.len() <= 2);
            twice(asked)
        });
        let answers: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (0..10).map(|number| number * 2).collect::<Vec<_>>());
        assert!(gate.pass_many(Vec::new(), 5, twice).is_empty());
    }

    #[test]
    fn one_who_cannot_be_served_does_not_hold_up_the_others() {
        let gate = Gate::<u32, u32>::default();
        let odd = |asked: &[&u32]| match asked.iter().all(|number| *number % 2 == 1) {
            true => twice(asked),
            false => Err(Trouble::never("an even number")),
        };
        let answers = gate.pass_many(vec![(1, 1), (2, 1), (3, 1)], 9, odd);
        let answers: Vec<Option<u32>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(2), None, Some(6)]);
    }

    #[test]
    fn all_who_come_at_once_are_answered() {
        let gate = Gate::<u32, u32>::default();
        std::thread::scope(|threads| {
            for asker in 0..8 {
                let gate = &gate;
                threads.spawn(move || {
                    for number in 0..500 {
                        let asked = asker * 1_000 + number;
                        assert_eq!(gate.pass(asked, 1, 3, twice).unwrap(), asked * 2);
                    }
                });
            }
        });
    }
}

//! Those who wait to change the archive share a round: what one of them would sync for itself, one syncs
//! for all.
//!
//! The one that comes while nobody leads takes all that waits, its own work among it, and leads; the others
//! sleep until their answers are there. Nobody waits for company: a round is as large as what came
//! during the one before.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Events of a round. More would hold more in memory, fewer would sync more often.
pub(crate) const ROUND: usize = 256;

/// Work that waits, and answers that wait to be fetched.
#[derive(Debug)]
pub(crate) struct Rounds<W, A> {
    state: Mutex<State<W, A>>,
    turned: Condvar,
    /// The weight that one round has at most; one work may have more.
    most: usize,
}

#[derive(Debug)]
struct State<W, A> {
    next: u64,
    waiting: VecDeque<(u64, usize, W)>,
    /// Nothing in the place of an answer: who led did not come to an end.
    answered: HashMap<u64, Option<A>>,
    is_led: bool,
}

impl<W, A> Rounds<W, A> {
    pub(crate) fn new(most: usize) -> Self {
        let state =
            State { next: 0, waiting: VecDeque::new(), answered: HashMap::new(), is_led: false };
        Self { state: Mutex::new(state), turned: Condvar::new(), most }
    }

    fn state(&self) -> MutexGuard<'_, State<W, A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands work in and gives its answer. `lead` is given all works of a round and gives their answers, in
    /// their order. `None` when the round came to no end.
    pub(crate) fn join(
        &self,
        work: W,
        weight: usize,
        lead: impl Fn(Vec<W>) -> Vec<A>,
    ) -> Option<A> {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.waiting.push_back((number, weight, work));
        loop {
            if let Some(answer) = state.answered.remove(&number) {
                return answer;
            }
            if state.is_led {
                state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (numbers, works) = self.taken(&mut state);
            state.is_led = true;
            drop(state);
            // Those who wait get no answer, but they do not wait for ever, if `lead` panics.
            let mut led = Led { rounds: self, numbers, answers: Vec::new() };
            led.answers = lead(works);
            drop(led);
            state = self.state();
        }
    }

    fn taken(&self, state: &mut State<W, A>) -> (Vec<u64>, Vec<W>) {
        let (mut numbers, mut works, mut sum) = (Vec::new(), Vec::new(), 0);
        while let Some((_, weight, _)) = state.waiting.front()
            && (works.is_empty() || sum + weight <= self.most)
        {
            sum += weight;
            if let Some((number, _, work)) = state.waiting.pop_front() {
                numbers.push(number);
                works.push(work);
            }
        }
        (numbers, works)
    }
}

/// A round that is led; when it goes, answers are there.
struct Led<'r, W, A> {
    rounds: &'r Rounds<W, A>,
    numbers: Vec<u64>,
    answers: Vec<A>,
}

impl<W, A> Drop for Led<'_, W, A> {
    fn drop(&mut self) {
        let mut state = self.rounds.state();
        state.is_led = false;
        let mut answers = std::mem::take(&mut self.answers).into_iter();
        state.answered.extend(self.numbers.iter().map(|number| (*number, answers.next())));
        drop(state);
        self.rounds.turned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn everyone_gets_its_own_answer_in_fewer_rounds_than_there_are_works() {
        let rounds = Rounds::new(8);
        let (led, together) = (AtomicUsize::new(0), Barrier::new(40));
        thread::scope(|scope| {
            for work in 0..40_u64 {
                let (rounds, led, together) = (&rounds, &led, &together);
                scope.spawn(move || {
                    together.wait();
                    let answer = rounds.join(work, 1, |works| {
                        assert!(works.len() <= 8, "{works:?}");
                        led.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(Duration::from_millis(2));
                        works.into_iter().map(|work| work * work).collect()
                    });
                    assert_eq!(answer, Some(work * work));
                });
            }
        });
        assert!((5..40).contains(&led.into_inner()));
        let state = rounds.state();
        assert!(state.waiting.is_empty() && state.answered.is_empty() && !state.is_led);
    }

    #[test]
    fn what_is_heavier_than_a_round_is_a_round_of_its_own() {
        let rounds = Rounds::new(4);
        assert_eq!(rounds.join((), 9, |works| vec![works.len()]), Some(1));
    }

    #[test]
    fn a_round_that_panics_holds_up_nobody() {
        let rounds: Rounds<bool, ()> = Rounds::new(8);
        let (inside, behind) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            let panics = scope.spawn(|| {
                rounds.join(true, 1, |_| {
                    inside.wait();
                    behind.wait();
                    panic!("on purpose")
                })
            });
            inside.wait();
            let later =
                scope.spawn(|| rounds.join(false, 1, |works| works.iter().map(|_| ()).collect()));
            behind.wait();
            assert!(panics.join().is_err());
            assert_eq!(later.join().unwrap(), Some(()));
        });
    }

    #[test]
    fn who_led_for_others_without_an_end_leaves_them_nothing() {
        let rounds: Rounds<(), ()> = Rounds::new(8);
        assert_eq!(rounds.join((), 1, |_| Vec::new()), None);
    }
}

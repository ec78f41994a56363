//! Those who wait to change the archive share a round: what one of them would sync for itself, one syncs
//! for all.
//!
//! The one that comes while nobody leads takes all that waits, its own work among it, and leads; the others
//! sleep until their answers are there. Nobody waits for company: a round is as large as what came
//! during the one before.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

/// Events of a round. More would hold more in memory, fewer would sync more often.
pub(crate) const ROUND: usize = 256;

/// Work that waits, and answers that wait to be fetched.
#[derive(Debug)]
pub(crate) struct Rounds<W, A> {
    state: Mutex<State<W, A>>,
    /// The weight that one round has at most; one work may have more.
    most: usize,
}

#[derive(Debug)]
struct State<W, A> {
    next: u64,
    waiting: VecDeque<Waiting<W>>,
    /// Nothing in the place of an answer: who led did not come to an end.
    answered: HashMap<u64, Option<A>>,
    is_led: bool,
}

#[derive(Debug)]
struct Waiting<W> {
    number: u64,
    weight: usize,
    work: W,
    /// Who sleeps until its answer is there, or until it leads. All others sleep on.
    thread: Thread,
}

impl<W, A> Rounds<W, A> {
    pub(crate) fn new(most: usize) -> Self {
        let state =
            State { next: 0, waiting: VecDeque::new(), answered: HashMap::new(), is_led: false };
        Self { state: Mutex::new(state), most }
    }

    fn state(&self) -> MutexGuard<'_, State<W, A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands works in, each with its weight, and gives their answers. `lead` is given all works of a round
    /// and gives their answers, in their order. `None` when the round of a work came to no end.
    pub(crate) fn join(
        &self,
        works: Vec<(W, usize)>,
        lead: impl Fn(Vec<W>) -> Vec<A>,
    ) -> Vec<Option<A>> {
        let mut state = self.state();
        let first = state.next;
        state.next += works.len() as u64;
        let numbers = first..state.next;
        state.waiting.extend(numbers.clone().zip(works).map(|(number, (work, weight))| {
            let thread = thread::current();
            Waiting { number, weight, work, thread }
        }));
        loop {
            if numbers.clone().all(|number| state.answered.contains_key(&number)) {
                return numbers.map(|number| state.answered.remove(&number).flatten()).collect();
            }
            if state.is_led {
                drop(state);
                thread::park();
                state = self.state();
                continue;
            }
            let (of, works) = self.taken(&mut state);
            state.is_led = true;
            drop(state);
            // Those who wait get no answer, but they do not wait for ever, if `lead` panics.
            let mut led = Led { rounds: self, of, answers: Vec::new() };
            led.answers = lead(works);
            drop(led);
            state = self.state();
        }
    }

    fn taken(&self, state: &mut State<W, A>) -> (Vec<(u64, Thread)>, Vec<W>) {
        let (mut of, mut works, mut sum) = (Vec::new(), Vec::new(), 0);
        while let Some(next) = state.waiting.front()
            && (works.is_empty() || sum + next.weight <= self.most)
        {
            sum += next.weight;
            if let Some(Waiting { number, work, thread, .. }) = state.waiting.pop_front() {
                of.push((number, thread));
                works.push(work);
            }
        }
        (of, works)
    }
}

/// A round that is led; when it goes, answers are there.
struct Led<'r, W, A> {
    rounds: &'r Rounds<W, A>,
    of: Vec<(u64, Thread)>,
    answers: Vec<A>,
}

impl<W, A> Drop for Led<'_, W, A> {
    fn drop(&mut self) {
        let mut state = self.rounds.state();
        state.is_led = false;
        let mut answers = std::mem::take(&mut self.answers).into_iter();
        state.answered.extend(self.of.iter().map(|(number, _)| (*number, answers.next())));
        let leads_next = state.waiting.front().map(|next| next.thread.clone());
        drop(state);
        self.of.iter().map(|(_, thread)| thread).chain(&leads_next).for_each(Thread::unpark);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
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
                    let answer = rounds.join(vec![(work, 1)], |works| {
                        assert!(works.len() <= 8, "{works:?}");
                        led.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(Duration::from_millis(2));
                        works.into_iter().map(|work| work * work).collect()
                    });
                    assert_eq!(answer, [Some(work * work)]);
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
        assert_eq!(rounds.join(vec![((), 9)], |works| vec![works.len()]), [Some(1)]);
    }

    #[test]
    fn works_that_are_handed_in_together_are_answered_in_their_order() {
        let rounds = Rounds::new(4);
        let works = (0..10).map(|work| (work, 1)).collect();
        let answers = rounds.join(works, |works| {
            assert!(works.len() <= 4, "{works:?}");
            works.into_iter().map(|work| work * 10).collect()
        });
        assert_eq!(answers, (0..10).map(|work| Some(work * 10)).collect::<Vec<_>>());
        assert_eq!(rounds.join(Vec::new(), |works| works), []);
    }

    #[test]
    fn a_round_that_panics_holds_up_nobody() {
        let rounds: Rounds<bool, ()> = Rounds::new(8);
        let (inside, behind) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            let panics = scope.spawn(|| {
                rounds.join(vec![(true, 1)], |_| {
                    inside.wait();
                    behind.wait();
                    panic!("on purpose")
                })
            });
            inside.wait();
            let later = scope.spawn(|| {
                rounds.join(vec![(false, 1)], |works| works.iter().map(|_| ()).collect())
            });
            behind.wait();
            assert!(panics.join().is_err());
            assert_eq!(later.join().unwrap(), [Some(())]);
        });
    }

    #[test]
    fn who_led_for_others_without_an_end_leaves_them_nothing() {
        let rounds: Rounds<(), ()> = Rounds::new(8);
        assert_eq!(rounds.join(vec![((), 1)], |_| Vec::new()), [None]);
    }
}

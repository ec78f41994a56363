//! Imports that wait to be saved.
//!
//! One thread decodes what came, on all cores, while another one saves what is decoded: what came during
//! one change becomes the next one. A thread for each request would cost 200 clients the memory of 200
//! threads, and as many switches, for the same change.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use wavekeep_archive::{Archive, NewSession, PreparedSessions, SavedSession};

use crate::problem::Problem;
use crate::state::State;

/// Imports that are decoded at a time.
const AT_A_TIME: usize = 128;
/// Bytes that are decoded at a time; one import may have more.
const BYTES_AT_A_TIME: u64 = 32 << 20;
/// Fewer imports than these wait for those that are being decoded: a change of two costs nearly as much as
/// one of fifty.
const FEW: usize = 64;
/// For how long more is waited for before decoding, while others are saved.
const COLLECTING: Duration = Duration::from_millis(10);
/// For how long few imports wait after a change of many, whose clients are sending their next ones.
const RETURNING: Duration = Duration::from_millis(30);

/// Reads an import out of its request.
type Read = Box<dyn FnOnce() -> Result<NewSession, Problem> + Send>;
type Answer = Result<SavedSession, Problem>;

/// An import that waits.
struct Waiting {
    read: Read,
    bytes: u64,
    answer: oneshot::Sender<Answer>,
}

/// Imports that are decoded, with those who wait for their answers.
#[derive(Default)]
struct Decoded {
    sessions: PreparedSessions,
    answers: Vec<oneshot::Sender<Answer>>,
}

/// Imports that wait, in the order in which they came.
#[derive(Default)]
pub struct Intake {
    queue: Mutex<Queue>,
    /// Something is decoded, or nothing will be.
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    decoded: Decoded,
    /// Which threads run.
    decodes: bool,
    saves: bool,
    /// A change is being saved: nothing that is decoded now is delayed by waiting for more.
    is_saving: bool,
}

/// The threads that are to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Starts {
    decodes: bool,
    saves: bool,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let queue = self.queue();
        let (waiting, decoded) = (queue.waiting.len(), queue.decoded.answers.len());
        f.debug_struct("Intake").field("waiting", &waiting).field("decoded", &decoded).finish()
    }
}

impl Intake {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an import; gives the threads that it needs and that do not run.
    fn add(&self, waiting: Waiting) -> Starts {
        let mut queue = self.queue();
        queue.waiting.push_back(waiting);
        let starts = Starts { decodes: !queue.decodes, saves: !queue.saves };
        (queue.decodes, queue.saves) = (true, true);
        starts
    }

    /// Decodes until nothing waits.
    fn decode(&self, archive: &Archive) {
        loop {
            let taken = self.taken();
            if taken.is_empty() {
                return;
            }
            // Those whose answers are lost by a panic hear that they have none.
            let decoded = catch_unwind(AssertUnwindSafe(|| decoded(archive, taken)));
            if let Ok(Decoded { sessions, answers }) = decoded {
                let mut queue = self.queue();
                queue.decoded.sessions.append(sessions);
                queue.decoded.answers.extend(answers);
            }
            self.changed.notify_all();
            if self.queue().is_saving {
                thread::sleep(COLLECTING);
            }
        }
    }

    /// What is decoded next; nothing when the thread is to end.
    fn taken(&self) -> Vec<Waiting> {
        let mut queue = self.queue();
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(next) = queue.waiting.front()
            && taken.len() < AT_A_TIME
            && (taken.is_empty() || bytes + next.bytes <= BYTES_AT_A_TIME)
        {
            bytes += next.bytes;
            taken.extend(queue.waiting.pop_front());
        }
        if taken.is_empty() {
            queue.decodes = false;
            drop(queue);
            self.changed.notify_all();
        }
        taken
    }

    /// Saves until nothing is decoded any more.
    fn save(&self, archive: &Archive) {
        let mut last = 0;
        while let Some(Decoded { sessions, answers }) = self.next(last) {
            last = answers.len();
            let saved = || archive.save_prepared_sessions(sessions);
            let Ok(saved) = catch_unwind(AssertUnwindSafe(saved)) else { continue };
            for (answer, saved) in answers.into_iter().zip(saved) {
                // One who went away needs no answer.
                let _ = answer.send(saved.map_err(Problem::of_shared));
            }
        }
    }

    /// What is saved next, after so many; `None` when the thread is to end.
    fn next(&self, last: usize) -> Option<Decoded> {
        let is_few = |queue: &mut Queue| queue.decoded.answers.len() < FEW;
        let mut queue = self.queue();
        queue.is_saving = false;
        if last >= FEW && !queue.decoded.answers.is_empty() {
            let waited = self.changed.wait_timeout_while(queue, RETURNING, is_few);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let waited = self.changed.wait_while(queue, |queue| queue.decodes && is_few(queue));
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner);
        let next = std::mem::take(&mut queue.decoded);
        queue.saves = !next.answers.is_empty();
        queue.is_saving = queue.saves;
        queue.saves.then_some(next)
    }
}

fn decoded(archive: &Archive, taken: Vec<Waiting>) -> Decoded {
    let (mut sessions, mut answers) = (Vec::new(), Vec::new());
    for Waiting { read, answer, .. } in taken {
        match read() {
            Ok(session) => {
                sessions.push(session);
                answers.push(answer);
            }
            Err(problem) => drop(answer.send(Err(problem))),
        }
    }
    Decoded { sessions: archive.prepare_sessions(sessions), answers }
}

impl State {
    /// Saves an import of so many bytes, which `read` reads, together with others that wait.
    ///
    /// # Errors
    /// What `read` and the archive give; a problem when saving panics.
    pub async fn save_session(
        &self,
        bytes: u64,
        read: impl FnOnce() -> Result<NewSession, Problem> + Send + 'static,
    ) -> Result<SavedSession, Problem> {
        let _permit = self.permit_to_write(bytes).await?;
        let (answer, answered) = oneshot::channel();
        let starts = self.intake.add(Waiting { read: Box::new(read), bytes, answer });
        if starts.decodes {
            let state = self.clone();
            tokio::task::spawn_blocking(move || state.intake.decode(&state.archive));
        }
        if starts.saves {
            let state = self.clone();
            tokio::task::spawn_blocking(move || state.intake.save(&state.archive));
        }
        answered.await.unwrap_or_else(|_| Err(Problem::internal(&"saving an import panicked")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(bytes: u64, read: Read) -> (Waiting, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (Waiting { read, bytes, answer }, answered)
    }

    fn nothing() -> Read {
        Box::new(|| Ok(NewSession::default()))
    }

    #[test]
    fn two_threads_are_started_and_no_more_until_they_end() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::create(folder.path()).unwrap();
        let intake = Intake::default();
        let starts: Vec<Starts> = (0..3).map(|_| intake.add(waiting(1, nothing()).0)).collect();
        let (both, none) =
            (Starts { decodes: true, saves: true }, Starts { decodes: false, saves: false });
        assert_eq!(starts, [both, none, none]);
        intake.decode(&archive);
        let one = Starts { decodes: true, saves: false };
        assert_eq!(intake.add(waiting(1, nothing()).0), one);
        intake.decode(&archive);
        intake.save(&archive);
        assert_eq!(intake.add(waiting(1, nothing()).0), both);
    }

    #[test]
    fn more_is_waited_for_only_while_something_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::create(folder.path()).unwrap();
        let intake = Intake::default();
        intake.add(waiting(1, nothing()).0);
        assert!(!intake.queue().is_saving, "a single import is not delayed");
        intake.decode(&archive);
        assert!(intake.next(0).is_some() && intake.queue().is_saving);
        assert!(intake.next(1).is_none() && !intake.queue().is_saving);
    }

    #[test]
    fn what_is_decoded_at_a_time_fits_into_memory() {
        let intake = Intake::default();
        for bytes in [BYTES_AT_A_TIME * 2, BYTES_AT_A_TIME / 2, BYTES_AT_A_TIME / 2, 1] {
            intake.add(waiting(bytes, nothing()).0);
        }
        let taken: Vec<usize> = (0..4).map(|_| intake.taken().len()).collect();
        assert_eq!(taken, [1, 2, 1, 0]);
    }

    #[test]
    fn a_panic_loses_the_answers_of_one_portion_alone() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::create(folder.path()).unwrap();
        let intake = Intake::default();
        let (first, mut lost) = waiting(BYTES_AT_A_TIME, Box::new(|| panic!("on purpose")));
        let (second, mut answered) = waiting(1, nothing());
        intake.add(first);
        intake.add(second);
        intake.decode(&archive);
        intake.save(&archive);
        assert!(lost.try_recv().is_err());
        assert!(matches!(answered.try_recv(), Ok(Ok(_))));
    }
}

//! Work that goes on beside the requests, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often it is looked whether the thread has ended.
const NAP: Duration = Duration::from_millis(20);

/// The thread, where there is work for it.
#[derive(Debug)]
pub struct Beside {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// How a thread ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It came to its end, or there was none.
    Well,
    /// It is still at it, and ends with the process.
    CutShort,
    /// It had failed.
    Failed,
}

impl Beside {
    /// Begins the work, which ends soon after the flag is set; nothing where there is none.
    pub fn start<W: FnOnce(&AtomicBool) + Send + 'static>(work: Option<W>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = work.map(|work| thread::spawn(move || work(&seen)));
        Self { stop, thread }
    }

    /// Ends it within a bound.
    pub async fn stop(self, bound: Duration) -> Ended {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread else { return Ended::Well };
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < bound {
            tokio::time::sleep(NAP).await;
        }
        if !thread.is_finished() {
            return Ended::CutShort;
        }
        if thread.join().is_err() { Ended::Failed } else { Ended::Well }
    }
}

//! The lake of the events, which is kept up to date on a thread of its own: whether it can be reached
//! makes no difference to requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wavekeep_lake::Followed;

use crate::state::State;

/// How often it is looked whether the thread has ended.
const NAP: Duration = Duration::from_millis(20);

/// The thread, where there is a lake.
#[derive(Debug)]
pub struct Following {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to keep the lake of the state up to date, where it has one.
pub fn start(state: &State) -> Following {
    let stop = Arc::new(AtomicBool::new(false));
    let (state, seen) = (state.clone(), Arc::clone(&stop));
    let thread = state.lake.clone().map(|lake| {
        thread::spawn(move || {
            lake.run(&state.archive, &seen, &mut |followed| match followed {
                Followed::Updated(update) => tracing::info!(
                    events = update.events,
                    months = update.written.len(),
                    "the lake is up to date: {}",
                    lake.lake().place
                ),
                Followed::Failed { error, again_in } => tracing::error!(
                    "the lake is not up to date: {error}; tried again in {} s",
                    again_in.as_secs()
                ),
            });
        })
    });
    Following { stop, thread }
}

impl Following {
    /// Ends it within a bound: an update that is cut short is done again by the next server.
    pub async fn stop(self, bound: Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread else { return };
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < bound {
            tokio::time::sleep(NAP).await;
        }
        // One that is still at it ends with the process.
        if !thread.is_finished() {
            tracing::warn!("an update of the lake was cut short: the next one goes on");
        } else if thread.join().is_err() {
            tracing::error!("the lake was not kept up to date any more: its thread had failed");
        }
    }
}

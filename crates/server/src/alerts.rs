//! Alerts by mail and webhook, on a thread of their own: no import waits for them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wavekeep_alerts::{AlertCounts, Alerted, Rules, RulesError};

use crate::state::State;

/// How often it is looked whether the thread has ended.
const NAP: Duration = Duration::from_millis(20);

/// The rules of alerts, and how they fare.
#[derive(Debug)]
pub struct Alerts {
    path: PathBuf,
    rules: Mutex<Rules>,
    /// What was sent, waits and failed.
    pub counts: AlertCounts,
}

impl Alerts {
    /// The rules of a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        let rules = Mutex::new(Rules::read(path)?);
        Ok(Self { path: path.to_owned(), rules, counts: AlertCounts::default() })
    }

    /// Reads the file again; the rules before stay where it has a mistake.
    ///
    /// # Errors
    /// The mistake.
    pub fn read_again(&self) -> Result<(), RulesError> {
        let rules = Rules::read(&self.path)?;
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }
}

/// The thread, where there are rules.
#[derive(Debug)]
pub struct Alerting {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to send alerts, where the state has rules.
pub fn start(state: &State) -> Alerting {
    let stop = Arc::new(AtomicBool::new(false));
    let (state, seen) = (state.clone(), Arc::clone(&stop));
    let thread =
        state.alerts.clone().map(|alerts| thread::spawn(move || send(&state, &alerts, &seen)));
    Alerting { stop, thread }
}

fn send(state: &State, alerts: &Alerts, stop: &AtomicBool) {
    let mut last = None;
    let ended = wavekeep_alerts::run(
        &state.archive,
        &alerts.rules,
        &alerts.counts,
        stop,
        &mut |happened| match happened {
            Alerted::Sent { target, alerts } => {
                last = None;
                tracing::info!("{alerts} alerts were sent: {target}");
            }
            Alerted::GivenUp { target, alerts } => {
                tracing::error!(
                    "{alerts} alerts could not be sent for a week and are given up: {target}"
                );
            }
            Alerted::Failed { why } if last.as_ref() != Some(&why) => {
                tracing::error!("alerts wait: {why}");
                last = Some(why);
            }
            // The same again: it is in the metrics.
            _ => {}
        },
    );
    if let Err(error) = ended {
        tracing::error!("no alerts are sent: {error}");
    }
}

impl Alerting {
    /// Ends it within a bound: what is being delivered is delivered, or sent again by the next server.
    pub async fn stop(self, bound: Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread else { return };
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < bound {
            tokio::time::sleep(NAP).await;
        }
        // One that waits for a receiver ends with the process.
        if thread.is_finished() && thread.join().is_err() {
            tracing::error!("alerts were not sent any more: their thread had failed");
        }
    }
}

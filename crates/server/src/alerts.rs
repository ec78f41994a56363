//! Alerts by mail and webhook, on a thread of their own: no import waits for them.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wavekeep_alerts::{AlertCounts, Alerted, Rules, RulesError};

use crate::beside::{Beside, Ended};
use crate::state::State;

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

/// Begins to send alerts, where the state has rules.
pub fn start(state: &State) -> Beside {
    let state = state.clone();
    let alerts = state.alerts.clone();
    Beside::start(alerts.map(|alerts| move |stop: &_| send(&state, &alerts, stop)))
}

/// Ends it within a bound: what is being delivered is delivered, or sent again by the next server.
pub async fn stop(alerting: Beside, bound: Duration) {
    if alerting.stop(bound).await == Ended::Failed {
        tracing::error!("alerts were not sent any more: their thread had failed");
    }
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

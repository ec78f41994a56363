//! Updates of a lake after changes of its archive, until it is stopped.
//!
//! A lake that cannot be reached holds nothing up: it is tried again, at longer and longer intervals.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use derive_setters::Setters;
use serde::Serialize;
use wavekeep_archive::Archive;

use crate::{Lake, LakeError, Update};

/// How often the archive is asked whether it has changed. Other processes change it too.
const POLL: Duration = Duration::from_millis(500);
/// How long the follower sleeps at most, so that it hears of a stop.
const NAP: Duration = Duration::from_millis(50);

/// How a lake follows its archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct FollowOptions {
    /// How long after a change the lake is updated: what comes in meanwhile goes into the same update.
    pub delay: Duration,
    /// How long after a failure it is tried again; twice as long after each further one.
    pub first_retry: Duration,
    /// The longest of these intervals.
    pub last_retry: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(10),
            first_retry: Duration::from_secs(2),
            last_retry: Duration::from_secs(300),
        }
    }
}

/// What a follower did.
#[derive(Debug)]
pub enum Followed<'a> {
    /// The lake is up to date; something may have been written.
    Updated(&'a Update),
    /// The lake could not be updated.
    Failed {
        /// Why not.
        error: &'a LakeError,
        /// When it is tried again.
        again_in: Duration,
    },
}

/// How a lake stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LakeStatus {
    /// Updates that ended well, those that had nothing to do among them.
    pub updates: u64,
    /// Updates that failed.
    pub failures: u64,
    /// Why the last update failed; `None` when it did not.
    pub error: Option<String>,
    /// When the lake was last known to be up to date, in seconds since 1970.
    pub updated_at_s: Option<i64>,
    /// Events that the lake has.
    pub events: u64,
}

/// Keeps a lake up to date with an archive.
#[derive(Debug)]
pub struct Follower {
    lake: Lake,
    options: FollowOptions,
    status: Mutex<LakeStatus>,
}

impl Follower {
    /// One that has done nothing yet.
    pub fn new(lake: Lake, options: FollowOptions) -> Self {
        Self { lake, options, status: Mutex::default() }
    }

    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// How the lake stands.
    pub fn status(&self) -> LakeStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Updates the lake now and after changes, until `stop`; what was being written then is finished by
    /// the next update. `tell` hears of each update that wrote something, and of each that failed.
    pub fn run(&self, archive: &Archive, stop: &AtomicBool, tell: &mut dyn FnMut(Followed<'_>)) {
        let mut retry = self.options.first_retry;
        let mut is_first = true;
        while !stop.load(Ordering::Relaxed) {
            match self.lake.update(archive, stop) {
                Ok(update) => {
                    retry = self.options.first_retry;
                    self.note(Ok(&update));
                    if is_first || !update.is_nothing() {
                        tell(Followed::Updated(&update));
                    }
                    is_first = false;
                    self.wait_for_change(archive, &update, stop);
                }
                Err(LakeError::Stopped) => return,
                Err(error) => {
                    self.note(Err(&error));
                    tell(Followed::Failed { error: &error, again_in: retry });
                    pause(retry, stop);
                    retry = (retry * 2).min(self.options.last_retry);
                }
            }
        }
    }

    fn note(&self, outcome: Result<&Update, &LakeError>) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(update) => {
                status.updates += 1;
                status.error = None;
                status.updated_at_s = Some(jiff::Timestamp::now().as_second());
                status.events = update.events;
            }
            Err(error) => {
                status.failures += 1;
                status.error = Some(error.to_string());
            }
        }
    }

    /// Waits until the archive has changed, and for the delay from then on.
    fn wait_for_change(&self, archive: &Archive, update: &Update, stop: &AtomicBool) {
        let Some(seen) = &update.seen else { return };
        // An archive that cannot be asked is left to the next update, which says why.
        while seen.is_current(archive).unwrap_or(false) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            pause(POLL, stop);
        }
        pause(self.options.delay, stop);
    }
}

/// Sleeps, until it is stopped at the latest.
fn pause(time: Duration, stop: &AtomicBool) {
    let begun = Instant::now();
    while begun.elapsed() < time && !stop.load(Ordering::Relaxed) {
        thread::sleep(NAP.min(time));
    }
}

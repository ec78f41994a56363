//! The work that goes on beside an archive: looks for reasons, notes them, sends what is due.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Zoned;
use wavekeep_archive::Archive;
use wavekeep_core::Unit;

use crate::message::Message;
use crate::outbox::{Item, Outbox, OutboxError};
use crate::reasons::{Cursor, units};
use crate::rules::{Rules, Target};
use crate::send::{name_of, send};

/// How often events are looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How often units are looked at.
const LOOK_AT_UNITS: Duration = Duration::from_secs(600);
/// How soon it is heard that it has to stop.
const NAP: Duration = Duration::from_millis(50);
/// More alerts than this for one target at once are one message.
const MOST_APART: usize = 5;
/// The name of the log, in the folder that the archive keeps for itself.
const LOG: &str = "alerts.jsonl";

/// What has happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Alerted {
    /// Alerts were sent.
    Sent {
        /// Where.
        target: String,
        /// How many.
        alerts: usize,
    },
    /// Something failed that is tried again.
    Failed {
        /// Why.
        why: String,
    },
    /// Alerts that could not be sent for a week.
    GivenUp {
        /// Where.
        target: String,
        /// How many.
        alerts: usize,
    },
}

/// Counts for health and metrics.
#[derive(Debug, Default)]
pub struct AlertCounts {
    sent: AtomicU64,
    failed: AtomicU64,
    waiting: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl AlertCounts {
    /// Alerts that were sent since the start.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Attempts that failed since the start.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Alerts that wait: for their time, or for a receiver.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Why the last attempt failed; `None` where it did not.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_trouble(&self, why: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// Where the log of an archive's alerts is.
pub fn log_of(archive: &Archive) -> PathBuf {
    archive.layout().own_folder().join(LOG)
}

/// Looks and sends until `stop` is set. `each` hears what has happened. Imports do not wait for it: it is
/// to run on a thread of its own.
///
/// # Errors
/// When the log of alerts cannot be opened; what fails later is tried again.
pub fn run(
    archive: &Archive,
    rules: &Mutex<Rules>,
    counts: &AlertCounts,
    stop: &AtomicBool,
    each: &mut dyn FnMut(Alerted),
) -> Result<(), OutboxError> {
    let mut work = Work {
        archive,
        outbox: Outbox::open(&log_of(archive), Zoned::now().timestamp())?,
        cursor: Cursor::default(),
        units_looked: None,
        name: archive.head().map(|head| head.archive).unwrap_or_default(),
    };
    while !stop.load(Ordering::Relaxed) {
        let now_rules = rules.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Err(why) = work.turn(&now_rules, counts, &Zoned::now(), each) {
            counts.failed.fetch_add(1, Ordering::Relaxed);
            counts.set_trouble(Some(why.clone()));
            each(Alerted::Failed { why });
        }
        counts.waiting.store(work.outbox.waiting() as u64, Ordering::Relaxed);
        let slept = Instant::now();
        while slept.elapsed() < LOOK_AGAIN && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(NAP);
        }
    }
    Ok(())
}

struct Work<'a> {
    archive: &'a Archive,
    outbox: Outbox,
    cursor: Cursor,
    units_looked: Option<Instant>,
    /// The name of the archive's ledger.
    name: String,
}

impl Work<'_> {
    fn turn(
        &mut self,
        rules: &Rules,
        counts: &AlertCounts,
        now: &Zoned,
        each: &mut dyn FnMut(Alerted),
    ) -> Result<(), String> {
        let mut found = Vec::new();
        let before = self.cursor;
        let begun = self.outbox.begun();
        self.cursor
            .events(self.archive, rules, begun, now, &mut |item| found.push(item))
            .map_err(|error| error.to_string())?;
        if self.units_looked.is_none_or(|looked| looked.elapsed() > LOOK_AT_UNITS) {
            units(self.archive, rules, now, &mut |item| found.push(item))
                .map_err(|error| error.to_string())?;
            self.units_looked = Some(Instant::now());
        }
        for item in found {
            if let Err(error) = self.outbox.queue(item) {
                // It is looked for again: a full disk passes.
                (self.cursor, self.units_looked) = (before, None);
                return Err(error.to_string());
            }
        }
        for (name, items) in self.outbox.due(now.timestamp()) {
            let of_target = rules.rules.iter().find_map(|rule| {
                let target = rule.targets.iter().find(|target| target.name() == name)?;
                Some((target.clone(), rule.unit))
            });
            match of_target {
                Some((target, unit)) => {
                    self.deliver(rules, counts, (&target, unit), &items, now, each)?;
                }
                // No rule has this target any more.
                None => self.done(&items, now)?,
            }
        }
        Ok(())
    }

    fn deliver(
        &mut self,
        rules: &Rules,
        counts: &AlertCounts,
        (target, unit): (&Target, Unit),
        items: &[Item],
        now: &Zoned,
        each: &mut dyn FnMut(Alerted),
    ) -> Result<(), String> {
        // What was held back, and what would be a flood, is one message.
        let was_held = items.iter().any(|item| item.due > item.at);
        let messages: Vec<&[Item]> = match was_held || items.len() > MOST_APART {
            true => vec![items],
            false => items.chunks(1).collect(),
        };
        for items in messages {
            let name = target.name();
            let Some(message) = Message::of(self.archive, rules, items, unit) else {
                self.done(items, now)?;
                continue;
            };
            let id = name_of(&self.name, &name, items.iter().map(|item| item.key.as_str()));
            match send(rules, target, &id, &message) {
                Ok(()) => {
                    self.done(items, now)?;
                    counts.sent.fetch_add(items.len() as u64, Ordering::Relaxed);
                    counts.set_trouble(None);
                    each(Alerted::Sent { target: name, alerts: items.len() });
                }
                Err(error) => {
                    let why = error.to_string();
                    let given_up = self.outbox.failed(items, &why, now.timestamp());
                    let given_up = given_up.map_err(|error| error.to_string())?;
                    if !given_up.is_empty() {
                        each(Alerted::GivenUp { target: name, alerts: given_up.len() });
                    }
                    counts.failed.fetch_add(1, Ordering::Relaxed);
                    counts.set_trouble(Some(why.clone()));
                    each(Alerted::Failed { why });
                }
            }
        }
        Ok(())
    }

    fn done(&mut self, items: &[Item], now: &Zoned) -> Result<(), String> {
        self.outbox.sent(items, now.timestamp()).map_err(|error| error.to_string())
    }
}

/// Sends a message to every target of the rules, to see whether alerts would arrive. `each` hears of each
/// target.
pub fn try_out(rules: &Rules, each: &mut dyn FnMut(&str, Result<(), String>)) {
    let mut tried: Vec<String> = Vec::new();
    for target in rules.rules.iter().flat_map(|rule| &rule.targets) {
        let name = target.name();
        if tried.contains(&name) {
            continue;
        }
        let at = Zoned::now().to_string();
        let id = name_of("test", &name, std::iter::once(at.as_str()));
        let sent = send(rules, target, &id, &Message::trial());
        each(&name, sent.map_err(|error| error.to_string()));
        tried.push(name);
    }
}

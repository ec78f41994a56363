//! Alerts of an archive, by mail and webhook: events that exceed or approach an alarm level, units that are
//! silent, whose battery is low or whose calibration is old.
//!
//! What has to be sent is noted in a log in the archive before it is sent, and when it was: neither a
//! restart nor a receiver that is away loses an alert or repeats it. `docs/alerts.md`.
//!
//! ```no_run
//! use std::sync::Mutex;
//! use std::sync::atomic::AtomicBool;
//! use wavekeep_alerts::{AlertCounts, Rules, run};
//!
//! let archive = wavekeep_archive::Archive::open("fleet")?;
//! let rules = Mutex::new(Rules::read("alerts.toml".as_ref())?);
//! let (counts, stop) = (AlertCounts::default(), AtomicBool::new(false));
//! run(&archive, &rules, &counts, &stop, &mut |happened| println!("{happened:?}"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod message;
mod outbox;
mod reasons;
mod rules;
mod run;
mod send;

pub use outbox::OutboxError;
pub use rules::{Occasion, Rule, Rules, RulesError};
pub use run::{AlertCounts, Alerted, log_of, run, try_out};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

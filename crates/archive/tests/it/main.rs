//! The archive: imports, reviews, verification, faults.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[cfg(target_os = "linux")]
mod alone;
mod backup;
mod blasts;
mod common;
mod containers;
mod copies;
mod custody;
mod faults;
mod import;
mod index_flips;
mod interoperation;
// The judges are programs of Python, which wine has not.
#[cfg(unix)]
mod judges;
mod lessons;
mod levels;
mod looking;
mod monitor_log_files;
mod plans;
mod readers_beside_moves;
mod reassign;
mod review;
mod rounds;
mod save;
mod simulated;
mod tokens;
mod trend;
mod units;
mod verify;
mod watching;

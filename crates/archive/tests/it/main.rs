//! The archive: imports, reviews, verification, faults.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod common;
mod faults;
mod import;
mod index_flips;
mod interoperation;
mod judges;
mod lessons;
mod review;
mod save;
mod simulated;
mod units;
mod verify;

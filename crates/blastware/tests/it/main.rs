//! Blastware events: vectors, merging of reports, damage.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[path = "../fuzz_body/mod.rs"]
mod fuzz_body;

mod damage;
mod merge;
mod python_pickle;
mod regressions;
mod vectors;

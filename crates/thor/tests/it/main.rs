//! Thor events: vectors, reports, damage.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[path = "../fuzz_body/mod.rs"]
mod fuzz_body;

mod damage;
mod events;
mod quantities;
mod regressions;

//! SMuRF streams: reading, damage, recovery.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[path = "../fuzz_body/mod.rs"]
mod fuzz_body;
#[path = "../maker/mod.rs"]
mod maker;

mod damage;
mod field;
mod files;
mod hostile;
mod large;
mod properties;
mod regressions;
mod reopened;
mod vectors;

//! The crate as others use it.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[path = "../fuzz_body/mod.rs"]
mod fuzz_body;

mod authority;
mod heads;
mod hostile_proofs;
mod proofs;
mod regressions;
mod sample;
mod signatures;
mod stamps;
mod trees;

//! The crate as others use it.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod authority;
mod heads;
mod hostile_proofs;
mod proofs;
mod sample;
mod signatures;
mod stamps;
mod trees;

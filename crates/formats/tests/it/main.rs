//! Detection and opening of every format.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[path = "../fuzz_body/mod.rs"]
mod fuzz_body;

mod arrays;
mod field;
mod long;
mod npy;
mod open;
mod regressions;
mod samples;

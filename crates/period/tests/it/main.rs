//! Reports of periods of made-up archives.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod document;
mod fleet;
mod monitored;
mod tables;
mod templates;

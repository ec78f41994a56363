//! Lakes in folders: what an update writes, and what it refuses.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod common;
mod hostile;
mod updates;

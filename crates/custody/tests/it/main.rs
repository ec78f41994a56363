//! The crate as others use it.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod authority;
mod heads;
mod signatures;
mod stamps;
mod trees;

//! The bridge and control, with peers that speak by libzmq.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod bridge;
mod control;
mod peer;

//! The archive over HTTP.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod arrow;
mod common;
mod events;
mod export;
mod judges;
mod limits;
mod parameters;
mod recordings;
mod safety;
mod streams;

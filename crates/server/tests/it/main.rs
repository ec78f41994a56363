//! The archive over HTTP.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[cfg(target_os = "linux")]
#[path = "../../../archive/tests/it/alone.rs"]
mod alone;
mod arrow;
mod audit;
mod bridges;
mod common;
mod events;
mod export;
mod judges;
mod ledger;
mod levels;
mod limits;
mod live;
mod motion;
mod parameters;
#[path = "../../../link/tests/it/peer.rs"]
mod peer;
mod places;
mod recordings;
mod reports;
mod safety;
mod scaled_distance;
mod scope;
mod sign_in;
mod streams;

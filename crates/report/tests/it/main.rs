//! Drawings of events and streams.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod attenuation;
mod drawings;
mod event_languages;
mod events;
mod frames;
mod languages;
mod ledger;
mod periods;
mod review;
mod streams;

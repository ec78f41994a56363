//! Measurements and verdicts.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod attenuation;
mod common;
mod judges;
mod measure;
mod motion_traces;
mod verdict;

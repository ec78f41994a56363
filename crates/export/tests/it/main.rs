//! Files of other programs, from recordings and arrays.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[cfg(target_os = "linux")]
#[path = "../../../archive/tests/it/alone.rs"]
mod alone;
mod arrays;
mod conversions;
mod files;
mod folders;
mod gnz;
mod hostile;
mod judges;
mod miniseed;
mod recordings;
mod streams;
mod units;

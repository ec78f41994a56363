//! Files of other programs, from recordings and arrays.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

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

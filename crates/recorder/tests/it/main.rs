//! Frames into files: the processing chain, the writer, what happens when the disk fails.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod chain_stages;
mod chain_twin;
mod chain_vectors;
mod writer_disk;
mod writer_faults;
mod writer_support;
mod writer_surface;
mod writer_vectors;

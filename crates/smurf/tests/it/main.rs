//! SMuRF streams: reading, damage, writing, the processing chain.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[path = "../fuzz_body/mod.rs"]
mod fuzz_body;
#[path = "../maker/mod.rs"]
mod maker;

mod chain_stages;
mod chain_twin;
mod chain_vectors;
mod damage;
mod files;
mod hostile;
mod large;
mod properties;
mod regressions;
mod vectors;
mod writer_disk;
mod writer_faults;
mod writer_support;
mod writer_surface;
mod writer_vectors;

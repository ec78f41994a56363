//! Any bytes as a GNZ file: it opens or is refused, and never panics.
#![no_main]

#[path = "../../crates/gnz/tests/fuzz_body/mod.rs"]
#[allow(dead_code)]
mod fuzz_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_body::header(data));

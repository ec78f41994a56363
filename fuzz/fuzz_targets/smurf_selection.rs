//! Any selection of a run: the same samples by every way, or an error.
#![no_main]

#[path = "../../crates/smurf/tests/fuzz_body/mod.rs"]
#[allow(dead_code)]
mod fuzz_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_body::selection(data));

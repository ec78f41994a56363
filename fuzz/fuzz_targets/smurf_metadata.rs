//! Any text as metadata: plain values or a note, and never a panic.
#![no_main]

#[path = "../../crates/smurf/tests/fuzz_body/mod.rs"]
#[allow(dead_code)]
mod fuzz_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_body::metadata(data));

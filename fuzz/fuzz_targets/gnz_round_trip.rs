//! Any bytes that open as a GNZ file come back the same when written again.
#![no_main]

#[path = "../../crates/gnz/tests/fuzz_body/mod.rs"]
#[allow(dead_code)]
mod fuzz_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_body::round_trip(data));

//! Any bytes as a head, an entry, a key, a signature, a stamp or a proof: a value or an error, and never a
//! panic.
#![no_main]

#[path = "../../crates/custody/tests/fuzz_body/mod.rs"]
mod fuzz_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_body::any(data));

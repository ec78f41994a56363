//! Any bytes: an answer or an error, and never a panic.
#![no_main]

#[path = "../../crates/report-text/tests/fuzz_body/mod.rs"]
#[allow(dead_code)]
mod fuzz_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_body::report_text(data));

//! GNZ files: vectors, properties, hostile input.

#[path = "../fuzz_body/mod.rs"]
mod fuzz_body;

mod files;
mod hostile;
mod lenient;
mod properties;
mod python;
mod regressions;
mod vectors;

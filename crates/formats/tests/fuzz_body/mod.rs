//! What the fuzz target does with its bytes.
//!
//! Kept here so that `tests/regressions.rs` runs the same over every input that is worth keeping,
//! on any toolchain.

use std::io::Write;

use wavekeep_core::Structured;
use wavekeep_formats::{ArrayLimits, Opened, Opener};

/// Any bytes as a file: it opens as a recording or as arrays, or is refused.
pub fn any(data: &[u8]) {
    // The first byte chooses what the name says, where content says nothing.
    let suffixes = [".npz", ".npy", ".safetensors", ".gnz", ".a5.pkl", ".7M0W"];
    let suffix = suffixes[usize::from(data.first().copied().unwrap_or(0)) % suffixes.len()];
    let mut file =
        tempfile::Builder::new().prefix("M529LKIQ").suffix(suffix).tempfile().expect("a file");
    file.write_all(data.get(1..).unwrap_or_default()).expect("room for it");
    let opener = Opener::default().array_limits(ArrayLimits::default().with_bytes(1 << 20));
    if let Ok(Opened::Arrays(arrays)) = opener.open_any(file.path()) {
        for array in arrays.arrays() {
            assert!(array.is_empty() || array.bytes.len() >= array.len().min(1));
            if array.dtype.starts_with('[') {
                records(array.dtype);
            }
        }
    }
}

/// A type of records is its own plainest text, and every element of its fields lies in a record.
fn records(dtype: &str) {
    let records = Structured::parse(dtype).expect("a type that a reader gave");
    assert_eq!(records.to_string(), dtype);
    for leaf in records.leaves() {
        if leaf.shape.contains(&0) {
            continue;
        }
        let axes = leaf.shape.iter().zip(&leaf.strides);
        let last: usize = axes.map(|(len, stride)| (len - 1) * stride).sum();
        assert!(leaf.offset + last + leaf.item_size <= records.item_size, "{}", leaf.name());
    }
}

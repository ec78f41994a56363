//! Runs the fuzz targets' bodies over inputs that are worth keeping.

use crate::fuzz_body;
use std::path::Path;

fn each_in(folder: &str, body: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            body(&std::fs::read(&path).expect("a file"));
            seen += 1;
        }
    }
    seen
}

#[test]
fn inputs_kept_for_the_header_target_pass() {
    assert!(each_in("../../fuzz/regressions/gnz_header", fuzz_body::header) > 0);
}

#[test]
fn inputs_kept_for_the_round_trip_target_pass() {
    assert!(each_in("../../fuzz/regressions/gnz_round_trip", fuzz_body::round_trip) > 0);
}

#[test]
fn vectors_and_hostile_files_pass_both_targets() {
    for folder in ["tests/data", "tests/hostile"] {
        assert!(each_in(folder, fuzz_body::header) > 0);
        assert!(each_in(folder, fuzz_body::round_trip) > 0);
    }
}

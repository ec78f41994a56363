//! Runs the bodies of the fuzz targets over inputs that are worth keeping.

use crate::fuzz_body;
use std::path::Path;

fn each_in(folder: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            body(&std::fs::read(path).expect("a file"));
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn inputs_that_are_kept_pass() {
    each_in("../../fuzz/regressions/smurf_run", fuzz_body::run);
    each_in("../../fuzz/regressions/smurf_metadata", fuzz_body::metadata);
    each_in("../../fuzz/regressions/smurf_selection", fuzz_body::selection);
}

#[test]
fn real_files_pass() {
    each_in("tests/data", fuzz_body::run);
}

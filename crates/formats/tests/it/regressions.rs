//! Runs the fuzz target's body over inputs that are worth keeping.

use crate::fuzz_body;
use std::path::Path;

#[test]
fn inputs_that_are_kept_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions/formats_any");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        fuzz_body::any(&std::fs::read(entry.expect("an entry").path()).expect("a file"));
        seen += 1;
    }
    assert!(seen > 0);
}

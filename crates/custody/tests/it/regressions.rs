//! Runs the fuzz target's body over inputs that are worth keeping.

use crate::fuzz_body;
use std::path::Path;

#[test]
fn inputs_that_are_kept_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions/custody_any");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        fuzz_body::any(&bytes);
        for end in (0..bytes.len().min(4000)).step_by(13) {
            fuzz_body::any(&bytes[..end]);
        }
        seen += 1;
    }
    assert!(seen > 3);
}

//! Runs the fuzz target's body over inputs that are worth keeping.

mod fuzz_body;

use std::path::Path;

fn each_in(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fuzz_body::run(&std::fs::read(path).expect("a file"));
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn inputs_that_are_kept_pass() {
    each_in("../../fuzz/regressions/smurf_run");
}

#[test]
fn real_files_pass() {
    each_in("tests/data");
}

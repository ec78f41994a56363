//! Runs the fuzz targets' bodies over inputs that are worth keeping.

use crate::fuzz_body;
use std::path::Path;

fn each_in(folder: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            body(&std::fs::read(&path).expect("a file"));
            seen += 1;
        }
    }
    assert!(seen > 0, "{} is empty", folder.display());
}

#[test]
fn inputs_kept_for_the_file_target_pass() {
    each_in("../../fuzz/regressions/thor_file", fuzz_body::file);
}

#[test]
fn inputs_kept_for_the_report_text_target_pass() {
    each_in("../../fuzz/regressions/thor_report_text", fuzz_body::report_text);
}

#[test]
fn the_samples_pass_every_target() {
    for body in [fuzz_body::file, fuzz_body::report_text] {
        each_in("../../samples", body);
        each_in("../../samples/TXT", body);
    }
}

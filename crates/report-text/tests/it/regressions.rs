//! Runs the fuzz target's body over inputs that are worth keeping.

use crate::fuzz_body;

use std::path::Path;

fn each_in(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fuzz_body::report_text(&std::fs::read(&path).expect("a file"));
            seen += 1;
        }
    }
    assert!(seen > 0, "{} is empty", folder.display());
}

#[test]
fn inputs_kept_for_the_target_pass() {
    each_in("../../fuzz/regressions/report_text");
    each_in("../../fuzz/regressions/blastware_report_text");
    each_in("../../fuzz/regressions/thor_report_text");
}

#[test]
fn the_samples_pass_the_target() {
    each_in("../../samples");
    each_in("../../samples/TXT");
}

//! Judges outside of Rust: pytest files in `judges/`, which run the program.

use std::env;
use std::path::Path;
use std::process::Command;

/// Runs the judges of a file with the Python that `variable` names.
pub fn run(variable: &str, file: &str) {
    let python = env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} names no Python with the judges: run `make test`"));
    let judges = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../judges");
    // In memory where the system has such a folder: nothing there has to wait for a disk.
    let folder = match Path::new("/dev/shm") {
        memory if memory.is_dir() => tempfile::tempdir_in(memory).unwrap(),
        _ => tempfile::tempdir().unwrap(),
    };
    let verdict = Command::new(python)
        .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--basetemp"])
        .arg(folder.path().join("pytest"))
        .arg(judges.join(file))
        .env("WAVEKEEP_BIN", env!("CARGO_BIN_EXE_wavekeep"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(verdict.status.success(), "{}{}", text(&verdict.stdout), text(&verdict.stderr));
}

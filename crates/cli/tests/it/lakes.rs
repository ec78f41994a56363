//! Lakes, as the engines of users read them: the judges are the pytest files of `judges/lake`, which run
//! the program on an archive that changes at random, kill it, and compare.
//!
//! `WAVEKEEP_LAKE_CHANGES` says how many changes there are; `make torture` says 1,000.

use std::process::Command;

#[cfg(unix)]
fn judge(file: &str) {
    crate::judges::run("WAVEKEEP_PYTHON_LAKE", &format!("lake/{file}"));
}

#[cfg(unix)]
#[test]
fn a_lake_has_the_events_of_its_archive_whatever_happens_to_both() {
    judge("test_changes.py");
}

#[cfg(unix)]
#[test]
fn a_lake_in_a_bucket_has_the_events_of_its_archive() {
    judge("test_s3.py");
}

#[cfg(unix)]
#[test]
fn watchers_and_servers_keep_lakes_up_to_date() {
    judge("test_following.py");
}

#[cfg(unix)]
#[test]
fn what_the_page_of_lakes_shows_works() {
    judge("test_page.py");
}

/// The exit code of an export, and what it said.
fn export(more: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    wavekeep_archive::Archive::create(folder.path().join("fleet")).unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_wavekeep"))
        .args(["export", "--archive", "fleet"])
        .args(more)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn what_names_no_lake_is_wrong_usage_and_writes_nothing() {
    for (more, says) in [
        (&["--to", "lake"][..], "say where the lake is"),
        (&["--to", "lake", "gs://company/x"], "gs:// is not supported"),
        (&["--to", "lake", "s3://"], "it names no bucket"),
        (&["--to", "parquet", "lake"], "only --to lake takes a URL"),
        (&["--to", "csv", "--delta"], "--delta"),
        (&["--to", "lake", "lake", "-o", "x.parquet"], "--output"),
        (&["--to", "lake", "lake", "--where", "serial=BE11529"], "--where"),
        (&["--to", "lake", "lake", "--id", "1"], "--id"),
    ] {
        let (code, said) = export(more);
        assert_eq!(code, Some(2), "{more:?}: {said}");
        assert!(said.contains(says), "{more:?}: {said}");
    }
}

#[test]
fn a_lake_inside_the_archive_is_refused() {
    let (code, said) = export(&["--to", "lake", "fleet/lake"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("it is inside the archive"), "{said}");
}

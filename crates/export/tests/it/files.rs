//! What lands on the disk, and what never does.

use crate::recordings;
use std::fs;
use std::path::Path;

use wavekeep_export::{ExportError, ExportOptions, Target, Units, write_event, write_event_file};

fn csv_to(path: &Path, overwrite: bool) -> Result<(), ExportError> {
    let options = ExportOptions::default();
    write_event_file(&recordings::blast(), Target::Csv, path, &options, overwrite)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_holds_what_write_gives() {
    let folder = tempfile::tempdir().unwrap();
    for target in Target::ALL.into_iter().filter(|target| !target.is_folder()) {
        for units in Units::ALL {
            let options = ExportOptions::of(units);
            let path = folder.path().join(format!("{units}.{}", target.extension()));
            write_event_file(&recordings::blast(), target, &path, &options, false).unwrap();
            let mut bytes = Vec::new();
            write_event(&recordings::blast(), target, &options, &mut bytes).unwrap();
            assert!(fs::read(&path).unwrap() == bytes, "{target} {units}");
            assert_eq!(std::str::from_utf8(&bytes).is_ok(), target.is_text(), "{target}");
        }
    }
}

#[test]
fn the_same_recording_gives_the_same_bytes() {
    for target in Target::ALL.into_iter().filter(|target| !target.is_folder()) {
        let bytes = || {
            let mut bytes = Vec::new();
            write_event(&recordings::blast(), target, &ExportOptions::default(), &mut bytes)
                .unwrap();
            bytes
        };
        assert!(bytes() == bytes(), "{target}");
    }
}

#[test]
fn an_existing_file_is_replaced_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.csv");
    fs::write(&path, "mine").unwrap();
    let error = csv_to(&path, false).unwrap_err();
    assert_eq!(error.kind(), "exists");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    csv_to(&path, true).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("time_s,Tran (in/s),Vert (in/s),"));
    assert_eq!(names(folder.path()), ["event.csv"]);
}

#[test]
fn a_refused_recording_leaves_nothing_behind_and_the_old_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.wav");
    fs::write(&path, "mine").unwrap();
    let options = ExportOptions::default();
    let error =
        write_event_file(&recordings::gapped(), Target::Wav, &path, &options, true).unwrap_err();
    assert_eq!(error.kind(), "unrepresentable");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(names(folder.path()), ["event.wav"]);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere/event.csv");
    let error = csv_to(&path, false).unwrap_err();
    assert_eq!(error.kind(), "io");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn a_folder_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let error = csv_to(folder.path(), true).unwrap_err();
    assert_eq!(error.kind(), "not_a_file");
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_stays_a_device() {
    csv_to(Path::new("/dev/null"), false).unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file.csv"), folder.path().join("link.csv"));
    fs::write(&file, "mine").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    csv_to(&link, true).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&file).unwrap().starts_with("time_s,"));
}

#[cfg(unix)]
#[test]
fn a_new_file_has_the_permissions_of_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (folder.path().join("event.csv"), folder.path().join("other"));
    csv_to(&ours, false).unwrap();
    fs::write(&other, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&other));
}

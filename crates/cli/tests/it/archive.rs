//! The commands of the archive, as people and scripts use them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").canonicalize().unwrap()
}

/// Runs the program in `folder`, on the archive `fleet` there.
fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.current_dir(folder).env("WAVEKEEP_ARCHIVE", "fleet").args(args).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn documents(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder with the samples in the archive `fleet`.
fn fleet() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in walkdir::WalkDir::new(samples()) {
        let entry = entry.unwrap();
        let path = folder.path().join("events").join(entry.path().strip_prefix(samples()).unwrap());
        let extension = path.extension().and_then(|extension| extension.to_str());
        if entry.file_type().is_dir() {
            fs::create_dir(path).unwrap();
        } else if !matches!(extension, Some("json" | "md")) {
            fs::copy(entry.path(), path).unwrap();
        }
    }
    assert_eq!(code(&run(folder.path(), &["import", "events"])), 3);
    folder
}

#[test]
fn a_list_is_a_table() {
    let fleet = fleet();
    insta::assert_snapshot!(stdout(&run(fleet.path(), &["list"])));
}

#[test]
fn units_and_projects_are_summed_up() {
    let fleet = fleet();
    let mut text = stdout(&run(fleet.path(), &["list", "--by", "unit"]));
    text += &stdout(&run(fleet.path(), &["list", "--by", "project"]));
    text += &stdout(&run(fleet.path(), &["list", "--by", "month"]));
    insta::assert_snapshot!(text);
}

#[test]
fn an_import_says_what_became_of_everything_and_again_it_is_the_same() {
    let fleet = fleet();
    let again = run(fleet.path(), &["import", "events"]);
    insta::assert_snapshot!(stdout(&again));
    assert_eq!(code(&again), 3);
    let answers = documents(&run(fleet.path(), &["import", "--json", "events"]));
    assert_eq!(answers.len(), 14);
    assert!(answers[..13].iter().all(|answer| answer["outcome"] == "same"));
    assert_eq!(answers[13]["account"]["same"], 13);
}

#[test]
fn the_help_of_every_command_has_examples() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["import", "list", "review", "verify", "repair", "rebuild", "export", "watch"] {
        let help = stdout(&run(folder.path(), &[command, "--help"]));
        assert!(help.contains("Examples:") && help.contains("--archive"), "{command}");
    }
}

#[test]
fn a_bulk_review_shows_what_it_would_change_and_changes_it_with_yes() {
    let fleet = fleet();
    let bulk = ["review", "--where", "max-ppv=0.08", "--false-trigger", "--reviewer", "kim"];
    let preview = run(fleet.path(), &bulk);
    assert!(stdout(&preview).contains("M529LKIQ.7M0W"));
    let marked = ["list", "--json", "--false-trigger", "yes"];
    assert_eq!(documents(&run(fleet.path(), &marked)).len(), 0);
    assert_eq!(code(&run(fleet.path(), &[&bulk[..], &["--yes"]].concat())), 0);
    let found = documents(&run(fleet.path(), &marked));
    assert_eq!(found.len(), 3);
    assert_eq!(found[0]["reviewer"], "kim");
    let id = found[0]["id"].to_string();
    assert_eq!(code(&run(fleet.path(), &["review", &id, "--undo"])), 0);
    assert_eq!(documents(&run(fleet.path(), &marked)).len(), 2);
    assert_eq!(documents(&run(fleet.path(), &["review", &id, "--log", "--json"])).len(), 2);
    assert_eq!(code(&run(fleet.path(), &["review", "99", "--false-trigger"])), 1);
    assert_eq!(code(&run(fleet.path(), &["review", "1"])), 2);
}

#[test]
fn verify_ends_with_3_when_something_is_found_and_repair_with_0_when_nothing_is_left() {
    let fleet = fleet();
    assert_eq!(code(&run(fleet.path(), &["verify"])), 0);
    fs::write(fleet.path().join("fleet/BE11529/M529LKIQ.7M0W.h5"), b"x").unwrap();
    let found = run(fleet.path(), &["verify", "--json"]);
    assert_eq!(code(&found), 3);
    assert_eq!(documents(&found)[0]["findings"][0]["kind"], "arrays_differ");
    assert_eq!(code(&run(fleet.path(), &["repair"])), 0);
    assert_eq!(code(&run(fleet.path(), &["verify"])), 0);
}

#[test]
fn an_event_of_an_unknown_unit_goes_to_its_unit_when_its_report_comes_and_the_answer_says_so() {
    let fleet = fleet();
    fs::copy(samples().join("M529LMOK.DK0W"), fleet.path().join("event.bin")).unwrap();
    let first = run(fleet.path(), &["import", "event.bin"]);
    assert!(stdout(&first).contains("1 event of unknown units: in UNKNOWN"));
    let report = fleet.path().join("event.bin.TXT");
    fs::copy(samples().join("M529LMOK_DK0W_ASCII.TXT"), report).unwrap();
    let late = documents(&run(fleet.path(), &["import", "--json", "event.bin.TXT"]));
    assert_eq!(late[0]["moved_from"], "UNKNOWN/event.bin");
    assert_eq!((&late[0]["serial"], &late[0]["id"]), (&"BE11529".into(), &14.into()));
    assert_eq!(late[1]["account"]["moved"], 1);
    assert_eq!(code(&run(fleet.path(), &["verify"])), 0);
}

#[test]
fn arrays_for_memory_mapping_are_made_by_import_and_rebuild_when_asked_for() {
    let fleet = fleet();
    let gnz = fleet.path().join("fleet/BE11529/M529LKIQ.7M0W.gnz");
    assert!(!gnz.exists());
    let rebuild = ["rebuild", "--gnz", "--serial", "BE11529"];
    assert!(stdout(&run(fleet.path(), &rebuild)).starts_with("7 events derived again"));
    assert!(gnz.is_file());
    assert!(stdout(&run(fleet.path(), &rebuild)).starts_with("0 events derived again"));
    let import = run(fleet.path(), &["import", "--gnz", "--json", "events/T190LD5Q.LK0W"]);
    assert_eq!(documents(&import)[0]["gnz_filename"], "T190LD5Q.LK0W.gnz");
    assert_eq!(code(&run(fleet.path(), &["verify"])), 0);
}

#[test]
fn a_folder_that_is_no_archive_does_not_become_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("fleet")).unwrap();
    assert_eq!(code(&run(folder.path(), &["list"])), 1);
    assert_eq!(fs::read_dir(folder.path().join("fleet")).unwrap().count(), 0);
}

#[test]
fn results_are_not_replaced_without_being_asked() {
    let fleet = fleet();
    let export = ["export", "--to", "parquet", "-o", "events.parquet"];
    assert_eq!(code(&run(fleet.path(), &export)), 0);
    assert_eq!(code(&run(fleet.path(), &export)), 1);
    assert_eq!(code(&run(fleet.path(), &[&export[..], &["--force"]].concat())), 0);
    assert_eq!(stdout(&run(fleet.path(), &["export", "--to", "csv"])).lines().count(), 14);
}

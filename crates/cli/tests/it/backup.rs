//! `wavekeep backup` and `wavekeep restore`, as a timer runs them at night and a person after a loss.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.current_dir(folder).env("WAVEKEEP_ARCHIVE", "fleet");
    command
}

fn run(folder: &Path, args: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } = program(folder).args(args).output().unwrap();
    let text = [stdout, stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    (status.code().unwrap(), text)
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let (_, text) = run(folder, args);
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}

/// A folder with whole events in the archive `fleet`.
fn fleet() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    for name in ["M529LKIQ.7M0W", "M529LKVQ.6S0W", "M529LIY6.N00"] {
        fs::copy(samples.join(name), folder.path().join(name)).unwrap();
    }
    let imported =
        run(folder.path(), &["import", "M529LKIQ.7M0W", "M529LKVQ.6S0W", "M529LIY6.N00"]);
    assert_eq!(imported.0, 0, "{}", imported.1);
    folder
}

#[test]
fn a_backup_is_made_verified_and_restored() {
    let fleet = fleet();
    let here = fleet.path();
    let first = json(here, &["backup", "backups", "--json"]);
    assert_eq!(first["files"], first["copied_files"]);
    let reviewed = run(here, &["review", "1", "--false-trigger", "--reviewer", "kim"]);
    assert_eq!(reviewed.0, 0, "{}", reviewed.1);
    let (code, text) = run(here, &["backup", "backups"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("files, ") && text.contains("; copied: "), "{text}");
    let (code, text) = run(here, &["restore", "--check", "backups"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("3 events") && text.contains("no problems found"), "{text}");
    let (code, text) = run(here, &["restore", "backups", "new"]);
    assert_eq!(code, 0, "{text}");
    let listed = json(here, &["list", "--archive", "new", "--json", "--false-trigger", "yes"]);
    assert_eq!((&listed["id"], &listed["reviewer"]), (&1.into(), &"kim".into()));
    // An earlier one by its name.
    let earlier = first["path"].as_str().unwrap();
    assert_eq!(run(here, &["restore", earlier, "old"]).0, 0);
    assert_eq!(run(here, &["list", "--archive", "old", "--false-trigger", "yes"]).0, 1);
    let third = json(here, &["backup", "backups", "--keep", "1", "--json"]);
    assert_eq!(third["removed"].as_array().unwrap().len(), 2);
    assert!(!Path::new(earlier).exists());
}

#[test]
fn what_is_wrong_is_said_with_an_exit_code_for_a_timer() {
    let fleet = fleet();
    let here = fleet.path();
    let ends = |args: &[&str], code: i32, word: &str| {
        let (found, text) = run(here, args);
        assert_eq!(found, code, "{args:?}: {text}");
        assert!(text.contains(word), "{args:?}: {text}");
    };
    ends(&["backup", "fleet/backups"], 1, "in the archive itself");
    ends(&["backup", "--archive", "other", "backups"], 1, "other");
    ends(&["backup", "backups", "--keep", "0"], 2, "--keep");
    ends(&["backup", "backups", "--mirror", "--keep", "3"], 2, "--keep");
    ends(&["restore", "backups", "new"], 1, "no such folder");
    ends(&["restore", "backups"], 2, "DIR");
    ends(&["backup", "--mirror", "mirror"], 0, "copied");
    ends(&["backup", "mirror"], 1, "a mirror of one");
    ends(&["restore", "mirror", "fleet"], 1, "not empty");
    let source = here.join("mirror/BE11529/M529LKIQ.7M0W");
    let mut bytes = fs::read(&source).unwrap();
    bytes[100] ^= 1;
    fs::write(&source, bytes).unwrap();
    ends(&["restore", "--check", "mirror", "--hashes"], 3, "M529LKIQ.7M0W");
    ends(&["restore", "mirror", "new"], 3, "M529LKIQ.7M0W");
}

#[test]
fn a_backup_that_is_killed_at_any_moment_leaves_the_one_before_and_the_next_is_whole() {
    let fleet = fleet();
    let here = fleet.path();
    for n in 0..80 {
        let name = format!("fleet/BE11529/plan-{n}.png");
        fs::write(here.join(name), vec![7; 10_000]).unwrap();
    }
    let first = json(here, &["backup", "backups", "--json"])["path"].clone();
    for round in 0..12 {
        // Until the kill lands in the middle.
        let mut command = program(here);
        command.args(["backup", "backups"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        thread::sleep(Duration::from_millis(8 + 4 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let (code, text) = run(here, &["restore", "--check", "backups", "--hashes"]);
        assert_eq!(code, 0, "{text}");
        assert!(Path::new(first.as_str().unwrap()).is_dir());
    }
    let (code, text) = run(here, &["backup", "backups"]);
    assert_eq!(code, 0, "{text}");
    let names: Vec<_> = fs::read_dir(here.join("backups"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        names.iter().all(|name| name == "backup.lock" || !name.to_string_lossy().starts_with('.')),
        "{names:?}"
    );
    assert_eq!(run(here, &["restore", "--check", "backups"]).0, 0);
}

/// Backups on a disk that is full, then with free space again. Exit codes are written down.
#[cfg(target_os = "linux")]
const FULL: &str = r#"
program=$1 archive=$2 disk=$3 out=$4
mount -t tmpfs -o size=150k tmpfs "$disk"
run() { name=$1; shift; "$program" "$@" > "$out/$name" 2>&1 && code=0 || code=$?; echo $code > "$out/$name.code"; }
run full backup --archive "$archive" "$disk/backups"
run check-full restore --check "$disk/backups"
mount -o remount,size=64m "$disk"
run space backup --archive "$archive" "$disk/backups"
run check-space restore --check "$disk/backups"
"#;

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_a_backup_is_whole_once_there_is_space() {
    use crate::mounts::{can_mount, in_own_mounts};
    if !can_mount("that a full disk leaves no half backup rests on those that are killed alone") {
        return;
    }
    let fleet = fleet();
    let (disk, out) = (fleet.path().join("disk"), fleet.path().join("out"));
    fs::create_dir(&disk).unwrap();
    fs::create_dir(&out).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_wavekeep"));
    let archive = fleet.path().join("fleet");
    let ran = in_own_mounts(FULL, &[program, &archive, &disk, &out]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let code = |name: &str| read(&format!("{name}.code")).trim().to_owned();
    assert_eq!(code("full"), "1", "{}", read("full"));
    assert!(
        read("full").contains("No space left") || read("full").contains("full"),
        "{}",
        read("full")
    );
    assert_eq!(code("check-full"), "1");
    assert!(read("check-full").contains("no finished backup"), "{}", read("check-full"));
    assert_eq!(code("space"), "0", "{}", read("space"));
    assert_eq!(code("check-space"), "0", "{}", read("check-space"));
}

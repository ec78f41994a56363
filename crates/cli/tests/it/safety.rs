//! Archives of others, users without write access, full and read-only disks, slips of the pen.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use wavekeep_archive::{Archive, Query, Submission};

#[cfg(target_os = "linux")]
use crate::mounts::{can_mount, in_own_mounts};

const QUIET: &str = "M529LKIQ.7M0W";
const BLAST: &str = "M529LMOK.DK0W";

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)).unwrap()
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.env_remove("WAVEKEEP_ARCHIVE");
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A folder that others can enter, with the archive `fleet` of two events.
fn fleet() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let archive = Archive::create(place.path().join("fleet")).unwrap();
    for name in [QUIET, BLAST] {
        archive.save(&Submission::new(name, sample(name))).unwrap();
    }
    place
}

/// What only looks, on the archive `fleet`; each succeeds.
#[cfg(target_os = "linux")]
const LOOKS: [&[&str]; 6] = [
    &["list"],
    &["list", "--by", "unit", "--json"],
    &["export", "--to", "csv"],
    &["verify"],
    &["review", "--log"],
    &["review", "--where", "serial=BE11529", "--reviewed"],
];

fn names(root: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(root).into_iter();
    let mut names: Vec<PathBuf> = all.map(|entry| entry.unwrap().into_path()).collect();
    names.sort();
    names
}

/// Runs a script with the program and a folder. `None` where nothing can be mounted, which is said.
#[cfg(target_os = "linux")]
fn run_in_own_mounts(script: &str, place: &Path) -> Option<Output> {
    let untried = "that looking works on read-only media and full disks was not seen";
    let program = Path::new(env!("CARGO_BIN_EXE_wavekeep"));
    can_mount(untried).then(|| in_own_mounts(script, &[program, place]).output().unwrap())
}

#[cfg(target_os = "linux")]
fn script_of_looks() -> String {
    let looks = LOOKS.iter().map(|arguments| {
        format!(
            "\"$1\" {} --archive \"$2/fleet\" > /dev/null 2>> \"$2.said\"\n",
            arguments.join(" ")
        )
    });
    looks.collect()
}

#[cfg(target_os = "linux")]
#[test]
fn looking_works_on_read_only_media() {
    // Also with the log of a program that was killed.
    for killed in [false, true] {
        let place = fleet();
        if killed {
            let root = place.path().join("fleet");
            let archive = Archive::open(&root).unwrap();
            archive.save(&Submission::new("M529LKVQ.6S0W", sample("M529LKVQ.6S0W"))).unwrap();
            let copy = place.path().join("copy");
            assert!(Command::new("cp").arg("-a").arg(&root).arg(&copy).status().unwrap().success());
            drop(archive);
            fs::remove_dir_all(&root).unwrap();
            fs::rename(copy, &root).unwrap();
            assert!(fs::metadata(root.join(".wavekeep/index.sqlite-wal")).unwrap().len() > 0);
        }
        let before = names(place.path());
        let script = format!(
            "mount --bind \"$2\" \"$2\"; mount -o remount,bind,ro \"$2\"\n{}",
            script_of_looks()
        );
        let Some(ran) = run_in_own_mounts(&script, place.path()) else { return };
        let said =
            fs::read_to_string(format!("{}.said", place.path().display())).unwrap_or_default();
        let _ = fs::remove_file(format!("{}.said", place.path().display()));
        assert!(ran.status.success(), "killed: {killed}: {}{said}", self::said(&ran));
        assert_eq!(names(place.path()), before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn looking_works_on_a_full_disk() {
    let place = fleet();
    let script = format!(
        "disk=$2.disk; mkdir \"$disk\"; mount -t tmpfs -o size=600k tmpfs \"$disk\"\n\
         cp -a \"$2/fleet\" \"$disk\"; dd if=/dev/zero of=\"$disk/fill\" 2> /dev/null || true\n\
         set -- \"$1\" \"$disk\"\n{}",
        script_of_looks().replace("$2.said", "/dev/stderr")
    );
    let Some(ran) = run_in_own_mounts(&script, place.path()) else { return };
    let _ = fs::remove_dir(format!("{}.disk", place.path().display()));
    assert!(ran.status.success(), "{}", said(&ran));
}

/// Root may write everywhere: another user looks.
#[cfg(target_os = "linux")]
#[test]
fn looking_needs_no_write_access() {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    let place = fleet();
    let copy = place.path().join("wavekeep");
    fs::copy(env!("CARGO_BIN_EXE_wavekeep"), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    let before = names(place.path());
    for arguments in LOOKS {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        let ran = command
            .arg(&copy)
            .args(arguments)
            .arg("--archive")
            .arg(place.path().join("fleet"))
            .output();
        match ran {
            Ok(ran) if said(&ran).contains("setpriv:") => {
                let _ = writeln!(
                    std::io::stderr(),
                    "\n*** NOT TRIED as another user: {}\n",
                    said(&ran)
                );
                return;
            }
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "\n*** NOT TRIED as another user: {error}\n");
                return;
            }
            Ok(ran) => assert!(ran.status.success(), "{arguments:?}: {}", said(&ran)),
        }
    }
    assert_eq!(names(place.path()), before);
}

#[test]
fn no_command_makes_an_archive_by_a_slip_of_the_pen() {
    let place = tempfile::tempdir().unwrap();
    let empty = place.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for folder in [&empty, &place.path().join("nowhere")] {
        for arguments in [
            &["list"][..],
            &["verify"],
            &["repair"],
            &["rebuild"],
            &["rebuild", "--index"],
            &["export", "--to", "csv"],
            &["review", "1", "--reviewed"],
            &["token", "list"],
            &["token", "add", "kim"],
            &["token", "revoke", "kim"],
            &["watch", "."],
            &["serve", "--listen", "127.0.0.1:0"],
            &["serve", "--read-only", "--listen", "127.0.0.1:0"],
        ] {
            for by_variable in [false, true] {
                let mut command = program();
                command.current_dir(place.path()).args(arguments);
                match by_variable {
                    true => command.env("WAVEKEEP_ARCHIVE", folder),
                    false => command.arg("--archive").arg(folder),
                };
                let ran = command.output().unwrap();
                assert_eq!(ran.status.code(), Some(1), "{arguments:?}: {}", said(&ran));
                assert_eq!(
                    names(place.path()),
                    [place.path().to_owned(), empty.clone()],
                    "{arguments:?}"
                );
            }
        }
    }
    let nowhere = program().current_dir(&empty).args(["token", "list"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2), "{}", said(&nowhere));
}

#[test]
fn a_journal_that_cannot_be_followed_is_told_of_and_repaired() {
    let place = fleet();
    let root = place.path().join("fleet");
    fs::write(root.join(".wavekeep/journal.json"), "{").unwrap();
    let run = |arguments: &[&str]| {
        program().args(arguments).arg("--archive").arg(&root).output().unwrap()
    };
    let list = run(&["list"]);
    assert!(list.status.success() && said(&list).contains("journal"), "{}", said(&list));
    assert_eq!(run(&["verify"]).status.code(), Some(3));
    let import = run(&["review", "1", "--reviewed"]);
    assert!(import.status.code() == Some(1) && said(&import).contains("wavekeep repair"));
    let repair = run(&["repair"]);
    assert!(repair.status.success() && said(&repair).contains("moved aside"), "{}", said(&repair));
    assert!(run(&["verify"]).status.success());
}

/// A watcher of a folder, and what it says.
struct Watcher {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Watcher {
    fn start(root: &Path, folder: &Path) -> Self {
        let mut command = program();
        command.args(["watch", "--json", "--settle", "0.3", "--rescan", "0.3", "--archive"]);
        command.arg(root).arg(folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The first document that fits.
    fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.next().expect("the watcher goes on").unwrap();
            let document: Value = serde_json::from_str(&line).unwrap();
            if fits(&document) {
                return document;
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_watcher_waits_for_the_end_of_an_upload_and_outlives_a_folder_that_goes() {
    let place = fleet();
    let (root, folder) = (place.path().join("fleet"), place.path().join("calls"));
    fs::create_dir(&folder).unwrap();
    let bytes = sample("M529LN1C.QE0W");
    let name = "M529LN1C.QE0W";
    let mut watcher = Watcher::start(&root, &folder);
    // An upload that pauses far longer than the file has to settle, and goes on.
    fs::write(folder.join(name), &bytes[..bytes.len() / 2]).unwrap();
    watcher.until(|said| said["incomplete"] == true);
    std::thread::sleep(Duration::from_millis(700));
    fs::write(folder.join(name), &bytes).unwrap();
    let taken = watcher.until(|said| said["fate"] == "event");
    assert_eq!(
        (&taken["filesize"], &taken["outcome"]),
        (&Value::from(bytes.len()), &Value::from("new"))
    );
    // Under another name until it is whole.
    let part = folder.join("M529LKVQ.6S0W.part");
    fs::write(&part, sample("M529LKVQ.6S0W")).unwrap();
    watcher.until(|said| said["fate"] == "skipped");
    fs::rename(&part, folder.join("M529LKVQ.6S0W")).unwrap();
    let taken = watcher.until(|said| said["fate"] == "event");
    assert_eq!(taken["serial_unknown"], false);
    // The folder goes and comes back.
    fs::rename(&folder, place.path().join("away")).unwrap();
    watcher.until(|said| said["trouble"].is_string());
    fs::rename(place.path().join("away"), &folder).unwrap();
    watcher.until(|said| said.get("trouble").is_some_and(Value::is_null));
    fs::write(folder.join("M529LIY6.N00"), sample("M529LIY6.N00")).unwrap();
    watcher.until(|said| said["filename"] == "M529LIY6.N00");
    drop(watcher);
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.query(&Query::default()).unwrap().total, 5);
    assert!(archive.find("UNKNOWN", name).unwrap().is_none());
}

#[test]
fn a_slow_recording_that_is_killed_is_on_the_disk_but_for_its_last_second() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("slow.dat");
    let mut command = program();
    command.args(["record", "--quiet", "--channels", "4", "--rate", "50", "--output"]).arg(&path);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    // Long before a buffer of a mebibyte is full, which takes an hour and a half.
    let is_on_disk = (0..1500).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        fs::metadata(&path).is_ok_and(|found| found.len() > 0)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_on_disk);
    let info = program().args(["info", "--json"]).arg(&path).output().unwrap();
    assert_eq!(info.status.code(), Some(0), "{}", said(&info));
}

//! A real file system that gets full: what was answered is whole afterwards, the import is started
//! again when there is room, the watcher goes on by itself, and the server says so.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;
use wavekeep_archive::{Archive, Query, VerifyOptions};

use crate::mounts::{can_mount, in_own_mounts};

/// What rests on other tests where nothing can be mounted.
const UNTRIED: &str = "that a full disk loses nothing rests on the simulated disk alone \
    (crates/archive/tests/it/faults.rs)";
/// Events of the folder that is imported.
const EVENTS: usize = 40;

/// Imports until the disk is full, verifies there, makes room, imports again, verifies, repairs, and
/// copies the archive out of the name space. Exit codes are written down instead of ending it.
const IMPORTING: &str = r#"
program=$1 source=$2 disk=$3 out=$4 size=$5
mount -t tmpfs -o "size=$size" tmpfs "$disk"
run() { name=$1; shift; "$program" "$@" > "$out/$name" 2> "$out/$name.err" && code=0 || code=$?; echo $code > "$out/$name.code"; }
run full import --json --batch 4 --gnz --archive "$disk/a" "$source"
run verify-full verify --json --archive "$disk/a"
mount -o remount,size=64m "$disk"
run verify-room verify --json --archive "$disk/a"
run again import --json --batch 4 --gnz --archive "$disk/a" "$source"
run repair repair --json --archive "$disk/a"
cp -a "$disk/a" "$out/archive"
"#;

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn a_disk_that_gets_full_loses_nothing_that_was_answered_and_the_import_goes_on_with_room() {
    let place = tempfile::tempdir().unwrap();
    let (source, disk) = (place.path().join("source"), place.path().join("disk"));
    fs::create_dir(&source).unwrap();
    fs::create_dir(&disk).unwrap();
    if !can_mount(UNTRIED) {
        return;
    }
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    for n in 0..EVENTS {
        fs::copy(samples.join("M529LIY6.N00"), source.join(format!("M{n:03}LIY6.N00"))).unwrap();
    }
    let (mut some, mut none) = (0, 0);
    for kilobytes in (150..1800).step_by(75) {
        let out = place.path().join(format!("{kilobytes}k"));
        fs::create_dir(&out).unwrap();
        let size = format!("{kilobytes}k");
        let program = Path::new(env!("CARGO_BIN_EXE_wavekeep"));
        let arguments = [program, &source, &disk, &out, Path::new(&size)];
        let ran = in_own_mounts(IMPORTING, &arguments).output().unwrap();
        assert!(ran.status.success(), "{size}: {}", String::from_utf8_lossy(&ran.stderr));
        let code = |name: &str| {
            fs::read_to_string(out.join(format!("{name}.code"))).unwrap().trim().to_owned()
        };
        let error = |name: &str| fs::read_to_string(out.join(format!("{name}.err"))).unwrap();

        // What is left when it is full, and with room again, is whole but for leftovers.
        for name in ["verify-full", "verify-room"] {
            let found = lines(&out.join(name));
            let findings = found.iter().filter_map(|found| found["findings"].as_array());
            for finding in findings.flatten() {
                // Looking does not finish what was cut short.
                let kind = finding["kind"].as_str().unwrap();
                assert!(["leftover", "waiting"].contains(&kind), "{size}, {name}: {finding}");
            }
        }
        assert!(["0", "3"].contains(&code("verify-room").as_str()), "{}", error("verify-room"));
        let answered = lines(&out.join("full"));
        let answered: Vec<&Value> =
            answered.iter().filter(|answer| answer["fate"] == "event").collect();
        if code("full") != "0" {
            let said = error("full") + &fs::read_to_string(out.join("full")).unwrap();
            assert!(said.contains("No space left") || said.contains("full"), "{size}: {said}");
            assert!(answered.len() < EVENTS, "{size}");
            if answered.is_empty() { none += 1 } else { some += 1 }
        }
        assert_eq!(code("again"), "0", "{size}: {}", error("again"));
        assert_eq!(code("repair"), "0", "{size}: {}", error("repair"));
        let archive = Archive::open(out.join("archive")).unwrap();
        let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        assert!(found.is_whole(), "{size}: {found:?}");
        assert_eq!(archive.query(&Query::default()).unwrap().total as usize, EVENTS, "{size}");
        for answer in answered {
            let event = archive.event(answer["id"].as_i64().unwrap()).unwrap();
            let says = |name: &str| answer[name].as_str().unwrap().to_owned();
            assert_eq!((event.filename, event.sha256.unwrap()), (says("filename"), says("sha256")));
        }
    }
    assert!(some > 3, "too few disks got full while events were answered: {some}, before: {none}");
}

/// Runs a command that stays over an archive on a disk that the test fills, makes room on, and ends:
/// each step waits for the file that asks for it.
const STAYING: &str = r#"
program=$1 source=$2 disk=$3 out=$4
shift 4
asked() { while [ ! -e "$out/$1" ]; do sleep 0.05; done; }
mount -t tmpfs -o size=2m tmpfs "$disk"
"$program" import --archive "$disk/a" "$source" > "$out/import"
"$program" "$@" --archive "$disk/a" > "$out/said" 2> "$out/said.err" &
asked fill
head -c 4m /dev/zero > "$disk/filler" 2> "$out/filler" || touch "$out/filled"
asked room
rm "$disk/filler"
touch "$out/emptied"
asked end
kill $!
wait $! || true
"#;

/// A command that stays, over a disk of its own.
struct Staying {
    place: tempfile::TempDir,
    script: Child,
}

impl Staying {
    /// `None` where nothing can be mounted, which is said.
    fn start(command: &[&str], more: &[&Path]) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let disk = place.path().join("disk");
        fs::create_dir(&disk).unwrap();
        if !can_mount(UNTRIED) {
            return None;
        }
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let source = samples.join("M529LKIQ.7M0W");
        let program = Path::new(env!("CARGO_BIN_EXE_wavekeep"));
        let mut arguments = vec![program, &source, &disk, place.path()];
        arguments.extend(command.iter().map(Path::new));
        arguments.extend(more);
        let script = in_own_mounts(STAYING, &arguments).spawn().unwrap();
        Some(Self { place, script })
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.place.path().join(name)).unwrap_or_default()
    }

    fn ask(&self, step: &str, done: &str) {
        fs::write(self.place.path().join(step), "").unwrap();
        until(|| self.place.path().join(done).exists(), &|| self.text("said.err"));
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        for step in ["fill", "room", "end"] {
            let _ = fs::write(self.place.path().join(step), "");
        }
        let _ = self.script.wait();
    }
}

/// Waits for something that comes soon; `what` says how it stands if it does not.
fn until(mut holds: impl FnMut() -> bool, what: &dyn Fn() -> String) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", what());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_watcher_outlives_a_full_disk_says_so_and_takes_what_came_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let command = ["watch", "--json", "--settle", "0.2", "--rescan", "0.2"];
    let Some(staying) = Staying::start(&command, &[folder.path()]) else { return };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let put = |name: &str| fs::copy(samples.join(name), folder.path().join(name)).unwrap();
    let said = || staying.text("said");
    put("M529LN1C.QE0W");
    until(|| said().contains("M529LN1C.QE0W"), &said);
    staying.ask("fill", "filled");
    put("M529LMOK.DK0W");
    until(|| said().contains("\"trouble\":\""), &said);
    let trouble = lines(&staying.place.path().join("said"));
    let trouble = trouble.iter().find_map(|line| line["trouble"].as_str()).unwrap();
    assert!(trouble.contains("No space left") || trouble.contains("full"), "{trouble}");
    staying.ask("room", "emptied");
    let is_in = |line: &Value| line["outcome"] == "new" && line["filename"] == "M529LMOK.DK0W";
    until(|| lines(&staying.place.path().join("said")).iter().any(is_in), &said);
    until(|| said().contains("\"trouble\":null"), &said);
}

/// The answer to one request, head and all.
fn asked(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_server_on_a_full_disk_is_alive_but_not_ready_until_there_is_room() {
    let command = ["serve", "--json", "--listen", "127.0.0.1:0"];
    let Some(staying) = Staying::start(&command, &[]) else { return };
    let listening = || lines(&staying.place.path().join("said")).into_iter().next();
    until(|| listening().is_some(), &|| staying.text("said.err"));
    let address = listening().unwrap()["listening"].as_str().unwrap().to_owned();
    let health = || asked(&address, "/health");
    until(|| health().starts_with("HTTP/1.1 200"), &health);
    staying.ask("fill", "filled");
    until(|| health().starts_with("HTTP/1.1 503"), &health);
    assert!(health().contains("\"disk\":\"full\""), "{}", health());
    assert!(asked(&address, "/health/live").starts_with("HTTP/1.1 200"));
    staying.ask("room", "emptied");
    until(|| health().starts_with("HTTP/1.1 200"), &health);
}

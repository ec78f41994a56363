//! The program on Windows: paths, names, files that others have open, consoles.
#![cfg(windows)]

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

const QUIET: &str = "M529LKIQ.7M0W";
const BLAST: &str = "M529LMOK.DK0W";
const BLAST_REPORT: &str = "M529LMOK_DK0W_ASCII.TXT";

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").canonicalize().unwrap()
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(samples().join(name)).unwrap()
}

/// A folder with one event.
fn folder_with(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), sample(name)).unwrap();
    folder
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.current_dir(folder).env_remove("NO_COLOR").env("WAVEKEEP_ARCHIVE", "fleet");
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    program(folder).args(args).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8([output.stdout.as_slice(), output.stderr.as_slice()].concat()).unwrap()
}

/// Runs the program and expects that it ends with `code`.
#[track_caller]
fn ends(code: i32, folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output));
    text(&output)
}

fn documents(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Opens a file so that nobody else may open, replace or remove it, as many programs do.
fn hold(path: &Path) -> File {
    OpenOptions::new().read(true).share_mode(0).open(path).unwrap()
}

mod paths {
    use super::*;

    /// The same file with a drive letter, with slashes, relative, and in the form for long paths.
    fn forms(path: &Path) -> [String; 4] {
        let drive = path.display().to_string();
        assert_eq!(&drive[1..3], ":\\", "{drive}");
        let name = path.file_name().unwrap().to_str().unwrap();
        let extended = path.canonicalize().unwrap().display().to_string();
        assert!(extended.starts_with("\\\\?\\"), "{extended}");
        [drive.clone(), drive.replace('\\', "/"), format!(".\\{name}"), extended]
    }

    #[test]
    fn every_form_of_a_path_names_the_file() {
        let folder = folder_with(QUIET);
        for path in forms(&folder.path().join(QUIET)) {
            ends(0, folder.path(), &["info", &path]);
        }
    }

    #[test]
    fn a_result_goes_to_every_form_of_a_path() {
        let folder = folder_with(QUIET);
        let out = folder.path().join("out.csv");
        fs::write(&out, "").unwrap();
        for path in forms(&out) {
            ends(0, folder.path(), &["convert", QUIET, "--force", "-o", &path]);
            assert!(fs::read(&out).unwrap().starts_with(b"time_s,"), "{path}");
            fs::write(&out, "").unwrap();
        }
    }

    #[test]
    fn an_archive_is_found_by_every_form_of_its_path() {
        let folder = folder_with(QUIET);
        ends(0, folder.path(), &["import", QUIET]);
        for path in forms(&folder.path().join("fleet")) {
            let listed = ends(0, folder.path(), &["list", "--archive", &path, "--json"]);
            assert_eq!(documents(&listed).len(), 1, "{path}");
            ends(0, folder.path(), &["verify", "--archive", &path]);
        }
    }

    /// A folder below another one, with a path of so many characters.
    fn deep(folder: &Path, length: usize) -> PathBuf {
        let mut deep = folder.to_owned();
        while deep.as_os_str().len() < length {
            let missing = length - deep.as_os_str().len() - 1;
            deep.push("x".repeat(if missing > 42 { 40 } else { missing }));
        }
        fs::create_dir_all(&deep).unwrap();
        deep
    }

    #[test]
    fn results_may_have_paths_of_more_than_260_characters() {
        let folder = folder_with(BLAST);
        let deep = deep(folder.path(), 320);
        for name in ["a.csv", "a.h5", "a.gnz", "a.parquet", "a.npz"] {
            let path = deep.join(name).display().to_string();
            ends(0, folder.path(), &["convert", BLAST, "-o", &path]);
            ends(0, folder.path(), &["convert", BLAST, "-o", &path, "--force"]);
        }
        assert_eq!(names(&deep).len(), 5);
    }

    #[test]
    fn files_of_an_archive_may_have_paths_of_more_than_260_characters() {
        let folder = folder_with(BLAST);
        let at = folder.path();
        // Wine finds out no longer path of a folder.
        let archive = deep(at, 240);
        assert!(archive.join("BE11529").join(format!("{BLAST}.sfm.json")).as_os_str().len() > 260);
        let archive = archive.to_str().unwrap();
        ends(0, at, &["import", BLAST, "--gnz", "--archive", archive]);
        ends(0, at, &["review", "1", "--notes", "far", "--archive", archive]);
        ends(0, at, &["verify", "--archive", archive]);
        let listed = ends(0, at, &["list", "--json", "--archive", archive]);
        assert_eq!(documents(&listed)[0]["review_notes"], "far");
    }

    #[test]
    fn a_run_inside_an_archive_is_noted_with_slashes() {
        let folder = tempfile::tempdir().unwrap();
        let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data/basic.dat");
        fs::copy(run.canonicalize().unwrap(), folder.path().join("basic.dat")).unwrap();
        ends(0, folder.path(), &["import", "basic.dat", "--stream-id", "crate1"]);
        let sidecar = folder.path().join("fleet/crate1/basic.dat.sfm.json");
        let sidecar: Value = serde_json::from_slice(&fs::read(sidecar).unwrap()).unwrap();
        assert_eq!(sidecar["stream"]["pieces"][0]["path"], "crate1/basic.dat");
    }

    #[test]
    fn wildcards_are_replaced_as_shells_elsewhere_do() {
        let folder = folder_with(QUIET);
        fs::write(folder.path().join(BLAST), sample(BLAST)).unwrap();
        let found = ends(0, folder.path(), &["info", "--json", "M529L*"]);
        assert_eq!(documents(&found).len(), 2);
    }
}

mod reserved_names {
    use super::*;

    #[test]
    fn nothing_is_written_under_the_name_of_a_device() {
        let folder = folder_with(QUIET);
        for name in ["nul.csv", "CON.csv", "aux.csv", "com1.csv", "out\\LPT9.csv"] {
            let said = ends(2, folder.path(), &["convert", QUIET, "-o", name]);
            assert!(said.contains("device on Windows"), "{name}: {said}");
        }
        assert_eq!(names(folder.path()), [QUIET]);
    }

    #[test]
    fn nothing_is_written_under_a_name_that_windows_changes() {
        let folder = folder_with(QUIET);
        for name in ["a.csv.", "a.csv ", "a.txt:a.csv", "a?.csv"] {
            ends(2, folder.path(), &["convert", QUIET, "-o", name]);
        }
        assert_eq!(names(folder.path()), [QUIET]);
    }

    #[test]
    fn a_recording_never_goes_to_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let args = ["record", "--channels", "1", "--rate", "50", "--output", "nul"];
        ends(2, folder.path(), &args);
    }

    #[test]
    fn names_that_differ_by_case_alone_do_not_replace_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for (below, name, content) in
            [("a", QUIET.to_owned(), QUIET), ("b", QUIET.to_lowercase(), BLAST)]
        {
            fs::create_dir(at.join(below)).unwrap();
            fs::write(at.join(below).join(&name), sample(content)).unwrap();
            ends(0, at, &["import", "--serial", "BE11529", &format!("{below}/{name}")]);
        }
        let listed = documents(&ends(0, at, &["list", "--json"]));
        let mut kept: Vec<String> =
            listed.iter().map(|event| event["filename"].as_str().unwrap().to_lowercase()).collect();
        kept.dedup();
        assert_eq!(kept.len(), 2, "{listed:?}");
        ends(0, at, &["verify"]);
    }

    #[test]
    fn serial_numbers_that_differ_by_case_alone_have_one_folder() {
        let folder = folder_with(QUIET);
        let at = folder.path();
        fs::write(at.join(BLAST), sample(BLAST)).unwrap();
        ends(0, at, &["import", "--serial", "BE7", QUIET]);
        ends(0, at, &["import", "--serial", "be7", BLAST]);
        let listed = documents(&ends(0, at, &["list", "--json"]));
        assert_eq!(listed[0]["serial"], listed[1]["serial"]);
        ends(0, at, &["verify"]);
    }
}

mod files_that_others_have_open {
    use super::*;

    #[test]
    fn a_result_that_is_kept_open_stays_and_the_error_says_what_to_do() {
        let folder = folder_with(QUIET);
        for name in ["out.csv", "out.gnz"] {
            let out = folder.path().join(name);
            fs::write(&out, "as it was").unwrap();
            let held = hold(&out);
            let said = ends(1, folder.path(), &["convert", QUIET, "--force", "-o", name]);
            drop(held);
            assert!(said.contains(name) && said.contains("close it there and try again"), "{said}");
            assert_eq!(fs::read(&out).unwrap(), b"as it was");
            fs::remove_file(out).unwrap();
            assert_eq!(names(folder.path()), [QUIET], "nothing unfinished stays");
        }
    }

    #[test]
    fn a_result_that_is_open_for_a_moment_is_replaced() {
        let folder = folder_with(QUIET);
        for name in ["out.csv", "out.gnz"] {
            let out = folder.path().join(name);
            fs::write(&out, "as it was").unwrap();
            let held = hold(&out);
            let args = ["convert", QUIET, "--force", "-o", name];
            let converting = program(folder.path()).args(args).spawn().unwrap();
            thread::sleep(Duration::from_millis(1200));
            drop(held);
            assert!(converting.wait_with_output().unwrap().status.success());
            assert_ne!(fs::read(&out).unwrap(), b"as it was");
        }
    }

    #[test]
    fn a_change_that_a_file_in_use_cuts_short_is_finished_later() {
        let folder = folder_with(QUIET);
        let at = folder.path();
        ends(0, at, &["import", QUIET]);
        let sidecar = at.join("fleet/BE11529").join(format!("{QUIET}.sfm.json"));
        let held = hold(&sidecar);
        let said = ends(1, at, &["review", "1", "--notes", "first"]);
        assert!(said.contains(".sfm.json"), "{said}");
        drop(held);
        ends(0, at, &["review", "1", "--notes", "second"]);
        ends(0, at, &["verify"]);
        let listed = documents(&ends(0, at, &["list", "--json"]));
        assert_eq!(listed[0]["review_notes"], "second");
    }

    #[test]
    fn two_imports_into_one_archive_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for (half, tens) in [("a", 0), ("b", 10)] {
            fs::create_dir(at.join(half)).unwrap();
            for n in tens..tens + 10 {
                // The name says the unit: each event is one of its own.
                let name = format!("M{n:03}LIY6.N00");
                fs::write(at.join(half).join(name), sample("M529LIY6.N00")).unwrap();
            }
        }
        let start = |half: &str| {
            let mut command = program(at);
            command.args(["import", half, "--batch", "2"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        for child in [start("a"), start("b")] {
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        }
        assert_eq!(documents(&ends(0, at, &["list", "--json"])).len(), 20);
        ends(0, at, &["verify"]);
    }
}

/// Consoles are tested by `tests/wine/console.py`.
#[test]
fn colours_are_written_when_asked_for_and_never_otherwise() {
    let folder = folder_with(QUIET);
    let colours = |command: &mut Command| {
        text(&command.args(["info", QUIET]).output().unwrap()).contains('\u{1b}')
    };
    assert!(colours(program(folder.path()).args(["--color", "always"])));
    assert!(!colours(program(folder.path()).args(["--color", "never"])));
    assert!(!colours(program(folder.path()).env("NO_COLOR", "1")));
    assert!(!colours(&mut program(folder.path())), "a pipe gets none unasked");
}

/// A server over the archive `fleet`.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let listening: Value = serde_json::from_str(&line).unwrap();
        let address = listening["listening"].as_str().unwrap().to_owned();
        Self { child, address }
    }

    /// The document that is answered.
    fn ask(&self, head: &str, body: &[u8]) -> Value {
        let length = body.len();
        let head = format!(
            "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        let mut client = TcpStream::connect(&self.address).unwrap();
        client.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    fn import(&self, name: &str, bytes: &[u8]) -> Value {
        let begin = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
        );
        let body = [begin.as_bytes(), bytes, b"\r\n--edge--\r\n"].concat();
        let head =
            "POST /api/v1/import HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=edge";
        self.ask(head, &body)["results"][0].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_takes_events_and_answers() {
    let folder = folder_with(QUIET);
    ends(0, folder.path(), &["import", QUIET]);
    let server = Server::start(&mut program(folder.path()));
    assert_eq!(server.import(BLAST, &sample(BLAST))["outcome"], "new");
    let events = server.ask("GET /api/v1/events HTTP/1.1", b"");
    assert_eq!(events["total"], 2, "{events}");
    drop(server);
    ends(0, folder.path(), &["verify"]);
}

#[test]
fn a_report_says_the_same_whatever_ends_its_lines() {
    let lines = String::from_utf8_lossy(&sample(BLAST_REPORT)).replace("\r\n", "\n");
    let statements = ["\n", "\r\n"].map(|end| {
        let folder = folder_with(BLAST);
        fs::write(folder.path().join(BLAST_REPORT), lines.replace('\n', end)).unwrap();
        let output = ends(0, folder.path(), &["info", "--json", BLAST]);
        documents(&output)[0]["statement"].clone()
    });
    assert!(statements[0].is_object(), "{statements:?}");
    assert_eq!(statements[0], statements[1]);
}

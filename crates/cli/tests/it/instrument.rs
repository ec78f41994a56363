//! Recording from a stream bridge, and control while recording, as labs do it.
//!
//! The peer is a program of Python, which wine has not, and signals stop the program.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use wavekeep_recorder::writer::Frame;
use wavekeep_smurf::{Run, Selection};

use crate::peer::{Peer, data, record};

/// The program, recording.
struct Recorder {
    child: Child,
    errors: BufReader<ChildStderr>,
}

impl Recorder {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut command = Command::cargo_bin("wavekeep").unwrap();
        command.current_dir(folder).arg("record").args(args).arg("--json");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self { child, errors }
    }

    /// The next line on standard error that has these words.
    fn said(&mut self, words: &str) -> String {
        let mut line = String::new();
        while self.errors.read_line(&mut line).unwrap() > 0 {
            if line.contains(words) {
                return line;
            }
            line.clear();
        }
        panic!("{words:?} was not said");
    }

    /// The address that the next line with these words names.
    fn address(&mut self, words: &str) -> String {
        let line = self.said(words);
        let at = line.find("tcp://").unwrap();
        line[at..].split([',', '\n']).next().unwrap().to_owned()
    }

    fn signal(&self, name: &str) {
        let signal = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(signal.unwrap().success());
    }

    fn stopped(self) -> (Option<i32>, Value) {
        self.signal("-INT");
        self.ended()
    }

    fn ended(self) -> (Option<i32>, Value) {
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
    }
}

fn refused(args: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let mut command = Command::cargo_bin("wavekeep").unwrap();
    let output = command.current_dir(folder.path()).arg("record").args(args).output().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{args:?}");
    assert!(!output.status.success(), "{args:?}");
    output
}

/// Asks until the answer is this one.
fn until(peer: &mut Peer, variable: &str, expected: &str) {
    while peer.control("lab", variable, "getDisp", json!([])) != expected {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn a_bridge_is_recorded_record_for_record() {
    for bind in [false, true] {
        let (folder, mut peer) = (TempDir::new().unwrap(), Peer::start());
        let mut args = vec!["-o", "run.dat", "--frames", "20"];
        let (frames, metadata);
        let recorder = if bind {
            let any = "tcp://127.0.0.1:0";
            args.extend(["--bind", "--from", any, "--metadata", any]);
            let mut recorder = Recorder::start(folder.path(), &args);
            for name in ["data", "metadata"] {
                let address = recorder.address("frames are taken in at");
                peer.connect(name, "PUSH", &address);
            }
            recorder
        } else {
            (frames, metadata) = (peer.bind("data", "PUSH"), peer.bind("metadata", "PUSH"));
            args.extend(["--from", &frames, "--metadata", &metadata]);
            Recorder::start(folder.path(), &args)
        };
        let mut expected = Vec::new();
        let text = Frame::data(b"AMCc.Dev.A: 1\n");
        peer.frame("metadata", text);
        // Frames of two sockets have no order among each other: the text is in the file before the
        // rest is sent.
        while fs::metadata(folder.path().join("run.dat")).map_or(0, |file| file.len()) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        expected.extend(record(Frame::metadata(text.payload)));
        peer.frames("data", 100, 20, 8);
        for counter in 100..120 {
            expected.extend(record(Frame::data(&data(counter, 8))));
        }
        let (code, summary) = recorder.ended();
        assert_eq!(code, Some(0));
        assert_eq!(fs::read(folder.path().join("run.dat")).unwrap(), expected);
        assert_eq!(summary["variables"]["FrameCount"], 21);
        let bridge = &summary["bridge"];
        assert_eq!((&bridge["data"], &bridge["metadata"]), (&json!(20), &json!(1)));
        assert_eq!((&bridge["lost"], &bridge["step"]), (&json!(0), &json!(1)));
    }
}

#[test]
fn a_lab_controls_from_start_to_end() {
    let (folder, mut peer) = (TempDir::new().unwrap(), Peer::start());
    let frames = peer.bind("data", "PUSH");
    // Frames and requests come by two ways: only what is waited for has an order among them.
    let args =
        ["-o", ".", "--from", &frames, "--control", "0", "--wait-for-open", "--frames", "33"];
    let mut recorder = Recorder::start(folder.path(), &args);
    let control = recorder.address("control at");
    peer.connect("lab", "REQ", &control);
    assert_eq!(peer.control("lab", "IsOpen", "getDisp", json!([])), "False");
    let whole = folder.path().canonicalize().unwrap().join("night/one.dat").display().to_string();
    for (file, first, count) in [(whole.as_str(), 0, 10), ("two.dat", 10, 3)] {
        assert_eq!(peer.control("lab", "DataFile", "setDisp", json!([file])), "None");
        assert_eq!(peer.control("lab", "DataFile", "getDisp", json!([])), file);
        assert_eq!(peer.control("lab", "Open", "__call__", json!([])), "None");
        assert_eq!(peer.control("lab", "IsOpen", "getDisp", json!([])), "True");
        peer.frames("data", first, count, 4);
        until(&mut peer, "FrameCount", &count.to_string());
        assert_eq!(peer.control("lab", "Close", "__call__", json!([])), "None");
        assert_eq!(peer.control("lab", "IsOpen", "getDisp", json!([])), "False");
    }
    let again = peer.control("lab", "Open", "__call__", json!([]));
    assert!(again.starts_with("EXCEPTION: ") && again.contains("two.dat exists"), "{again}");
    peer.frames("data", 13, 20, 4);
    let (code, summary) = recorder.ended();
    let counts = (&summary["not_written"], &summary["faults"], &summary["bridge"]["lost"]);
    assert_eq!((code, counts), (Some(0), (&json!(20), &json!(0), &json!(0))));
    let run = Run::open(folder.path().join("night/one.dat")).unwrap();
    let read = run.read::<i32>(&Selection::all()).unwrap();
    assert_eq!(read.channel(1), (0..10).map(|counter| counter * 1000 + 1).collect::<Vec<_>>());
    assert_eq!(Run::open(folder.path().join("two.dat")).unwrap().index().frames(), 3);
}

#[test]
fn files_under_control_stay_below_the_folder() {
    let (outside, mut peer) = (TempDir::new().unwrap(), Peer::start());
    let folder = outside.path().join("data");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.join("link")).unwrap();
    let args = ["-o", "data", "--control", "0", "--wait-for-open", "--rate", "10"];
    let mut recorder = Recorder::start(outside.path(), &args);
    let control = recorder.address("control at");
    peer.connect("lab", "REQ", &control);
    let beside = outside.path().join("beside.dat").display().to_string();
    for path in ["../x.dat", "sub/../../x.dat", "/tmp/x.dat", "link/x.dat", "", &beside] {
        let answer = peer.control("lab", "DataFile", "setDisp", json!([path]));
        assert!(answer.starts_with("EXCEPTION: DataFile cannot be"), "{path:?}: {answer}");
        assert!(peer.control("lab", "Open", "__call__", json!([])).starts_with("EXCEPTION: "));
    }
    assert_eq!(peer.control("lab", "AutoName", "__call__", json!([])), "None");
    assert_eq!(peer.control("lab", "Open", "__call__", json!([])), "None");
    let name = peer.control("lab", "DataFile", "getDisp", json!([]));
    assert!(name.contains("/data/data_2"), "{name}");
    recorder.stopped();
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert!(Path::new(&name).exists());
}

#[test]
fn a_file_that_is_open_is_split_from_the_next_record_on() {
    let (folder, mut peer) = (TempDir::new().unwrap(), Peer::start());
    let frames = peer.bind("data", "PUSH");
    let args = ["-o", "run.dat", "--from", &frames, "--control", "0"];
    let mut recorder = Recorder::start(folder.path(), &args);
    let control = recorder.address("control at");
    peer.connect("lab", "REQ", &control);
    peer.frames("data", 0, 10, 4);
    until(&mut peer, "FrameCount", "10");
    let record = 8 + 128 + 4 * 4;
    let most = (2 * record).to_string();
    assert_eq!(peer.control("lab", "MaxFileSize", "setDisp", json!([most])), "None");
    peer.frames("data", 10, 3, 4);
    until(&mut peer, "FrameCount", "13");
    until(&mut peer, "CurrentSize", &record.to_string());
    let (_, summary) = recorder.stopped();
    assert_eq!(summary["variables"]["MaxFileSize"], 2 * record);
    let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    assert_eq!(
        ["run.dat", "run.dat.2", "run.dat.3"].map(size),
        [10, 2, 1].map(|frames| frames * record)
    );
    assert_eq!(Run::open(folder.path().join("run.dat")).unwrap().index().frames(), 13);
}

#[test]
fn frames_that_are_missing_and_messages_that_are_none_are_said() {
    let (folder, mut peer) = (TempDir::new().unwrap(), Peer::start());
    let frames = peer.bind("data", "PUSH");
    let mut recorder = Recorder::start(folder.path(), &["-o", "run.dat", "--from", &frames]);
    peer.frames("data", 0, 10, 4);
    peer.frames("data", 12, 10, 4);
    peer.send("data", &[b"alone"]);
    let said = recorder.said("missing");
    assert!(said.contains("2 frames are missing by frame_counter"), "{said}");
    peer.frames("data", 22, 1, 4);
    let (code, summary) = recorder.stopped();
    assert_eq!((code, &summary["bridge"]["malformed"]["parts"]), (Some(3), &json!(1)));
}

#[test]
fn silence_is_said_and_so_is_its_end() {
    let (folder, mut peer) = (TempDir::new().unwrap(), Peer::start());
    let frames = peer.bind("data", "PUSH");
    let mut recorder = Recorder::start(folder.path(), &["-o", "run.dat", "--from", &frames]);
    let said = recorder.said("no frame for 3 s");
    assert!(said.contains("connected, nothing is sent"), "{said}");
    peer.frames("data", 0, 1, 1);
    recorder.said("frames come again");
    peer.close("data");
    let said = recorder.said("no frame for");
    assert!(said.contains("no client is connected: ") && said.contains("cannot connect"), "{said}");
    assert_eq!(recorder.stopped().0, Some(0));
}

#[test]
fn a_recorder_that_is_killed_leaves_whole_records() {
    let (folder, mut peer) = (TempDir::new().unwrap(), Peer::start());
    let frames = peer.bind("data", "PUSH");
    let mut recorder = Recorder::start(folder.path(), &["-o", "run.dat", "--from", &frames]);
    peer.frames("data", 0, 2000, 64);
    let path = folder.path().join("run.dat");
    let mut sent = 2000;
    while fs::metadata(&path).map_or(0, |file| file.len()) < 200_000 {
        peer.frames("data", sent, 100, 64);
        sent += 100;
    }
    recorder.signal("-KILL");
    recorder.child.wait().unwrap();
    // A write that the kill met may have left a part of a record: `recover` cuts it off.
    let run = Run::open(&path).unwrap();
    assert!(run.index().frames() > 100);
    let read = run.read::<i32>(&Selection::channels([0]).frames(0..100)).unwrap();
    assert_eq!(read.channel(0), (0..100).map(|counter| counter * 1000).collect::<Vec<_>>());
    if run.report().is_damaged() {
        let mut recover = Command::cargo_bin("wavekeep").unwrap();
        let recover =
            recover.current_dir(folder.path()).args(["recover", "run.dat", "-o", "c.dat"]);
        recover.output().unwrap();
        assert!(!Run::open(folder.path().join("c.dat")).unwrap().report().is_damaged());
    }
}

#[test]
fn options_that_make_no_sense_are_wrong_usage() {
    for args in [
        &["-o", "run.dat", "--from", "tcp://host"][..],
        &["-o", "run.dat", "--metadata", "tcp://127.0.0.1:1", "--frames", "1"],
        &["-o", "run.dat", "--wait-for-open"],
        &["--from", "tcp://127.0.0.1:1"],
        &["-o", "run.dat", "--control", "host:1"],
        &["-o", "nowhere/run.dat", "--control", "0", "--frames", "1"],
    ] {
        assert_eq!(refused(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn control_that_others_reach_is_said() {
    let folder = TempDir::new().unwrap();
    let args = ["--control", "tcp://0.0.0.0:0", "-o", "run.dat", "--frames", "1"];
    let mut recorder = Recorder::start(folder.path(), &args);
    recorder.said("there is no password");
    assert_eq!(recorder.ended().0, Some(0));
}

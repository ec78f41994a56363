//! The program is killed, or the system fails, at single system calls of every command that changes an
//! archive: what was answered is whole, and everything else is absent, or a leftover that `verify`
//! names. Then the same command succeeds.
//!
//! strace injects the faults (`apt-get install strace`). A few places of each call are tried here; all
//! of them under `make torture`, which sets `WAVEKEEP_EVERY_CALL`.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use wavekeep_archive::{Archive, FindingKind, PatchOptions, Role, VerifyOptions};

/// Calls by which a program changes what is on the disk, and those that make it durable.
const CALLS: [&str; 10] = [
    "write",
    "pwrite64",
    "rename",
    "unlink",
    "mkdir",
    "ftruncate",
    "fsync",
    "fdatasync",
    "syncfs",
    "flock",
];
/// Places of a call that are tried when not all are.
const SOME: [usize; 2] = [1, 4];
/// No command comes to as many calls of one kind in one thread.
const MOST: usize = 2000;

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)).unwrap()
}

/// Whether faults can be injected here; if not, it says so where everybody sees it.
fn can_inject() -> bool {
    let mut probe = Command::new("strace");
    probe.args(["-f", "-qq", "-e", "inject=write:error=EIO:when=9", "-o", "/dev/null", "true"]);
    let probed = probe.output();
    let why = match probed {
        Ok(probed) if probed.status.success() => return true,
        Ok(probed) => String::from_utf8_lossy(&probed.stderr).into_owned(),
        Err(error) => format!("strace: {error}"),
    };
    // Past the test harness, which keeps what a test that passes prints to itself.
    let _ = writeln!(
        io::stderr(),
        "\n*** NOT TRIED: no system calls can be made to fail here ({}).\n\
         *** That a fault at any call loses nothing rests on the simulated disk and on random kills\n\
         *** (crates/archive/tests/it/faults.rs, crates/cli/tests/it/crashes.rs).\n",
        why.trim()
    );
    false
}

/// A command that changes an archive.
struct Case {
    arguments: &'static [&'static str],
    /// Whether the folder with the events that are imported comes behind them.
    takes_events: bool,
    /// What is wrong with the archive before, so that the command has something to do.
    before: fn(&Path),
    /// Whether what was answered is so.
    holds: fn(&Archive, &[Value]),
}

/// An archive with a reviewed event, its report and a token, and a folder with two more events.
fn prepared(before: fn(&Path)) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("archive");
    let archive = Archive::create(&root).unwrap();
    let event = wavekeep_archive::Submission::new("M529LIY6.N00", sample("M529LIY6.N00"));
    archive.save(&event).unwrap();
    let patch = json!({"review": {"notes": "before"}});
    archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    archive.add_token("old", Role::Read).unwrap();
    drop(archive);
    before(&root);
    let events = place.path().join("events");
    fs::create_dir(&events).unwrap();
    for name in ["M529LKIQ.7M0W", "M529LKVQ.6S0W"] {
        fs::write(events.join(name), sample(name)).unwrap();
    }
    place
}

fn copied(from: &Path) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(place.path()).status();
    assert!(copied.unwrap().success());
    place
}

fn command(case: &Case, place: &Path, program: &mut Command) -> Output {
    program.env("RAYON_NUM_THREADS", "1").args(case.arguments).arg("--archive");
    program.arg(place.join("archive"));
    if case.takes_events {
        program.arg(place.join("events"));
    }
    program.output().unwrap()
}

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_wavekeep")
}

/// What was answered: whole lines.
fn answers(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Runs the command with one fault. The answer says whether it came to it.
fn faulted(case: &Case, prepared: &Path, call: &str, fault: &str, when: usize) -> bool {
    let context = format!("{:?}: {call}:{fault}:when={when}", case.arguments);
    let place = copied(prepared);
    let log: PathBuf = place.path().join("strace.log");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o"]).arg(&log);
    strace.args([
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:{fault}:when={when}"),
    ]);
    let output = command(case, place.path(), strace.arg(program()));
    let log = fs::read_to_string(&log).unwrap();
    let happened = match fault {
        "signal=KILL" => !output.status.success(),
        _ => log.contains("INJECTED"),
    };
    let answered = answers(&output);
    let root = place.path().join("archive");
    let head = Archive::open_to_read(prepared.join("archive")).unwrap().head().unwrap();

    // A repair that was cut short leaves what it was to repair.
    let is_repair = case.arguments[0] == "repair";
    let opened = match is_repair {
        true => Archive::open_for_repair(&root).map(|(archive, _)| archive),
        false => Archive::open(&root),
    };
    let archive = opened.unwrap_or_else(|error| panic!("{context}: {error}"));
    let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    for finding in &found.findings {
        assert!(is_repair || finding.kind == FindingKind::Leftover, "{context}: {finding:?}");
    }
    let since = archive.check_ledger(Some(&head)).unwrap().since.unwrap();
    assert!(since.is_grown(), "{context}: {since:?}");
    let kept = archive.event(1).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert!(kept.review_notes.is_some(), "{context}: the review is lost");
    archive.tokens().unwrap_or_else(|error| panic!("{context}: {error}"));
    let is_done = output.status.success();
    let is_token = case.arguments[0] == "token";
    if is_done || !is_token {
        (case.holds)(&archive, &answered);
    }
    drop(archive);

    let again = command(case, place.path(), &mut Command::new(program()));
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    // A token that was added or revoked before the fault is not added or revoked again.
    assert!(again.status.success() || is_token, "{context}: again: {said}");
    let repaired =
        Command::new(program()).args(["repair", "--archive"]).arg(&root).output().unwrap();
    assert!(repaired.status.success(), "{context}: {}", String::from_utf8_lossy(&repaired.stdout));
    happened
}

fn torture(case: Case) {
    if !can_inject() {
        return;
    }
    let prepared = prepared(case.before);
    let all = std::env::var_os("WAVEKEEP_EVERY_CALL").is_some();
    let mut happened = 0;
    for call in CALLS {
        for fault in ["signal=KILL", "error=EIO", "error=ENOSPC"] {
            let places: Vec<usize> = if all { (1..MOST).collect() } else { SOME.to_vec() };
            for when in places {
                if !faulted(&case, prepared.path(), call, fault, when) {
                    break;
                }
                happened += 1;
            }
        }
    }
    assert!(happened > 5, "{:?} came to {happened} faults only", case.arguments);
}

fn nothing(_: &Path) {}

#[test]
fn a_fault_at_a_call_of_an_import_loses_nothing() {
    torture(Case {
        arguments: &["import", "--json", "--batch", "1", "--gnz"],
        takes_events: true,
        before: nothing,
        holds: |archive, answers| {
            for answer in answers.iter().filter(|answer| answer["fate"] == "event") {
                let event = archive.event(answer["id"].as_i64().unwrap()).unwrap();
                assert_eq!(event.sha256.as_deref(), answer["sha256"].as_str());
            }
        },
    });
}

#[test]
fn a_fault_at_a_call_of_a_review_loses_nothing() {
    torture(Case {
        arguments: &["review", "--json", "1", "--notes", "after"],
        takes_events: false,
        before: nothing,
        holds: |archive, answers| {
            if answers.iter().any(|answer| answer["review"]["notes"] == "after") {
                assert_eq!(archive.event(1).unwrap().review_notes.as_deref(), Some("after"));
            }
        },
    });
}

#[test]
fn a_fault_at_a_call_of_a_rebuild_loses_nothing() {
    torture(Case {
        arguments: &["rebuild", "--json", "--all"],
        takes_events: false,
        before: nothing,
        holds: |_, _| {},
    });
}

#[test]
fn a_fault_at_a_call_of_a_repair_loses_nothing() {
    torture(Case {
        arguments: &["repair", "--json"],
        takes_events: false,
        before: |root| {
            fs::write(root.join("BE11529/M529LIY6.N00.h5"), "damaged").unwrap();
            fs::write(root.join("BE11529/M529LIY6.N00.sfm.json"), "damaged").unwrap();
            fs::write(root.join("BE11529/.wavekeep-1-1"), "left over").unwrap();
            fs::write(root.join(".wavekeep/journal.json"), "{").unwrap();
        },
        holds: |_, _| {},
    });
}

#[test]
fn a_fault_at_a_call_of_adding_a_token_loses_none() {
    torture(Case {
        arguments: &["token", "--json", "add", "new", "--role", "admin"],
        takes_events: false,
        before: nothing,
        holds: |archive, answers| {
            let tokens = archive.tokens().unwrap();
            assert!(tokens.iter().any(|entry| entry.name == "old"));
            let token = answers[0]["token"].as_str().unwrap();
            assert!(tokens.iter().any(|entry| entry.name == "new" && entry.is_of(token)));
        },
    });
}

#[test]
fn a_fault_at_a_call_of_revoking_a_token_leaves_none_that_was_answered_as_revoked() {
    torture(Case {
        arguments: &["token", "--json", "revoke", "old"],
        takes_events: false,
        before: nothing,
        holds: |archive, _| assert_eq!(archive.tokens().unwrap(), []),
    });
}

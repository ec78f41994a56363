//! The program is killed at random moments, and several of it work at once: what was answered is
//! whole, and everything else is absent, or a leftover that `verify` names.
//!
//! `WAVEKEEP_TORTURE_ROUNDS` says how often it is killed; `make torture` says 10,000.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use wavekeep_archive::{Archive, FindingKind, Query, VerifyOptions};

/// Events of the folder that is imported: enough for a kill to fall between them.
const EVENTS: usize = 48;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wavekeep"))
}

/// Small events under names of their own, some with a report.
fn source() -> TempDir {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let event = fs::read(samples.join("M529LIY6.N00")).unwrap();
    let report = fs::read(samples.join("M529LN1C.QE0W.TXT")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for n in 0..EVENTS {
        let name = format!("M{n:03}LIY6.N00");
        fs::write(folder.path().join(&name), &event).unwrap();
        if n % 3 == 0 {
            fs::write(folder.path().join(format!("{name}.TXT")), &report).unwrap();
        }
    }
    folder
}

fn start(archive: &Path, source: &Path) -> Child {
    program()
        .args(["import", "--json", "--batch", "4", "--archive"])
        .args([archive, source])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What was answered until the program ended: whole lines only.
fn answers(child: &mut Child) -> Vec<Value> {
    let out = BufReader::new(child.stdout.take().unwrap());
    let answers = out.lines().map_while(Result::ok);
    answers.filter_map(|line| serde_json::from_str(&line).ok()).collect()
}

/// Opens the archive as the next one would, and holds it against the answers.
fn check(root: &Path, source: &Path, answers: &[Value], context: &str) {
    if !root.is_dir() {
        assert!(answers.is_empty(), "{context}");
        return;
    }
    let archive = Archive::open(root).unwrap_or_else(|error| panic!("{context}: {error}"));
    let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    for finding in &found.findings {
        assert_eq!(finding.kind, FindingKind::Leftover, "{context}: {finding:?}");
    }
    assert_eq!(found.others, Vec::<PathBuf>::new(), "{context}");
    for answer in answers.iter().filter(|answer| answer["fate"] == "event") {
        let (serial, name) =
            (answer["serial"].as_str().unwrap(), answer["filename"].as_str().unwrap());
        let row = archive.find(serial, name).unwrap();
        let row = row.unwrap_or_else(|| panic!("{context}: {name} was answered and is not there"));
        assert_eq!(Some(row.id), answer["id"].as_i64(), "{context}");
        assert_eq!(row.sha256.as_deref(), answer["sha256"].as_str(), "{context}");
        let stored = fs::read(archive.source_path(row.id).unwrap()).unwrap();
        assert_eq!(stored, fs::read(source.join(name)).unwrap(), "{context}");
        assert_eq!(row.has_report, answer["report"]["status"] == "paired", "{context}");
    }
}

#[test]
fn what_was_answered_is_whole_whenever_the_program_is_killed() {
    let rounds = std::env::var("WAVEKEEP_TORTURE_ROUNDS").map_or(200, |n| n.parse().unwrap());
    let source = source();
    // How long a whole import takes here says between which moments to kill.
    let whole = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let mut child = start(whole.path(), source.path());
    assert_eq!(answers(&mut child).len(), EVENTS + 1);
    child.wait().unwrap();
    let longest = u64::try_from(begun.elapsed().as_micros()).unwrap();
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let (mut some, mut all) = (0, 0);
    for round in 0..rounds {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let moment = Duration::from_micros(random % longest);
        let context = format!("round {round}, killed after {moment:?}");
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("archive");
        let mut child = start(&root, source.path());
        thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
        let answered = answers(&mut child);
        match answered.len() {
            0 => {}
            n if n < EVENTS => some += 1,
            _ => all += 1,
        }
        check(&root, source.path(), &answered, &context);
        // Now and then: started again, the import completes, and repair clears the rest away.
        if round % 20 == 0 {
            let mut child = start(&root, source.path());
            assert_eq!(answers(&mut child).len(), EVENTS + 1, "{context}");
            assert!(child.wait().unwrap().success(), "{context}");
            let archive = Archive::open(&root).unwrap();
            assert_eq!(archive.repair(&|_, _| {}).unwrap().left, [], "{context}");
            assert_eq!(archive.query(&Query::default()).unwrap().total, EVENTS as u64, "{context}");
        }
    }
    assert!(some > 0, "no kill fell into an import: {all} of {rounds} were complete");
}

#[test]
fn two_programs_import_and_review_at_once_and_nothing_is_lost() {
    let source = source();
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("archive");
    let mut first = start(&root, source.path());
    let mut second = start(&root, source.path());
    // Meanwhile a third one reviews what is there.
    let mut reviewed = 0;
    while first.try_wait().unwrap().is_none() || reviewed == 0 {
        let done = program()
            .args(["review", "--json", "--archive"])
            .arg(&root)
            .args(["1", "--notes", &format!("turn {reviewed}"), "--reviewer", "kim"])
            .stderr(Stdio::null())
            .output()
            .unwrap();
        reviewed += i64::from(done.status.success());
    }
    let answered = [answers(&mut first), answers(&mut second)];
    assert!(first.wait().unwrap().success() && second.wait().unwrap().success());
    let new = answered.iter().flatten().filter(|answer| answer["outcome"] == "new").count();
    let same = answered.iter().flatten().filter(|answer| answer["outcome"] == "same").count();
    assert_eq!((new, new + same), (EVENTS, 2 * EVENTS));
    for answers in &answered {
        check(&root, source.path(), answers, "two at once");
    }
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.query(&Query::default()).unwrap().total, EVENTS as u64);
    let log = archive.review_log(None, usize::MAX).unwrap();
    assert_eq!(
        log.iter().rev().map(|entry| entry.number).collect::<Vec<_>>(),
        (1..=reviewed).collect::<Vec<_>>()
    );
    assert_eq!(archive.event(1).unwrap().review_notes.unwrap(), format!("turn {}", reviewed - 1));
}

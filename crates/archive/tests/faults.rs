//! A failure or a stop at every step of every change: what was answered is whole afterwards, and
//! everything else is absent, or a leftover with a name that says so.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod common;
#[path = "common/simulated.rs"]
mod simulated;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::*;
use serde_json::json;
use sha2::{Digest, Sha256};
use simulated::{Crash, SimulatedDisk};
use tempfile::TempDir;
use wavekeep_archive::{
    Archive, CommitPoint, OpenOptions, PatchOptions, Query, RemakeOptions, Saved, Submission,
    TEMPORARY_PREFIX,
};

/// A change that is put to the test.
struct Case {
    name: &'static str,
    before: fn(&Archive),
    /// What was answered: the numbers of events that must be whole, and whether it succeeded.
    change: fn(&Archive) -> Result<Vec<i64>, String>,
    /// Whether the change shows.
    happened: fn(&Archive) -> bool,
}

fn saved(answers: Vec<Result<Saved, wavekeep_archive::SaveError>>) -> Result<Vec<i64>, String> {
    answers.into_iter().map(|a| a.map(|saved| saved.id).map_err(|e| e.to_string())).collect()
}

fn total(archive: &Archive) -> u64 {
    archive.query(&Query::default()).unwrap().total
}

const CASES: [Case; 6] = [
    Case {
        name: "save a batch",
        before: |_| {},
        change: |archive| {
            let batch = [with_report(BLAST, BLAST_REPORT), submission(QUIET), submission(DAMAGED)];
            saved(archive.save_batch(&batch))
        },
        happened: |archive| total(archive) == 3,
    },
    Case {
        name: "a conflict",
        before: |archive| drop(archive.save(&submission(QUIET)).unwrap()),
        change: |archive| {
            saved(archive.save_batch(&[Submission::new(QUIET, sample("M529LKVQ.6S0W"))]))
        },
        happened: |archive| total(archive) == 2,
    },
    Case {
        name: "a late report",
        before: |archive| drop(archive.save(&submission(BLAST)).unwrap()),
        change: |archive| saved(archive.save_batch(&[with_report(BLAST, BLAST_REPORT)])),
        happened: |archive| archive.event(1).unwrap().has_report,
    },
    Case {
        name: "a patch",
        before: |archive| drop(archive.save(&submission(QUIET)).unwrap()),
        change: |archive| {
            let patch = json!({"review": {"notes": "seen"}, "extensions": {"x": 1}});
            let patched = archive.patch_sidecar(1, &patch, "kim", PatchOptions::default());
            patched.map(|_| vec![1]).map_err(|error| error.to_string())
        },
        happened: |archive| !archive.review_log(Some(1), 9).unwrap().is_empty(),
    },
    Case {
        name: "undoing",
        before: |archive| {
            archive.save(&submission(QUIET)).unwrap();
            let patch = json!({"review": {"notes": "seen"}});
            archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
        },
        change: |archive| {
            archive.undo(1, "kim").map(|_| vec![1]).map_err(|error| error.to_string())
        },
        happened: |archive| archive.review_log(Some(1), 9).unwrap().len() >= 2,
    },
    Case {
        name: "regeneration",
        before: |archive| drop(archive.save(&with_report(NIGHT, NIGHT_REPORT)).unwrap()),
        change: |archive| {
            let remade = archive.regenerate(1, RemakeOptions::default());
            remade.map(|_| vec![1]).map_err(|error| error.to_string())
        },
        happened: |_| true,
    },
];

/// An archive on a simulated disk, ready for the change of a case.
struct Bench {
    folder: TempDir,
    disk: SimulatedDisk,
    archive: Archive,
    /// Which point of the next commit stops: 1 is before, 2 is after; 0 is none.
    stop_commit: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
}

fn bench(case: &Case) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let disk = SimulatedDisk::default();
    let stop_commit = Arc::new(AtomicUsize::new(0));
    let stopped = Arc::new(AtomicBool::new(false));
    let (stop, mark) = (Arc::clone(&stop_commit), Arc::clone(&stopped));
    let archive = OpenOptions::default()
        .files(Arc::new(disk.clone()))
        .at_commit(move |point| {
            let here = if point == CommitPoint::Before { 1 } else { 2 };
            if stop.load(Ordering::SeqCst) == here {
                mark.store(true, Ordering::SeqCst);
                return Err(io::Error::other("simulated stop"));
            }
            Ok(())
        })
        .open(folder.path())
        .unwrap();
    (case.before)(&archive);
    Bench { folder, disk, archive, stop_commit, stopped }
}

fn reopen(folder: &TempDir, disk: &SimulatedDisk) -> Archive {
    OpenOptions::default().files(Arc::new(disk.clone())).open(folder.path()).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every event is whole, every other file is a leftover that says so, and the index says what the
/// files say.
fn check(archive: &Archive, disk: &SimulatedDisk, context: &str) {
    let root = archive.layout().root().to_owned();
    let files = disk.all();
    let bytes = |path: &std::path::Path| {
        let found = files.iter().find(|(name, _)| name == path);
        &found.unwrap_or_else(|| panic!("{context}: {path:?} is missing")).1
    };
    let mut known = BTreeSet::new();
    let events = archive.query(&Query::default()).unwrap().events;
    for event in &events {
        let paths = archive.layout().event(&event.serial, &event.filename);
        let sidecar = archive.sidecar(event.id).unwrap();
        assert_eq!(sidecar.own().id, Some(event.id), "{context}");
        assert_eq!(Some(sha256(bytes(&paths.source()))), event.sha256, "{context}");
        assert_eq!(Some(sha256(bytes(&paths.hdf5()))), sidecar.own().hdf5_sha256, "{context}");
        known.extend([paths.source(), paths.hdf5(), paths.sidecar()]);
        if let Some(txt) = &event.txt_filename {
            bytes(&paths.named(txt));
            known.insert(paths.named(txt));
        }
        archive.recording(event.id).unwrap();
    }
    for (path, _) in &files {
        let name = path.file_name().unwrap().to_string_lossy();
        let is_own = path.starts_with(root.join(".wavekeep"));
        assert!(
            known.contains(path) || name.starts_with(TEMPORARY_PREFIX) || is_own,
            "{context}: {path:?} belongs to nothing"
        );
        assert_ne!(*path, archive.layout().journal(), "{context}: the journal is left");
    }
    let log = archive.review_log(None, 100).unwrap();
    archive.rebuild_index().unwrap();
    let mut again = archive.query(&Query::default()).unwrap().events;
    for (again, event) in again.iter_mut().zip(&events) {
        again.changed = event.changed;
    }
    assert_eq!(again, events, "{context}: the index does not say what the files say");
    assert_eq!(archive.review_log(None, 100).unwrap(), log, "{context}");
}

/// Steps that a case takes when nothing fails.
fn steps(case: &Case) -> usize {
    let bench = bench(case);
    bench.disk.fault(usize::MAX, false);
    (case.change)(&bench.archive).unwrap();
    assert!((case.happened)(&bench.archive));
    check(&bench.archive, &bench.disk, case.name);
    bench.disk.steps()
}

fn a_crash_at_every_step(crash: Crash) {
    for case in &CASES {
        let steps = steps(case);
        assert!(steps > 5, "{}: {steps} steps", case.name);
        for step in 0..=steps {
            let context = format!("{}, step {step} of {steps}, {crash:?}", case.name);
            let bench = bench(case);
            bench.disk.fault(step, true);
            let answer = (case.change)(&bench.archive);
            let disk = bench.disk.after(crash);
            drop(bench.archive);
            let archive = reopen(&bench.folder, &disk);
            check(&archive, &disk, &context);
            if let Ok(ids) = answer {
                assert!((case.happened)(&archive), "{context}: what was answered is lost");
                for id in ids {
                    archive.event(id).unwrap();
                }
            }
            // And it can be done, or done again.
            (case.change)(&archive).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert!((case.happened)(&archive), "{context}");
            check(&archive, &disk, &context);
        }
    }
}

#[test]
fn a_program_that_is_killed_at_any_step_leaves_the_old_state_or_the_new_one() {
    a_crash_at_every_step(Crash::Kept);
}

#[test]
fn a_power_cut_that_drops_what_was_not_synced_leaves_the_old_state_or_the_new_one() {
    a_crash_at_every_step(Crash::Dropped);
}

#[test]
fn a_power_cut_that_tears_what_was_not_synced_leaves_the_old_state_or_the_new_one() {
    a_crash_at_every_step(Crash::Torn);
}

#[test]
fn a_step_that_fails_once_is_an_error_or_nothing_and_the_archive_goes_on() {
    for case in &CASES {
        let steps = steps(case);
        for step in 0..steps {
            let context = format!("{}, step {step} of {steps} fails", case.name);
            let bench = bench(case);
            bench.disk.fault(step, false);
            let answer = (case.change)(&bench.archive);
            if answer.is_ok() {
                assert!((case.happened)(&bench.archive), "{context}");
            }
            (case.change)(&bench.archive).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert!((case.happened)(&bench.archive), "{context}");
            check(&bench.archive, &bench.disk, &context);
        }
    }
}

#[test]
fn a_stop_around_the_commit_of_the_index_is_made_up_for() {
    for case in &CASES {
        for point in [1, 2] {
            let context = format!("{}, commit point {point}", case.name);
            let bench = bench(case);
            bench.stop_commit.store(point, Ordering::SeqCst);
            (case.change)(&bench.archive).unwrap_err();
            assert!(bench.stopped.load(Ordering::SeqCst), "{context}");
            let disk = bench.disk.after(Crash::Dropped);
            drop(bench.archive);
            let archive = reopen(&bench.folder, &disk);
            assert!((case.happened)(&archive), "{context}: the journal says that it happens");
            check(&archive, &disk, &context);
        }
    }
}

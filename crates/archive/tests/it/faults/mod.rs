//! A failure or a stop at every step of every change: what was answered is whole afterwards, and
//! everything else is absent, or a leftover with a name that says so.

mod cases;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::*;
use crate::simulated::{Crash, Fault, SimulatedDisk};
use cases::{CASES, Case};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use wavekeep_archive::{
    Archive, CommitPoint, FindingKind, OpenOptions, Query, TEMPORARY_PREFIX, VerifyOptions,
};

/// Where the commits of the index stop.
#[derive(Debug, Default)]
struct Commits {
    /// Commits since the last [`reset`](Self::reset).
    seen: AtomicUsize,
    /// The commit that stops, with all that follow.
    stop_at: AtomicUsize,
    is_after: AtomicBool,
    stopped: AtomicBool,
    /// The files of the index at the stop, and the length of the log before that commit.
    kept: Mutex<Vec<(PathBuf, Vec<u8>)>>,
    log_before: AtomicUsize,
}

impl Commits {
    fn reset(&self, stop_at: usize, is_after: bool) {
        self.seen.store(0, Ordering::SeqCst);
        self.stop_at.store(stop_at, Ordering::SeqCst);
        self.is_after.store(is_after, Ordering::SeqCst);
    }

    fn at(&self, point: CommitPoint, own: &Path) -> io::Result<()> {
        let is_after = point == CommitPoint::After;
        let turn = match is_after {
            false => self.seen.fetch_add(1, Ordering::SeqCst),
            true => self.seen.load(Ordering::SeqCst) - 1,
        };
        let stop_at = self.stop_at.load(Ordering::SeqCst);
        if turn == stop_at && !is_after {
            let log = fs::metadata(own.join("index.sqlite-wal")).map_or(0, |found| found.len());
            self.log_before.store(usize::try_from(log).unwrap(), Ordering::SeqCst);
        }
        if turn < stop_at || (turn == stop_at && is_after != self.is_after.load(Ordering::SeqCst)) {
            return Ok(());
        }
        if !self.stopped.swap(true, Ordering::SeqCst) {
            let files = ["index.sqlite", "index.sqlite-wal"].map(|name| own.join(name));
            let files = files.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap()));
            *self.kept.lock().unwrap() = files.collect();
        }
        Err(io::Error::other("simulated stop"))
    }
}

/// An archive on a simulated disk, ready for the change of a case.
struct Bench {
    folder: TempDir,
    disk: SimulatedDisk,
    archive: Archive,
    commits: Arc<Commits>,
}

fn bench(case: &Case) -> Bench {
    let folder = memory_folder();
    let disk = SimulatedDisk::default();
    let commits = Arc::new(Commits::default());
    commits.reset(usize::MAX, false);
    let (hook, own) = (Arc::clone(&commits), folder.path().join(".wavekeep"));
    let archive = OpenOptions::default()
        .files(Arc::new(disk.clone()))
        .at_commit(move |point| hook.at(point, &own))
        .open(folder.path())
        .unwrap();
    (case.before)(&archive);
    commits.reset(usize::MAX, false);
    Bench { folder, disk, archive, commits }
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
        if let Some(sum) = sidecar.own().gnz_sha256 {
            assert_eq!(sha256(bytes(&paths.gnz())), sum, "{context}");
            known.insert(paths.gnz());
        }
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

/// What was answered is there, and `verify` finds nothing but leftovers.
fn check_answered(archive: &Archive, answered: &[i64], context: &str) {
    for id in answered {
        archive.event(*id).unwrap_or_else(|error| panic!("{context}: {error}"));
    }
    let options = VerifyOptions::default().with_without_decoding(true);
    let found = archive.verify(options, &|_, _| {}).unwrap();
    for finding in found.findings {
        assert_eq!(finding.kind, FindingKind::Leftover, "{context}: {finding:?}");
    }
    assert_eq!(found.others, Vec::<PathBuf>::new(), "{context}");
}

/// The change can be done, or done again, and then it shows.
fn check_again(case: &Case, archive: &Archive, disk: &SimulatedDisk, context: &str) {
    let again = (case.change)(archive, &mut Vec::new());
    again.unwrap_or_else(|error| panic!("{context}: {error}"));
    assert!((case.happened)(archive), "{context}");
    check(archive, disk, context);
}

/// Steps and commits that a case takes when nothing fails.
fn steps(case: &Case) -> (usize, usize) {
    let bench = bench(case);
    bench.disk.no_fault();
    (case.change)(&bench.archive, &mut Vec::new()).unwrap();
    let (steps, commits) = (bench.disk.steps(), bench.commits.seen.load(Ordering::SeqCst));
    assert!((case.happened)(&bench.archive));
    check(&bench.archive, &bench.disk, case.name);
    // The index is on the real disk: its own rebuild changes nothing else.
    assert!(steps > 5 || case.name == "a rebuild of the index", "{}: {steps} steps", case.name);
    assert!(commits > 0, "{}", case.name);
    let more = if shares_differ(case) { 8 } else { 0 };
    (steps + more, commits)
}

/// The workers of an import do not always share batches, and commits, in the same way.
fn shares_differ(case: &Case) -> bool {
    case.name == "an import"
}

/// A bench whose change was stopped at a commit, and what it answered before. An import that shares more
/// may have fewer commits: it is tried again, and `None` when it never has so many.
fn stopped_at(case: &Case, commit: usize, is_after: bool) -> Option<(Bench, Vec<i64>)> {
    for _ in 0..20 {
        let bench = bench(case);
        bench.commits.reset(commit, is_after);
        let mut answered = Vec::new();
        let done = (case.change)(&bench.archive, &mut answered);
        if bench.commits.stopped.load(Ordering::SeqCst) {
            done.unwrap_err();
            return Some((bench, answered));
        }
        done.unwrap();
        assert!(shares_differ(case), "{}: it was not stopped at commit {commit}", case.name);
        assert!((case.happened)(&bench.archive), "{}", case.name);
    }
    None
}

/// The steps that are tried, `turn` of several tests that share them: each of them by one.
fn tried(steps: usize, turn: usize) -> impl Iterator<Item = usize> {
    let stride = stride(3);
    (turn % stride..steps).step_by(stride)
}

fn a_crash_at_every_step(crash: Crash, turn: usize) {
    for case in &CASES {
        let (steps, _) = steps(case);
        for step in tried(steps + 1, turn) {
            let context = format!("{}, step {step} of {steps}, {crash:?}", case.name);
            let bench = bench(case);
            bench.disk.fault(step, Fault::Stop);
            let mut answered = Vec::new();
            let done = (case.change)(&bench.archive, &mut answered);
            let disk = bench.disk.after(crash);
            drop(bench.archive);
            let archive = reopen(&bench.folder, &disk);
            check(&archive, &disk, &context);
            check_answered(&archive, &answered, &context);
            if done.is_ok() {
                assert!((case.happened)(&archive), "{context}: what was answered is lost");
            }
            check_again(case, &archive, &disk, &context);
        }
    }
}

#[test]
fn a_program_that_is_killed_at_any_step_leaves_the_old_state_or_the_new_one() {
    a_crash_at_every_step(Crash::Kept, 0);
}

#[test]
fn a_power_cut_that_drops_what_was_not_synced_leaves_the_old_state_or_the_new_one() {
    a_crash_at_every_step(Crash::Dropped, 1);
}

#[test]
fn a_power_cut_that_tears_what_was_not_synced_leaves_the_old_state_or_the_new_one() {
    a_crash_at_every_step(Crash::Torn, 2);
}

#[test]
fn a_power_cut_that_leaves_some_of_what_was_not_synced_leaves_the_old_state_or_the_new_one() {
    for seed in (1..=2).step_by(stride(2)) {
        a_crash_at_every_step(Crash::Mixed(seed), 0);
    }
}

#[test]
fn a_step_that_fails_once_is_an_error_or_nothing_and_the_archive_goes_on() {
    for case in &CASES {
        let (steps, _) = steps(case);
        for step in tried(steps, 1) {
            let context = format!("{}, step {step} of {steps} fails", case.name);
            let bench = bench(case);
            bench.disk.fault(step, Fault::Once);
            let mut answered = Vec::new();
            if (case.change)(&bench.archive, &mut answered).is_ok() {
                assert!((case.happened)(&bench.archive), "{context}");
            }
            check_answered(&bench.archive, &answered, &context);
            check_again(case, &bench.archive, &bench.disk, &context);
        }
    }
}

#[test]
fn a_disk_that_gets_full_at_any_step_loses_nothing_and_goes_on_when_there_is_room() {
    for case in &CASES {
        let (steps, _) = steps(case);
        for step in tried(steps, 2) {
            let context = format!("{}, full at step {step} of {steps}", case.name);
            let bench = bench(case);
            bench.disk.fault(step, Fault::Full);
            let mut answered = Vec::new();
            let done = (case.change)(&bench.archive, &mut answered);
            if let Err(why) = &done {
                let says_so = io::Error::from(io::ErrorKind::StorageFull).to_string();
                assert!(why.contains(&says_so), "{context}: {why}");
            }
            bench.disk.no_fault();
            // The same program goes on, or another one opens it.
            let archive = match step % 2 {
                0 => bench.archive,
                _ => {
                    drop(bench.archive);
                    reopen(&bench.folder, &bench.disk)
                }
            };
            check_answered(&archive, &answered, &context);
            check_again(case, &archive, &bench.disk, &context);
            assert_eq!(archive.repair(&|_, _| {}).unwrap().left, [], "{context}");
        }
    }
}

/// How much of a commit that was stopped is left in the log of the index.
#[derive(Debug, Clone, Copy)]
enum Log {
    Whole,
    Half,
    HalfAndNoise,
}

#[test]
fn a_stop_around_or_within_any_commit_of_the_index_is_made_up_for() {
    for case in &CASES {
        let (_, commits) = steps(case);
        for commit in 0..commits {
            for (is_after, log) in [
                (false, Log::Whole),
                (true, Log::Whole),
                (true, Log::Half),
                (true, Log::HalfAndNoise),
            ] {
                let context =
                    format!("{}, commit {commit} of {commits}, {is_after}, {log:?}", case.name);
                let Some((bench, answered)) = stopped_at(case, commit, is_after) else {
                    assert!(commit > 0, "{context}: it had no commit");
                    continue;
                };
                let disk = bench.disk.after(Crash::Dropped);
                drop(bench.archive);
                leave(&bench.folder, &bench.commits, log);
                let archive = reopen(&bench.folder, &disk);
                if case.is_one {
                    assert!((case.happened)(&archive), "{context}: the journal says so");
                }
                check(&archive, &disk, &context);
                check_answered(&archive, &answered, &context);
                check_again(case, &archive, &disk, &context);
            }
        }
    }
}

/// Puts the index back as it was at the stop: closing it tidies it up, which a crash does not.
fn leave(folder: &TempDir, commits: &Commits, log: Log) {
    let before = commits.log_before.load(Ordering::SeqCst);
    for (path, bytes) in commits.kept.lock().unwrap().iter() {
        let mut bytes = bytes.clone();
        if path.to_string_lossy().ends_with("-wal") && bytes.len() > before {
            let half = before + (bytes.len() - before) / 2;
            match log {
                Log::Whole => {}
                Log::Half => bytes.truncate(half),
                Log::HalfAndNoise => bytes[half..].fill(0x5a),
            }
        }
        fs::write(path, bytes).unwrap();
    }
    let _ = fs::remove_file(folder.path().join(".wavekeep/index.sqlite-shm"));
}

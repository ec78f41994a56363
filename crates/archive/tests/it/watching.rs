//! Watched folders: several at once, files that are left alone or moved away, and restarts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::common::*;
use wavekeep_archive::{
    Archive, Backlog, Fate, Ignore, ImportOptions, Query, WatchOptions, Watched, WatchedFolder,
};

/// What a watcher said: files with their fates, and the backlog at the end.
#[derive(Debug, Default)]
struct Heard {
    fates: Vec<(String, String)>,
    backlog: Backlog,
}

impl Heard {
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.fates.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

fn once() -> WatchOptions {
    WatchOptions::default()
        .with_settle(Duration::ZERO)
        .with_incomplete(Duration::ZERO)
        .with_once(true)
}

fn watch(archive: &Archive, folders: &[WatchedFolder], options: &WatchOptions) -> Heard {
    let mut heard = Heard::default();
    let mut backlog = Backlog::default();
    archive
        .watch(
            folders,
            options,
            &AtomicBool::new(false),
            &mut |imported| {
                let name = Path::new(&imported.path).file_name().unwrap().to_string_lossy();
                let fate = match &imported.fate {
                    Fate::Event(saved) => format!("{:?}", saved.outcome),
                    other => format!("{other:?}"),
                };
                heard.fates.push((name.into_owned(), fate));
            },
            &mut |watched| {
                if let Watched::Looked(now) = watched {
                    backlog = now;
                }
            },
        )
        .unwrap();
    heard.backlog = backlog;
    heard
}

fn folder(path: &Path) -> WatchedFolder {
    WatchedFolder::new(path, ImportOptions::default())
}

fn put(folder: &Path, name: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, sample(name)).unwrap();
    path
}

fn serials(archive: &Archive) -> Vec<(String, String)> {
    let events = archive.query(&Query::default()).unwrap().events;
    let mut found: Vec<_> =
        events.into_iter().map(|event| (event.serial, event.filename)).collect();
    found.sort();
    found
}

#[test]
fn each_folder_states_the_unit_of_its_files() {
    let (fresh, source) = (fresh(), tempfile::tempdir().unwrap());
    let (north, south) = (source.path().join("north"), source.path().join("south"));
    put(&north, QUIET);
    put(&south, BLAST);
    let mut import = ImportOptions::default();
    import.stated.serial = Some("BE00001".to_owned());
    watch(&fresh.archive, &[WatchedFolder::new(&north, import), folder(&south)], &once());
    let found = serials(&fresh.archive);
    assert_eq!(found[0], ("BE00001".to_owned(), QUIET.to_owned()));
    assert_eq!(found[1], ("BE11529".to_owned(), BLAST.to_owned()));
}

#[test]
fn files_that_are_ignored_are_left_alone_by_name_or_by_path() {
    let (fresh, source) = (fresh(), tempfile::tempdir().unwrap());
    for place in ["", "old", "old/deep", "new"] {
        put(&source.path().join(place), QUIET);
    }
    put(source.path(), BLAST);
    fs::write(source.path().join("call.LOG"), "x").unwrap();
    let ignore = Ignore::new(["*.log", "old/**", "M529LMOK.*"]).unwrap();
    let heard = watch(&fresh.archive, &[folder(source.path())], &once().with_ignore(ignore));
    assert_eq!(heard.names(), [QUIET, QUIET]);
    assert!(Ignore::new(["[a"]).unwrap_err().contains("[a"));
}

#[test]
fn a_restart_reads_what_is_new_or_changed_or_failed_and_nothing_else() {
    let (fresh, source) = (fresh(), tempfile::tempdir().unwrap());
    for name in EVENTS {
        put(source.path(), name);
    }
    let mut foreign = sample(BLAST);
    foreign.truncate(30);
    fs::write(source.path().join("M529ZZZZ.7M0W"), &foreign).unwrap();
    let folders = [folder(source.path())];
    let first = watch(&fresh.archive, &folders, &once());
    assert_eq!(first.fates.len(), EVENTS.len() + 1);
    // What failed may be understood by the next version.
    let again = watch(&fresh.archive, &folders, &once());
    assert_eq!(again.names(), ["M529ZZZZ.7M0W"]);
    fs::remove_file(source.path().join("M529ZZZZ.7M0W")).unwrap();
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    let touched = fs::OpenOptions::new().append(true).open(source.path().join(QUIET)).unwrap();
    touched.set_modified(later).unwrap();
    drop(touched);
    assert_eq!(watch(&fresh.archive, &folders, &once()).names(), [QUIET]);
    assert_eq!(watch(&fresh.archive, &folders, &once()).names(), [""; 0]);
    // An archive that is restored knows what it had then.
    let other = Archive::create(source.path().with_extension("other")).unwrap();
    assert_eq!(watch(&other, &folders, &once()).fates.len(), EVENTS.len());
    let root = other.layout().root().to_owned();
    // Windows removes nothing that is open.
    drop(other);
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn what_is_known_of_a_folder_may_be_garbage_or_cut_short() {
    let (fresh, source) = (fresh(), tempfile::tempdir().unwrap());
    put(source.path(), QUIET);
    put(source.path(), BLAST);
    let folders = [folder(source.path())];
    watch(&fresh.archive, &folders, &once());
    let kept = fresh.folder.path().join(".wavekeep/watch");
    let path = fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().filter(|line| line.contains(BLAST)).collect();
    let half = &lines[0][..lines[0].len() / 2];
    for text in [half, "", "\0\u{fffd}\n{\"path\": 3}\n[]", &format!("{half}\n{}\n", lines[0])] {
        fs::write(&path, text).unwrap();
        let heard = watch(&fresh.archive, &folders, &once());
        assert!(heard.fates.iter().all(|(_, fate)| fate == "Same"), "{heard:?}");
        assert_eq!(watch(&fresh.archive, &folders, &once()).names(), [""; 0], "{text:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_known_of_a_folder_is_not_written_through_a_link() {
    let (fresh, source) = (fresh(), tempfile::tempdir().unwrap());
    put(source.path(), QUIET);
    let outside = tempfile::tempdir().unwrap();
    let kept = fresh.folder.path().join(".wavekeep/watch");
    std::os::unix::fs::symlink(outside.path(), kept).unwrap();
    let watched = fresh.archive.watch(
        &[folder(source.path())],
        &once(),
        &AtomicBool::new(false),
        &mut |_| {},
        &mut |_| {},
    );
    assert!(matches!(watched, Err(wavekeep_archive::ArchiveError::Link { .. })), "{watched:?}");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn imported_files_go_to_the_folder_for_them_and_others_stay() {
    let (fresh, source) = (fresh(), tempfile::tempdir().unwrap());
    let top = source.path().join("in");
    // Below the folder that is watched: it is not watched itself.
    let done = top.join("done");
    put(&top, BLAST);
    put(&top, BLAST_REPORT);
    put(&top.join("a/b"), QUIET);
    fs::write(top.join("notes.txt"), "of a person").unwrap();
    fs::write(top.join("M529ZZZZ.7M0W"), &sample(BLAST)[..30]).unwrap();
    let options = once().with_done(Some(done.clone()));
    watch(&fresh.archive, &[folder(&top)], &options);
    assert_eq!(fs::read(done.join(BLAST)).unwrap(), sample(BLAST));
    assert!(done.join(BLAST_REPORT).is_file() && done.join("a/b").join(QUIET).is_file());
    assert!(top.join("notes.txt").is_file() && top.join("M529ZZZZ.7M0W").is_file());
    assert!(!top.join(BLAST).exists() && !top.join(BLAST_REPORT).exists());
    // The same name again: nothing is replaced.
    put(&top, BLAST);
    let heard = watch(&fresh.archive, &[folder(&top)], &options);
    assert_eq!(heard.fates.iter().filter(|(_, fate)| fate == "Same").count(), 1, "{heard:?}");
    assert!(done.join("M529LMOK (2).DK0W").is_file() && done.join(BLAST).is_file());
    assert_eq!(serials(&fresh.archive).len(), 2);
}

#[test]
fn the_backlog_counts_what_is_there_what_settles_and_what_is_not_whole() {
    let (fresh, source) = (fresh(), tempfile::tempdir().unwrap());
    put(source.path(), QUIET);
    fs::write(source.path().join("M529LMOK.DK0W"), &sample(BLAST)[..2000]).unwrap();
    let options = once().with_incomplete(Duration::from_secs(3600));
    let Backlog { files, settling, incomplete, has_trouble, .. } =
        watch(&fresh.archive, &[folder(source.path())], &options).backlog;
    assert_eq!((files, settling, incomplete, has_trouble), (2, 0, 1, false));
}

// Windows removes no folder that is watched.
#[cfg(unix)]
#[test]
fn a_folder_that_is_away_holds_up_no_other_and_is_tried_again() {
    let (fresh, source) = (fresh(), tempfile::tempdir().unwrap());
    let (away, here) = (source.path().join("away"), source.path().join("here"));
    fs::create_dir(&away).unwrap();
    fs::create_dir(&here).unwrap();
    let stop = AtomicBool::new(false);
    let (mut troubles, mut passed, mut step) = (0, 0, 0);
    let options =
        WatchOptions::default().with_settle(Duration::ZERO).with_rescan(Duration::from_millis(50));
    let done = fresh.archive.watch(
        &[folder(&away), folder(&here)],
        &options,
        &stop,
        &mut |_| {},
        &mut |watched| match watched {
            Watched::Trouble(_) => troubles += 1,
            Watched::Passed => passed += 1,
            Watched::Looked(backlog) => {
                step += 1;
                match step {
                    1 => fs::remove_dir(&away).unwrap(),
                    2 => {
                        assert!(backlog.has_trouble);
                        put(&here, QUIET);
                    }
                    4 => drop(put(&away, BLAST)),
                    _ if serials(&fresh.archive).len() == 2 => {
                        stop.store(true, std::sync::atomic::Ordering::Relaxed);
                    }
                    _ => assert!(step < 500, "{troubles} {passed}"),
                }
            }
            _ => {}
        },
    );
    done.unwrap();
    assert_eq!((troubles, passed), (1, 1), "each is reported once");
}

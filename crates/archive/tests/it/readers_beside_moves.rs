//! Those who read an event need no lock: at every step at which it goes to another unit, or is taken out, they
//! have it whole.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::*;
use wavekeep_archive::{
    Archive, ArchiveError, BackupOptions, Disk, Entry, FileSystem, OpenOptions, Outcome, Query,
    VerifyOptions,
};

const WHY: &str = "the label on the box";

/// Called before each operation with its path.
type Hook = Box<dyn FnMut(&Path) + Send>;

/// The disk, with somebody who acts before each operation.
struct Watched {
    disk: Disk,
    hook: Mutex<Hook>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl Watched {
    fn options(root: &Path, hook: impl FnMut(&Path) + Send + 'static) -> OpenOptions {
        // As the archive spells its root.
        let root = Archive::open_to_read(root).unwrap().layout().root().to_owned();
        let watched = Self { disk: Disk::below(root), hook: Mutex::new(Box::new(hook)) };
        OpenOptions::default().files(Arc::new(watched))
    }

    fn at(&self, path: &Path) -> &Disk {
        // What the hook does is not watched.
        if let Ok(mut hook) = self.hook.try_lock() {
            hook(path);
        }
        &self.disk
    }
}

impl FileSystem for Watched {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.at(folder).create_folder(folder)
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.at(path).write_new(path, bytes)
    }

    fn extend(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.at(path).extend(path, at, bytes)
    }

    fn sync(&self, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()> {
        self.at(Path::new("")).sync(files, folders)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.at(to).rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.at(path).remove(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.at(path).read(path)
    }

    fn read_tail(&self, path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
        self.at(path).read_tail(path, bytes)
    }

    fn read_from(&self, path: &Path, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        self.at(path).read_from(path, at, bytes)
    }

    fn len(&self, path: &Path) -> io::Result<Option<u64>> {
        self.at(path).len(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.at(folder).list(folder)
    }
}

/// What a reader has of an event, without its place.
type Read = (String, usize, Vec<u8>, Vec<String>);

fn read(archive: &Archive, id: i64) -> Result<Read, ArchiveError> {
    let sidecar = archive.sidecar(id)?;
    let recording = archive.recording(id)?;
    let samples = recording.channels.iter().map(|channel| channel.len()).sum();
    let source = archive.read_at_place(id, |_, files| {
        let path = files.source();
        std::fs::read(&path).map_err(|source| ArchiveError::Io { path, action: "read", source })
    })?;
    let metadata = format!("{:?}", recording.metadata);
    let mut zip = io::Cursor::new(Vec::new());
    let originals = archive.export_originals(&Query::default(), &mut zip).unwrap();
    let names = sidecar.source().txt_filename.into_iter().chain(originals.damaged).collect();
    Ok((metadata, samples, source, names))
}

/// An archive with one event and its report.
fn one() -> (Fresh, i64, Read) {
    let fresh = fresh();
    let id = fresh.save(&with_report(BLAST, BLAST_REPORT)).id;
    let expected = read(&fresh.archive, id).unwrap();
    (fresh, id, expected)
}

/// What a reader has before each step of a change.
fn steps(fresh: &Fresh, id: i64, change: impl FnOnce(&Archive)) -> Vec<Result<Read, ArchiveError>> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let reader = Arc::new(Archive::open_to_read(fresh.folder.path()).unwrap());
    let look = {
        let found = Arc::clone(&found);
        move || found.lock().unwrap().push(read(&reader, id))
    };
    let (before, around) = (look.clone(), look);
    let options = Watched::options(fresh.folder.path(), move |_| before());
    let writer = options
        .at_commit(move |_| {
            around();
            Ok(())
        })
        .open(fresh.folder.path());
    change(&writer.unwrap());
    let found = std::mem::take(&mut *found.lock().unwrap());
    assert!(found.len() > 20, "{}", found.len());
    found
}

#[test]
fn at_every_step_of_a_move_an_event_is_read_whole() {
    let (fresh, id, expected) = one();
    let found = steps(&fresh, id, |archive| {
        archive.move_to_unit(id, "BE99", WHY, "kim").unwrap();
    });
    for (step, read) in found.into_iter().enumerate() {
        assert_eq!(read.unwrap(), expected, "step {step}");
    }
    assert_eq!(fresh.archive.event(id).unwrap().serial, "BE99");
    fresh.verify_clean();
}

#[test]
fn at_every_step_of_a_removal_an_event_is_read_whole_or_is_not_there() {
    let (fresh, id, expected) = one();
    let found = steps(&fresh, id, |archive| {
        archive.remove_event(id, "a test of the sender", "kim").unwrap();
    });
    let (mut whole, mut gone) = (0, 0);
    for (step, read) in found.into_iter().enumerate() {
        match read {
            Ok(read) => {
                assert_eq!((&read, gone), (&expected, 0), "step {step}");
                whole += 1;
            }
            Err(ArchiveError::NoEvent { .. }) => gone += 1,
            Err(error) => panic!("step {step}: {error}"),
        }
    }
    assert!(whole > 0 && gone > 0, "{whole} {gone}");
    fresh.verify_clean();
}

/// Asks `question` once for each file at the event's place that is looked at for the answer: the event goes to
/// another unit just before that look.
fn while_it_moves<T: fmt::Debug + PartialEq>(
    options_open: impl Fn(OpenOptions, &Path) -> Archive,
    question: impl Fn(&Archive, i64) -> T,
) -> usize {
    let (fresh, id, _) = one();
    let expected = question(&options_open(OpenOptions::default(), fresh.folder.path()), id);
    for moves_at in 0.. {
        let (fresh, id, _) = one();
        let from = fresh.archive.event(id).unwrap().serial;
        let folder = fresh.archive.layout().folder(&from);
        let looks = Arc::new(AtomicUsize::new(0));
        let root = fresh.folder.path().to_owned();
        let hook = {
            let looks = Arc::clone(&looks);
            move |path: &Path| {
                let is_at_place = path.parent() == Some(folder.as_path());
                if is_at_place && looks.fetch_add(1, Ordering::Relaxed) == moves_at {
                    let mover = Archive::open(&root).unwrap();
                    mover.move_to_unit(id, "BE99", WHY, "kim").unwrap();
                }
            }
        };
        let reader = options_open(Watched::options(fresh.folder.path(), hook), fresh.folder.path());
        let answer = question(&reader, id);
        if looks.load(Ordering::Relaxed) <= moves_at {
            return moves_at;
        }
        assert_eq!(answer, expected, "the event went before look {moves_at}");
        drop(reader);
        fresh.verify_clean();
    }
    unreachable!("looks end");
}

fn to_read(options: OpenOptions, root: &Path) -> Archive {
    options.open_to_read(root).unwrap()
}

#[test]
fn a_reader_of_an_event_that_goes_to_another_unit_meanwhile_reads_it_there() {
    assert!(
        while_it_moves(to_read, |archive, id| archive.sidecar(id).unwrap().source_file().sha256)
            > 0
    );
    let recording = while_it_moves(to_read, |archive, id| {
        let recording = archive.recording(id).unwrap();
        format!("{:?} {:?}", recording.channels, recording.metadata)
    });
    assert!(recording > 2, "sidecar, source and report: {recording}");
    let originals = while_it_moves(to_read, |archive, _| {
        let mut zip = io::Cursor::new(Vec::new());
        let all = archive.export_originals(&Query::default(), &mut zip).unwrap();
        (all.events, all.files, all.damaged)
    });
    assert!(originals > 3, "{originals}");
    let proof = while_it_moves(to_read, |archive, id| {
        // The sidecar that the proof is of is written anew by the move.
        let mut files = archive.prove(id, None).unwrap().files;
        files.retain(|name, _| !name.ends_with(".sfm.json"));
        files
    });
    assert!(proof > 0, "{proof}");
    let taken = while_it_moves(to_read, |archive, _| {
        let into = fresh();
        let taken = into.archive.take_in(archive, &false.into(), &mut |_| {}).unwrap();
        into.verify_clean();
        let query = into.archive.query(&Query::default()).unwrap();
        let row = &query.events[0];
        (taken.account.new, row.sha256.clone(), row.txt_filename.clone())
    });
    assert!(taken > 2, "{taken}");
}

/// An archive whose operations under its own lock are not watched: nobody else could act there.
fn moves_first(question: impl Fn(&Archive, i64)) {
    let (fresh, id, _) = one();
    let root = fresh.folder.path().to_owned();
    let from = fresh.archive.event(id).unwrap().serial;
    let folder = fresh.archive.layout().folder(&from);
    let mut waits = true;
    let hook = move |path: &Path| {
        if path.parent() == Some(folder.as_path()) && std::mem::take(&mut waits) {
            let mover = Archive::open(&root).unwrap();
            mover.move_to_unit(id, "BE99", WHY, "kim").unwrap();
        }
    };
    let archive = Watched::options(fresh.folder.path(), hook).open(fresh.folder.path()).unwrap();
    question(&archive, id);
    fresh.verify_clean();
}

#[test]
fn of_two_who_move_an_event_at_once_the_second_moves_it_from_where_the_first_put_it() {
    moves_first(|archive, id| {
        let saved = archive.move_to_unit(id, "BE77", WHY, "kim").unwrap();
        assert_eq!((saved.id, saved.outcome, saved.serial.as_str()), (id, Outcome::Moved, "BE77"));
        let entry = archive.ledger_state(id).unwrap().unwrap().0.entry;
        assert_eq!(entry.text("from_place"), Some(&*format!("BE99/{BLAST}")));
    });
}

#[test]
fn a_report_that_comes_while_its_event_goes_to_another_unit_finds_it_there() {
    moves_first(|archive, id| {
        let report = sample(BLAST_REPORT);
        let saved = archive.add_report(None, BLAST_REPORT, &report, None).unwrap().unwrap();
        assert_eq!((saved.id, saved.serial.as_str()), (id, "BE99"));
    });
}

#[test]
fn verify_and_backups_find_nothing_wrong_beside_moves() {
    let fresh = fresh();
    let names = [BLAST, QUIET, NIGHT, OVER_RANGE];
    let ids: Vec<i64> = names.iter().map(|name| fresh.save(&submission(name)).id).collect();
    let is_over = AtomicBool::new(false);
    let backups = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let mover = scope.spawn(|| {
            let mut moves = 0;
            for unit in ["BE1", "BE2", "BE3"].into_iter().cycle() {
                for id in &ids {
                    fresh.archive.move_to_unit(*id, unit, WHY, "kim").unwrap();
                    moves += 1;
                }
                if is_over.load(Ordering::Relaxed) {
                    return moves;
                }
            }
            moves
        });
        let reader = Archive::open_to_read(fresh.folder.path()).unwrap();
        for turn in 0..10 {
            for archive in [&fresh.archive, &reader] {
                let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
                assert_eq!(found.findings, [], "turn {turn}");
            }
            let into = backups.path().join(format!("{turn}"));
            let made = reader.backup(&into, BackupOptions::default(), &|_, _| {}).unwrap();
            let back = Archive::open_to_read(made.path).unwrap();
            let found = back.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
            assert_eq!((found.findings, found.events), (Vec::new(), 4), "backup {turn}");
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(mover.join().unwrap() > 8);
    });
}
